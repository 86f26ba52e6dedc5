"""From a smoke detector's message to a guard's reset, through every layer and over restarts."""

from __future__ import annotations

import asyncio

import pytest

from edge.domain.alarm import Alarm, AlarmState
from edge.domain.device import Signal
from edge.domain.reading import Quality
from edge.domain.request import Acknowledge, Judge, Refusal, Reset
from edge.facade import AlarmQuery
from edge.hub import RunningHub
from tests.integration.conftest import Start, until
from tests.integration.field import Field

TOPIC = "zigbee2mqtt/sm-303"


def fires(hub: RunningHub) -> list[Alarm]:
    return [alarm for alarm in hub.open_alarms() if alarm.signal is Signal.FIRE]


async def test_the_whole_story_of_a_fire_alarm(start_hub: Start, field: Field) -> None:
    async with start_hub() as started:
        hub = started.hub
        await asyncio.to_thread(field.say, TOPIC, {"smoke": True, "battery": 97})
        await until(lambda: bool(fires(hub)))
        (alarm,) = fires(hub)
        assert alarm.point == "sm-303.smoke"
        assert alarm.state is AlarmState.UNACKNOWLEDGED
        assert "303" in alarm.place.zh
        assert "客厅" in alarm.place.zh
        assert hub.totals().fire == 1

        acked = await hub.act(Acknowledge(alarm.id, "li"))
        assert isinstance(acked, Alarm)
        assert acked.acked_by == "li"
        assert hub.persisted(acked.seq)
        with pytest.raises(Refusal, match="still_active"):
            await hub.act(Reset(alarm.id, "li"))

        await asyncio.to_thread(field.say, TOPIC, {"smoke": False})
        await until(lambda: fires(hub)[0].state is AlarmState.LATCHED)
        await hub.act(Judge(alarm.id, "li", "false", "cooking"))
        closed = await hub.act(Reset(alarm.id, "li"))
        assert isinstance(closed, Alarm)
        assert closed.state is AlarmState.NORMAL
        assert not fires(hub)
        kinds = [fact.kind for fact in await hub.story(alarm.id)]
        told = [kind for kind in kinds if kind.startswith("alarm.")]
        assert told == ["alarm.raised", "alarm.acked", "alarm.returned", "alarm.verdict", "alarm.reset"]
        assert (
            kinds.index("escalation.started") < kinds.index("alarm.acked") < kinds.index("escalation.stopped")
        )
        page = await hub.alarms(AlarmQuery(device="sm-303"))
        assert [a.id for a in page.items] == [alarm.id]


async def test_a_restart_changes_nothing_about_an_open_alarm(start_hub: Start, field: Field) -> None:
    async with start_hub() as started:
        await asyncio.to_thread(field.say, TOPIC, {"smoke": True})
        await until(lambda: bool(fires(started.hub)))
        (alarm,) = fires(started.hub)
        before = await started.hub.act(Acknowledge(alarm.id, "li"))
    async with start_hub() as started:
        (after,) = fires(started.hub)
        assert after == before
        await asyncio.to_thread(field.say, TOPIC, {"smoke": False})
        await until(lambda: fires(started.hub)[0].state is AlarmState.LATCHED)


async def test_what_was_said_while_the_hub_was_away_raises_when_it_is_back(
    start_hub: Start, field: Field
) -> None:
    async with start_hub():
        pass
    await asyncio.to_thread(field.say, TOPIC, {"smoke": True})
    async with start_hub() as started:
        await until(lambda: bool(fires(started.hub)))


async def test_a_retained_copy_raises_doubt_and_never_fire(start_hub: Start, field: Field) -> None:
    await asyncio.to_thread(field.say, TOPIC, {"smoke": True}, retain=True)
    async with start_hub() as started:
        hub = started.hub
        await until(lambda: any(a.rule == "state-unconfirmed" for a in hub.open_alarms()))
        assert not fires(hub)
        await asyncio.to_thread(field.say, TOPIC, {"smoke": False})
        await until(lambda: all(a.rule != "state-unconfirmed" or not a.active for a in hub.open_alarms()))


async def test_readings_of_a_trusted_topic_are_stored_once_each(start_hub: Start, field: Field) -> None:
    async with start_hub() as started:
        hub = started.hub
        start = hub.now().utc
        for n in range(1, 51):
            body = {"seq": n, "t": start // 1000 + n, "value": 20.0}
            await asyncio.to_thread(field.say, "bench/load-1", body)
            if n % 10 == 0:
                await asyncio.to_thread(field.say, "bench/load-1", body)  # the device says it again
        await until(lambda: hub.device("load-1") is not None)
        await until(lambda: (s := hub.point("load-1.seq")) is not None and s.value == 50)
        await hub.settled()
        raw = await hub.raw("load-1.seq", start - 1, start + 10**7, None, 1000)
        assert [row.v for row in raw.items] == list(range(1, 51))
        trend = await hub.series("load-1.seq", start - 1, start + 10**7, 10)
        assert trend.count == 50
    async with start_hub() as started:
        assert started.hub.device("load-1") is not None, "an adopted device is known after a restart"
        raw = await started.hub.raw("load-1.seq", start - 1, start + 10**7, None, 1000)
        assert len(raw.items) == 50


async def test_garbage_is_counted_and_stops_nothing(start_hub: Start, field: Field) -> None:
    async with start_hub() as started:
        hub = started.hub
        for payload in (
            b"{",
            b"\xff\xfe",
            "[]",
            '{"seq": NaN}',
            '{"seq": "x"}',
            "null",
            "9" * 5000,
            '{"seq": 1e400}',
        ):
            await asyncio.to_thread(field.say, "bench/load-2", payload)
        await asyncio.to_thread(field.say, "zigbee2mqtt/stranger", {"smoke": True})
        await asyncio.to_thread(field.say, "zigbee2mqtt/sm-301", b"\x00" * 1_000_000)
        await asyncio.to_thread(field.say, TOPIC, {"smoke": True})
        await until(lambda: bool(fires(hub)))
        await until(lambda: any(q.address == "stranger" for q in hub.quarantined()))
        await until(
            lambda: {"too_large", "unknown_device", "malformed"} <= {r.reason for r in hub.rejected()}
        )
        (doubt,) = [a for a in hub.open_alarms() if a.rule == "stranger-alarm"]
        assert doubt.place.zh == "1号楼 1层 102 消防控制室 Zigbee网关 未登记设备 stranger"
        point = hub.point("load-2.seq")
        assert point is None or point.value is None


async def test_a_device_heard_before_the_restart_is_online_after_it(start_hub: Start, field: Field) -> None:
    async with start_hub() as started:
        await asyncio.to_thread(field.say, TOPIC, {"smoke": False})
        await until(lambda: (s := started.hub.device("sm-303")) is not None and s.online is True)
        await started.hub.settled()
    async with start_hub() as started:
        link = started.hub.point("sm-303.link")
        assert link is not None
        assert (link.value, link.quality, link.retained) == (False, Quality.GOOD, False)
        smoke = started.hub.point("sm-303.smoke")
        assert smoke is not None
        assert smoke.retained, "its value was not heard live since the start"
