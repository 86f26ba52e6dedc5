"""The telemetry's upkeep in the writer thread: compaction, retention, and dropping under disk pressure."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from edge.domain.instant import DAY, HOUR, Instant
from edge.domain.site import Retention
from edge.domain.storage import GivenUp
from edge.store.compaction import drop, forget_unsent, give_back, move_chunk, oldest
from edge.store.writer import Database

T = TypeVar("T")

_SERIES_AT_ONCE: Final = 64  # series whose old rows go in one transaction


class Upkeep:
    """reindex: called in the writer thread when the tail has been moved; gives the rows that are left in it."""

    def __init__(self, db: Database, reindex: Callable[[sqlite3.Connection], int]) -> None:
        self._db = db
        self._reindex = reindex
        self._running = 0

    @property
    def busy(self) -> bool:
        """Whether the writer has upkeep to do: a commit behind it is late, not sick."""
        return self._running > 0

    async def compact(self, end: int) -> int:
        """Move the tail up to row `end`; the number of rows then left in it."""
        while await self._run(lambda conn: move_chunk(conn, end)):
            pass
        return await self._run(self._reindex)

    async def retain(self, series: Sequence[int], retention: Retention, now: Instant) -> int:
        """Drop what is older than the retention says; the number of rows."""
        raw, minute, hour = (
            (now.utc - days * DAY) // HOUR * HOUR
            for days in (retention.raw_days, retention.minute_days, retention.hour_days)
        )
        rows = await self._drop("history", series, raw)
        rows += await self._drop("minute", series, minute)
        return rows + await self._drop(
            "hour", series, min(hour, raw)
        )  # the hours count the raw rows that are left

    async def shed(self, series: Sequence[int], rollups_before: int) -> tuple[GivenUp, int]:
        """Drop the oldest day of raw history, else of minutes, else of hours before that time; what and how many."""
        for table, limit in (("history", None), ("minute", rollups_before), ("hour", rollups_before)):
            first = await self._oldest(table)
            if first is None or (limit is not None and first >= limit):
                continue
            day = (first // DAY + 1) * DAY
            rows = await self._drop(table, series, day if limit is None else min(day, limit))
            await self._run(give_back, plain=True)
            return "readings" if limit is None else "rollups", rows
        return "rollups", 0

    async def _oldest(self, table: str) -> int | None:
        return await self._db.read(lambda conn: oldest(conn, table))

    async def _drop(self, table: str, series: Sequence[int], before: int) -> int:
        rows = 0
        for at in range(0, len(series), _SERIES_AT_ONCE):
            rows += await self._drop_some(table, series[at : at + _SERIES_AT_ONCE], before)
        while table == "history" and await self._run(lambda conn: forget_unsent(conn, before)):
            pass
        return rows

    async def _drop_some(self, table: str, series: Sequence[int], before: int) -> int:
        return await self._run(lambda conn: sum(drop(conn, table, one, before) for one in series))

    async def _run(self, work: Callable[[sqlite3.Connection], T], *, plain: bool = False) -> T:
        self._running += 1
        try:
            return await asyncio.wrap_future(self._db.submit(work, plain=plain))
        finally:
            self._running -= 1
