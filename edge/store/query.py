"""Trends and raw pages, from tail, history and roll-ups on one snapshot.

The tail has no index, so it is walked once and summed up by minute; the history is read by its key. Rows are in one
or the other, never in both, and the roll-ups are those of the history: the sums are exact.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from edge.domain.instant import HOUR, MINUTE
from edge.facade import Bucket, Series
from edge.store.compaction import NUMERIC, whole_from
from edge.store.rows import Stored, decode, quality_of

_EMPTY: Final = Series("raw", 0, ())

Part = tuple[int, int, float | None, float | None, float | None, int, int | None]
"""(bucket, numbers, sum, low, high, worst quality, time of the last state or text) of some rows."""

_SUMS: Final = f"""
    sum({NUMERIC}), sum(CASE WHEN {NUMERIC} THEN value END), min(CASE WHEN {NUMERIC} THEN value END),
    max(CASE WHEN {NUMERIC} THEN value END), max(flags & 3),
    max(CASE WHEN typeof(value) IN ('text', 'blob') THEN time END)"""


@dataclass(slots=True)
class _Bucket:
    number: int = 0
    sum: float = 0.0
    low: float | None = None
    high: float | None = None
    quality: int = 0
    last_at: int | None = None
    last: Stored = field(default=None)

    def add(self, part: Part) -> None:
        _, number, total, low, high, quality, last_at = part
        self.number += number
        self.sum += total or 0.0
        if low is not None:
            self.low = low if self.low is None else min(self.low, low)
        if high is not None:
            self.high = high if self.high is None else max(self.high, high)
        self.quality = max(self.quality, quality)
        if last_at is not None:
            self.last_at = last_at if self.last_at is None else max(self.last_at, last_at)


@dataclass(frozen=True, slots=True)
class _Grid:
    """Buckets of `width` µs counted from `anchor`."""

    width: int
    anchor: int

    def of(self, time: int) -> int:
        return (time - self.anchor) // self.width * self.width + self.anchor


def trend(conn: sqlite3.Connection, series: int, start: int, end: int, max_points: int) -> Series:
    """At most `max_points` items over [start, end) µs: raw rows if they fit, else buckets of the roll-ups.

    Minutes where they fit; else hours, if these give at least half of what was asked for; else a few minutes at a time.
    Where even hours are too many, several hours at a time. t is the start of a bucket, or `start` in the first.
    """
    span = (series, start, end)
    if start >= end or max_points < 1:
        return _EMPTY
    walked = conn.execute(
        f"SELECT time / {MINUTE} * {MINUTE} AS bucket, count(*), {_SUMS} FROM tail"  # noqa: S608 - fixed words
        " WHERE series = ? AND time >= ? AND time < ? GROUP BY bucket",
        span,
    ).fetchall()
    tail: list[Part] = [(bucket, *sums) for bucket, _count, *sums in walked]
    count = _count(conn, series, start, end) + sum(row[1] for row in walked)
    if count == 0 and whole_from(conn, "history") <= start:
        return _EMPTY
    if count <= max_points and whole_from(conn, "history") <= start:
        return Series("raw", count, _raw_rows(conn, series, start, end, max_points))
    table, grid = _choose(conn, span, max_points, {part[0] for part in tail})
    buckets: dict[int, _Bucket] = {}
    for part in (*_rolled(conn, table, span), *tail):
        buckets.setdefault(grid.of(part[0]), _Bucket()).add(part)
    if any(bucket.last_at is not None and not bucket.number for bucket in buckets.values()):
        _fill_last(conn, series, buckets)
    items = [_item(max(at, start), buckets[at]) for at in sorted(buckets)]
    return Series("1h" if table == "hour" else "1m", count, items)


def raw_page(
    conn: sqlite3.Connection, series: int, start: int, end: int, after: int | None, limit: int
) -> Series:
    """Raw rows of [start, end) µs in ascending time, those after the time `after` first."""
    tail = conn.execute(
        "SELECT count(*) FROM tail WHERE series = ? AND time >= ? AND time < ?", (series, start, end)
    ).fetchone()[0]
    count = _count(conn, series, start, end) + tail
    rows = _raw_rows(conn, series, start if after is None else max(start, after + 1), end, limit + 1)
    items = rows[:limit]
    return Series("raw", count, items, str(items[-1].t) if len(rows) > limit else None)


def _raw_rows(conn: sqlite3.Connection, series: int, start: int, end: int, limit: int) -> list[Bucket]:
    part = "SELECT time, value, flags FROM {} WHERE series = :series AND time >= :start AND time < :end"
    rows = conn.execute(
        f"{part.format('history')} UNION ALL {part.format('tail')} ORDER BY time LIMIT :limit",
        {"series": series, "start": start, "end": end, "limit": limit},
    )
    return [Bucket(time, decode(value), quality_of(flags), None, None) for time, value, flags in rows]


def _count(conn: sqlite3.Connection, series: int, start: int, end: int) -> int:
    """Exact number of rows of the history in [start, end): whole hours from their roll-up, the edges row by row.

    Before the time to which raw rows were dropped the roll-ups count rows that are gone, so there rows are counted.
    """
    inner = max(start, whole_from(conn, "history"))
    inner = -(-inner // HOUR) * HOUR
    outer = end // HOUR * HOUR
    if inner >= outer:
        return _rows_between(conn, series, start, end)
    whole = conn.execute(
        "SELECT ifnull(sum(count), 0) FROM hour WHERE series = ? AND time >= ? AND time < ?",
        (series, inner, outer),
    ).fetchone()[0]
    return int(whole) + _rows_between(conn, series, start, inner) + _rows_between(conn, series, outer, end)


def _rows_between(conn: sqlite3.Connection, series: int, start: int, end: int) -> int:
    found = conn.execute(
        "SELECT count(*) FROM history WHERE series = ? AND time >= ? AND time < ?", (series, start, end)
    ).fetchone()
    return int(found[0])


def _choose(
    conn: sqlite3.Connection, span: tuple[int, int, int], max_points: int, in_tail: set[int]
) -> tuple[str, _Grid]:
    """The roll-up to read, and the buckets to show. in_tail: minutes with rows in the tail."""
    series, start, end = span
    minutes = in_tail | {
        time
        for (time,) in conn.execute(
            "SELECT time FROM minute WHERE series = ? AND time >= ? AND time < ? LIMIT ?",
            (series, start // MINUTE * MINUTE, end, max_points + 1),
        )
    }
    gone = start < whole_from(conn, "minute")
    if len(minutes) <= max_points and not gone:
        return "minute", _Grid(MINUTE, 0)
    hours = (end - 1) // HOUR - start // HOUR + 1
    table, unit = ("hour", HOUR) if gone or 2 * hours >= max_points else ("minute", MINUTE)
    units = (end - 1) // unit - start // unit + 1
    if units <= max_points:
        return table, _Grid(unit, 0)
    if max_points == 1:
        return table, _Grid(units * unit, start // unit * unit)
    # Counted from 1970, so that a bucket stays the same while the span moves on; that may cost one bucket more.
    return table, _Grid(-(-units // (max_points - 1)) * unit, 0)


def _rolled(conn: sqlite3.Connection, table: str, span: tuple[int, int, int]) -> Iterable[Part]:
    """The history of a span: whole buckets from the roll-up, the edges from the rows, as long as these exist."""
    series, start, end = span
    unit = HOUR if table == "hour" else MINUTE
    kept = whole_from(conn, "history")
    inner = -(-start // unit) * unit if start >= kept else start // unit * unit
    outer = end // unit * unit if end >= kept else -(-end // unit) * unit
    inner = min(inner, end) if start >= kept else inner
    outer = max(inner, outer)
    yield from conn.execute(
        f"SELECT time, number, sum, ifnull(low, sum), ifnull(high, sum), quality, last_at FROM {table}"  # noqa: S608 - one of two
        " WHERE series = ? AND time >= ? AND time < ?",
        (series, inner, outer),
    )
    for low, high in ((start, inner), (outer, end)):
        if low < high:
            yield from conn.execute(
                f"SELECT time / {unit} * {unit} AS bucket, {_SUMS} FROM history"  # noqa: S608 - fixed words
                " WHERE series = ? AND time >= ? AND time < ? GROUP BY bucket",
                (series, low, high),
            )


def _fill_last(conn: sqlite3.Connection, series: int, buckets: dict[int, _Bucket]) -> None:
    """Look up the last state or text of each bucket; of old ones, whose rows were dropped, in the roll-ups."""
    wanted = {bucket.last_at: bucket for bucket in buckets.values() if bucket.last_at is not None}
    for time, value in conn.execute(
        "SELECT time, value FROM tail WHERE series = ? AND time IN (SELECT value FROM json_each(?))",
        (series, json.dumps(list(wanted))),
    ):
        wanted.pop(time).last = value
    for time, bucket in wanted.items():
        found = conn.execute(
            "SELECT value FROM history WHERE series = ? AND time = ?", (series, time)
        ).fetchone()
        for table, unit in (("minute", MINUTE), ("hour", HOUR)):
            if found is None:
                found = conn.execute(
                    f"SELECT last FROM {table} WHERE series = ? AND time = ?",  # noqa: S608 - one of two
                    (series, time // unit * unit),
                ).fetchone()
        bucket.last = None if found is None else found[0]


def _item(t: int, bucket: _Bucket) -> Bucket:
    value = bucket.sum / bucket.number if bucket.number else decode(bucket.last)
    return Bucket(t, value, quality_of(bucket.quality), bucket.low, bucket.high)
