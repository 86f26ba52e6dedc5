"""What is done beside the line: accounts into the journal, compaction, retention, and what others add."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from edge.clock import Clock
from edge.domain.instant import HOUR, SECOND, Instant, to_rfc3339
from edge.domain.site import Retention
from edge.pipeline import Pipeline
from edge.store.accounts import SqliteAccounts
from edge.store.telemetry import Telemetry
from edge.store.writer import StoreError

log = logging.getLogger(__name__)

EVERY: Final = 5  # seconds between two looks at what is due
# Writing rows into the sorted history touches pages all over it: seldom is cheaper for the card. The tail also compacts
# itself when it has grown long.
COMPACT_EVERY: Final = 6 * HOUR


class DoubtfulDateError(OSError):
    """The civil clock cannot be believed now."""


@dataclass(slots=True)
class Chore:
    """Something to be done every so often. every, due: µs, on the monotonic clock. trouble: why it failed last."""

    name: str
    every: int
    due: int
    do: Callable[[Instant], Awaitable[object]]
    trouble: str | None = None


def chores(
    pipeline: Pipeline,
    telemetry: Telemetry,
    accounts: SqliteAccounts,
    retention: Retention,
    start: Instant,
    settled: Callable[[Instant], bool],
) -> list[Chore]:
    """All of them. settled: whether age may be acted upon."""
    begun = start.mono
    return [
        Chore("accounts", EVERY * SECOND, begun, lambda _now: _journal_accounts(accounts, pipeline)),
        Chore("retention", HOUR, begun + HOUR, lambda now: _retain(telemetry, retention, settled, now)),
        Chore("compaction", COMPACT_EVERY, begun + COMPACT_EVERY, lambda _now: telemetry.compact()),
    ]


async def keep_up(clock: Clock, todo: Iterable[Chore], alone: Iterable[Chore] = ()) -> None:
    """Do them, for ever. alone: each beside the others: none of these may wait for a chore that hangs."""

    async def run(chores: Sequence[Chore]) -> None:
        while True:
            await look(chores, clock.now())
            await asyncio.sleep(EVERY)

    async with asyncio.TaskGroup() as group:
        for chores in ([*todo], *([chore] for chore in alone)):
            group.create_task(run(chores))


async def look(todo: Iterable[Chore], now: Instant) -> None:
    """Do what is due. One that fails is tried again when it is due again and keeps no other from being done.

    A sick store is told by its own check; here it is logged, once for each trouble.
    """
    for chore in todo:
        if now.mono < chore.due:
            continue
        chore.due = now.mono + chore.every
        trouble = None
        try:
            await chore.do(now)
        except (StoreError, OSError) as error:
            trouble = str(error)
            if trouble != chore.trouble:
                log.warning("upkeep: %s: %s", chore.name, trouble)
        except Exception as error:
            trouble = repr(error)
            if trouble != chore.trouble:
                log.exception("upkeep: a defect in %s", chore.name)
        chore.trouble = trouble


async def _retain(
    telemetry: Telemetry, retention: Retention, settled: Callable[[Instant], bool], now: Instant
) -> None:
    if not settled(now):
        raise DoubtfulDateError("the clock cannot be believed for that yet: nothing is deleted by its age")
    await telemetry.retain(retention, now)


async def _journal_accounts(accounts: SqliteAccounts, pipeline: Pipeline) -> None:
    """Changes of accounts, also those made on the command line, become facts."""
    changes = await accounts.drain_log()
    for kind, by, body, at in changes:
        await pipeline.note(kind, by, {**body, "changed_at": to_rfc3339(at)})
    if changes:
        await accounts.recorded()
