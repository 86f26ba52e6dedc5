"""What is done beside the line: each chore at its time, whatever becomes of the others."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge.clock import SystemClock
from edge.domain.instant import HOUR, MINUTE, SECOND, Instant
from edge.store.writer import StoreError
from edge.upkeep import Chore, chores, keep_up, look


class Doing:
    """Notes when it was done; fails with what it is told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.done: list[int] = []

    async def __call__(self, now: Instant) -> None:
        self.done.append(now.mono)
        if self.error is not None:
            raise self.error


async def rounds(todo: list[Chore], until: int) -> None:
    for mono in range(0, until, 5 * SECOND):
        await look(todo, Instant(mono, mono))


async def test_each_is_done_at_its_own_pace() -> None:
    often, seldom = Doing(), Doing()
    await rounds([Chore("often", 10 * SECOND, 0, often), Chore("seldom", MINUTE, MINUTE, seldom)], 2 * MINUTE)
    assert often.done == list(range(0, 2 * MINUTE, 10 * SECOND))
    assert seldom.done == [MINUTE]


@pytest.mark.parametrize(
    "error",
    [StoreError("io", Path("accounts.db")), FileNotFoundError("journal.db-wal"), ZeroDivisionError()],
    ids=lambda error: type(error).__name__,
)
async def test_one_that_fails_keeps_no_other_from_being_done(error: Exception) -> None:
    after = Doing()
    await rounds([Chore("sick", SECOND, 0, Doing(error)), Chore("after", SECOND, 0, after)], 15 * SECOND)
    assert len(after.done) == 3


async def test_a_trouble_is_logged_once_and_again_when_it_is_another(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    doing = Doing(OSError("the card is gone"))
    todo = [Chore("disk", SECOND, 0, doing)]
    await rounds(todo, 20 * SECOND)
    assert len(caplog.records) == 1
    doing.error = None
    todo[0].due = 0
    await rounds(todo, 5 * SECOND)
    doing.error = ValueError("a defect")
    todo[0].due = 0
    await rounds(todo, 10 * SECOND)
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR"]


class Kept:
    """Stands in for the telemetry: notes what it was told to drop by its age."""

    def __init__(self) -> None:
        self.retained: list[int] = []

    async def retain(self, _retention: object, now: Instant) -> int:
        self.retained.append(now.utc)
        return 0

    async def compact(self) -> None:
        pass


async def test_a_clock_in_doubt_has_nothing_deleted_by_its_age(caplog: pytest.LogCaptureFixture) -> None:
    kept, nothing = Kept(), SimpleNamespace()
    start = 1_790_000_000 * SECOND
    todo = chores(nothing, kept, nothing, nothing, Instant(start, 0), lambda now: now.trusted)  # type: ignore[arg-type]
    retention = [chore for chore in todo if chore.name == "retention"]
    await look(retention, Instant(start + HOUR, HOUR, trusted=False))
    assert kept.retained == []
    assert "the clock cannot be believed" in caplog.text
    await look(retention, Instant(start + 2 * HOUR, 2 * HOUR))
    assert kept.retained == [start + 2 * HOUR]


async def test_one_that_hangs_does_not_stop_those_that_stand_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.upkeep.EVERY", 0.01)
    for_ever, twice = asyncio.Event(), asyncio.Event()
    done: list[int] = []

    async def hangs(_now: Instant) -> None:
        await for_ever.wait()

    async def supply(now: Instant) -> None:
        done.append(now.mono)
        if len(done) == 2:
            twice.set()

    hanging = [Chore("sick", SECOND, 0, hangs)]
    also = [Chore("clock", SECOND, 0, hangs), Chore("supply", 0, 0, supply)]
    keeping = asyncio.create_task(keep_up(SystemClock(), hanging, also))
    async with asyncio.timeout(30):
        await twice.wait()
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
