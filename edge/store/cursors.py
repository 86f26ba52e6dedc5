"""How far each follower is through the telemetry, and the rows that come after: read by arrival number `n`.

Rows lie in the tail in the order of their numbers. Compaction sorts them into the history, where the number is lost;
for those that some follower has not had yet, it leaves number and key in the table `unsent`. So an outage costs a few
bytes a row on the disk, no memory, and holds up neither compaction nor retention; what retention dropped before a
follower had it is counted as lost. A cursor moves in one transaction with its counters, after the sink's answer.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from edge.store.rows import Stored
from edge.store.writer import Database, store_error

KEPT: Final = 1000  # lines set aside that are kept for each follower; all are counted

Entry = tuple[int, str, int, int, Stored, int]
"""(n, point, time, received - time, value, flags) of one row on its way, times in µs UTC; n is 0 in a resend."""

_AFTER: Final = """
    SELECT rows.n, point, rows.time, received_delta, value, flags FROM (
        SELECT unsent.n, unsent.series, unsent.time, received_delta, value, flags, history.series IS NULL AS gone
        FROM unsent LEFT JOIN history ON history.series = unsent.series AND history.time = unsent.time
        WHERE unsent.n > :after ORDER BY unsent.n LIMIT :limit) AS rows
    LEFT JOIN series ON series.id = rows.series AND NOT gone ORDER BY rows.n"""
_TAIL: Final = """
    SELECT n, point, time, received_delta, value, flags FROM tail JOIN series ON series.id = tail.series
    WHERE n > ? ORDER BY n LIMIT ?"""


@dataclass(frozen=True, slots=True)
class Outage:
    """at: µs UTC since when a sink took nothing; the counters as they stood then."""

    at: int
    sent: int
    repeated: int
    rejected: int
    lost: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a follower is. cursor: number of the last row it is through with; the counters only grow."""

    cursor: int = 0
    sent: int = 0
    repeated: int = 0
    rejected: int = 0
    lost: int = 0
    outage: Outage | None = None


@dataclass(frozen=True, slots=True)
class SetAside:
    """A line a sink refuses. at: µs UTC."""

    at: int
    line: str
    reason: str


@dataclass(frozen=True, slots=True)
class Resend:
    """Rows of [start, until) µs, asked for by `by`. position: (series, time) of the last one sent."""

    id: int
    start: int
    until: int
    by: str
    position: tuple[int, int] | None
    sent: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """The next rows of a follower. upto: number of the last one; lost: rows between that retention had dropped.

    newest: number of the newest stored row.
    """

    standing: Standing
    rows: Sequence[Entry]
    upto: int
    lost: int
    newest: int


class Cursors:
    """The followers' side of `telemetry.db`. Asynchronous methods belong to the event loop; StoreError when the file
    cannot be read or written.
    """

    def __init__(self, db: Database, ids: Sequence[str]) -> None:
        self._db = db
        self._ids = tuple(ids)
        self._known: dict[str, Standing] = {}  # as last written, for a file that has to be begun anew

    def load(self, conn: sqlite3.Connection, newest: int) -> None:
        """In the writer thread, at each opening: enrol who is new, behind row `newest`; forget who is gone.

        Where the file was begun anew, the rows that went with the old one count as lost.
        """
        known = {row[0] for row in conn.execute("SELECT id FROM followers")}
        for id in known - set(self._ids):
            for table, column in (("followers", "id"), ("set_aside", "follower"), ("resends", "follower")):
                conn.execute(f"DELETE FROM {table} WHERE {column} = ?", (id,))  # noqa: S608 - fixed words
        for id in set(self._ids) - known:
            old = self._known.get(id, Standing(newest))
            lost = old.lost + max(0, newest - old.cursor)
            _put(conn, id, replace(old, cursor=newest, lost=lost))
        if known != set(self._ids):
            _tidy(conn)
        self._known = {id: _standing(conn, id) for id in self._ids}

    async def ahead(self, id: str, after: int, limit: int) -> Stretch:
        """At most `limit` rows behind number `after` or the follower's cursor, whichever is further."""
        return await self._db.read(lambda conn: _ahead(conn, id, after, limit))

    async def passed(self, id: str, standing: Standing, aside: Sequence[SetAside] = ()) -> None:
        """Write where a follower is, with the lines its sink refused."""

        def work(conn: sqlite3.Connection) -> None:
            _put(conn, id, standing)
            if aside:
                conn.executemany(
                    "INSERT INTO set_aside (follower, at, line, reason) VALUES (?, ?, ?, ?)",
                    [(id, one.at, one.line, one.reason) for one in aside],
                )
                conn.execute(
                    """DELETE FROM set_aside WHERE follower = :id AND id <= (
                       SELECT id FROM set_aside WHERE follower = :id ORDER BY id DESC LIMIT 1 OFFSET :kept)""",
                    {"id": id, "kept": KEPT},
                )
            _tidy(conn)

        await self._db.write(work)
        self._known[id] = standing

    # -- once more

    async def resend(self, id: str) -> Resend | None:
        """The oldest thing somebody asked to be sent once more."""

        def work(conn: sqlite3.Connection) -> Resend | None:
            row = conn.execute(
                "SELECT id, start, until, by, series, time, sent FROM resends WHERE follower = ? ORDER BY id LIMIT 1",
                (id,),
            ).fetchone()
            if row is None:
                return None
            number, start, until, by, series, time, sent = row
            return Resend(number, start, until, by, None if series is None else (series, time), sent)

        return await self._db.read(work)

    async def again(self, ask: Resend, limit: int) -> tuple[Sequence[Entry], tuple[int, int] | None]:
        """The next rows of a resend, series by series, and where they end. They are those of the history, which
        is made whole before a resend begins; rows stored after that reach the sink by its cursor.
        """
        return await self._db.read(lambda conn: _again(conn, ask, limit))

    async def resent(self, ask: Resend, position: tuple[int, int] | None, count: int) -> None:
        """`count` more rows were sent, up to `position`; None when that was all."""

        def work(conn: sqlite3.Connection) -> None:
            if position is None:
                conn.execute("DELETE FROM resends WHERE id = ?", (ask.id,))
            else:
                conn.execute(
                    "UPDATE resends SET series = ?, time = ?, sent = sent + ? WHERE id = ?",
                    (*position, count, ask.id),
                )

        await self._db.write(work)


