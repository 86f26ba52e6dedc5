"""The checks of disk and stores over real ones: a writer that hangs is told, and only after its window."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from edge.domain.instant import SECOND
from edge.domain.storage import CardAssumption
from edge.metrics import of_storage
from edge.storage.making import STALLED, Storage, Stores
from edge.store.accounts import SqliteAccounts
from edge.store.disk import DiskGuard
from edge.store.facts import FactLog
from edge.store.journal import Journal
from tests.edge.store.making import Desk, point, reading, until

LEVEL = point("bin.level")


class Album:
    given_up = 0

    def spare(self) -> int:
        return 0


class House:
    """Storage over real stores, on a disk with `free` of 1000 bytes."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk = desk
        self.free = 900
        self.told: list[str] = []
        journal = Journal(folder / "journal.db")
        state = journal.open()
        accounts = SqliteAccounts(folder / "accounts.db", now=desk.clock)
        accounts.open()
        self.stores = Stores(journal, desk.telemetry, accounts, FactLog(journal, state))
        guard = DiskGuard(
            folder, desk.telemetry, now=desk.clock, reserve=100, space=lambda _: (1000, self.free)
        )
        self.storage = Storage(self.stores, guard, Album(), self.note, folder, None, CardAssumption())

    async def note(self, kind: str, _by: str | None, _body: Mapping[str, Any]) -> None:
        self.told.append(kind)

    def check(self, name: str) -> tuple[bool, str]:
        ok, detail = self.storage.checks()[name](self.desk.clock())
        return ok, detail.en

    async def look(self) -> None:
        for chore in self.storage.chores(self.desk.clock()):
            await chore.do(self.desk.clock())


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with Desk(tmp_path / "telemetry.db", patience=0.01) as desk:
        made = House(desk, tmp_path)
        yield made
        await made.stores.accounts.close()
        await made.stores.log.close(clean=True)


async def test_a_writer_that_hangs_is_told_after_its_window(house: House) -> None:
    desk = house.desk
    window = round(desk.telemetry.commit_window * SECOND)
    await desk.store(reading(LEVEL, 1.0))
    assert house.check("stall") == (True, "In order")
    with closing(sqlite3.connect(desk.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # the writer waits in its commit
        desk.telemetry.keep([reading(LEVEL, 2.0, 1)])
        desk.telemetry.flush()
        desk.clock.utc += window + STALLED
        assert house.check("stall")[0], "so long it may take"
        desk.clock.utc += SECOND
        ok, detail = house.check("stall")
        assert not ok
        assert "1 readings wait" in detail
        other.execute("ROLLBACK")
    await until(lambda: house.check("stall")[0])
    assert [value for _, value in await desk.rows(LEVEL)] == [1.0, 2.0]


async def test_a_file_that_is_gone_is_missed_while_nothing_is_written(house: House, tmp_path: Path) -> None:
    await house.look()
    (tmp_path / "accounts.db").unlink()
    await house.look()
    await until(lambda: bool(house.stores.accounts.losses))
    await house.look()
    assert house.told == ["store.begun_anew"]
    assert not house.check("store-accounts")[0]
    assert house.check("store-telemetry")[0]


async def test_readings_that_nobody_commits_are_told_whatever_the_timers_say(house: House) -> None:
    house.desk.telemetry.register([LEVEL])
    house.desk.telemetry.keep([reading(LEVEL, 1.0)])
    house.desk.clock.utc += round(house.desk.telemetry.commit_window * SECOND) + STALLED + SECOND
    assert house.desk.telemetry.healthy
    assert not house.check("stall")[0]


async def test_giving_up_is_told_by_fact_detail_and_count(house: House) -> None:
    await house.desk.store(*(reading(LEVEL, 1.0, day * 86400) for day in range(3)))
    assert house.storage.state() is None
    await house.look()
    assert house.check("disk") == (True, "In order")
    house.free = 20
    await house.look()
    ok, detail = house.check("disk")
    assert (ok, detail) == (False, "0 MiB free, nothing left to drop")
    house.free = 500
    await house.look()
    ok, detail = house.check("disk")
    assert ok
    assert "3 readings" in detail
    assert house.told == ["storage.giving_up", "storage.exhausted"]
    state = house.storage.state()
    assert state is not None
    assert state.given_up == {"footage": 0, "readings": 3, "rollups": 0}
    metric = next(m for m in of_storage(state) if m.name == "storage_given_up_total")
    assert {labels["what"]: value for labels, value in metric.values}["readings"] == 3
