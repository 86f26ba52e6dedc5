"""Moving the tail into the history and its roll-ups, and dropping what is old. Everything heavy is done by SQLite,
which lets the other threads run meanwhile.

Roll-ups are added to, never recomputed: each row passes from the tail into the history once, in one transaction with
its share of both roll-ups. So late rows find their bucket, and a bucket outlives the raw rows it was made of.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from edge.domain.instant import HOUR, MINUTE
from edge.store.writer import CACHE

# Rows moved in one transaction: an hour of eleven readings a second, so that a page is written once for many rows of
# its series (measured: that halves the bytes written to the card); few enough that group commits wait for a moment
# only, and that their table, which lies in memory, is small (measured: 100,000 take 6 MB more for a while, 2 for good).
CHUNK: Final = 40_000
_CACHE: Final = 4000  # KiB of pages meanwhile: it visits the same ones again and again

NUMERIC: Final = "typeof(value) IN ('real', 'integer')"

_MOVING: Final = """CREATE TEMP TABLE IF NOT EXISTS moving (
    series INTEGER NOT NULL, time INTEGER NOT NULL, received_delta INTEGER NOT NULL, value, flags INTEGER NOT NULL,
    PRIMARY KEY (series, time)) WITHOUT ROWID"""


def _roll_up(table: str, width: int) -> str:
    return f"""
        INSERT INTO {table} (series, time, count, number, sum, low, high, quality, last_at, last)
        SELECT series, bucket, count, number, sum,
            CASE WHEN number > 1 THEN low END, CASE WHEN number > 1 THEN high END, quality, last_at,
            (SELECT value FROM moving WHERE moving.series = new.series AND moving.time = new.last_at)
        FROM (
            SELECT series, time / {width} * {width} AS bucket, count(*) AS count, sum({NUMERIC}) AS number,
                sum(CASE WHEN {NUMERIC} THEN value END) AS sum, min(CASE WHEN {NUMERIC} THEN value END) AS low,
                max(CASE WHEN {NUMERIC} THEN value END) AS high, max(flags & 3) AS quality,
                max(CASE WHEN typeof(value) IN ('text', 'blob') THEN time END) AS last_at
            FROM moving GROUP BY series, bucket) AS new
        WHERE true
        ON CONFLICT DO UPDATE SET
            count = count + excluded.count, number = number + excluded.number,
            sum = ifnull(sum + excluded.sum, ifnull(sum, excluded.sum)),
            low = min(ifnull(ifnull(low, sum), ifnull(excluded.low, excluded.sum)),
                      ifnull(ifnull(excluded.low, excluded.sum), ifnull(low, sum))),
            high = max(ifnull(ifnull(high, sum), ifnull(excluded.high, excluded.sum)),
                       ifnull(ifnull(excluded.high, excluded.sum), ifnull(high, sum))),
            quality = max(quality, excluded.quality),
            last = CASE WHEN excluded.last_at > ifnull(last_at, -1) THEN excluded.last ELSE last END,
            last_at = max(ifnull(last_at, excluded.last_at), ifnull(excluded.last_at, last_at))
        """  # noqa: S608 - fixed words


_STEPS: Final = (
    # The rows' places are free by construction; the condition keeps one damaged row from stopping all the others.
    """INSERT OR IGNORE INTO moving SELECT series, time, received_delta, value, flags FROM tail
       WHERE n <= :upto AND NOT EXISTS (
           SELECT 1 FROM history WHERE history.series = tail.series AND history.time = tail.time)""",
    "INSERT INTO history SELECT series, time, received_delta, value, flags FROM moving",
    _roll_up("minute", MINUTE),
    _roll_up("hour", HOUR),
    """INSERT INTO latest SELECT series, max(time), received_delta, value, flags FROM moving GROUP BY series
       ON CONFLICT DO UPDATE SET time = excluded.time, received_delta = excluded.received_delta,
           value = excluded.value, flags = excluded.flags WHERE excluded.time >= time""",
    # The history is sorted by series and time: what a follower has yet to get is found there by these keys, in order.
    """INSERT INTO unsent SELECT n, series, time FROM tail
       WHERE n <= :upto AND n > (SELECT min(cursor) FROM followers)""",
    "DELETE FROM tail WHERE n <= :upto",
    "DELETE FROM moving",
    "INSERT OR REPLACE INTO meta VALUES ('n', :upto)",
)


def move_chunk(conn: sqlite3.Connection, end: int) -> bool:
    """Move the oldest rows of the tail, none above number `end`; whether there are more."""
    conn.execute(f"PRAGMA cache_size=-{_CACHE}")
    first: int | None = conn.execute("SELECT min(n) FROM tail").fetchone()[0]
    if first is None or first > end:
        return _rest(conn)
    upto = min(first + CHUNK - 1, end)
    conn.execute(_MOVING)
    for step in _STEPS:
        conn.execute(step, {"upto": upto} if ":upto" in step else {})
    return upto < end or _rest(conn)


def _rest(conn: sqlite3.Connection) -> bool:
    """Give the pages back: False, there are no more rows to move."""
    conn.execute(f"PRAGMA cache_size=-{CACHE}")
    conn.execute("PRAGMA shrink_memory")
    return False


def drop(conn: sqlite3.Connection, table: str, series: int, before: int) -> int:
    """Drop the rows of one series before a time (µs) from history, minute or hour; how many there were."""
    rows = conn.execute(f"DELETE FROM {table} WHERE series = ? AND time < ?", (series, before)).rowcount  # noqa: S608
    if rows:
        conn.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = max(value, excluded.value)",
            (f"{table}_from", before),
        )
    return rows


def forget_unsent(conn: sqlite3.Connection, before: int) -> bool:
    """Count as lost, for each follower that has not had them, the oldest unsent rows whose history was dropped before
    that time (µs), a chunk of them; whether there may be more.

    Late rows among newer ones stay until they are the oldest: their follower finds them missing by itself.
    """
    head, newest = conn.execute("SELECT min(n), max(n) FROM unsent").fetchone()
    if head is None:
        return False
    end = min(head + CHUNK, newest + 1)
    kept: tuple[int] | None = conn.execute(
        "SELECT n FROM unsent WHERE n < ? AND time >= ? ORDER BY n LIMIT 1", (end, before)
    ).fetchone()
    upto = (end if kept is None else kept[0]) - 1
    conn.execute(
        """UPDATE followers SET cursor = max(cursor, :upto),
           lost = lost + (SELECT count(*) FROM unsent WHERE n > followers.cursor AND n <= :upto)""",
        {"upto": upto},
    )
    conn.execute("DELETE FROM unsent WHERE n <= ?", (upto,))
    return kept is None and end <= newest


def whole_from(conn: sqlite3.Connection, table: str) -> int:
    """From this time (µs) on no row of history, minute or hour was ever dropped."""
    row = conn.execute("SELECT value FROM meta WHERE key = ?", (f"{table}_from",)).fetchone()
    return 0 if row is None else int(row[0])


def oldest(conn: sqlite3.Connection, table: str) -> int | None:
    """Time (µs) of the oldest row of history, minute or hour."""
    found = conn.execute(
        f"SELECT min((SELECT min(time) FROM {table} WHERE {table}.series = series.id)) FROM series"  # noqa: S608
    ).fetchone()[0]
    return None if found is None else int(found)


def give_back(conn: sqlite3.Connection) -> None:
    """Return free pages to the file system."""
    conn.execute("PRAGMA incremental_vacuum").fetchall()
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
