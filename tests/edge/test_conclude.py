"""Step 4: the tenants in their order, and a tenant that fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from edge.conclude import Conclude
from edge.domain.conclusion import Conclusion, Happened
from edge.domain.device import Device, Point
from edge.domain.fact import Fact, Seq
from edge.domain.instant import Instant
from edge.domain.reading import Reading
from edge.domain.request import Refusal, Request
from edge.store.case_rows import Case

NOW = Instant(1_000_000, 500)


@dataclass(frozen=True)
class Ask:
    by: str


class Clerk:
    """A tenant that answers every fact of one kind with one of another, and keeps what it was shown."""

    def __init__(self, hears: str, says: str, kind: str, due: int | None = None) -> None:
        self.kinds = (kind,)
        self.hears, self.says, self.due = hears, says, due
        self.restored: list[Mapping[str, Any]] = []

    def restore(self, rows: Sequence[Mapping[str, Any]], now: Instant) -> Conclusion:
        self.restored += rows
        return Conclusion()

    def conclude(self, happened: Happened, now: Instant) -> Conclusion:
        return Conclusion([fact(self.says) for f in happened.facts if f.kind == self.hears])

    def next_due(self) -> int | None:
        return self.due


class Counter(Clerk):
    """One that can be asked as well."""

    requests: tuple[type[Any], ...] = (Ask,)

    def act(self, request: Request, now: Instant) -> Conclusion:
        return Conclusion([fact(self.hears)], subject={"id": "wo-1"})


class Reader(Clerk):
    """One that looks at the readings of one point."""

    def __init__(self, heeded: str, due: int | None = None) -> None:
        super().__init__("a", "b", "read", due)
        self.heeded = heeded

    def heeds(self, reading: Reading) -> bool:
        return reading.point.id == self.heeded

    def conclude(self, happened: Happened, now: Instant) -> Conclusion:
        return Conclusion([fact("read") for _ in happened.readings])


class Broken(Clerk):
    def conclude(self, happened: Happened, now: Instant) -> Conclusion:
        raise ZeroDivisionError


def fact(kind: str) -> Fact:
    return Fact(Seq(1, 1), kind, NOW.utc)


def reading(point: str) -> Reading:
    made = Point(point, Device("sm-301", None, None, "", None, None, ""), None)  # type: ignore[arg-type]
    return Reading(made, True, NOW.utc, NOW.utc)


def kinds(facts: Sequence[Fact]) -> list[str]:
    return [f.kind for f in facts]


def test_each_tenant_sees_the_facts_of_those_before_it() -> None:
    first, second = Clerk("alarm.raised", "order.opened", "order"), Clerk("order.opened", "n.queued", "x")
    assert kinds(Conclude([first, second]).draw([fact("alarm.raised")], NOW).facts) == [
        "order.opened",
        "n.queued",
    ]
    assert kinds(Conclude([second, first]).draw([fact("alarm.raised")], NOW).facts) == ["order.opened"]


def test_a_tenant_that_fails_costs_only_its_own_conclusion() -> None:
    drawn = Conclude([Broken("a", "b", "x"), Clerk("a", "c", "order")]).draw([fact("a")], NOW)
    assert kinds(drawn.facts) == ["c"]
    assert [d.where for d in drawn.defects] == ["Broken"]


def test_a_request_goes_to_its_tenant_and_the_others_conclude_from_it() -> None:
    conclude = Conclude([Clerk("z", "y", "command"), Counter("order.asked", "order.opened", "order")])
    drawn = conclude.act(Ask("li"), NOW)
    assert kinds(drawn.facts) == ["order.asked", "order.opened"]
    assert drawn.subject == {"id": "wo-1"}
    assert conclude.kind_of(Ask("li")) == "order"
    with pytest.raises(Refusal):
        Conclude([Clerk("z", "y", "command")]).act(Ask("li"), NOW)


def test_rows_go_back_to_the_tenant_they_are_of_and_time_is_the_earliest() -> None:
    orders, commands = Clerk("a", "b", "order", due=900), Clerk("a", "b", "command", due=None)
    conclude = Conclude([orders, commands])
    conclude.restore([Case("order", "wo-1", {"id": "wo-1"}), Case("command", "co-1", {"id": "co-1"})], NOW)
    assert [row["id"] for row in orders.restored] == ["wo-1"]
    assert [row["id"] for row in commands.restored] == ["co-1"]
    assert conclude.next_due() == 900
    assert Conclude().next_due() is None


def test_readings_alone_are_concluded_from_where_somebody_heeds_them_or_time_is_up() -> None:
    conclude = Conclude([Reader("valve.closed"), later := Clerk("a", "b", "x", due=NOW.mono + 1)])
    conclude.restore([], NOW)
    assert kinds(conclude.draw([], NOW, [reading("sm-301.smoke")]).facts) == []
    assert (
        kinds(conclude.draw([], NOW, [reading("sm-301.smoke"), reading("valve.closed")]).facts)
        == ["read"] * 2
    )
    assert kinds(conclude.draw([fact("c")], NOW, [reading("sm-301.smoke")]).facts) == ["read"]
    assert kinds(conclude.draw([], Instant(NOW.utc, NOW.mono + 1), [reading("sm-301.smoke")]).facts) == [
        "read"
    ]
    later.due = None
    conclude.draw([fact("c")], NOW)
    assert kinds(conclude.draw([], Instant(NOW.utc, NOW.mono + 1), [reading("sm-301.smoke")]).facts) == []
