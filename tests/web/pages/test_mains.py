"""The strip about a supply that runs on its battery."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from edge.domain.device import Device
from edge.domain.names import Text
from edge.domain.reading import Value
from tests.web.fakes import FakeHub
from tests.web.sample_site import DEVICES
from web.pages.mains import OnBattery, on_battery

UPS = replace(DEVICES[0], id="up-1", name=Text("网关电源", "Hub UPS"))
UPS = replace(UPS, profile=replace(UPS.profile, category="ups"))


def running(*, active: bool = True, device: Device = UPS, minutes: Value | None = 470, quality: str = "good"):
    alarm = SimpleNamespace(id="a-1", device=device.id, point=f"{device.id}.mains-lost", active=active)
    return SimpleNamespace(
        open_alarms=lambda: [alarm, SimpleNamespace(**{**vars(alarm), "point": "up-1.battery"})],
        device=lambda id: SimpleNamespace(device=device) if id == device.id else None,
        point=lambda id: (
            SimpleNamespace(value=minutes, quality=quality) if id == "up-1.minutes-left" else None
        ),
    )


@pytest.mark.parametrize(
    ("given", "minutes"),
    [
        ({}, 470),
        ({"minutes": None}, None),
        ({"minutes": "OB"}, None),
        ({"quality": "bad"}, None),
        ({"minutes": -3}, 0),
    ],
)
def test_a_supply_without_mains_says_how_long_it_lasts(given, minutes):
    assert on_battery(running(**given)) == [OnBattery("up-1", "a-1", minutes)]


def test_neither_a_return_of_the_mains_nor_another_kind_of_device_is_shown():
    assert on_battery(running(active=False)) == []
    assert on_battery(running(device=replace(UPS, profile=DEVICES[0].profile))) == []


async def test_every_page_shows_it_in_hours_and_minutes(
    person, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
):
    guard = await person("guard")
    for minutes, words in (
        (470, "备电剩余 7 小时 50 分"),
        (12, "备电剩余 12 分钟"),
        (None, "备电剩余时间未知"),
    ):
        monkeypatch.setattr(
            "web.pages.render.on_battery", lambda _hub, m=minutes: [OnBattery("up-1", "a-1", m)]
        )
        page = (await guard.get("/health")).text
        assert "主电故障" in page
        assert words in page
