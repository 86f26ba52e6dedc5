"""Verifying a journal: the whole hash chain, and that its facts, replayed, give its state table by legal steps."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.domain.alarm import Alarm
from edge.domain.conclusion import CASES
from edge.domain.lifecycle import legal
from edge.store.alarm_rows import dump
from edge.store.words import HASH, parted, whole, words_hash

FactRow = tuple[int, int, str, int, str | None, str, str, str | None]
"""(number, epoch, kind, time, by, subject, body as canonical JSON, hash of the note) as the chain hashes it."""


def note_hash(salt: bytes, text: str) -> str:
    """What the chain holds of a person's words: salted, so that erased words cannot be guessed from it."""
    return hashlib.sha256(salt + text.encode()).hexdigest()


def base_hash(carried: Sequence[tuple[str, str]]) -> bytes:
    """What the first link of a chain begins from: the alarms taken over from a former journal."""
    return hashlib.sha256(json.dumps(carried, separators=(",", ":")).encode()).digest()


def row_hash(row: FactRow) -> bytes:
    """sha256 of the canonical JSON of one fact."""
    return hashlib.sha256(_line(row)).digest()


def link_hash(previous: bytes, rows: Iterable[FactRow]) -> bytes:
    """sha256 of the previous link and the hashes of a transaction's facts.

    So a link can be proved by one who is given a fact's hash in the place of the fact.
    """
    digest = hashlib.sha256(previous)
    for row in rows:
        digest.update(row_hash(row))
    return digest.digest()


def flat_hash(previous: bytes, rows: Iterable[FactRow]) -> bytes:
    """A link as it was made at first: sha256 of the previous link and the canonical JSON of the facts themselves."""
    digest = hashlib.sha256(previous)
    for row in rows:
        digest.update(_line(row))
    return digest.digest()


def link_fits(previous: bytes, rows: Sequence[FactRow], link: bytes) -> bool:
    """Whether a link is over these facts, in either form."""
    return link in (link_hash(previous, rows), flat_hash(previous, rows))


def _line(row: FactRow) -> bytes:
    number, epoch, kind, time, by, subject, body, note = row
    return (
        f'{{"body":{body},"by":{json.dumps(by)},"kind":{json.dumps(kind)},"note":{json.dumps(note)},'
        f'"seq":"{epoch}-{number}","subject":{json.dumps(subject)},"time":{time}}}\n'
    ).encode()


@dataclass(slots=True)
class VerifyReport:
    """problems: one sentence each, empty when all fits. gaps: facts lost while the journal could not be written."""

    links: int = 0
    facts: int = 0
    alarms: int = 0
    cases: int = 0
    erased: int = 0
    gaps: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether chain, replay and steps fit."""
        return not self.problems


def verify(path: Path) -> VerifyReport:
    """Check the journal at `path`, which may be in use; sqlite3.Error when it cannot be read at all."""
    with closing(
        sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    ) as conn:
        conn.execute("BEGIN")
        return verify_open(conn)


def verify_open(conn: sqlite3.Connection) -> VerifyReport:
    """Check a journal of the newest schema as one open connection sees it, in a transaction of the caller's."""
    report = VerifyReport()
    carried = conn.execute("SELECT id, body FROM carried ORDER BY id").fetchall()
    gaps = conn.execute("SELECT number, facts, alarms FROM gaps ORDER BY number").fetchall()
    report.gaps = sum(facts for _, facts, _ in gaps)
    _verify_chain(conn, carried, report)
    _verify_notes(conn, report)
    lost = {id for _, _, ids in gaps for id in json.loads(ids)}
    _verify_alarms(conn, [row for row in carried if "/" not in row[0]], lost, report)
    _verify_cases(conn, [row for row in carried if "/" in row[0]], lost, report)
    return report


