"""The civil clock is ten years off, at noon or at boot: nothing changes, and once it is confirmed the stamps do."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from edge.clock import SystemClock
from edge.domain.alarm import Alarm, AlarmState
from edge.domain.clock import Quality, Witness
from edge.domain.device import Signal
from edge.domain.instant import DAY, SECOND, Instant
from edge.domain.request import Acknowledge, Reset
from edge.facade import CaseQuery
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
        self.says = Witness()

    def now(self) -> Instant:
        now = super().now()
        return replace(now, utc=now.utc + self.leap)

    def witness(self) -> Witness:
        return self.says


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


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock is looked at ten times a second."""
    monkeypatch.setattr("edge.upkeep.EVERY", 0.1)
    monkeypatch.setattr("edge.power.keeper._EVERY", 0)


async def ticks(hub: RunningHub, count: int) -> None:
    """Wait until the hub has looked at its timers so many times."""
    loop = asyncio.get_running_loop()
    end = loop.time() + count
    await until(lambda: loop.time() > end)
    await hub.settled()


async def duties(hub: RunningHub) -> list[str]:
    """Ids of all occurrences of duties."""
    found = await hub.cases("duty", CaseQuery(limit=1000))
    return sorted(row["id"] for row in found.items)


@pytest.mark.parametrize("leap", [YEARS, -YEARS], ids=["forward", "back"])
async def test_a_leap_at_noon_changes_nothing_until_it_is_confirmed(
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
        heard, due = online(hub), await duties(hub)

        clock.leap = leap
        await ticks(hub, 2)
        assert opened(hub) == before, "no alarm is raised, ended, called again or forgotten"
        assert await hub.story(fire.id) == story
        assert online(hub) == heard
        assert hub.health().status != "starting"
        assert hub.health().checks["beat"].ok
        assert not hub.health().checks["clock"].ok
        assert not hub.now().trusted
        await until(lambda: hub.power.clock().quality is Quality.DOUBTFUL)

        # Life goes on by the hub's own time: a new alarm, an end, a reset, readings.
        await asyncio.to_thread(field.say, "zigbee2mqtt/sm-301", {"smoke": True})
        await until(lambda: "sm-301.smoke" in opened(hub))
        assert abs(opened(hub)["sm-301.smoke"].raised_at - clock.now().utc + leap) < 60 * SECOND
        await asyncio.to_thread(field.say, SMOKE, {"smoke": False})
        await until(lambda: opened(hub)["sm-303.smoke"].state is AlarmState.LATCHED)
        closed = await hub.act(Reset(fire.id, "li"))
        assert isinstance(closed, Alarm)
        assert closed.state is AlarmState.NORMAL

        # A person says that the machine's clock is right: from now on its stamps, and nothing else.
        standing = stands(hub)
        state = await hub.power.confirm_clock("li", sure=True)
        assert (state.quality, state.trusted) == (Quality.HAND, True)
        assert abs(hub.now().utc - clock.now().utc) < SECOND
        await ticks(hub, 2)
        assert stands(hub) == standing
        assert set(await duties(hub)) - set(due) == set(), "ten years of duties are not due at once"
        await asyncio.to_thread(field.say, "bench/load-1", {"seq": 2})
        await until(lambda: (p := hub.point("load-1.seq")) is not None and p.value == 2)
        await hub.settled()
        everything = await hub.raw("load-1.seq", -(2**52), 2**52, None, 10)
        assert sorted(row.v for row in everything.items if isinstance(row.v, int | float)) == [1, 2]
        left = stands(hub)
    clock.leap = 0
    async with start_hub(clock=clock) as started:
        await ticks(started.hub, 2)
        assert stands(started.hub) == left
        assert not started.hub.now().trusted
        assert abs(started.hub.now().utc - clock.now().utc - leap) < 60 * SECOND
        clock.says = Witness(ntp=True)
        await until(lambda: started.hub.power.clock().quality is Quality.NTP)
        assert stands(started.hub) == left
        await asyncio.to_thread(field.say, "zigbee2mqtt/sm-302k", {"smoke": True})
        await until(lambda: len(stands(started.hub)) == len(left) + 1)
    assert verify(tmp_path / "data" / "journal.db").ok


@pytest.mark.parametrize("leap", [YEARS, -YEARS], ids=["forward", "back"])
async def test_a_boot_ten_years_off_changes_nothing(
    start_hub: Start, field: Field, leap: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = LeapingClock()
    async with start_hub(clock=clock) as started:
        await asyncio.to_thread(field.say, SMOKE, {"smoke": True})
        await until(lambda: "sm-303.smoke" in opened(started.hub))
        await asyncio.to_thread(field.say, "bench/load-1", {"seq": 1})
        await until(lambda: started.hub.point("load-1.seq") is not None)
        await started.hub.settled()
        left, due = stands(started.hub), await duties(started.hub)
    monkeypatch.setattr("edge.clock.boot_id", lambda: "another boot")
    clock.leap, clock.says = leap, Witness(service=True)
    async with start_hub(clock=clock) as started:
        hub = started.hub
        await ticks(hub, 2)
        assert stands(hub) == left
        assert await duties(hub) == due
        assert hub.power.clock().quality is Quality.DOUBTFUL
        assert abs(hub.now().utc - clock.now().utc + leap) < 120 * SECOND, "it goes on from what it knew last"
        everything = await hub.raw("load-1.seq", 0, 2**52, None, 10)
        assert len(everything.items) == 1
        clock.leap, clock.says = 0, Witness(ntp=True, service=True)
        await until(lambda: hub.now().trusted)
        assert stands(hub) == left
        await asyncio.to_thread(field.say, "zigbee2mqtt/sm-302k", {"smoke": True})
        await until(lambda: len(stands(hub)) == len(left) + 1)
