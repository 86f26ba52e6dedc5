"""Making a backup beside a running hub: snapshots of all stores first, then one stream into one file.

The order makes it whole: the stores' snapshots (`tables.STORES` says why in that order), and after the journal's the
files of evidence: a picture is durable before a fact speaks of it, so each one the journal knows is there, unless its
time was over. Memory does not grow with the stores.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import sqlite3
import stat
import tomllib
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from edge import __version__
from edge.backup.chain import problems_of, seal_of
from edge.backup.packing import Packer
from edge.backup.tables import STORES, Snapshot, Tally
from edge.backup.trouble import BackupError, reading, writing
from edge.domain.instant import to_rfc3339
from edge.lock import SITE_PATH
from edge.store.disk import disk_space, reserve_of
from edge.store.writer import sync_folder

FORMAT: Final = 1
HEAD: Final = "head.json"
MANIFEST: Final = "manifest.json"
KEY: Final = "codes.key"
_LEFT: Final = "an earlier backup of that name is untouched"
_LOOK: Final = 8 << 20  # bytes between two looks at the room that is left


@dataclass(frozen=True, slots=True)
class Order:
    """What to back up, and where to. site: None where the data folder knows it. now: µs UTC."""

    file: Path
    data: Path
    site: Path | None
    passphrase: bytes | None
    now: int


@dataclass(slots=True)
class Made:
    """What is in it. missing: stores that were not there; problems: of the journal, which was damaged before."""

    size: int = 0
    sha256: str = ""
    facts: int = 0
    readings: int = 0
    pictures: int = 0
    missing: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def make(order: Order, wrote: Callable[[int], None] = lambda _bytes: None) -> Made:
    """Make it; BackupError, and then an earlier file of that name is as it was. wrote: told the bytes so far."""
    site = site_of(order.data) if order.site is None else order.site
    if not (site / "site.toml").is_file():
        raise BackupError("missing", f"there is no site.toml in {site}: give the site's folder with --site")
    if not (order.data / "journal.db").is_file():
        raise BackupError(
            "missing", f"there is no journal in {order.data}: give the folder that `edge-hub run --data` has"
        )
    if order.file.is_dir():
        raise BackupError("io", f"{order.file} is a folder: give the name of a file in it")
    if not order.file.parent.is_dir():
        raise BackupError(
            "no_folder", f"there is no folder {order.file.parent}: plug the medium in, or make the folder"
        )
    part = order.file.with_name(order.file.name + ".part")
    try:
        flags = (
            os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        )  # root may write where the hub's user may lay links
        out = os.fdopen(os.open(part, flags, 0o600), "r+b", buffering=0)
    except OSError as error:
        raise writing(error, part, _LEFT) from error
    with out:
        try:
            fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError("busy", f"another backup into {order.file} is under way: wait for it") from None
        try:
            target = _Target(out, order, wrote)
            made = _write(order, site, target)
            os.fsync(out.fileno())
            part.replace(order.file)
            sync_folder(order.file.parent)
        except BaseException as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise writing(error, order.file, _LEFT) from error
            if isinstance(error, sqlite3.Error):
                raise BackupError("damaged", f"the journal cannot be read ({error}); {_LEFT}") from error
            raise
    made.size, made.sha256 = target.size, target.digest.hexdigest()
    return made


def site_of(data: Path) -> Path:
    """The folder of the site, as the data folder knows it."""
    try:
        return Path((data / SITE_PATH).read_text("utf-8").strip())
    except (OSError, UnicodeDecodeError):
        return data / "site"


class _Target:
    """The draft, from its beginning. On the hub's own disk it stops before it takes the room the journal needs."""

    def __init__(self, out: IO[bytes], order: Order, wrote: Callable[[int], None]) -> None:
        out.truncate(0)
        self.size = 0
        self.digest = hashlib.sha256()
        self._out, self._folder, self._wrote = out, order.file.parent, wrote
        self._own = self._folder.stat().st_dev == order.data.stat().st_dev
        self._look = 0

    def write(self, piece: bytes) -> None:
        if self.size >= self._look:
            self._look = self.size + _LOOK
            self._wrote(self.size)
            total, free = disk_space(self._folder)
            if self._own and free < reserve_of(total) + _LOOK:
                raise BackupError(
                    "space",
                    f"{self._folder} is on the hub's own disk, whose last room belongs to the journal: "
                    f"free some space or use another disk; {_LEFT}",
                )
        rest = memoryview(piece)
        while rest:
            rest = rest[self._out.write(rest) :]
        self.size += len(piece)
        self.digest.update(piece)


