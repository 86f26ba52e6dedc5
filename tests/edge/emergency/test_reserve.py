"""The reserve's machine: what is wanting is told once, what was counted outlives the folder, plans rely on the good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.conclusion import Conclusion, Happened
from edge.domain.fact import Fact, Numbering
from edge.domain.instant import HOUR, SECOND, Instant
from edge.domain.names import Text
from edge.domain.plan import Material
from edge.domain.request import Refusal
from edge.domain.reserve import Batch, ChangeStock, CountStock, Item, Reserve, Stock, Store, gaps
from edge.emergency.reserve import ReserveStock
from tests.edge.emergency.scene import START, plan, text

MASK = Item(
    "mask", text("mask"), "station", text("pcs"), 20, (Batch("old", 4, "2026-10-31"), Batch("new", 16))
)
METER = Item("meter", text("meter"), "station", text("pcs"), 1, (Batch("m1", 1, None, "2026-12-31"),))
RESERVE = Reserve((Store("station", Text("站", "station"), "b1/1f"),), (MASK, METER))


class Room:
    """The tenant alone, with its rows and a calendar."""

    def __init__(self, reserve: Reserve = RESERVE, day: date | None = date(2026, 11, 23)) -> None:
        self.day = day
        self.now = Instant(START, 1_000 * SECOND)
        self.numbering = Numbering(1, 0)
        self.rows: dict[str, Mapping[str, Any]] = {}
        self.facts: list[Fact] = []
        self.asked: list[Any] = []
        self.start(reserve)

    def start(self, reserve: Reserve = RESERVE) -> None:
        self.hub = ReserveStock(reserve, self.numbering, lambda _: self.day)
        self._take(self.hub.restore(list(self.rows.values()), self.now))

    def wait(self, micros: int = HOUR) -> None:
        self.now = Instant(self.now.utc + micros, self.now.mono + micros)
        self._take(self.hub.conclude(Happened(), self.now))

    def ask(self, request: Any) -> None:
        self._take(self.hub.act(request, self.now))

    def stock(self, id: str = "mask") -> Stock:
        return Stock.from_dict(self.rows[id])

    def kinds(self) -> list[str]:
        return [fact.kind for fact in self.facts]

    def _take(self, told: Conclusion) -> None:
        self.facts += told.facts
        self.asked += told.requests
        self.rows |= {fact.body["id"]: fact.body for fact in told.facts}


def test_what_is_wanting_is_told_once_and_proposed_as_a_hazard() -> None:
    room = Room()
    room.wait()
    assert room.stock().wants == ("short", "expired")
    assert [(h.title.en, h.draft, h.by) for h in room.asked] == [
        ("Reserve: mask below its minimum", True, "hub"),
        ("Reserve: mask partly expired", True, "hub"),
    ]
    for _ in range(3):
        room.wait()
    room.start()
    room.wait()
    assert len(room.asked) == 2
    room.day = date(2027, 1, 1)
    room.wait()
    assert room.stock("meter").wants == ("short", "uncalibrated")
    assert len(room.asked) == 4


def test_on_a_clock_that_nobody_set_nothing_expires() -> None:
    room = Room(day=None)
    room.wait()
    assert room.asked == []


def test_counted_used_renewed() -> None:
    room = Room()
    room.wait()
    room.ask(CountStock("mask", "he", (("old", 4), ("new", 15))))
    room.ask(ChangeStock("mask", "he", "discarded", "old", "过期", 4))
    room.ask(ChangeStock("mask", "he", "added", " 2026", "补充", 4, "2029-06-30"))
    room.ask(ChangeStock("mask", "he", "added", "2026 ", "补充", 1, "2029-06-30"))
    room.wait(SECOND)
    assert (room.stock().wants, room.stock().good(date(2026, 11, 23))) == ((), 20)
    assert room.stock().counted_by == "he"
    assert room.kinds()[-1] == "stock.well"
    room.ask(ChangeStock("meter", "he", "calibrated", "m1", "送检", until="2027-12-31"))
    assert room.stock("meter").batches[0].calibrated_until == "2027-12-31"
    room.start(Reserve(RESERVE.stores, (replace(MASK, minimum=30.0),)))
    assert (room.stock().minimum, room.stock().quantity) == (30.0, 20.0)
    assert not room.stock("meter").open
    assert room.kinds()[-2:] == ["stock.listed", "stock.unlisted"]


def test_the_reserve_is_counted_once_each_batch_of_each_item_was() -> None:
    room = Room()
    room.ask(CountStock("meter", "he", (("m1", 1),)))
    first = room.now.utc
    assert room.facts[-1].body["all_since"] is None
    room.wait()
    for some in ((), (("old", 4),)):
        room.ask(CountStock("mask", "he", some))
        assert room.stock().counted_at is None, "of some batches only"
    room.ask(CountStock("mask", "he", (("old", 4), ("new", 15))))
    body = room.facts[-1].body
    assert (body["counted_at"], body["all_since"]) == (room.now.utc, first)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (CountStock("nothing", "he", ()), "not_found"),
        (CountStock("mask", "he", (("none", 1),)), "not_found"),
        (CountStock("mask", "he", (("old", -1),)), "bad_quantity"),
        (CountStock("mask", "he", (("old", float("nan")),)), "bad_quantity"),
        (ChangeStock("mask", "he", "used", "old", " ", 1), "reason_required"),
        (ChangeStock("mask", "he", "used", "old", "x", 5), "bad_quantity"),
        (ChangeStock("mask", "he", "calibrated", "old", "x"), "bad_date"),
        (ChangeStock("mask", "he", "added", "b", "x", 5, "soon"), "bad_date"),
        (ChangeStock("mask", "he", "added", "old", "x", 5, "2030-01-01"), "other_expiry"),
        (ChangeStock("mask", "he", "added", " old ", "x", 5, "2030-01-01"), "other_expiry"),
        (ChangeStock("mask", "he", "added", "b", "x", 0, "2030-01-01"), "bad_quantity"),
        (ChangeStock("mask", "he", "used", "new", "x", 0), "bad_quantity"),
        (ChangeStock("mask", "he", "lost", "old", "x", 1), "not_found"),  # type: ignore[arg-type]
    ],
)
def test_what_is_refused_changes_nothing(request_: Any, code: str) -> None:
    room = Room()
    before = dict(room.rows)
    with pytest.raises(Refusal, match=code):
        room.ask(request_)
    assert room.rows == before


def test_why_a_plan_is_amber() -> None:
    room = Room()
    stocks = {"mask": room.stock(), "meter": room.stock("meter")}
    materials = (Material("mask", 12), Material("meter", 1), Material("boat", 1))
    found = gaps(plan("p", materials=materials), stocks, date(2026, 11, 23))
    assert [(gap.stock, gap.why) for gap in found] == [("mask", "expired"), ("boat", "missing")]
    assert [
        gap.why for gap in gaps(plan("p", materials=(Material("mask", 17),)), stocks, room.day or date.max)
    ] == ["short"]


DAYS = st.none() | st.dates(date(2020, 1, 1), date(2030, 12, 31)).map(date.isoformat)
BATCHES = st.lists(
    st.builds(Batch, st.uuids().map(str), st.floats(0, 100), DAYS, DAYS, st.text(max_size=5)), max_size=5
)


@given(BATCHES, st.dates(date(2020, 1, 1), date(2030, 12, 31)), st.floats(0, 50))
def test_good_and_row(batches: list[Batch], day: date, minimum: float) -> None:
    stock = Stock("a", 1, text("a"), "s", text("s"), "b1", text("u"), minimum, tuple(batches))
    assert Stock.from_dict(stock.to_dict()) == stock
    assert 0 <= stock.good(day) <= stock.quantity + 1e-6
    assert ("short" in stock.wanting(day)) == (stock.good(day) < minimum)
    assert stock.good(day + timedelta(days=1)) <= stock.good(day) + 1e-9


def test_pieces_are_counted_whole_and_metres_are_not() -> None:
    room = Room()
    with pytest.raises(Refusal) as refused:
        room.ask(CountStock("mask", "he-jun", (("old", 2.5),)))
    assert refused.value.code == "bad_quantity"
    hose = replace(MASK, id="hose", minimum=20.0, batches=(Batch("a", 19.5),))
    room = Room(replace(RESERVE, items=(hose,)))
    room.ask(CountStock("hose", "he-jun", (("a", 18.5),)))
    assert room.stock("hose").quantity == 18.5
