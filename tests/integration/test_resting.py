"""The supply runs dry: the machine is asked to rest, which is on record; where nobody may, the hub hears on."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from edge.hub import RunningHub
from edge.power import stopping
from edge.power.requests import VARIABLE
from tests.integration.conftest import Start, until
from tests.integration.field import Field

LOW = {"on_battery": True, "charge": 6, "minutes": 2}


async def told(hub: RunningHub, kind: str) -> bool:
    return any(fact.kind == kind for fact in await hub.latest_facts(None, 5, kind))


async def fact(hub: RunningHub, kind: str) -> None:
    async with asyncio.timeout(30):
        while not await told(hub, kind):
            await hub.wait_facts(hub.position())


def service(request: Path) -> str:
    """As edge-hub-requests.service: takes the request."""
    deadline = time.monotonic() + 30
    while not request.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    said = request.read_text()
    request.unlink()
    return said


async def test_a_supply_that_runs_dry_has_the_machine_rest_but_not_while_there_is_a_fire(
    start_hub: Start, field: Field, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopping, "HELD", 0)
    monkeypatch.setattr(stopping, "AGAIN", 0)
    monkeypatch.setattr("edge.power.keeper._EVERY", 0)
    monkeypatch.setattr("edge.upkeep.EVERY", 0.1)
    requests = tmp_path / "requests"
    await asyncio.to_thread(requests.mkdir)
    monkeypatch.setenv(VARIABLE, str(requests))
    async with start_hub() as started:
        hub = started.hub
        await asyncio.to_thread(field.say, "zigbee2mqtt/sm-301", {"smoke": True})
        await until(lambda: any(alarm.point == "sm-301.smoke" for alarm in hub.open_alarms()))
        await asyncio.to_thread(field.say, "site/up-01/up", LOW)
        await until(lambda: (p := hub.point("up-01.minutes-left")) is not None and p.value == 2)
        await asyncio.sleep(0.5)
        assert not await told(hub, "hub.resting")
        monkeypatch.setattr("edge.power.keeper.VITAL", frozenset())  # as if the fire were out
        said, _ = await asyncio.gather(
            asyncio.to_thread(service, requests / "rest"), fact(hub, "hub.resting")
        )
        assert said == "up-01\n"
        assert not await told(hub, "hub.rest_missed")


async def test_where_nothing_may_stop_the_machine_the_hub_hears_on(
    start_hub: Start, field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopping, "HELD", 0)
    monkeypatch.delenv(VARIABLE, raising=False)
    async with start_hub() as started:
        hub = started.hub
        await asyncio.to_thread(field.say, "site/up-01/up", LOW)
        await fact(hub, "hub.rest_missed")
        await asyncio.to_thread(field.say, "zigbee2mqtt/sm-303", {"smoke": True})
        await until(lambda: any(alarm.point == "sm-303.smoke" for alarm in hub.open_alarms()))