class RequestFile:
    """`telemetry.db` as the command line sees it, beside a running hub. Raises StoreError."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def followers(self) -> list[str]:
        """Ids of those the hub knew when it last opened the file."""
        return [row[0] for row in self._run("SELECT id FROM followers ORDER BY id")]

    def ask(self, follower: str, start: int, until: int, by: str, at: int) -> None:
        """Have the rows of [start, until) µs sent once more; the running hub finds the request, or the next one."""
        self._run(
            "INSERT INTO resends (follower, start, until, by, at) VALUES (?, ?, ?, ?, ?)",
            follower,
            start,
            until,
            by,
            at,
        )

    def set_aside(self, follower: str) -> list[SetAside]:
        """The newest lines its sink refused, newest first."""
        rows = self._run(
            "SELECT at, line, reason FROM set_aside WHERE follower = ? ORDER BY id DESC", follower
        )
        return [SetAside(at, line, reason) for at, line, reason in rows]

    def _run(self, statement: str, *values: object) -> list[Any]:
        try:
            with (
                closing(sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=rw", uri=True)) as conn,
                conn,
            ):
                return conn.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise store_error(error, self._path) from error


def _standing(conn: sqlite3.Connection, id: str) -> Standing:
    row = conn.execute(
        "SELECT cursor, sent, repeated, rejected, lost, outage FROM followers WHERE id = ?", (id,)
    ).fetchone()
    if row is None:
        return Standing()
    cursor, sent, repeated, rejected, lost, outage = row
    since = None if outage is None else Outage(**json.loads(outage))
    return Standing(cursor, sent, repeated, rejected, lost, since)


def _put(conn: sqlite3.Connection, id: str, standing: Standing) -> None:
    values = asdict(standing)
    values["outage"] = None if standing.outage is None else json.dumps(values["outage"])
    # Retention may have moved the cursor and counted rows lost meanwhile: neither goes back.
    conn.execute(
        """INSERT INTO followers VALUES (:id, :cursor, :sent, :repeated, :rejected, :lost, :outage)
           ON CONFLICT DO UPDATE SET cursor = max(cursor, excluded.cursor), sent = excluded.sent,
               repeated = excluded.repeated, rejected = excluded.rejected, lost = max(lost, excluded.lost),
               outage = excluded.outage""",
        {"id": id, **values},
    )


def _tidy(conn: sqlite3.Connection) -> None:
    """Forget the keys of rows that every follower has had."""
    slowest = conn.execute("SELECT min(cursor) FROM followers").fetchone()[0]
    if slowest is None:
        conn.execute("DELETE FROM unsent")
    else:
        conn.execute("DELETE FROM unsent WHERE n <= ?", (slowest,))


def _ahead(conn: sqlite3.Connection, id: str, after: int, limit: int) -> Stretch:
    standing = _standing(conn, id)
    after = max(after, standing.cursor)
    # Compaction takes the lowest numbers first: all unsent rows come before all rows of the tail.
    rows = conn.execute(_AFTER, {"after": after, "limit": limit}).fetchall()
    upto = rows[-1][0] if rows else after
    found = [row for row in rows if row[1] is not None]
    if len(rows) < limit:
        found += conn.execute(_TAIL, (upto, limit - len(rows))).fetchall()
    last = max(upto, found[-1][0] if found else after)
    newest = conn.execute(
        "SELECT max(ifnull((SELECT max(n) FROM tail), 0), ifnull((SELECT value FROM meta WHERE key = 'n'), 0))"
    ).fetchone()[0]
    return Stretch(standing, found, last, sum(row[1] is None for row in rows), max(newest, last))


def _again(
    conn: sqlite3.Connection, ask: Resend, limit: int
) -> tuple[Sequence[Entry], tuple[int, int] | None]:
    rows: list[Entry] = []
    first, start = (-1, ask.start) if ask.position is None else (ask.position[0], ask.position[1] + 1)
    for series, point in conn.execute(
        "SELECT id, point FROM series WHERE id >= ? ORDER BY id", (first,)
    ).fetchall():
        begin = start if series == first else ask.start
        rows += [
            (0, point, *row)
            for row in conn.execute(
                """SELECT time, received_delta, value, flags FROM history
                   WHERE series = ? AND time >= ? AND time < ? ORDER BY time LIMIT ?""",
                (series, begin, ask.until, limit - len(rows)),
            )
        ]
        if len(rows) >= limit:
            return rows, (series, rows[-1][2])
    return rows, None
