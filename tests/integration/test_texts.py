"""Texts from phones: they leave the SIM when the journal has them, and no sooner."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.at_modem import inbox
from edge.store.facts import FactLog
from edge.store.journal import Entry
from edge.tools.broker import Broker
from edge.tools.modem import SimulatedModem
from tests.integration.conftest import Running, Start, until
from tests.integration.outside import devices

STRANGER = "+8610086"


@pytest.fixture
def modem(tmp_path: Path, site: Path, own_broker: Broker) -> Iterator[SimulatedModem]:
    with devices(tmp_path, site, own_broker, over_mqtt=False) as playing:
        yield playing.modem


async def heard(started: Running) -> int:
    facts = await started.hub.latest_facts(None, 2000)
    return sum(fact.kind == "notification.stranger" for fact in facts)


async def test_a_text_leaves_the_sim_when_it_is_on_record_and_is_heard_once(
    start_hub: Start, modem: SimulatedModem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "AGAIN", 0.0)
    record = FactLog.record
    sick: list[Entry] = []

    async def late(self: FactLog, entry: Entry) -> bool:
        durable = await record(self, entry)
        if any(fact.kind == "notification.stranger" for fact in entry.facts):
            sick.append(entry)
            return False  # as when the disk takes longer than the line waits for it
        return durable

    monkeypatch.setattr(FactLog, "record", late)
    async with start_hub() as started:
        modem.receive(STRANGER, "您的话费余额不足")
        await until(lambda: bool(sick))
        assert modem.stored == 1
        modem.noise(b'\r\n+CMTI: "SM",1\r\n')  # so that the SIM is looked at before the next poll
        await until(lambda: modem.stored == 0)  # told again, and now it is on record
        assert await heard(started) == 1
