"""A rehearsal: a backup is brought back into a scratch folder, verified, taken up as a start does, and taken away.

The scratch folder is below the data folder, which only the hub reads, and not on the medium: what is in it is not
sealed. Pictures are read and compared, but not written. In a child, for it computes for as long as a restore does.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.alarm.engine import AlarmEngine
from edge.backup.restoring import Asked, Restored, finish, unpack
from edge.backup.sweeping import sweep
from edge.backup.tables import STORES
from edge.backup.trouble import BackupError, reading, writing
from edge.domain.fact import Numbering
from edge.domain.instant import Instant, from_rfc3339
from edge.domain.site import Site
from edge.ingest.binding import Directory
from edge.lock import REHEARSAL
from edge.store.disk import disk_space, reserve_of
from edge.store.journal import Journal, JournalState

_ROOM: Final = 64 << 20  # bytes beside the stores: the site's folder, and what they grow meanwhile


@dataclass(frozen=True, slots=True)
class Trial:
    """file: the backup; data: the hub's own folder; now: µs UTC. site: reads a site's folder, BackupError "site"."""

    file: Path
    data: Path
    passphrase: bytes | None
    now: int
    site: Callable[[Path], Site]


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What came back. alarms, cases: open ones, the same by the rows, by the facts and by the engine."""

    made_at: str
    facts: int
    readings: int
    files: int
    alarms: int
    cases: int


def rehearse(trial: Trial) -> Rehearsed:
    """Try a backup; BackupError says what is wrong with it. Nothing of it stays."""
    scratch = trial.data / REHEARSAL
    sweep(trial.data)
    _room(trial.data)
    try:
        file = trial.file.open("rb")
    except OSError as error:
        raise reading(error, trial.file) from error
    with file:
        try:
            scratch.mkdir(mode=0o700)
            unpacked = unpack(file, scratch, trial.passphrase, pictures=False)
            asked = Asked(trial.file, scratch, scratch / "site", trial.passphrase, trial.now, "cli:rehearsal")
            restored = finish(unpacked, scratch, asked)
            return _take_up(trial, scratch, restored)
        except OSError as error:
            raise writing(error, scratch, "nothing was tried") from error
        except sqlite3.Error as error:
            raise BackupError("damaged", f"what came back cannot be read ({error})") from error
        finally:
            sweep(trial.data)


def _room(data: Path) -> None:
    """Enough for the stores as they are now, beside what belongs to the journal: nothing is dropped for a rehearsal."""
    need = _ROOM + sum(
        (data / f"{name}.db").stat().st_size for name in STORES if (data / f"{name}.db").exists()
    )
    total, free = disk_space(data)
    if free < need + reserve_of(total):
        raise BackupError(
            "space",
            f"a rehearsal needs {need >> 20} MB on the hub's disk beside the journal's reserve,"
            f" {free >> 20} MB are free",
        )


def _take_up(trial: Trial, scratch: Path, restored: Restored) -> Rehearsed:
    """Start on it, as far as the line: the site's folder, the journal, the engine and what is open."""
    if restored.problems:
        raise BackupError("replay", f"its journal had this when it was backed up: {restored.problems[0]}")
    site = trial.site(scratch / "site")
    with closing(sqlite3.connect(scratch / "journal.db")) as conn:
        alarms = {id for (id,) in conn.execute("SELECT id FROM alarms WHERE open = 1")}
        cases = {tuple(row) for row in conn.execute("SELECT kind, id FROM cases WHERE open = 1")}
    state = asyncio.run(_opened(scratch / "journal.db"))
    directory = Directory(list(site.devices.values()), site.profiles)
    for row in state.devices:
        if row.id not in directory.devices and row.profile in site.profiles:
            directory.adopt(row.address, row.profile)
    engine = AlarmEngine(directory.points.values(), site.rules, Numbering(state.epoch, state.last))
    engine.restore([*state.open_alarms, *state.shelved], Instant(from_rfc3339(restored.made_at), 0))
    if state.set_aside is not None:
        raise BackupError("replay", "the journal that came back was set aside as damaged")
    if news := sorted(set(engine.open()) ^ alarms):
        raise BackupError("replay", f"{len(news)} alarms are open in one and not in the other ({news[0]})")
    if lost := sorted({(case.kind, case.id) for case in state.open_cases} ^ cases):
        raise BackupError("replay", f"{len(lost)} cases are open in one and not in the other ({lost[0][1]})")
    return Rehearsed(
        restored.made_at, restored.facts, restored.readings, restored.files, len(alarms), len(cases)
    )


async def _opened(path: Path) -> JournalState:
    journal = Journal(path)
    try:
        return journal.open()
    finally:
        await journal.close(clean=True)
