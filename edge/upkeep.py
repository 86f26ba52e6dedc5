"""What is done beside the line: accounts into the journal, a look at the disk, compaction and retention."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from edge.clock import Clock
from edge.domain.instant import HOUR, MINUTE, to_rfc3339
from edge.domain.site import Retention
from edge.pipeline import Pipeline
from edge.store.accounts import SqliteAccounts
from edge.store.disk import DiskGuard
from edge.store.telemetry import Telemetry
from edge.store.writer import StoreError

log = logging.getLogger(__name__)

EVERY: Final = 5.0  # seconds
# Writing rows into the sorted history touches pages all over it: seldom is cheaper for the card. The tail also compacts
# itself when it has grown long.
COMPACT_EVERY: Final = 6 * HOUR


async def keep_up(
    clock: Clock,
    pipeline: Pipeline,
    telemetry: Telemetry,
    guard: DiskGuard,
    accounts: SqliteAccounts,
    retention: Retention,
) -> None:
    """Do it, for ever. A sick store is told by its own check; here it only means to try again."""
    begun = clock.now().mono
    looked, retained, compacted = begun - MINUTE, begun, begun
    while True:
        now = clock.now()
        try:
            await _journal_accounts(accounts, pipeline)
            if now.mono - looked >= MINUTE:
                looked = now.mono
                await guard.check()
            if now.mono - retained >= HOUR:
                retained = now.mono
                await telemetry.retain(retention, now)
            if now.mono - compacted >= COMPACT_EVERY:
                compacted = now.mono
                await telemetry.compact()
        except StoreError as error:
            log.warning("upkeep: %s", error)
        await asyncio.sleep(EVERY)


async def _journal_accounts(accounts: SqliteAccounts, pipeline: Pipeline) -> None:
    """Changes of accounts, also those made on the command line, become facts."""
    changes = await accounts.drain_log()
    for kind, by, body, at in changes:
        await pipeline.note(kind, by, {**body, "changed_at": to_rfc3339(at)})
    if changes:
        await accounts.recorded()
