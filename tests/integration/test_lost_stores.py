"""Files of a running hub that are lost one after the other: each is told, acknowledged and reset by itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

from edge import beat
from edge.domain.alarm import Alarm
from edge.domain.reading import Purpose
from edge.domain.request import Acknowledge, Reset
from edge.health import HUB
from edge.hub import RunningHub
from tests.integration.conftest import Start, until


def alarm_at(hub: RunningHub, point: str) -> Alarm | None:
    return next((alarm for alarm in hub.open_alarms() if alarm.point == f"hub.{point}"), None)


def desk(hub: RunningHub, point: str) -> tuple[bool, bool]:
    """Whether its alarm is there, and whether somebody has acknowledged it."""
    alarm = alarm_at(hub, point)
    return alarm is not None, alarm is not None and alarm.acked


async def test_a_second_store_raises_an_alarm_of_its_own_and_the_first_again_sounds_anew(
    start_hub: Start, tmp_path: Path
) -> None:
    async with start_hub() as started:
        hub = started.hub
        (tmp_path / "data/accounts.db").unlink()
        await until(lambda: alarm_at(hub, "store-accounts") is not None)
        first = alarm_at(hub, "store-accounts")
        assert first is not None
        await hub.act(Acknowledge(first.id, "li"))
        (tmp_path / "data/telemetry.db").unlink()
        await until(lambda: alarm_at(hub, "store-telemetry") is not None)
        assert desk(hub, "store-accounts") == (True, True), "what was acknowledged stays so"
        assert desk(hub, "store-telemetry") == (True, False)
        assert alarm_at(hub, "store-journal") is None
        await hub.act(Reset(first.id, "li", force=True, reason="card replaced"))
        assert (desk(hub, "store-accounts")[0], desk(hub, "store-telemetry")[0]) == (False, True)
        (tmp_path / "data/accounts.db").unlink()
        await until(lambda: desk(hub, "store-accounts") == (True, False))


async def test_an_alarm_of_the_former_rule_can_be_reset_after_the_upgrade(start_hub: Start) -> None:
    async with start_hub() as started:
        hub = started.hub
        hub._line.inbox.offer(beat.own_reading(HUB, Purpose.LIVE, hub.now(), stores=True))
        await until(lambda: alarm_at(hub, "stores") is not None)
    async with start_hub() as started:
        hub = started.hub
        await until(lambda: (alarm := alarm_at(hub, "stores")) is not None and not alarm.active)
        alarm = alarm_at(hub, "stores")
        assert alarm is not None
        assert alarm.rule == "hub-stores"
        await hub.act(Acknowledge(alarm.id, "li"))
        await hub.act(Reset(alarm.id, "li"))
        assert alarm_at(hub, "stores") is None


async def test_the_backups_from_before_a_lost_journal_are_held(
    start_hub: Start, site: Path, tmp_path: Path
) -> None:
    medium = tmp_path / "medium"
    medium.mkdir()
    with (site / "site.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[backup]\nfolder = "{medium}"\nown_disk = true\n')
    async with start_hub() as started:
        own = started.hub.site.id
    for old in medium.iterdir():  # a first one may be under way already
        old.unlink()
    names = [f"{own}-2026010{day}T000000Z.backup" for day in (1, 2, 3)]
    for name in names:
        (medium / name).write_bytes(b"old")
    (tmp_path / "data/journal.db").unlink()
    async with start_hub() as started:
        hub = started.hub
        await until(lambda: bool(hub.backups.state().held))
        assert hub.backups.state().held == names[1:]
        async with asyncio.timeout(60):
            while not await hub.latest_facts(None, 1, "backup.held"):  # noqa: ASYNC110 - a fact has no event here
                await asyncio.sleep(0.05)
        await hub.backups.release("wang")
        assert not hub.backups.state().held
