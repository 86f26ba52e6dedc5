"""Backups by plan: where they go, how they are called, which is due, which may go, and how they stand."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from edge.domain.instant import DAY, HOUR, SECOND
from edge.domain.names import Text

MISSED: Final = 2 * DAY
"""µs: a newest backup, or newest copy at a target, that is older has missed two of its days."""
REHEARSE_EVERY: Final = 7 * DAY - 12 * HOUR  # the rehearsal follows a backup, whose hour may move a little
_STAMP: Final = "%Y%m%dT%H%M%SZ"
_AHEAD: Final = DAY  # a name further in the future was given on a wrong clock
_NAME: Final = re.compile(r"(.+)-(\d{8}T\d{6}Z)\.backup(\.part)?")


@dataclass(frozen=True, slots=True)
class SftpTarget:
    """A folder of an SSH server. host_keys: as in `known_hosts`, without the host's name. One of the two files is set.

    key_file: a private key without a passphrase; password_file: its first line.
    """

    id: str
    host: str
    port: int
    user: str
    folder: str
    host_keys: tuple[str, ...]
    key_file: Path | None = None
    password_file: Path | None = None


@dataclass(frozen=True, slots=True)
class S3Target:
    """A bucket of an S3-compatible store. secret_file: its first line. prefix: "" or a path in the bucket.

    path_style: the bucket is part of the path and not of the host's name, as most stores of one's own want it.
    """

    id: str
    endpoint: str
    region: str
    bucket: str
    prefix: str
    access_key: str
    secret_file: Path
    path_style: bool = True
    ca: Path | None = None


Target = SftpTarget | S3Target


@dataclass(frozen=True, slots=True)
class BackupPlan:
    """One backup a day into a folder, then to each target. at: the site's local time.

    keep: how many stay, in the folder and at each target, beside what is held. own_disk: the folder may be on the
    hub's own disk.
    """

    folder: Path
    at: time
    keep: int = 7
    passphrase_file: Path | None = None
    own_disk: bool = False
    targets: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A try to bring a backup back. at: µs UTC. detail: what came back, or what was wrong with it."""

    at: int
    ok: bool
    detail: Text


@dataclass(frozen=True, slots=True)
class KeptBackup:
    """One backup. made_at: µs UTC by its name; where: "folder" and ids of targets that have it; size: bytes.

    problem: why a target has it not, or what its journal had when it was made.
    """

    name: str
    made_at: int
    size: int
    where: Sequence[str]
    by: str | None = None
    rehearsal: Rehearsal | None = None
    problem: Text | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """Names of backups from before the journal was lost at `at` (µs UTC), which stay until a person lets them go."""

    at: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BackupJob:
    """What is being done just now. step: making, copying (target: to which) or rehearsing. since: µs UTC.

    done: bytes so far of about `all`, None where that is not known.
    """

    step: Literal["making", "copying", "rehearsing"]
    name: str
    by: str | None
    since: int
    target: str | None = None
    done: int = 0
    all: int | None = None


@dataclass(frozen=True, slots=True)
class BackupState:
    """How backups stand. folder: "" where none are planned. kept: newest first; next_due: µs UTC.

    trouble: why the last try failed, None when it did not. waits: why nothing is begun, though it may be due.
    held: names that stay since the journal was lost at `held_since` (µs UTC), beside those that are kept anyway.
    """

    folder: str = ""
    own_disk: bool = False
    sealed: bool = False
    targets: Sequence[str] = ()
    kept: Sequence[KeptBackup] = ()
    last_rehearsal: Rehearsal | None = None
    next_due: int | None = None
    job: BackupJob | None = None
    trouble: Text | None = None
    waits: Text | None = None
    held: Sequence[str] = ()
    held_since: int | None = None


class Named(NamedTuple):
    """A file of the folder or of a target. at: µs UTC, by its name; part: half-written."""

    name: str
    at: int
    part: bool = False


@dataclass(frozen=True, slots=True)
class Sorted:
    """What lies at a place: kept, oldest first; go: names beyond those, to be deleted."""

    kept: Sequence[Named] = field(default=())
    go: Sequence[str] = field(default=())


def name_of(site: str, utc: int) -> str:
    """What a backup begun at `utc` (µs) is called."""
    return f"{site}-{datetime.fromtimestamp(utc // SECOND, UTC):{_STAMP}}.backup"


def named(site: str, names: Iterable[str]) -> list[Named]:
    """Those of `names` that are backups of this site, oldest first."""
    found = []
    for name in names:
        match = _NAME.fullmatch(name)
        if match is None or match[1] != site:
            continue
        try:
            moment = datetime.strptime(match[2], _STAMP).replace(tzinfo=UTC)
        except ValueError:
            continue
        found.append(Named(name, int(moment.timestamp()) * SECOND, match[3] is not None))
    return sorted(found, key=lambda one: one.at)


def whole(found: Iterable[Named], utc: int | None) -> list[Named]:
    """Finished ones whose time may be right: one far ahead was named on a wrong clock, and counts for nothing.

    utc: None while the clock is in doubt, which may be years behind them all.
    """
    return [one for one in found if not one.part and (utc is None or one.at <= utc + _AHEAD)]


def sort_out(found: Iterable[Named], utc: int, keep: int, held: Collection[str] = ()) -> Sorted:
    """What stays of a place. Asked only by a clock that is certain, and after a new one is there.

    held: names that stay beside the newest `keep`.
    """
    found = list(found)
    there = whole(found, utc)
    old = there[:-keep]
    go = [one.name for one in old if one.name not in held] + [one.name for one in found if one.part]
    return Sorted([one for one in old if one.name in held] + there[-keep:], go)


def last_due(utc: int, at: time, zone: tzinfo) -> int:
    """µs UTC at which one was last due, by the site's clocks."""
    local = datetime.fromtimestamp(utc / SECOND, zone)
    due = local.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    if due > local:
        due -= timedelta(days=1)
    return int(due.timestamp()) * SECOND


def next_due(utc: int, newest: int | None, at: time, zone: tzinfo) -> int:
    """µs UTC of the next one; in the past where one is due."""
    last = last_due(utc, at, zone)
    if newest is None or newest < last:
        return last
    following = datetime.fromtimestamp(last / SECOND, zone) + timedelta(days=1)
    return int(following.timestamp()) * SECOND


def rehearsal_due(utc: int, last: Rehearsal | None) -> bool:
    """Whether the newest backup is to be tried. One that failed is tried again with the next backup."""
    return last is None or not last.ok or utc - last.at >= REHEARSE_EVERY or last.at > utc + _AHEAD


def text_of(value: Mapping[str, Any]) -> Text:
    """As `Text.to_dict` wrote it."""
    return Text(str(value["zh"]), str(value["en"]))
