"""Duties on the whole hub: they come due by the moved clock, a miss is an alarm, and a restart repeats nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from edge.clock import SystemClock
from edge.domain.device import Signal
from edge.domain.instant import MINUTE, Instant
from edge.domain.occurrence import CheckFacilities, DoDuty, Finding, MarkStop
from edge.facade import CaseQuery
from edge.hub import RunningHub
from tests.integration.conftest import Start

POINT = "duties.fire-patrol"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SetClock(SystemClock):
    """Begins at a local time of its own choice; both clocks can be moved on."""

    def __init__(self, wall: str) -> None:
        super().__init__()
        moment = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
        self._shift = (moment - EPOCH) // timedelta(microseconds=1) - super().now().utc
        self.on = 0

    def now(self) -> Instant:
        now = super().now()
        return replace(now, utc=now.utc + self._shift + self.on, mono=now.mono + self.on)


async def duty(hub: RunningHub, id: str, state: str) -> None:
    """Wait until an occurrence stands so."""
    async with asyncio.timeout(20):
        while True:
            at = hub.position()
            row = await hub.case("duty", id)
            if row is not None and row["state"] == state:
                return
            await hub.wait_facts(at)


async def test_a_miss_is_an_alarm_until_it_is_made_up(start_hub: Start) -> None:
    clock = SetClock("2026-03-02 14:59")
    id = "du-fire-patrol-202603021500"
    async with start_hub(clock=clock, connected=False) as started:
        hub = started.hub
        clock.on += 2 * MINUTE
        await duty(hub, id, "due")
        stops = hub.site.duties.stops("fire-patrol")
        body = await hub.act(MarkStop(id, "he-jun", stops[0].code, "qr", finding=Finding("门被堵", "fire")))
        assert body["state"] == "under_way"  # type: ignore[index,call-overload]
        await hub.settled()
        (hazard,) = (await hub.cases("hazard", CaseQuery())).items
        walk = await hub.case("round", "rd-fire-patrol-202603021500")
        assert walk is not None
        assert walk["stops"][0]["hazard"] == hazard["id"]
        clock.on += 121 * MINUTE
        await duty(hub, id, "missed")
        await hub.settled()
        (alarm,) = [a for a in hub.open_alarms() if a.point == POINT]
        assert (alarm.signal, alarm.title.zh) == (Signal.SUPERVISORY, "漏巡:防火巡查")
    async with start_hub(clock=clock, connected=False) as started:
        hub = started.hub
        await hub.settled()
        assert [a.id for a in hub.open_alarms() if a.point == POINT] == [alarm.id]
        for stop in stops[1:]:
            await hub.act(MarkStop(id, "he-jun", stop.code, "nfc"))
        ticks = {task.id: "ok" for task in hub.site.duties.duties["fire-patrol"].tasks}
        await hub.act(DoDuty(id, "he-jun", ticks))  # type: ignore[arg-type]
        await duty(hub, id, "made_up")
        await hub.settled()
        assert not [a for a in hub.open_alarms() if a.point == POINT and a.active]
        await hub.act(CheckFacilities("he-jun", ("ext-01",)))
        row = await hub.case("facility", "ext-01")
        assert row is not None
        assert row["checked_by"] == "he-jun"
        due = [f for f in await hub.case_story("duty", id) if f.kind == "duty.due"]
        assert len(due) == 1
