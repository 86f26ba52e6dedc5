"""Who follows the log of facts for MQTT out: shows what is open, takes away what is over, keeps people's words in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from edge.domain.alarm import Alarm, Suppression, Verdict
from edge.domain.fact import Fact
from edge.domain.health import LinkReport
from edge.domain.reading import Purpose
from edge.driver import Host
from edge.outward import Outward, showing
from edge.store.facts import FactLog
from edge.store.journal import Entry, Journal
from tests.edge.store.making import alarm, closed, raised, until


class Board:
    """A publisher that remembers, and says what it showed when it was started."""

    id = "out"

    def __init__(self) -> None:
        self.shown: dict[str, Any] = {}
        self.at_start: set[str] | None = None
        self.stopped = False

    def start(self, host: Host) -> None:
        self.at_start = set(self.shown)

    def stop(self) -> None:
        self.stopped = True

    def show(self, kind: str, id: str, payload: bytes) -> None:
        self.shown[f"{kind}/{id}"] = json.loads(payload)

    def clear(self, kind: str, id: str) -> None:
        self.shown.pop(f"{kind}/{id}", None)

    def report(self) -> LinkReport:
        raise AssertionError


def shape(subject: str, case: Any) -> Mapping[str, Any]:
    row = case.to_dict() if isinstance(case, Alarm) else dict(case)
    if row["id"] == "a-13":
        raise ValueError("a defect")
    return row


class Hub:
    """A log on a real journal, open alarms as the line would have them."""

    def __init__(self, path: Path) -> None:
        journal = Journal(path)
        self.log = FactLog(journal, journal.open(), memory=4)
        self.open: dict[str, Alarm] = {}
        self.board = Board()
        self.outward = Outward(self.log, [self.board], self.open.values, list, shape)

    async def raise_alarm(self, **changes: Any) -> Alarm:
        entry, new = raised(self.log.numbering, **changes)
        self.open[new.id] = new
        await self.log.record(entry)
        return new

    async def close_alarm(self, old: Alarm) -> None:
        entry, _ = closed(self.log.numbering, old)
        del self.open[old.id]
        await self.log.record(entry)

    @asynccontextmanager
    async def showing(self) -> AsyncIterator[None]:
        async with showing(self.outward, [self.board], None):  # type: ignore[arg-type]
            yield


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    made = Hub(tmp_path / "journal.db")
    yield made
    await made.log.close(clean=True)


async def test_what_is_open_stands_there_before_the_link_begins_and_goes_when_it_closes(hub: Hub) -> None:
    old = await hub.raise_alarm()
    async with hub.showing():
        assert hub.board.at_start == {f"alarms/{old.id}"}
        new = await hub.raise_alarm()
        await until(lambda: f"alarms/{new.id}" in hub.board.shown)
        await hub.close_alarm(old)
        await until(lambda: set(hub.board.shown) == {f"alarms/{new.id}"})
    assert hub.board.stopped
    assert hub.board.shown, "what is open stays"


async def test_what_people_wrote_stays_in_the_hub_and_tests_are_not_shown(hub: Hub) -> None:
    async with hub.showing():
        await hub.raise_alarm(purpose=Purpose.TEST)
        said = await hub.raise_alarm(
            suppression=Suppression("shelved", "li", "张三装修", None),
            verdict=Verdict("false", "张三做饭", "li", 1),
        )
        await until(lambda: bool(hub.board.shown))
    (shown,) = hub.board.shown.values()
    assert shown["id"] == said.id
    assert (shown["suppression"]["by"], shown["suppression"]["reason"]) == ("li", None)
    assert (shown["verdict"]["kind"], shown["verdict"]["cause"]) == ("false", None)


async def test_an_order_comes_and_goes(hub: Hub) -> None:
    words = {
        "title": ["张三家", "Zhang"],
        "task": ["x", "x"],
        "parts": [{"name": "张三的阀"}],
        "reason": "张三",
    }
    row = {"id": "wo-1", "opened_at": 1, "offered": [], "cause": "张三", "action": None, **words}
    async with hub.showing():
        for is_open in (True, False):
            fact = Fact(hub.log.numbering.next(), "order.x", 1, None, "order", {**row, "open": is_open})
            await hub.log.record(Entry(facts=[fact]))
            await until(lambda is_open=is_open: bool(hub.board.shown) is is_open)
            if is_open:
                shown = hub.board.shown["work-orders/wo-1"]
                assert {shown[key] for key in ("cause", *words)} == {None}


async def test_a_gap_in_the_log_is_made_up_for_and_a_defect_costs_one_case(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = await hub.raise_alarm()
    real, gap = hub.log.facts, asyncio.Event()

    async def facts(*arguments: Any) -> Any:
        if gap.is_set():
            return await real(*arguments)
        gap.set()
        return None

    async with hub.showing():
        monkeypatch.setattr(hub.log, "facts", facts)
        del hub.open[gone.id]
        hub.open["a-99"] = alarm(99)
        await hub.raise_alarm(id="a-14")
        await until(lambda: set(hub.board.shown) == {"alarms/a-99", "alarms/a-14"})
        await hub.raise_alarm(id="a-13")
        last = await hub.raise_alarm(id="a-15")
        await until(lambda: f"alarms/{last.id}" in hub.board.shown)
