"""Which times of a series are taken, and by what: duplicates are found, other values at a taken time step aside.

Same series, time and value is a duplicate; the same time with another value goes to the next free microsecond. A row
that is newer than all others of its series needs no look-up; that is nearly every row.
"""

from __future__ import annotations

import sqlite3
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge

from edge.domain.reading import Arrival, Purpose, Quality, Reading
from edge.store.rows import Row, Stored, encode, flags_of

_NEVER = 2**63 - 1  # later than any time


@dataclass(slots=True)
class _Run:
    """Taken times without a gap: from `base` up to `free`; the next taken one is `limit`.

    last: value -> the last place (offset from base) that holds it. It spares thousands of readings that share one
    time from walking over each other.
    """

    base: int
    free: int
    limit: int
    last: dict[Stored, int]


@dataclass(slots=True)
class Track:
    """One series in the writer's memory. newest: its latest time; latest: that row.

    times, values: its rows in the tail, sorted by time, which the file keeps no index of. Nearly all are floats, packed
    (16 bytes a row with its time, where a list of them takes 48); a value that is none makes them a list.
    """

    series: int
    point: str
    newest: int = -_NEVER
    latest: Row | None = None
    times: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] | list[Stored] = field(default_factory=lambda: array("d"))
    run: _Run | None = None

    def take(self, time: int, value: Stored) -> None:
        """Note a row that is newer than all others."""
        self.newest = time
        if self.run is not None and time < self.run.limit:
            self.run.limit = time
            if time == self.run.free:
                self.run = None  # the run goes on with this row
        self.hold(len(self.times), time, value)

    def hold(self, at: int, time: int, value: Stored) -> None:
        """Put a row of the tail where it belongs."""
        if value.__class__ is not float and self.values.__class__ is not list:
            self.values = list(self.values)
        self.times.insert(at, time)
        self.values.insert(at, value)  # type: ignore[arg-type]  # an array holds floats alone

    def place(self, conn: sqlite3.Connection, time: int, value: Stored) -> int | None:
        """Where a row goes that is not newer than all others; None when it is stored already."""
        run = self.run
        if run is None or not run.base <= time < run.limit:
            run = self._look(conn, time)
        elif time >= run.free:  # known to be free, up to the limit
            run = _Run(time, time, run.limit, {})
        self.run = run
        if run.last.get(value, -1) >= time - run.base:
            return None
        place = run.free
        run.last[value] = place - run.base
        run.free += 1
        if run.free >= run.limit:
            self.run = None  # it has grown into the rows behind it
        self.hold(bisect_left(self.times, place), place, value)
        self.newest = max(self.newest, place)
        return place

    def _look(self, conn: sqlite3.Connection, time: int) -> _Run:
        """The run of taken times that starts at `time`, from file and tail."""
        run = _Run(time, time, _NEVER, {})
        start = bisect_left(self.times, time)
        tail = ((self.times[at], self.values[at]) for at in range(start, len(self.times)))
        for taken, value in merge(self._history(conn, time), tail, key=_first):
            if taken > run.free:
                run.limit = taken
                break
            if taken == run.free:  # else the same row, seen in both
                run.last[value] = taken - time
                run.free += 1
        return run

    def _history(self, conn: sqlite3.Connection, time: int) -> Iterator[tuple[int, Stored]]:
        yield from conn.execute(
            "SELECT time, value FROM history WHERE series = ? AND time >= ? ORDER BY time",
            (self.series, time),
        )


class Tracks:
    """All series of the file. Belongs to the writer thread; `latest` may be read from anywhere."""

    def __init__(self) -> None:
        self.by_point: dict[str, Track] = {}
        self.n = 0  # last number given to a row
        self.duplicates = 0
        self.bumped = 0

    def load(self, conn: sqlite3.Connection) -> int:
        """Take up what the file holds; the number of rows in its tail."""
        self.by_point = {
            point: Track(series, point, -_NEVER if newest is None else newest)
            for series, point, newest in conn.execute(
                "SELECT id, point, (SELECT max(time) FROM history WHERE series = id) FROM series"
            )
        }
        by_series = {track.series: track for track in self.by_point.values()}
        for series, *rest in conn.execute("SELECT series, time, received_delta, value, flags FROM latest"):
            if series in by_series:
                by_series[series].latest = (0, series, *rest)
        row = conn.execute("SELECT value FROM meta WHERE key = 'n'").fetchone()
        self.n = max(self.n, 0 if row is None else row[0])
        return self.reindex(conn)

    def reindex(self, conn: sqlite3.Connection) -> int:
        """Forget the rows of the tail that became history, and index those that are left; how many these are."""
        count = 0
        by_series = {track.series: track for track in self.by_point.values()}
        for track in by_series.values():
            track.times, track.values, track.run = array("q"), array("d"), None
        rows = conn.execute(
            "SELECT n, series, time, received_delta, value, flags FROM tail ORDER BY series, time"
        )
        for row in rows:
            n, series, time, _delta, value, _flags = row
            track = by_series[series]
            track.hold(len(track.times), time, value)
            if track.latest is None or time >= track.latest[2]:
                track.latest = row
            track.newest = max(track.newest, time)
            self.n = max(self.n, n)
            count += 1
        return count

    def enrol(self, conn: sqlite3.Connection, points: Mapping[str, int]) -> None:
        """Give each point that has none a series, the wished one unless the file has given that to another."""
        taken = {track.series for track in self.by_point.values()}
        for point, wished in points.items():
            if point not in self.by_point:
                series = wished if wished not in taken else max(taken) + 1
                taken.add(series)
                self.by_point[point] = Track(series, point)
        if conn.execute("SELECT count(*) FROM series").fetchone()[0] < len(
            self.by_point
        ):  # also after a roll-back
            rows = [(track.series, track.point) for track in self.by_point.values()]
            conn.executemany("INSERT OR IGNORE INTO series VALUES (?, ?)", rows)

    def rows(self, conn: sqlite3.Connection, readings: Sequence[Reading]) -> list[Row]:
        """The rows to append for these readings, in order of arrival."""
        rows: list[Row] = []
        n = self.n
        by_point = self.by_point
        good, live, meant = Quality.GOOD, Arrival.LIVE, Purpose.LIVE
        for reading in readings:
            track = by_point[reading.point.id]
            value = reading.value
            stored: Stored = value if value.__class__ is float else encode(value)
            time = reading.time
            if time > track.newest:
                track.take(time, stored)
            else:
                place = track.place(conn, time, stored)
                if place is None:
                    self.duplicates += 1
                    continue
                self.bumped += place != time
                time = place
            plain = (
                reading.quality is good
                and reading.reason is None
                and reading.arrival is live
                and reading.purpose is meant
            )
            n += 1
            row = (n, track.series, time, reading.received - time, stored, 0 if plain else flags_of(reading))
            rows.append(row)
            if time >= track.newest:
                track.latest = row
        self.n = n
        return rows


def _first(pair: tuple[int, Stored]) -> int:
    return pair[0]
