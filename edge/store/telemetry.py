"""The telemetry: readings by group commit, and what became of them. The only store that may lose, and it counts.

The event loop hands readings over with `keep`, which never blocks. A batch is closed on time, on count or by `flush`,
and committed in the writer thread; then its deliveries are reported as stored. A commit that fails or takes longer
than `patience` is reported all the same: a sick store costs history, never hearing. What it could not take waits in a
bounded backlog; what falls out of that is counted lost.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from edge.domain.device import Point
from edge.domain.instant import Instant
from edge.domain.reading import DeliveryKey, Reading
from edge.domain.site import Retention
from edge.domain.storage import GivenUp
from edge.facade import Series
from edge.store.cursors import Cursors
from edge.store.deliveries import DeliveryKeys
from edge.store.migrations import TELEMETRY
from edge.store.query import raw_page, trend
from edge.store.rows import LastValue, Row, last_value
from edge.store.tracks import Tracks
from edge.store.upkeep import Upkeep
from edge.store.writer import Database, Loss, StoreError, peek

log = logging.getLogger(__name__)

_AT_ONCE: Final = 20_000  # readings in one commit
_TIDYING: Final = 5  # times the patience, while upkeep holds the writer


@dataclass(slots=True)
class TelemetryState:
    """What the file held at the start. deliveries: keys by source, oldest first. set_aside: where a damaged one went.

    error: why the file cannot be written yet.
    """

    latest: Mapping[str, LastValue]
    deliveries: Mapping[str, Sequence[DeliveryKey]]
    set_aside: Path | None = None
    error: StoreError | None = None


@dataclass(slots=True, eq=False)
class _Batch:
    """Readings on their way. renewed: sources whose older keys are void. rows: what the readings came to, valid for
    one generation of the writer's memory. since: µs monotonic when the first of them was kept.
    """

    readings: list[Reading] = field(default_factory=list)
    keys: list[DeliveryKey] = field(default_factory=list)
    renewed: set[str] = field(default_factory=set)
    told: bool = False
    rows: list[Row] | None = None
    generation: int = -1
    since: int = 0

    def __bool__(self) -> bool:
        return bool(self.readings or self.keys or self.renewed)


class Telemetry:
    """`telemetry.db`. All methods belong to the event loop; none blocks after `open`.

    commit_seconds, commit_rows: when a batch is closed. patience: seconds until deliveries are reported although the
    commit has not ended. backlog: readings that may wait. window: delivery keys kept per source. compact_rows: length
    of the tail from which it is compacted without being told. followers: ids of those that read by arrival number.
    """

    def __init__(
        self,
        path: Path,
        *,
        commit_seconds: float = 5.0,
        commit_rows: int = 10_000,
        now: Callable[[], Instant],
        on_stored: Callable[[Sequence[DeliveryKey]], None],
        patience: float = 2.0,
        backlog: int = 100_000,
        window: int = 4096,
        compact_rows: int = 100_000,
        followers: Sequence[str] = (),
    ) -> None:
        self.path = path
        self.stored = 0
        self.lost = 0
        self.healthy = True
        self.last_error: str | None = None
        self.last_commit_ms: float | None = None
        self._now = now
        self._commit_seconds = commit_seconds
        self._commit_rows = commit_rows
        self._on_stored = on_stored
        self._patience = patience
        self._backlog = backlog
        self._compact_rows = compact_rows
        self._db = Database(
            path, TELEMETRY, opened=self._load, stamp=self._stamp, vacuum=True, expendable=True
        )
        self._tracks = Tracks()
        self._upkeep = Upkeep(self._db, self._reindex)
        self.cursors = Cursors(self._db, followers)
        self._keys = DeliveryKeys(window)
        self._generation = 0
        self._ids: dict[str, int] = {}
        self._filling = _Batch()
        self._waiting: deque[_Batch] = deque()
        self._flying: list[_Batch] = []
        self._depth = 0  # readings in all three
        self._in_tail = 0  # rows of the tail in the file, about
        self._timer: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._decided = asyncio.Event()
        self._compacting: asyncio.Task[None] | None = None
        self._closing = False

    # -- life

    def open(self) -> TelemetryState:
        """Migrate and load. Never raises: a damaged file is set aside, one that cannot be written is tried again."""
        error = self._db.open()
        if error is not None:
            self._fell_sick(str(error))
            with suppress(StoreError):
                peek(self.path, self._load)
        self._ids = {track.point: track.series for track in self._tracks.by_point.values()}
        return TelemetryState(self.latest(), self._keys.loaded, self._db.set_aside, error)

    async def close(self) -> None:
        """Commit what is kept, once more if the store is sick, and end the threads."""
        self._closing = True
        self._cancel_timers()
        if self._compacting is not None:
            await self._compacting
        await self.settled()
        if self._waiting:
            self._commit()
            await self.settled()
        self._cancel_timers()
        self.lost += self._depth
        self._db.close()

    def glance(self) -> None:
        """Look whether the file is still there and whole, also while nothing is to be written."""
        self._db.glance()

    @property
    def losses(self) -> Sequence[Loss]:
        """How often it had to be begun anew, since the start."""
        return self._db.losses

    @property
    def depth(self) -> int:
        """Readings that are not committed yet."""
        return self._depth

    @property
    def waiting_since(self) -> int | None:
        """When the oldest reading that is not committed yet was kept, µs monotonic; None when all are.

        It follows from what the file has confirmed alone, whatever timers and futures think of it.
        """
        return next(
            (batch.since for batch in (*self._flying, *self._waiting, self._filling) if batch.readings), None
        )

    @property
    def commit_window(self) -> float:
        """Seconds a reading may wait for its commit in order."""
        return self._commit_seconds

    @property
    def duplicates(self) -> int:
        """Readings that were stored already: same point, time and value."""
        return self._tracks.duplicates

    @property
    def bumped(self) -> int:
        """Readings stored a microsecond or more later, because their time was taken by another value."""
        return self._tracks.bumped

    # -- keeping

    def register(self, points: Iterable[Point]) -> None:
        """Give each point its series; the same one over restarts."""
        for point in points:
            if point.id not in self._ids:
                self._ids[point.id] = max(self._ids.values(), default=0) + 1
            point.series = self._ids[point.id]

    def keep(self, readings: Sequence[Reading], keys: Sequence[DeliveryKey] = ()) -> None:
        """Take readings of registered points, and the keys of the deliveries they came with."""
        batch = self._filling
        if readings and not batch.readings:
            batch.since = self._now().mono
        batch.readings += readings
        batch.keys += keys
        self._depth += len(readings)
        if len(batch.readings) >= self._commit_rows:
            self.flush()
        elif self._timer is None and batch and not self._closing:
            self._timer = asyncio.get_running_loop().call_later(self._commit_seconds, self._on_time)

    def flush(self) -> None:
        """Close the batch and commit it as soon as the one before it is through."""
        if self._filling:
            batch, self._filling = self._filling, _Batch()
            self._waiting.append(batch)
            if not self.healthy:
                self._tell(batch)
                self._make_room()
        if self.healthy:
            self._commit()

    def forget_session(self, source: str) -> None:
        """The broker does not remember the source's session: the keys of the old one are void."""
        batch = self._filling
        batch.keys = [key for key in batch.keys if key.source != source]
        batch.renewed.add(source)
        self.keep(())

    async def settled(self) -> None:
        """Return when all that was kept is committed, or has failed to be."""
        self.flush()
        while self._flying or (self._waiting and self.healthy):
            self._decided.clear()
            await self._decided.wait()

    # -- reading

    def latest(self) -> Mapping[str, LastValue]:
        """The newest stored row of every point that has one."""
        return {
            track.point: last_value(track.point, track.latest)
            for track in list(self._tracks.by_point.values())
            if track.latest is not None
        }

    async def series(self, point: Point, start: int, end: int, max_points: int) -> Series:
        """The trend of a point over [start, end) µs in at most `max_points` items; StoreError when unreadable."""
        series = self._series(point)
        return await self._db.read(lambda conn: trend(conn, series, start, end, max_points))

    async def raw(self, point: Point, start: int, end: int, after: str | None, limit: int) -> Series:
        """Raw rows of [start, end) µs in ascending time; ValueError when `after` is no cursor of this list."""
        cursor = None if after is None else int(after)
        series = self._series(point)
        return await self._db.read(lambda conn: raw_page(conn, series, start, end, cursor, limit))

    def _series(self, point: Point) -> int:
        """What the file calls the point; not what `register` said where the file could only be read later."""
        track = self._tracks.by_point.get(point.id)
        return point.series if track is None else track.series

    async def recent(self, since: int) -> list[LastValue]:
        """Rows of the tail received since `since` (µs UTC), in order of arrival."""
        names = {series: point for point, series in self._ids.items()}
        query = "SELECT * FROM tail WHERE time + received_delta >= ? ORDER BY n"
        rows = await self._db.read(lambda conn: conn.execute(query, (since,)).fetchall())
        return [last_value(names[row[1]], row) for row in rows if row[1] in names]

    # -- upkeep

    async def compact(self) -> None:
        """Move the tail into history and roll-ups, a chunk at a time."""
        self._in_tail = await self._upkeep.compact(self._tracks.n)

    async def retain(self, retention: Retention, now: Instant) -> int:
        """Drop what is older than the retention says; the number of rows."""
        return await self._upkeep.retain(self._all_series(), retention, now)

    async def shed(self, rollups_before: int) -> tuple[GivenUp, int]:
        """Drop the oldest day of raw history, or when there is none of minutes, then of hours before that time (µs).

        Gives the pages back to the file system; what it was and the number of rows, 0 when nothing is left to drop.
        """
        return await self._upkeep.shed(self._all_series(), rollups_before)

    def _all_series(self) -> list[int]:
        return [track.series for track in list(self._tracks.by_point.values())]

    # -- committing, on the event loop

    def _on_time(self) -> None:
        self._timer = None
        self.flush()
        if not self.healthy:
            self._commit()
            self._rearm()

    def _rearm(self) -> None:
        if self._timer is None and not self._closing:
            self._timer = asyncio.get_running_loop().call_later(self._commit_seconds, self._on_time)

    def _commit(self) -> None:
        """Hand the waiting batches to the writer, unless it is busy with the ones before."""
        if self._flying or not self._waiting:
            return
        rows = 0
        while self._waiting and (not rows or rows + len(self._waiting[0].readings) <= _AT_ONCE):
            batch = self._waiting.popleft()
            rows += len(batch.readings)
            self._flying.append(batch)
        batches, ids = list(self._flying), dict(self._ids)
        loop = asyncio.get_running_loop()
        begun = self._now().mono
        future = self._db.submit(lambda conn: self._write(conn, batches, ids))
        future.add_done_callback(lambda done: loop.call_soon_threadsafe(self._landed, done, begun))
        self._stall = loop.call_later(self._patience * (_TIDYING if self._upkeep.busy else 1), self._stalled)

    def _landed(self, done: Future[int], begun: int) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
        batches, self._flying = self._flying, []
        error = done.exception()
        self.last_commit_ms = (self._now().mono - begun) / 1000
        for batch in batches:
            self._tell(batch)
        if error is not None:
            if not isinstance(error, StoreError):
                log.error("telemetry: a batch was refused", exc_info=error)
            self._waiting.extendleft(reversed(batches))
            self._fell_sick(str(error))
            self._make_room()
            self._rearm()
        else:
            self._depth -= sum(len(batch.readings) for batch in batches)
            self.stored += done.result()
            self._in_tail += done.result()
            self._recovered()
            self._commit()
            if self._in_tail >= self._compact_rows and self._compacting is None and not self._closing:
                self._compacting = asyncio.create_task(self._compact_by_itself(), name="compaction")
        self._decided.set()

    async def _compact_by_itself(self) -> None:
        try:
            await self.compact()
        except StoreError as error:
            log.warning("telemetry: not compacted: %s", error)
        finally:
            self._compacting = None

    def _stalled(self) -> None:
        self._stall = None
        self._fell_sick(f"a commit takes longer than {self._patience:g} s")
        for batch in (*self._flying, *self._waiting):
            self._tell(batch)
        self._rearm()

    def _tell(self, batch: _Batch) -> None:
        if not batch.told:
            batch.told = True
            if batch.keys:
                self._on_stored(batch.keys)

    def _make_room(self) -> None:
        """While more waits than may: lose the oldest."""
        while self._depth > self._backlog and self._waiting:
            batch = self._waiting[0]
            surplus = min(self._depth - self._backlog, len(batch.readings))
            del batch.readings[:surplus]
            batch.rows = None
            self._depth -= surplus
            self.lost += surplus
            if batch.readings:
                break
            self._waiting.popleft()
            if self._waiting:
                self._waiting[0].renewed |= batch.renewed

    def _fell_sick(self, error: str) -> None:
        if self.healthy:
            log.error("telemetry: %s; readings wait in memory, alarms go on", error)
        self.healthy = False
        self.last_error = error

    def _recovered(self) -> None:
        if not self.healthy:
            log.warning(
                "telemetry: written again, %d readings still waiting, %d lost", self._depth, self.lost
            )
        self.healthy = True

    def _cancel_timers(self) -> None:
        for timer in (self._timer, self._stall):
            if timer is not None:
                timer.cancel()
        self._timer = self._stall = None

    def _stamp(self) -> str:
        return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self._now().utc):%Y%m%dT%H%M%SZ}"

    # -- in the writer thread

    def _load(self, conn: sqlite3.Connection) -> None:
        """After each opening: memory follows the file, and what was made of waiting readings is made anew."""
        self._generation += 1
        self._in_tail = self._tracks.load(conn)
        self._tracks.enrol(conn, dict(self._ids))
        self._keys.load(conn)
        self.cursors.load(conn, self._tracks.n)

    def _reindex(self, conn: sqlite3.Connection) -> int:
        self._generation += 1
        return self._tracks.reindex(conn)

    def _write(self, conn: sqlite3.Connection, batches: Sequence[_Batch], ids: Mapping[str, int]) -> int:
        self._tracks.enrol(conn, ids)
        count = 0
        for batch in batches:
            if batch.rows is None or batch.generation != self._generation:
                batch.rows, batch.generation = self._tracks.rows(conn, batch.readings), self._generation
            conn.executemany("INSERT INTO tail VALUES (?, ?, ?, ?, ?, ?)", batch.rows)
            count += len(batch.rows)
            self._keys.store(conn, batch.keys, batch.renewed)
        return count
