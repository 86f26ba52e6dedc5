"""S6: a power cut, no internet, and a crash of the hub in the moment a detector reports; told from its files.

The hub is a process of its own, which the story kills; whoever watches over it starts it again, as systemd would.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.faults.rig import Rig, until
from tests.integration.field import Field
from tests.integration.outside import LINES, Devices, devices

MAINS, SMOKE, LOAD = "up-01.mains-lost", "sm-s1.smoke", "load-6"
SENT = 120
"""Readings of one device while all this happens."""


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    ports = {line: tmp_path / "serial" / line for line in LINES}
    with Rig(tmp_path, tmp_path / "data", serial=ports) as running:
        yield running


@pytest.fixture
def around(rig: Rig) -> Iterator[Devices]:
    """All devices of the site, the internet, and the hub among them."""
    with devices(rig.folder, rig.site, rig.broker, over_mqtt=True, hub=rig.data / "hub.pid") as playing:
        rig.start()
        rig.await_armed()
        until("the modem is there", lambda: rig.api.check("modem-1").get("ok") is True)
        yield playing


def play(around: Devices, scene: str, speed: float) -> None:
    around.say_to({"reset": False, "play": [scene], "speed": speed})


def alarms(rig: Rig, point: str) -> list[dict[str, Any]]:
    return [a for a in rig.api.pages("/api/v1/alarms", state="all") if a["point"] == point]


def messages(rig: Rig, channel: str) -> list[dict[str, Any]]:
    return [n for n in rig.api.pages("/api/v1/notifications") if n["channel"] == channel]


def group(rig: Rig, alarm: dict[str, Any]) -> list[dict[str, Any]]:
    return [n for n in messages(rig, "wecom") if n["alarm"] == alarm["id"]]


def at_once(message: dict[str, Any], alarm: dict[str, Any]) -> bool:
    """Whether it belongs to the first step of the ladder: after 30 s without an answer people are told again."""
    told, begun = (datetime.fromisoformat(one) for one in (message["opened_at"], alarm["raised_at"]))
    return told - begun < timedelta(seconds=20)


def raised(rig: Rig, point: str) -> Callable[[], bool]:
    return lambda: bool(alarms(rig, point))


@pytest.mark.slow
def test_s6_as_its_file_tells_it(rig: Rig, around: Devices, capsys: pytest.CaptureFixture[str]) -> None:
    with Field(rig.broker) as field:
        number = iter(range(1, SENT + 1))

        def send(count: int) -> None:
            for _, seq in zip(range(count), number, strict=False):
                field.say(f"bench/{LOAD}", {"seq": seq})

        play(around, "s6", 3)
        send(SENT // 3)
        until("the power cut is an alarm", raised(rig, MAINS))
        (mains,) = alarms(rig, MAINS)
        assert (mains["signal"], mains["title"]["zh"]) == ("fault", "主电故障")
        assert "备电剩余 7 小时 50 分" in rig.api.page("/")
        until("the story has killed the hub", lambda: rig.hub_pid is None)
        send(SENT // 3)  # while nobody listens
        until(
            "the detector has reported meanwhile",
            lambda: any("sm-s1: smoke" in line for line in around.lines),
        )
        rig.forget()
        rig.start()
        until(
            "the fire stands on the wall again", lambda: fires_on(rig), 30
        )  # 5.4.1: within 30 s of the report
        rig.await_armed()
        send(SENT)

        # Text messages go out by the modem; the group's wait, and say so, until the internet is back.
        until("texts go out", lambda: any("3号楼1单元" in text.text for text in list(around.modem.texts)))
        (fire,) = alarms(rig, SMOKE)
        until("the group's message has failed", lambda: any(n["error"] for n in group(rig, fire)))
        assert "未送达,将继续重试" in rig.api.page("/messages")
        until("mains are back", lambda: not alarms(rig, MAINS)[0]["active"])
        internet = around.internet
        assert internet is not None
        until("the group is told", lambda: any("楼梯间 · 火警" in text for text in internet.texts), 120)

        # Nothing lost, nothing doubled.
        assert len(alarms(rig, SMOKE)) == 1
        assert len(alarms(rig, MAINS)) == 1
        counted = lambda: rig.api.get(f"/api/v1/points/{LOAD}.seq/readings")["count"]  # noqa: E731
        until("every reading is stored", lambda: counted() == SENT)
        assert rig.api.metric("edgehub_readings_lost_total") == 0
        first = [n for n in messages(rig, "sms") if n["alarm"] == fire["id"] and at_once(n, fire)]
        assert len(first) == len({n["person"] for n in first}) > 0
        assert not any("重发" in text.text for text in list(around.modem.texts))
    with capsys.disabled():
        sys.stdout.write(f"\nS6: sent {SENT}, stored {counted()}, lost 0\n")


def fires_on(rig: Rig) -> bool:
    """Whether the fire is among the open alarms of a hub that may still be starting."""
    try:
        return any(a["point"] == SMOKE for a in rig.api.pages("/api/v1/alarms", state="open"))
    except Exception:  # noqa: BLE001 - it is not there yet
        return False


@pytest.mark.slow
@pytest.mark.long
def test_s6b_nobody_can_be_called_and_the_wall_says_so(rig: Rig, around: Devices) -> None:
    play(around, "s6b", 2)
    until("nobody can be called", raised(rig, "hub.outside"), 120)
    (alarm,) = alarms(rig, "hub.outside")
    assert alarm["title"]["zh"] == "短信与外网均不可用"
    assert "短信与外网均不可用" in rig.api.page("/")
    assert around.told("dk-01")
    until("it ends by itself", lambda: not alarms(rig, "hub.outside")[0]["active"], 120)
