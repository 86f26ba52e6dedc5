"""The journal: facts, hash-chained per transaction, with the state that follows from them in the same transaction."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from edge.domain.alarm import Alarm
from edge.domain.fact import Fact, Seq
from edge.domain.instant import DAY
from edge.facade import AlarmQuery, CaseQuery, Page
from edge.store.alarm_rows import dump, find_alarm, find_alarms, open_alarms, put_alarms, shelved_alarms
from edge.store.audit import FactRow, VerifyReport, base_hash, link_fits, link_hash, note_hash, verify
from edge.store.case_rows import (
    Case,
    closed_cases,
    find_case,
    find_cases,
    open_cases,
    put_case_facts,
    put_cases,
)
from edge.store.migrations import JOURNAL
from edge.store.words import HASH, erase_words, parted, whole, words_hash
from edge.store.writer import Database, Loss, StoreError, peek

__all__ = [
    "AdoptedDevice",
    "Answer",
    "Entry",
    "Evaluated",
    "Journal",
    "JournalState",
    "VerifyReport",
    "verify",
]

_TAIL: Final = 64  # links of the chain that are verified at each start
RESTORED: Final = "restored"
"""Key of `meta`: this journal is of a backup, and what came of it has not been taken up by a hub yet."""
_UNREADABLE: Final = (StoreError, sqlite3.Error, ValueError, KeyError, TypeError)
_LEAP: Final = 1_000_000  # numbers skipped when it cannot be known how many were given


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The key of a delivery whose alarm-state reports were evaluated: a matching redelivery is not evaluated again."""

    source: str
    packet: int
    digest: bytes
    points: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AdoptedDevice:
    """A device that came over a trusted topic: device id, profile id, source id, address within the dialect."""

    id: str
    profile: str
    source: str
    address: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A request that was carried out, kept 24 h for its Idempotency-Key. digest: hash of the request; at: µs UTC.

    subject: what it was about: an alarm's id, or `<kind>/<id>` of a case, or "" for the desk.
    """

    key: str
    account: str
    digest: bytes
    subject: str
    at: int


@dataclass(slots=True)
class Entry:
    """One transaction: facts and the state that follows from them.

    alarms: changed rows of the state table. cases: those its facts are about, which the log of facts fills in.
    evaluated: keys of the reports evaluated in it.
    devices: adopted ones. answers: for Idempotency-Keys. renewed: sources whose session is new: their keys go first.
    settled: (source, packet, digest) of earlier such keys that no redelivery can match any more: they go too.
    lost: facts that were dropped before this entry while the journal was down; `alarms` and `cases` hold their rows.
    """

    facts: Sequence[Fact]
    alarms: Sequence[Alarm] = ()
    cases: Sequence[Case] = ()
    evaluated: Sequence[Evaluated] = ()
    devices: Sequence[AdoptedDevice] = ()
    answers: Sequence[Answer] = ()
    renewed: Sequence[str] = ()
    settled: Sequence[tuple[str, int, bytes]] = ()
    lost: int = 0


@dataclass(slots=True)
class JournalState:
    """What the journal held at the start.

    last: number of the newest fact. clean: the last stop left its mark. epochs: (epoch, its first number), ascending.
    shelved: closed ones that still carry the shelving of their key. restored: it is of a backup: the hub it was
    made of went on, and may have done what is still open here.
    set_aside: where a damaged file went; its open alarms were taken over as far as they could be read.
    error: why the file cannot be written yet.
    """

    epoch: int
    last: int
    clean: bool
    open_alarms: list[Alarm]
    evaluated: list[Evaluated]
    devices: list[AdoptedDevice]
    answers: list[Answer]
    epochs: list[tuple[int, int]]
    shelved: list[Alarm] = field(default_factory=list)
    open_cases: list[Case] = field(default_factory=list)
    restored: bool = False
    set_aside: Path | None = None
    error: StoreError | None = None


class Journal:
    """`journal.db`. Writes are transactions in one thread; every reading method runs on a snapshot of its own."""

    def __init__(self, path: Path, *, stamp: Callable[[], str] | None = None) -> None:
        self.path = path
        self._mark = path.with_name(path.name + ".epoch")  # survives a journal that does not
        self._db = Database(path, JOURNAL, opened=self._begin, stamp=stamp or _stamp)
        self._state: JournalState | None = None
        self._open: dict[str, Alarm] = {}  # what a new file would have to carry on with
        self._cases: dict[tuple[str, str], Case] = {}
        self._devices: dict[str, AdoptedDevice] = {}

    def open(self) -> JournalState:
        """Migrate, verify the end of the chain, load the state, open a new epoch where needed.

        Never raises: a damaged file is set aside; one that cannot be written now is written when it can be.
        """
        error = self._db.open()
        if error is not None or self._state is None:
            self._state = self._read_only_state()
            self._state.error = error
        self._state.set_aside = self._db.set_aside
        return self._state

    def glance(self) -> None:
        """Look whether the file is still there and whole, also while nothing is to be written."""
        self._db.glance()

    @property
    def losses(self) -> Sequence[Loss]:
        """How often it had to be begun anew, since the start."""
        return self._db.losses

    @property
    def blemish(self) -> str | None:
        """What of it a reader found damaged; the file is still written."""
        return self._db.blemish

    async def commit(self, entry: Entry) -> None:
        """Append one transaction; StoreError when it is not durable. Facts already in the journal are left out."""
        await self._db.write(lambda conn: self._append(conn, entry))

    async def taken_up(self) -> None:
        """What a backup left open has been taken up, and the facts of that are here."""
        await self._db.write(lambda conn: conn.execute("DELETE FROM meta WHERE key = ?", (RESTORED,)))

    async def close(self, *, clean: bool) -> None:
        """End; `clean` leaves the mark, so that the next start goes on with the same epoch."""
        if clean:
            with suppress(StoreError):  # then the next start opens a new epoch
                await self._db.write(lambda conn: _put_meta(conn, clean=1))
        self._db.close()

    async def erase(self, numbers: Sequence[int]) -> None:
        """Erase the words people added to these facts; the chain stays valid."""

        def erase(conn: sqlite3.Connection) -> None:
            conn.executemany("DELETE FROM texts WHERE number = ?", [(number,) for number in numbers])
            erase_words(conn, numbers)

        await self._db.write(erase)

    # -- reading

    async def facts(self, after: int, limit: int) -> list[Fact]:
        """Facts with a number above `after`, oldest first."""
        return await self._db.read(
            lambda conn: _facts(conn, "facts.number > ? ORDER BY facts.number LIMIT ?", (after, limit))
        )

    async def latest(self, before: int | None, limit: int, prefix: str = "") -> list[Fact]:
        """Newest first, below the number `before`, of kinds that start with `prefix`."""
        top = before if before is not None else 2**62
        where = "facts.number < ? AND substr(kind, 1, ?) = ? ORDER BY facts.number DESC LIMIT ?"
        return await self._db.read(lambda conn: _facts(conn, where, (top, len(prefix), prefix, limit)))

    async def story(self, alarm: str) -> list[Fact]:
        """All facts about one alarm, oldest first."""
        return await self._db.read(lambda conn: _facts(conn, "about = ? ORDER BY facts.number", (alarm,)))

    async def alarms(self, query: AlarmQuery) -> Page[Alarm]:
        """One page; ValueError when its cursor is none."""
        return await self._db.read(lambda conn: find_alarms(conn, query))

    async def alarm(self, id: str) -> Alarm | None:
        """One alarm, open or closed."""
        return await self._db.read(lambda conn: find_alarm(conn, id))

    async def cases(self, kind: str, query: CaseQuery) -> Page[Mapping[str, Any]]:
        """One page; ValueError when its cursor is none."""
        return await self._db.read(lambda conn: find_cases(conn, kind, query))

    async def case(self, kind: str, id: str) -> Mapping[str, Any] | None:
        """The body of one case."""
        return await self._db.read(lambda conn: find_case(conn, kind, id))

    async def closed_cases(self, kind: str, since: int) -> list[Case]:
        """Cases of a kind closed at `since` (µs UTC) or later, oldest first."""
        return await self._db.read(lambda conn: closed_cases(conn, kind, since))

    async def case_story(self, kind: str, id: str) -> list[Fact]:
        """All facts that carry one case, oldest first."""
        where = (
            "facts.number IN (SELECT number FROM case_facts WHERE kind = ? AND id = ?) ORDER BY facts.number"
        )
        return await self._db.read(lambda conn: _facts(conn, where, (kind, id)))

    # -- in the writer thread

    def _begin(self, conn: sqlite3.Connection) -> None:
        """After each opening: the first decides on the epoch; all remove the mark of a clean stop, durably."""
        meta = dict(conn.execute("SELECT key, value FROM meta").fetchall())
        fresh = not meta
        if not fresh:
            _check_tail(conn, meta)
        if self._state is None:
            self._state = self._first_state(conn, meta)
        elif fresh:
            carried = list(self._open.values()), list(self._cases.values()), list(self._devices.values())
            self._carry(conn, *carried, self._state.last)
        epoch, last = self._state.epoch, _last(conn)
        if conn.execute("SELECT 1 FROM epochs WHERE epoch = ?", (epoch,)).fetchone() is None:
            self._write_mark(epoch, last)
            conn.execute("INSERT INTO epochs VALUES (?, ?)", (epoch, last + 1))
            if all(begun != epoch for begun, _ in self._state.epochs):
                self._state.epochs.append((epoch, last + 1))
        _put_meta(conn, clean=0)

    def _first_state(self, conn: sqlite3.Connection, meta: dict[str, Any]) -> JournalState:
        marked, marked_last = self._read_mark()
        if not meta:
            state = self._salvage(marked, marked_last)
            self._carry(conn, state.open_alarms, state.open_cases, state.devices, state.last)
        else:
            state = _load(conn)
            if not state.clean or marked > state.epoch:
                state.epoch = max(state.epoch, marked) + 1
        self._open = {alarm.id: alarm for alarm in state.open_alarms}
        self._cases = {(case.kind, case.id): case for case in state.open_cases}
        self._devices = {device.id: device for device in state.devices}
        return state

    def _salvage(self, marked: int, marked_last: int) -> JournalState:
        """The state to begin a new file with: what can still be read of the one set aside, in a new epoch."""
        epoch, last = marked, marked_last + (_LEAP if marked else 0)
        state = JournalState(
            0, 0, clean=False, open_alarms=[], evaluated=[], devices=[], answers=[], epochs=[]
        )
        if self._db.set_aside is not None:
            try:
                state = peek(self._db.set_aside, _load)
                epoch, last = max(epoch, state.epoch), state.last
            except _UNREADABLE:
                with suppress(*_UNREADABLE):
                    peek(self._db.set_aside, lambda conn: _load_parts(conn, state))
        state.epoch, state.last, state.clean, state.epochs = epoch + 1, last, False, []
        return state

    def _read_only_state(self) -> JournalState:
        """The state of a file that cannot be written now, in an epoch that no other start takes.

        The mark of a clean stop cannot be removed, so the next start could not tell that this one ran.
        """
        marked, marked_last = self._read_mark()
        try:
            state = peek(self.path, _load)
        except _UNREADABLE:
            state = self._salvage(marked, marked_last)
        state.epoch = max(state.epoch, marked) + 1 + secrets.randbelow(_LEAP)
        state.epochs.append((state.epoch, state.last + 1))
        self._open = {alarm.id: alarm for alarm in state.open_alarms}
        self._cases = {(case.kind, case.id): case for case in state.open_cases}
        self._devices = {device.id: device for device in state.devices}
        return state

    def _carry(
        self,
        conn: sqlite3.Connection,
        alarms: Sequence[Alarm],
        cases: Sequence[Case],
        devices: Sequence[AdoptedDevice],
        last: int,
    ) -> None:
        """Begin a new file with the open alarms and cases of the former one."""
        self._db.saved = {"alarms": len(alarms), "cases": len(cases), "devices": len(devices)}
        rows = [(alarm.id, dump(alarm.to_dict())) for alarm in alarms]
        rows = sorted(rows + [(f"{case.kind}/{case.id}", dump(case.body)) for case in cases])
        conn.executemany("INSERT INTO carried VALUES (?, ?)", rows)
        put_alarms(conn, alarms)
        put_cases(conn, cases)
        _put_devices(conn, devices)
        _put_meta(conn, clean=0, last=last, base=base_hash(rows))

    def _append(self, conn: sqlite3.Connection, entry: Entry) -> None:
        last = _last(conn)
        facts = [fact for fact in entry.facts if fact.seq.number > last]
        if entry.lost:
            ids = dump([a.id for a in entry.alarms] + [f"{c.kind}/{c.id}" for c in entry.cases])
            before = facts[0].seq.number if facts else last + 1
            conn.execute("INSERT OR REPLACE INTO gaps VALUES (?, ?, ?)", (before, entry.lost, ids))
        texts: Mapping[int, str] = {}
        if facts:
            texts = _chain(conn, facts)
            put_case_facts(conn, facts)
        put_alarms(conn, entry.alarms)
        put_cases(conn, entry.cases, texts)
        _put_devices(conn, entry.devices)
        conn.executemany("DELETE FROM evaluated WHERE source = ?", [(source,) for source in entry.renewed])
        conn.executemany(
            "DELETE FROM evaluated WHERE source = ? AND packet = ? AND digest = ?", entry.settled
        )
        conn.executemany(
            "INSERT OR REPLACE INTO evaluated VALUES (?, ?, ?, ?)",
            [(key.source, key.packet, key.digest, dump(key.points)) for key in entry.evaluated],
        )
        for answer in entry.answers:
            conn.execute("DELETE FROM answers WHERE at < ?", (answer.at - DAY,))
            conn.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)",
                (answer.key, answer.account, answer.digest, answer.subject, answer.at),
            )
        self._devices.update((device.id, device) for device in entry.devices)
        for alarm in entry.alarms:
            if alarm.open:
                self._open[alarm.id] = alarm
            else:
                self._open.pop(alarm.id, None)
        for case in entry.cases:
            if case.body["open"]:
                self._cases[case.kind, case.id] = case
            else:
                self._cases.pop((case.kind, case.id), None)

    # -- the mark beside the journal: the newest epoch, and the last number when it began

    def _read_mark(self) -> tuple[int, int]:
        try:
            seq = Seq.parse(self._mark.read_text().strip())
        except (OSError, ValueError):
            return 0, 0
        return seq.epoch, seq.number

    def _write_mark(self, epoch: int, last: int) -> None:
        draft = self._mark.with_name(self._mark.name + ".new")
        with draft.open("w") as file:
            file.write(f"{Seq(epoch, last)}\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._mark)


def _stamp() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"


def _put_meta(conn: sqlite3.Connection, **values: Any) -> None:
    conn.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())


def _put_devices(conn: sqlite3.Connection, devices: Sequence[AdoptedDevice]) -> None:
    conn.executemany(
        "INSERT OR REPLACE INTO devices VALUES (?, ?, ?, ?)",
        [(device.id, device.profile, device.source, device.address) for device in devices],
    )


def _last(conn: sqlite3.Connection) -> int:
    """Number of the newest fact, or the one the file began after."""
    newest = conn.execute("SELECT max(number) FROM facts").fetchone()[0]
    return int(newest if newest is not None else _meta(conn, "last"))


def _meta(conn: sqlite3.Connection, key: str) -> Any:
    return conn.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0]


def _load(conn: sqlite3.Connection) -> JournalState:
    epochs = conn.execute("SELECT epoch, first FROM epochs ORDER BY epoch").fetchall()
    evaluated = conn.execute("SELECT source, packet, digest, points FROM evaluated")
    return JournalState(
        epoch=epochs[-1][0] if epochs else 0,
        last=_last(conn),
        clean=bool(_meta(conn, "clean")),
        open_alarms=open_alarms(conn),
        evaluated=[Evaluated(s, packet, digest, tuple(json.loads(p))) for s, packet, digest, p in evaluated],
        devices=_devices(conn),
        answers=[Answer(*row) for row in conn.execute("SELECT key, account, digest, alarm, at FROM answers")],
        epochs=epochs,
        shelved=shelved_alarms(conn),
        open_cases=open_cases(conn),
        restored=conn.execute("SELECT 1 FROM meta WHERE key = ?", (RESTORED,)).fetchone() is not None,
    )


def _devices(conn: sqlite3.Connection) -> list[AdoptedDevice]:
    return [AdoptedDevice(*row) for row in conn.execute("SELECT id, profile, source, address FROM devices")]


_PARTS: Final[Mapping[str, Callable[[sqlite3.Connection], Any]]] = {
    "open_alarms": open_alarms,
    "open_cases": open_cases,
    "shelved": shelved_alarms,
    "devices": _devices,
}


def _load_parts(conn: sqlite3.Connection, state: JournalState) -> None:
    """Of a damaged file, what is open as far as it can be read: a page that is gone must not take the rest along."""
    for name, part in _PARTS.items():
        with suppress(*_UNREADABLE):
            setattr(state, name, part(conn))


def _chain(conn: sqlite3.Connection, facts: Sequence[Fact]) -> Mapping[int, str]:
    """Append the facts of one transaction and the link over them; the texts of bodies kept as they are, by id()."""
    link = conn.execute("SELECT hash FROM chain ORDER BY first DESC LIMIT 1").fetchone()
    previous: bytes = link[0] if link is not None else _meta(conn, "base")
    rows: list[FactRow] = []
    abouts: list[str | None] = []
    texts: dict[int, str] = {}
    for fact in facts:
        note = None
        if fact.note is not None:
            text, salt = fact.note.encode(errors="replace").decode(), secrets.token_bytes(16)
            note = note_hash(salt, text)
            conn.execute("INSERT INTO texts VALUES (?, ?, ?)", (fact.seq.number, salt, text))
        plain, words = parted(fact.subject, fact.body)
        if words:
            text, salt = dump(words), secrets.token_bytes(16)
            plain = {**plain, HASH: words_hash(salt, text)}
            conn.execute("INSERT INTO words VALUES (?, ?, ?)", (fact.seq.number, salt, text))
        body = dump(plain)
        if plain is fact.body:
            texts[id(plain)] = body
        by = None if fact.by is None else fact.by.encode(errors="replace").decode()
        rows.append((fact.seq.number, fact.seq.epoch, fact.kind, fact.time, by, fact.subject, body, note))
        abouts.append(_about(fact))
    conn.executemany(
        "INSERT INTO facts (number, epoch, kind, time, by, subject, body, note, about) VALUES (?,?,?,?,?,?,?,?,?)",
        [(*row, about) for row, about in zip(rows, abouts, strict=True)],
    )
    bounds = facts[0].seq.number, facts[-1].seq.number
    conn.execute("INSERT INTO chain VALUES (?, ?, ?)", (*bounds, link_hash(previous, rows)))
    return texts


def _about(fact: Fact) -> str | None:
    """The alarm a fact tells of."""
    about = fact.body.get("id") if fact.subject == "alarm" else fact.body.get("alarm")
    return about if isinstance(about, str) else None


def _facts(conn: sqlite3.Connection, where: str, values: Sequence[Any]) -> list[Fact]:
    rows = conn.execute(
        "SELECT facts.number, epoch, kind, time, by, subject, body, texts.text, words.text FROM facts"  # noqa: S608 - fixed words
        " LEFT JOIN texts ON texts.number = facts.number LEFT JOIN words ON words.number = facts.number"
        f" WHERE {where}",
        values,
    )
    return [
        Fact(Seq(epoch, number), kind, time, by, subject, whole(json.loads(body), words), text)
        for number, epoch, kind, time, by, subject, body, text, words in rows
    ]


def _check_tail(conn: sqlite3.Connection, meta: dict[str, Any]) -> None:
    """Verify the newest links of the chain; StoreError("corrupt") when one does not fit."""
    links = conn.execute(
        "SELECT first, last, hash FROM chain ORDER BY first DESC LIMIT ?", (_TAIL + 1,)
    ).fetchall()
    links.reverse()
    previous: bytes = meta["base"]
    if len(links) > _TAIL:
        previous = links.pop(0)[2]
    for first, last, digest in links:
        rows = conn.execute(
            "SELECT number, epoch, kind, time, by, subject, body, note FROM facts WHERE number BETWEEN ? AND ?"
            " ORDER BY number",
            (first, last),
        ).fetchall()
        if not link_fits(previous, rows, digest):
            path = Path(conn.execute("PRAGMA database_list").fetchone()[2])
            raise StoreError("corrupt", path, f"the chain does not fit at fact {first}")
        previous = digest
