"""The state table of the cases of step 4: the last body of each, its filters and its pages (newest first)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from edge.domain.conclusion import CASES
from edge.domain.fact import Fact
from edge.facade import CaseQuery, Page
from edge.store.alarm_rows import dump, parse_cursor

_NONE: Final[Mapping[int, str]] = {}


class Case(NamedTuple):
    """One case as a fact left it; body as `edge.domain.conclusion.CASES` promises."""

    kind: str
    id: str
    body: Mapping[str, Any]


def cases_of(facts: Iterable[Fact]) -> list[Case]:
    """The cases these facts are about, each as the last of them left it."""
    found = {(f.subject, f.body["id"]): f.body for f in facts if f.subject in CASES}
    return [Case(kind, id, body) for (kind, id), body in found.items()]


def put_cases(conn: sqlite3.Connection, cases: Iterable[Case], texts: Mapping[int, str] = _NONE) -> None:
    """Write the rows as they now stand. texts: of bodies that are dumped already, by id()."""
    conn.executemany(
        "INSERT OR REPLACE INTO cases VALUES (?, ?, ?, ?, ?)",
        [
            (
                c.kind,
                c.id,
                c.body["opened_at"],
                int(bool(c.body["open"])),
                texts.get(id(c.body)) or dump(c.body),
            )
            for c in cases
        ],
    )


def put_case_facts(conn: sqlite3.Connection, facts: Iterable[Fact]) -> None:
    """Note which facts tell of which case."""
    conn.executemany(
        "INSERT OR IGNORE INTO case_facts VALUES (?, ?, ?)",
        [(fact.subject, fact.body["id"], fact.seq.number) for fact in facts if fact.subject in CASES],
    )


def open_cases(conn: sqlite3.Connection) -> list[Case]:
    """All open cases, oldest first."""
    rows = conn.execute("SELECT kind, id, body FROM cases WHERE open = 1 ORDER BY opened_at, id")
    return [Case(kind, id, json.loads(body)) for kind, id, body in rows]


def closed_cases(conn: sqlite3.Connection, kind: str, since: int) -> list[Case]:
    """Cases of a kind that were closed at `since` (µs UTC) or later: those whose bodies name their `closed_at`."""
    rows = conn.execute(
        "SELECT id, body FROM cases WHERE kind = ? AND open = 0 AND json_extract(body, '$.closed_at') >= ?"
        " ORDER BY opened_at, id",
        (kind, since),
    )
    return [Case(kind, id, json.loads(body)) for id, body in rows]


def find_case(conn: sqlite3.Connection, kind: str, id: str) -> Mapping[str, Any] | None:
    """One body."""
    row = conn.execute("SELECT body FROM cases WHERE kind = ? AND id = ?", (kind, id)).fetchone()
    return None if row is None else json.loads(row[0])


def find_cases(conn: sqlite3.Connection, kind: str, query: CaseQuery) -> Page[Mapping[str, Any]]:
    """One page of `query`; ValueError when its cursor is none."""
    where, values = ["kind = ?"], [kind]
    more: list[Any] = []
    if query.open is not None:
        where.append(f"open = {int(query.open)}")  # a literal, so that the partial index serves
    if query.since is not None:
        where.append("opened_at >= ?")
        more.append(query.since)
    for key, wanted in query.where.items():
        where.append("EXISTS (SELECT 1 FROM json_each(body, ?) WHERE CAST(value AS TEXT) = ?)")
        more += [f"$.{key}", wanted]
    if query.before is not None:
        where.append("(opened_at, id) < (?, ?)")
        more.extend(parse_cursor(query.before))
    rows = conn.execute(
        f"SELECT body FROM cases WHERE {' AND '.join(where)} ORDER BY opened_at DESC, id DESC LIMIT ?",  # noqa: S608 - fixed words
        (*values, *more, query.limit + 1),
    ).fetchall()
    items = [json.loads(body) for (body,) in rows[: query.limit]]
    return Page(items, cursor_of(items[-1]) if len(rows) > query.limit else None)


def cursor_of(body: Mapping[str, Any]) -> str:
    """Where a page that ends with this case goes on."""
    return f"{body['opened_at']}.{body['id']}"


def fits(body: Mapping[str, Any], query: CaseQuery) -> bool:
    """Whether a case that is not in the table yet belongs to the page or a later one."""
    return (
        query.open in {None, bool(body["open"])}
        and (query.since is None or body["opened_at"] >= query.since)
        and all(wanted in _as_texts(body.get(key)) for key, wanted in query.where.items())
        and (query.before is None or (body["opened_at"], body["id"]) < parse_cursor(query.before))
    )


def _as_texts(value: Any) -> list[str | None]:
    """As SQLite casts a JSON value, or each of a list, to text."""
    if isinstance(value, list | tuple):
        return [text for one in value for text in _as_texts(one)]
    if value is None or isinstance(value, str):
        return [value]
    return [str(int(value)) if isinstance(value, bool) else str(value)]


def merged(batches: Iterable[Sequence[Case]]) -> list[Case]:
    """Of each case the newest, in order."""
    return list({(case.kind, case.id): case for cases in batches for case in cases}.values())
