"""The program's own defects, put in on purpose: each costs one message or rule, is seen, and stops nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from edge.alarm.engine import AlarmEngine
from edge.alarm.watch import Watch
from edge.domain.alarm import Alarm
from edge.domain.device import DeviceProfile
from edge.domain.health import Rejected
from edge.domain.reading import Message, Sample
from edge.domain.request import Acknowledge
from edge.driver import Codec
from edge.hub import RunningHub
from tests.integration.conftest import Start, until
from tests.integration.field import Field

SMOKE = "zigbee2mqtt/sm-303"
POISON = "zigbee2mqtt/sm-301"


def alarm_at(hub: RunningHub, point: str) -> Alarm | None:
    return next((alarm for alarm in hub.open_alarms() if alarm.point == point), None)


def defects(hub: RunningHub) -> list[Rejected]:
    return [row for row in hub.rejected() if row.reason.endswith("_defect")]


class PoisonedCodec:
    """A codec that fails at one device's messages in a way nobody foresaw."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec

    def parse(self, channel: str, payload: bytes) -> Sequence[Message]:
        if channel == POISON:
            raise RecursionError("made for the test")
        return self._codec.parse(channel, payload)

    def samples(self, message: Message, profile: DeviceProfile | None) -> Sequence[Sample]:
        return self._codec.samples(message, profile)


async def test_a_message_at_which_the_codec_fails_is_answered_counted_and_shown(
    start_hub: Start, field: Field
) -> None:
    async with start_hub() as started:
        hub = started.hub
        codecs = hub._line.intake._codecs
        codecs["zigbee"] = PoisonedCodec(codecs["zigbee"])  # type: ignore[index]
        for _ in range(3):
            await asyncio.to_thread(field.say, POISON, {"smoke": True})
        await asyncio.to_thread(field.say, SMOKE, {"smoke": True})
        await until(lambda: alarm_at(hub, "sm-303.smoke") is not None)
        (row,) = defects(hub)
        assert (row.source, row.reason, row.count) == ("zigbee", "codec_defect", 3)
        assert row.last_channel == POISON
        assert "made for the test" in row.last_error
        await until(lambda: alarm_at(hub, "hub.program") is not None)
        assert not hub.health().checks["program"].ok
        assert hub.health().status == "degraded"
        assert hub.health().checks["beat"].ok
        await hub.settled()
    async with start_hub() as started:  # a working hub again: the broker has nothing left of them to repeat
        hub = started.hub
        await asyncio.to_thread(field.say, SMOKE, {"smoke": False})
        await until(lambda: (a := alarm_at(hub, "sm-303.smoke")) is not None and not a.active)
        assert alarm_at(hub, "sm-301.smoke") is None


async def test_a_rule_that_fails_at_a_point_costs_that_point_its_evaluation(
    start_hub: Start, field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate = AlarmEngine._evaluate

    def broken(engine: AlarmEngine, watch: Watch, reading: object) -> None:
        if watch.point.id == "sm-301.smoke":
            raise ZeroDivisionError("made for the test")
        evaluate(engine, watch, reading)  # type: ignore[arg-type]

    monkeypatch.setattr(AlarmEngine, "_evaluate", broken)
    async with start_hub() as started:
        hub = started.hub
        await asyncio.to_thread(field.say, POISON, {"smoke": True})
        await asyncio.to_thread(field.say, SMOKE, {"smoke": True})
        await until(lambda: alarm_at(hub, "sm-303.smoke") is not None)
        (row,) = defects(hub)
        assert (row.source, row.reason, row.last_channel) == ("hub", "engine_defect", "sm-301.smoke")
        await until(lambda: not hub.health().checks["program"].ok)
        point = hub.point("sm-301.smoke")
        assert point is not None
        assert point.value is True  # shown and stored, though not evaluated
        assert alarm_at(hub, "sm-301.smoke") is None
        assert hub.health().status == "degraded"
        assert not started.line.done()


async def test_a_rule_that_fails_at_a_new_device_does_not_keep_the_others_from_joining(
    start_hub: Start, field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start_hub() as started:
        hub = started.hub

        def broken(_engine: AlarmEngine, _points: object) -> None:
            raise ValueError("made for the test")

        with monkeypatch.context() as patch:
            patch.setattr(AlarmEngine, "add_points", broken)
            await asyncio.to_thread(field.say, "bench/load-1", {"seq": 1})
            await until(lambda: bool(defects(hub)))
        await asyncio.to_thread(field.say, "bench/load-2", {"seq": 7})
        await until(lambda: (p := hub.point("load-2.seq")) is not None and p.value == 7)
        assert (p := hub.point("load-1.seq")) is not None
        assert p.value == 1
        assert not started.line.done()


async def test_a_command_at_which_the_program_fails_is_answered_and_stops_nothing(
    start_hub: Start, field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start_hub() as started:
        hub = started.hub
        await asyncio.to_thread(field.say, SMOKE, {"smoke": True})
        await until(lambda: alarm_at(hub, "sm-303.smoke") is not None)
        alarm = alarm_at(hub, "sm-303.smoke")
        assert alarm is not None

        def broken(_engine: AlarmEngine, *_: object) -> None:
            raise ZeroDivisionError("made for the test")

        with monkeypatch.context() as patch:
            patch.setattr(AlarmEngine, "act", broken)
            with pytest.raises(ZeroDivisionError):
                await hub.act(Acknowledge(alarm.id, "li"))
        (row,) = defects(hub)
        assert row.last_channel == "Acknowledge"
        acked = await hub.act(Acknowledge(alarm.id, "li"))
        assert isinstance(acked, Alarm)
        assert acked.acked
