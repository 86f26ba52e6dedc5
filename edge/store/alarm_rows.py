"""The state table of alarms: its rows, its filters and its pages (newest first, stable while new alarms arrive)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from edge.domain.alarm import Alarm
from edge.domain.reading import Purpose
from edge.facade import AlarmQuery, Page


def dump(body: Any) -> str:
    """Canonical JSON: sorted keys, no blanks. The chain hashes this text as it is stored."""
    text = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair in somebody's words
        return json.dumps(body, sort_keys=True, separators=(",", ":"), default=str)
    return text


def put_alarms(conn: sqlite3.Connection, alarms: Iterable[Alarm]) -> None:
    """Write the rows as they now stand."""
    rows = [
        (a.id, a.raised_at, a.state.value, int(a.open), a.signal.value, a.device, a.purpose.value,
         int(a.suppression is not None), dump(a.to_dict()))
        for a in alarms
    ]  # fmt: skip
    conn.executemany("INSERT OR REPLACE INTO alarms VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def open_alarms(conn: sqlite3.Connection) -> list[Alarm]:
    """All open alarms, oldest first."""
    rows = conn.execute("SELECT body FROM alarms WHERE open = 1 ORDER BY raised_at, id")
    return [load(body) for (body,) in rows]


def shelved_alarms(conn: sqlite3.Connection) -> list[Alarm]:
    """Closed rows that carry the shelving of their key on to its next episode."""
    rows = conn.execute("SELECT body FROM alarms WHERE suppressed = 1 AND open = 0")
    return [load(body) for (body,) in rows]


def load(body: str) -> Alarm:
    """The alarm of a stored row."""
    return Alarm.from_dict(json.loads(body))


def find_alarm(conn: sqlite3.Connection, id: str) -> Alarm | None:
    """One row."""
    row = conn.execute("SELECT body FROM alarms WHERE id = ?", (id,)).fetchone()
    return None if row is None else load(row[0])


def cursor_of(alarm: Alarm) -> str:
    """Where a page that ends with `alarm` goes on."""
    return f"{alarm.raised_at}.{alarm.id}"


def parse_cursor(text: str) -> tuple[int, str]:
    """(raised_at, id) of a cursor; ValueError when it is none."""
    at, dot, id = text.partition(".")
    if not dot or not at.isdecimal() or len(at) > 18:
        raise ValueError(f"not a cursor of this list: {text[:40]!r}")
    return int(at), id


def find_alarms(conn: sqlite3.Connection, query: AlarmQuery) -> Page[Alarm]:
    """One page of `query`; ValueError when its cursor is none."""
    where: list[str] = []
    values: list[Any] = []

    def among(column: str, words: Sequence[str]) -> None:
        where.append(f"{column} IN ({','.join('?' * len(words))})")
        values.extend(words)

    if query.states:
        among("state", [state.value for state in query.states])
    if query.open is not None:
        where.append(f"open = {int(query.open)}")  # a literal, so that the partial index serves
    if query.since is not None:
        where.append("raised_at >= ?")
        values.append(query.since)
    if query.signal is not None:
        among("signal", [query.signal.value])
    if query.device is not None:
        among("device", [query.device])
    among("purpose", [purpose.value for purpose in _purposes(query)])
    if query.before is not None:
        where.append("(raised_at, id) < (?, ?)")
        values.extend(parse_cursor(query.before))
    rows = conn.execute(
        f"SELECT body FROM alarms WHERE {' AND '.join(where)} ORDER BY raised_at DESC, id DESC LIMIT ?",  # noqa: S608 - fixed words
        (*values, query.limit + 1),
    ).fetchall()
    alarms = [load(body) for (body,) in rows[: query.limit]]
    return Page(alarms, cursor_of(alarms[-1]) if len(rows) > query.limit else None)


def fits(alarm: Alarm, query: AlarmQuery) -> bool:
    """Whether an alarm that is not in the table yet belongs to the page or a later one."""
    return (
        (not query.states or alarm.state in query.states)
        and query.open in {None, alarm.open}
        and (query.since is None or alarm.raised_at >= query.since)
        and query.signal in {None, alarm.signal}
        and query.device in {None, alarm.device}
        and alarm.purpose in _purposes(query)
        and (query.before is None or (alarm.raised_at, alarm.id) < parse_cursor(query.before))
    )


def page_of(alarms: Iterable[Alarm], query: AlarmQuery) -> Page[Alarm]:
    """One page of `query` of alarms in memory; ValueError when its cursor is none."""
    found = sorted((a for a in alarms if fits(a, query)), key=lambda a: (a.raised_at, a.id), reverse=True)
    items = found[: query.limit]
    return Page(items, cursor_of(items[-1]) if len(found) > query.limit else None)


def _purposes(query: AlarmQuery) -> tuple[Purpose, ...]:
    return (Purpose.LIVE, Purpose.DRILL) if query.purpose is None else (query.purpose,)
