"""The civil clock leaps by ten years while an alarm is open: stamps change, nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from edge.clock import SystemClock
from edge.domain.alarm import Alarm, AlarmState
from edge.domain.device import Signal
from edge.domain.instant import DAY, SECOND, Instant
from edge.domain.request import Acknowledge, Reset
from edge.hub import RunningHub
from edge.store.journal import verify
from tests.integration.conftest import Start, until
from tests.integration.field import Field

YEARS = 3652 * DAY
SMOKE = "zigbee2mqtt/sm-303"
GAS = "site/gs-1203/up"


class LeapingClock(SystemClock):
    """The machine's clock, with a civil time that can be set."""

    def __init__(self) -> None:
        super().__init__()
        self.leap = 0

    def now(self) -> Instant:
        now = super().now()
        return replace(now, utc=now.utc + self.leap)


def opened(hub: RunningHub) -> dict[str, Alarm]:
    """Open alarms by their points, without those of the buses, which have no port in this test."""
    links = {"no-contact", "link-fault"}
    return {a.point: a for a in hub.open_alarms() if a.rule not in links and a.device != "hub"}


def stands(hub: RunningHub) -> set[tuple[str, AlarmState, int]]:
    """How fire and gas stand."""
    vital = (alarm for alarm in hub.open_alarms() if alarm.signal in {Signal.FIRE, Signal.GAS})
    return {(alarm.id, alarm.state, alarm.raised_at) for alarm in vital}


def online(hub: RunningHub) -> dict[str, bool | None]:
    """Who is heard over the brokers."""
    states = (state for state in hub.devices() if state.device.profile.dialect != "modbus-rtu")
    return {state.device.id: state.online for state in states}


async def ticks(hub: RunningHub, count: int) -> None:
    """Wait until the hub has looked at its timers so many times."""
    loop = asyncio.get_running_loop()
    end = loop.time() + count
    await until(lambda: loop.time() > end)
    await hub.settled()


@pytest.mark.parametrize("leap", [YEARS, -YEARS], ids=["forward", "back"])
async def test_a_leap_changes_nothing_but_stamps(
    start_hub: Start, field: Field, leap: int, tmp_path: Path
) -> None:
    clock = LeapingClock()
    async with start_hub(clock=clock) as started:
        hub = started.hub
        for topic, body in ((SMOKE, {"smoke": True}), (GAS, {"gas": 30.0}), ("bench/load-1", {"seq": 1})):
            await asyncio.to_thread(field.say, topic, body)
        await until(lambda: {"sm-303.smoke", "gs-1203.gas"} <= opened(hub).keys())
        fire = opened(hub)["sm-303.smoke"]
        await hub.act(Acknowledge(fire.id, "li"))
        await hub.settled()
        before, story = opened(hub), await hub.story(fire.id)
        heard = online(hub)

        clock.leap = leap
        await ticks(hub, 3)
        assert opened(hub) == before, "no alarm is raised, ended, called again or forgotten"
        assert await hub.story(fire.id) == story
        assert online(hub) == heard
        assert hub.health().status != "starting"
        assert hub.health().checks["beat"].ok

        # Life goes on: a new alarm, an end, a reset, readings, each with the stamp of its time.
        await asyncio.to_thread(field.say, "zigbee2mqtt/sm-301", {"smoke": True})
        await until(lambda: "sm-301.smoke" in opened(hub))
        assert abs(opened(hub)["sm-301.smoke"].raised_at - clock.now().utc) < 60 * SECOND
        await asyncio.to_thread(field.say, SMOKE, {"smoke": False})
        await until(lambda: opened(hub)["sm-303.smoke"].state is AlarmState.LATCHED)
        closed = await hub.act(Reset(fire.id, "li"))
        assert isinstance(closed, Alarm)
        assert closed.state is AlarmState.NORMAL
        await asyncio.to_thread(field.say, "bench/load-1", {"seq": 2})
        await until(lambda: (p := hub.point("load-1.seq")) is not None and p.value == 2)
        await hub.settled()
        everything = await hub.raw("load-1.seq", 0, 2**52, None, 10)
        assert sorted(row.v for row in everything.items if isinstance(row.v, int | float)) == [1, 2]
        left = stands(hub)
    # Over a restart the civil time is all there is: a latch may be taken for a day old, and be told so, no more.
    async with start_hub(clock=clock) as started:
        await ticks(started.hub, 2)
        assert stands(started.hub) == left
    clock.leap = 0
    async with start_hub(clock=clock) as started:
        await ticks(started.hub, 2)
        assert stands(started.hub) == left
        await asyncio.to_thread(field.say, "zigbee2mqtt/sm-302k", {"smoke": True})
        await until(lambda: len(stands(started.hub)) == len(left) + 1)
    assert verify(tmp_path / "data" / "journal.db").ok
