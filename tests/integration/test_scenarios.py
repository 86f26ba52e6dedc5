"""Scenes of config/scenarios, played by the simulator in a process of its own, seen by the whole hub."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.domain.alarm import Alarm, AlarmState
from edge.domain.device import Signal
from edge.domain.request import Acknowledge, Judge, Refusal, Reset
from edge.domain.rule import Priority
from edge.facade import AlarmQuery
from edge.hub import RunningHub
from edge.tools.broker import Broker
from edge.tools.simulator import control
from tests.integration.conftest import Start, until

SLOWEST = 70.0  # seconds: the scenes keep their own time


@pytest.fixture
def play(tmp_path: Path, own_broker: Broker) -> Iterator[Callable[[str], None]]:
    """`play("s2")` in a simulator that has the site's devices going already."""
    account = own_broker.account("field")
    password, socket = tmp_path / "field-password", tmp_path / "simulator.sock"
    password.write_text(account.password, encoding="utf-8")
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "edge.cli", "simulate", "--site", str(tmp_path / "site")),
            *("--mqtt", f"{own_broker.host}:{own_broker.port}", "--username", account.name),
            *("--password-file", str(password), "--control", str(socket)),
        ]
    ) as process:
        yield lambda scene: control.ask(socket, {"reset": False, "play": [scene]}) and None
        process.terminate()


def open_at(hub: RunningHub, point: str) -> list[Alarm]:
    return [a for a in hub.open_alarms() if a.point == point and a.signal in {Signal.FIRE, Signal.GAS}]


async def cooking_smoke(hub: RunningHub) -> None:
    """S2: one alarm, held although the detector says false; refused, judged, reset; and at once again."""
    point = "sm-302k.smoke"

    def state() -> AlarmState | None:
        alarms = open_at(hub, point)
        assert len(alarms) <= 1
        return alarms[0].state if alarms else None

    await until(lambda: state() is AlarmState.UNACKNOWLEDGED, SLOWEST)
    (first,) = open_at(hub, point)
    assert (first.place.zh, first.title.zh) == ("3号楼1单元 3层 302 过道", "火警")
    assert first.priority is Priority.URGENT
    await hub.act(Acknowledge(first.id, "li"))
    await until(
        lambda: state() is AlarmState.LATCHED, SLOWEST
    )  # 20 s: the detector says false, the alarm stays
    await until(lambda: state() is AlarmState.UNACKNOWLEDGED, SLOWEST)  # 22 s: it sounds again
    with pytest.raises(Refusal, match="still_active"):
        await hub.act(Reset(first.id, "li"))
    await hub.act(Acknowledge(first.id, "li"))
    await until(lambda: state() is AlarmState.LATCHED, SLOWEST)
    await hub.act(Judge(first.id, "li", "false", "cooking"))
    await hub.act(Reset(first.id, "li"))
    assert state() is None
    await until(
        lambda: state() is AlarmState.UNACKNOWLEDGED, SLOWEST
    )  # 60 s: nothing holds back the next smoke
    (second,) = open_at(hub, point)
    assert second.id != first.id
    assert second.suppression is None


async def leaking_gas(hub: RunningHub) -> None:
    """S1, as far as sensors go: one row that rises from low to high and asks again."""
    point = "gs-1203.gas"
    await until(lambda: bool(open_at(hub, point)), SLOWEST)
    (low,) = open_at(hub, point)
    assert (low.place.zh, low.title.zh) == ("1号楼2单元 12层 1203 厨房", "燃气报警(低限)")
    assert low.priority is Priority.HIGH
    assert isinstance(low.value, float)
    assert 8 <= low.value < 10
    await hub.act(Acknowledge(low.id, "li"))
    await until(lambda: open_at(hub, point)[0].priority is Priority.URGENT, SLOWEST)
    (high,) = open_at(hub, point)
    assert (high.id, high.title.zh) == (low.id, "燃气报警(高限)")
    assert high.state is AlarmState.UNACKNOWLEDGED
    assert "勿按门铃" in high.response.zh


@pytest.mark.slow
async def test_s1_and_s2_as_their_files_tell_them(start_hub: Start, play: Callable[[str], None]) -> None:
    async with start_hub() as started:
        hub = started.hub
        await until(lambda: all(_heard(hub, device) for device in ("sm-302k", "gs-1203")), SLOWEST)
        for scene in ("s1", "s2"):
            await asyncio.to_thread(play, scene)
        await asyncio.gather(cooking_smoke(hub), leaking_gas(hub))
        closed = [a for a in (await hub.alarms(AlarmQuery(device="sm-302k"))).items if a.verdict is not None]
        assert [a.verdict.cause for a in closed if a.verdict is not None] == ["cooking"]


def _heard(hub: RunningHub, id: str) -> bool:
    device = hub.device(id)
    return device is not None and device.online is True
