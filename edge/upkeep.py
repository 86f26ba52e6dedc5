"""What is done beside the line: accounts into the journal, a look at the disk, hourly compaction and retention."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from edge.clock import Clock
from edge.domain.instant import HOUR, MINUTE
from edge.domain.site import Retention
from edge.pipeline import Pipeline
from edge.store.accounts import SqliteAccounts
from edge.store.disk import DiskGuard
from edge.store.telemetry import Telemetry
from edge.store.writer import StoreError

log = logging.getLogger(__name__)

EVERY: Final = 5.0  # seconds


async def keep_up(  # what the assembly made, and how long to keep
    clock: Clock,
    pipeline: Pipeline,
    telemetry: Telemetry,
    guard: DiskGuard,
    accounts: SqliteAccounts,
    retention: Retention,
) -> None:
    """What is done beside the line: account changes into the journal, the disk guard, hourly compaction."""
    tidied = clock.now().mono
    looked = tidied - MINUTE
    while True:
        await _journal_accounts(accounts, pipeline)
        now = clock.now()
        try:
            if now.mono - looked >= MINUTE:
                looked = now.mono
                await guard.check()
            if now.mono - tidied >= HOUR:
                tidied = now.mono
                await telemetry.compact()
                await telemetry.retain(retention, now)
        except StoreError as error:
            log.warning("upkeep: %s", error)
        await asyncio.sleep(EVERY)


async def _journal_accounts(accounts: SqliteAccounts, pipeline: Pipeline) -> None:
    """Changes of accounts, also those made on the command line, become facts."""
    try:
        changes = await accounts.drain_log()
        for kind, by, body, at in changes:
            await pipeline.note(kind, by, {**body, "at": at})
        if changes:
            await accounts.recorded()
    except StoreError as error:
        log.warning("accounts: %s", error)