def _verify_chain(conn: sqlite3.Connection, carried: Sequence[tuple[str, str]], report: VerifyReport) -> None:
    base = conn.execute("SELECT value FROM meta WHERE key = 'base'").fetchone()
    previous = base_hash(carried)
    if base is None or base[0] != previous:
        report.problems.append("the base of the chain does not fit the alarms taken over")
    covered = 0
    for first, last, digest in conn.execute("SELECT first, last, hash FROM chain ORDER BY first"):
        rows = conn.execute(
            "SELECT number, epoch, kind, time, by, subject, body, note FROM facts WHERE number BETWEEN ? AND ?"
            " ORDER BY number",
            (first, last),
        ).fetchall()
        covered += len(rows)
        report.links += 1
        if not link_fits(previous, rows, digest):
            report.problems.append(f"the chain does not fit at facts {first} to {last}")
        previous = digest
    (report.facts,) = conn.execute("SELECT count(*) FROM facts").fetchone()
    if covered != report.facts:
        report.problems.append(f"{report.facts - covered} facts stand outside of the chain")


def _verify_notes(conn: sqlite3.Connection, report: VerifyReport) -> None:
    noted = conn.execute(
        "SELECT facts.number, note, salt, text FROM facts LEFT JOIN texts ON texts.number = facts.number"
        " WHERE note IS NOT NULL"
    )
    for number, note, salt, text in noted:
        if text is None:
            report.erased += 1
        elif note_hash(salt, text) != note:
            report.problems.append(f"the words of fact {number} were altered")


def _verify_alarms(
    conn: sqlite3.Connection,
    carried: Sequence[tuple[str, str]],
    lost: set[str],
    report: VerifyReport,
) -> None:
    table: dict[str, dict[str, Any]] = {
        id: json.loads(body) for id, body in conn.execute("SELECT id, body FROM alarms")
    }
    report.alarms = len(table)
    fold: dict[str, dict[str, Any]] = {id: json.loads(body) for id, body in carried}
    for number, kind, _, after in _told(conn, ("alarm",), report):
        id = after["id"]
        # what people wrote may be erased of one fact and not of the next: it is no part of a step
        before = None if id not in fold else Alarm.from_dict({**parted("alarm", fold[id])[0]})
        step = legal(before, kind, Alarm.from_dict({**parted("alarm", after)[0]}))
        if id not in lost and step:
            report.problems.append(f"fact {number} ({kind}) of alarm {id}: {step}")
        fold[id] = after
    for id in sorted(lost & table.keys()):
        fold[id] = table[id]  # its last facts fell into a gap: the row was kept, the steps were not
    for id in sorted(fold.keys() | table.keys()):
        if fold.get(id) != table.get(id):
            report.problems.append(f"the row of alarm {id} does not follow from its facts")


def _told(
    conn: sqlite3.Connection, subjects: Sequence[str], report: VerifyReport
) -> Iterator[tuple[int, str, str, dict[str, Any]]]:
    """(number, kind, subject, body with its words) of the facts about these subjects; the words are checked."""
    told = conn.execute(
        "SELECT facts.number, kind, subject, body, salt, text FROM facts"  # noqa: S608 - marks only
        " LEFT JOIN words ON words.number = facts.number"
        f" WHERE subject IN ({','.join('?' * len(subjects))}) ORDER BY facts.number",
        subjects,
    )
    for number, kind, subject, stored, salt, text in told:
        body = json.loads(stored)
        known = body.get(HASH)
        altered = known is not None and text is not None and words_hash(salt, text) != known
        if altered:
            report.problems.append(f"the words of fact {number} were altered")
        elif known is not None and text is None:
            report.erased += 1
        yield number, kind, subject, whole(body, None if altered else text)


def _verify_cases(
    conn: sqlite3.Connection, carried: Sequence[tuple[str, str]], lost: set[str], report: VerifyReport
) -> None:
    """A case's row is the body of the last fact about it."""
    fold = dict(carried)
    for _, _, subject, body in _told(conn, sorted(CASES), report):
        fold[f"{subject}/{body['id']}"] = dump(body)
    table = {f"{kind}/{id}": body for kind, id, body in conn.execute("SELECT kind, id, body FROM cases")}
    report.cases = len(table)
    for name in sorted(fold.keys() | table.keys()):
        if fold.get(name) != table.get(name) and name not in lost:
            report.problems.append(f"the row of {name} does not follow from its facts")