def _write(order: Order, site: Path, target: _Target) -> Made:
    made = Made()
    with ExitStack() as stack:
        snapshots: dict[str, Snapshot] = {}
        for name in STORES:
            path = order.data / f"{name}.db"
            if not path.is_file():
                made.missing.append(name)
                continue
            snapshots[name] = Snapshot(name, path)
            stack.callback(snapshots[name].close)
            if snapshots[name].version > len(STORES[name]):
                raise BackupError(
                    "newer", f"{path} is of a newer edge-hub than this one ({__version__}): use that one"
                )
        head = {
            "edge-hub-backup": FORMAT,
            "hub": __version__,
            "site": _site_id(site),
            "made_at": to_rfc3339(order.now),
            "stores": {
                name: {"schema": one.version, "columns": one.columns} for name, one in snapshots.items()
            },
        }
        packer = Packer(target.write, order.passphrase)
        packer.add(HEAD, dumped(head))
        manifest: dict[str, Any] = {"tables": {}, "files": {}, "journal": seal_of(snapshots["journal"].conn)}
        if snapshots["journal"].version == len(STORES["journal"]):
            made.problems = problems_of(snapshots["journal"].conn)
        manifest["journal"]["problems"] = made.problems
        _files(packer, "site", site, manifest["files"], {order.file, target_part(order.file)}, links=True)
        _files(packer, "evidence", order.data / "evidence", manifest["files"], set(), links=False)
        if (order.data / KEY).is_file():
            _file(packer, KEY, order.data / KEY, manifest["files"])
        for name, one in reversed(snapshots.items()):  # the telemetry, by far the longest, towards the end
            manifest["tables"][name] = _store(packer, one)
        packer.add(MANIFEST, dumped({**head, **manifest}))
        packer.finish()
    made.facts = manifest["journal"]["facts"]
    tables = manifest["tables"].get("telemetry", {})
    made.readings = sum(tables[name]["rows"] for name in ("tail", "history") if name in tables)
    made.pictures = sum(name.startswith("evidence/") for name in manifest["files"])
    return made


def target_part(file: Path) -> Path:
    """The draft's name."""
    return file.with_name(file.name + ".part")


def dumped(value: Mapping[str, Any]) -> bytes:
    """JSON as the archive has it."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _store(packer: Packer, one: Snapshot) -> dict[str, Any]:
    tallies = {}
    for table in one.columns:
        tally = tallies[table] = Tally()
        for number, (rows, packed) in enumerate(one.rows(table)):
            tally.add(rows, packed)
            packer.add(f"{one.name}/{table}/{number:08}.msgpack", packed)
    return {table: tally.to_dict() for table, tally in tallies.items()}


def _files(
    packer: Packer, top: str, folder: Path, said: dict[str, Any], without: set[Path], *, links: bool
) -> None:
    """All files of a folder, by name; half-written ones stay out. links: those to a file are followed."""
    if not folder.is_dir():
        return
    if not links and folder.is_symlink() and folder.lstat().st_uid not in {0, os.geteuid()}:
        raise BackupError(
            "io", f"{folder} is a link that is neither root's nor yours: look who laid it; {_LEFT}"
        )
    start = folder.resolve()
    for place, folders, files, opened in os.fwalk(start):
        folders.sort()
        for name in sorted(files):
            inside = Path(place, name).relative_to(start)
            path = folder / inside
            if path.suffix != ".part" and path not in without:
                _file(packer, f"{top}/{inside.as_posix()}", path, said, links=links, within=opened)


def _file(
    packer: Packer,
    name: str,
    path: Path,
    said: dict[str, Any],
    *,
    links: bool = False,
    within: int | None = None,
) -> None:
    """within: its folder, opened. What the hub's user may lay is no way for root's backup to other files."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | (0 if links else os.O_NOFOLLOW)
    try:
        file = os.fdopen(os.open(path if within is None else path.name, flags, dir_fd=within), "rb")
    except FileNotFoundError:
        return  # its time was over meanwhile
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO}:  # a link, a socket: no files of the hub
            return
        raise reading(error, path) from error
    with file:
        found = os.fstat(file.fileno())
        if stat.S_ISREG(found.st_mode):
            digest = packer.stream(name, file, found.st_size, found.st_mode)
            said[name] = {"bytes": found.st_size, "sha256": digest}


def _site_id(site: Path) -> str | None:
    """The id in site.toml; None where it cannot be read: a backup is made all the same."""
    try:
        found = tomllib.loads((site / "site.toml").read_text("utf-8"))["site"]["id"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) else None
