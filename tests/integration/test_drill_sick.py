"""A real alarm ends a drill while the journal cannot be written: its siren stops, and the rest follows later."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edge.domain.drill import StartDrill
from edge.domain.request import Acknowledge
from edge.hub import RunningHub
from edge.store.journal import Entry, Journal
from edge.store.writer import StoreError
from tests.integration.conftest import Start, until
from tests.integration.field import Field
from tests.integration.outside import Devices
from tests.integration.test_drill import begun, played, rows, settled

__all__ = ["played"]
CO = "zigbee2mqtt/co-b3"
SIREN = "sr-b3a.siren"
REQUEST = StartDrill("zhou-min", "li-qiang", "live", "p2-flat-smoke", "sm-301.smoke", outputs=(SIREN,))


async def test_its_siren_stops_at_once_and_nothing_of_it_is_left_when_the_journal_is_well(
    start_hub: Start, field: Field, played: Devices, monkeypatch: pytest.MonkeyPatch
) -> None:
    del played
    async with start_hub() as started:
        hub = started.hub
        siren = await asyncio.to_thread(field.hear, "zigbee2mqtt/+/set")
        id = await begun(hub, REQUEST)
        await settled(hub, id, has="alarm")
        await asyncio.to_thread(siren.get, True, 20)
        with monkeypatch.context() as sick:
            sick.setattr(Journal, "commit", _full)
            await hub.act(Acknowledge(rows(hub)[0].id, "li-qiang"))
            await until(lambda: not hub._line.log.healthy)
            await asyncio.to_thread(field.say, CO, {"carbon_monoxide": True, "co": 120})
            await until(lambda: any(one.stopped for one in hub.drills()))
            await until(lambda: _act(hub) == "stop")
            assert rows(hub)  # what closes an alarm has to be on record
        await until(lambda: not rows(hub))
        await until(lambda: all(one.drill is None for one in hub.incidents()))


def _act(hub: RunningHub) -> str | None:
    return next((o.command.act for o in hub.outputs() if o.output.id == SIREN and o.command), None)


async def _full(self: Journal, entry: Entry) -> None:
    raise StoreError("full", Path("journal.db"))
