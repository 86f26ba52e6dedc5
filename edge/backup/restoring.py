"""Restoring a backup into an empty folder: all of it is unpacked and verified aside, then moved into its place.

Until the end the folder holds `restoring/`, and no hub starts on it: a hub on half a backup would begin a journal of
its own. Killed midway, the same command begins again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from edge import __version__
from edge.backup.chain import problems_of, seal_of
from edge.backup.making import FORMAT, HEAD, KEY, MANIFEST
from edge.backup.packing import Member, members
from edge.backup.tables import STORES, Refill
from edge.backup.trouble import BackupError, reading, writing
from edge.domain.fact import Seq
from edge.domain.instant import from_rfc3339
from edge.lock import RESTORING
from edge.store.journal import RESTORED
from edge.store.writer import store_error, sync_folder

_LARGEST: Final = 1 << 28  # bytes of a member that is read as a whole
_ROWS: Final = re.compile(r"(accounts|telemetry|journal)/(\w+)/\d{8}\.msgpack")
_EPOCHS: Final = (
    1_000_000  # among which the new one is drawn: the hub that was may have begun some since the backup
)
_AGAIN: Final = "nothing was restored"
_MOVING: Final = "moving"  # below the draft: which folder of a site is being filled


@dataclass(frozen=True, slots=True)
class Asked:
    """What to restore, and where to. now: µs UTC. by: who asked, for the journal."""

    file: Path
    data: Path
    site: Path
    passphrase: bytes | None
    now: int
    by: str


@dataclass(slots=True)
class Restored:
    """What came back. problems: of the journal, which the backup was made with already."""

    made_at: str = ""
    hub: str = ""
    site: str | None = None
    facts: int = 0
    readings: int = 0
    files: int = 0
    problems: list[str] = field(default_factory=list)


def restore(asked: Asked) -> Restored:
    """Bring it all back; BackupError, and then no hub starts on the folder unless it is empty again."""
    draft = asked.data / RESTORING
    if asked.file.is_dir():
        raise BackupError("io", f"{asked.file} is a folder: give the file of a backup in it")
    try:
        file = asked.file.open("rb")
    except OSError as error:
        raise reading(error, asked.file) from error
    with file, _alone(asked.data):
        _check_empty(asked, draft)
        try:
            draft.mkdir()
            unpacked = unpack(file, draft, asked.passphrase)
            restored = finish(unpacked, draft, asked)
            _move(draft, asked)
        except BackupError as error:
            _clear(draft)
            raise BackupError(error.trouble, f"{asked.file}: {error}; {_AGAIN}") from error
        except (OSError, sqlite3.Error) as error:
            _clear(draft)
            if isinstance(error, OSError):
                raise writing(error, asked.data, _AGAIN) from error
            full = store_error(error, asked.data / "journal.db").trouble == "full"
            sentence = f"{asked.data} cannot be written ({error}); {_AGAIN}"
            raise BackupError("space" if full else "io", sentence) from error
    return restored


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Make the folder where it is missing, and hold it against another restore."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        opened = os.open(data, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise writing(error, data, _AGAIN) from error
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError("busy", f"another restore into {data} is under way: wait for it") from None
        yield
    finally:
        os.close(opened)


@dataclass(slots=True)
class Unpacked:
    """A backup below a draft folder, compared with its manifest; the stores are open."""

    manifest: Mapping[str, Any]
    stores: dict[str, Refill]


def unpack(file: IO[bytes], draft: Path, passphrase: bytes | None, *, pictures: bool = True) -> Unpacked:
    """Unpack into an empty folder and hold everything against the manifest; BackupError.

    pictures: whether those of the evidence stay there; they are read and compared in any case.
    """
    with ExitStack() as stack:
        read = members(file, passphrase)
        head = _head(next(read, None))
        stores: dict[str, Refill] = {}
        for name, store in head["stores"].items():
            stores[name] = Refill(name, draft / f"{name}.db", store["schema"], store["columns"])
            stack.callback(stores[name].close)
        files: dict[str, Any] = {}
        manifest: dict[str, Any] | None = None
        for member in read:
            if manifest is not None:
                raise BackupError("damaged", "it goes on after its end: take another backup")
            if (match := _ROWS.fullmatch(member.name)) and match[1] in stores:
                stores[match[1]].put(match[2], member.read(_LARGEST))
            elif member.name == MANIFEST:
                manifest = _json(member)
            else:
                files[member.name] = _keep(member, draft, pictures or not member.name.startswith("evidence/"))
        tables = {
            name: {table: tally.to_dict() for table, tally in store.tallies.items()}
            for name, store in stores.items()
        }
        found = {**head, "tables": tables, "files": files}
        if manifest is None or {key: manifest.get(key) for key in found} != found:
            raise BackupError("damaged", "what it holds is not what its list says: take another backup")
        if "journal" not in stores or not isinstance(manifest.get("journal"), dict):
            raise BackupError("damaged", "it has no journal: take another backup")
        stack.pop_all()
    return Unpacked(manifest, stores)


def finish(unpacked: Unpacked, draft: Path, asked: Asked) -> Restored:
    """Migrate and verify the stores, and make them those of a restored hub."""
    manifest = unpacked.manifest
    restored = Restored(manifest["made_at"], manifest["hub"], manifest["site"])
    body = {"made_at": manifest["made_at"], "hub": manifest["hub"], "seq": manifest["journal"]["last"]}
    with ExitStack() as stack:
        conns = {}
        for store in unpacked.stores.values():
            stack.callback(store.close)
        for name, store in unpacked.stores.items():
            conns[name] = store.finish()
            if (found := conns[name].execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise BackupError("damaged", f"its {name} is damaged ({found}): take another backup")
        restored.problems = _verify_journal(conns["journal"], manifest["journal"])
        _open_later(conns["journal"], draft / "journal.db.epoch")
        if "accounts" in conns:
            # the hub journals what it finds there, as it does with changes of accounts
            conns["accounts"].execute(
                "INSERT INTO account_log (kind, by, body, at) VALUES ('hub.restored', ?, ?, ?)",
                (asked.by, json.dumps(body, ensure_ascii=False), asked.now),
            )
        for conn in conns.values():
            conn.execute("PRAGMA journal_mode=WAL")
    for name in unpacked.stores:
        with (draft / f"{name}.db").open("rb") as file:
            os.fsync(file.fileno())
    restored.facts = manifest["journal"]["facts"]
    tables = manifest["tables"].get("telemetry", {})
    restored.readings = sum(tables[name]["rows"] for name in ("tail", "history") if name in tables)
    restored.files = len(manifest["files"])
    return restored


def _head(member: Member | None) -> dict[str, Any]:
    """The head, of a form this program knows."""
    if member is None or member.name != HEAD:
        raise BackupError("foreign", "it is no backup of an edge-hub")
    head = _json(member)
    number = head.get("edge-hub-backup")
    if not isinstance(number, int):
        raise BackupError("foreign", "it is no backup of an edge-hub")
    hub = head.get("hub")
    if number > FORMAT or any(
        name not in STORES or schema > len(STORES[name]) for name, schema in _schemas(head).items()
    ):
        raise BackupError(
            "newer",
            f"a newer edge-hub ({hub}) made it, this one is {__version__}: install that version first",
        )
    return head


def _schemas(head: Mapping[str, Any]) -> dict[str, int]:
    """The version of each store's schema; all that is read of a head later on is looked at here."""
    try:
        from_rfc3339(head["made_at"])
        columns = [one for store in head["stores"].values() for one in store["columns"].values()]
        schemas = {name: int(store["schema"]) for name, store in head["stores"].items()}
        sound = isinstance(head["hub"], str) and isinstance(head["site"], str | None)
    except (KeyError, TypeError, ValueError, AttributeError):
        sound, columns, schemas = False, [], {}
    if not sound or min(schemas.values(), default=0) < 0 or not all(isinstance(o, list) for o in columns):
        raise BackupError("damaged", "its head is damaged: take another backup")
    return schemas


def _json(member: Member) -> dict[str, Any]:
    try:
        found = json.loads(member.read(_LARGEST))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BackupError("damaged", f"its {member.name} is damaged: take another backup")
    return found


def _keep(member: Member, draft: Path, stays: bool) -> dict[str, Any]:
    """One file as it stood, below the draft if it stays."""
    parts = PurePosixPath(member.name).parts
    plain = "/".join(parts) == member.name and not {"", ".", ".."} & set(parts) and "\0" not in member.name
    if not plain or (member.name != KEY and (parts[0] not in {"site", "evidence"} or len(parts) == 1)):
        raise BackupError("foreign", f"it is no backup of an edge-hub: {member.name!r} has no place in one")
    digest = hashlib.sha256()
    if not stays:
        for piece in member.pieces():
            digest.update(piece)
        return {"bytes": member.size, "sha256": digest.hexdigest()}
    path = draft / member.name
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        for piece in member.pieces():
            file.write(piece)
            digest.update(piece)
        file.flush()
        os.fchmod(file.fileno(), member.mode)
        os.fsync(file.fileno())
    return {"bytes": member.size, "sha256": digest.hexdigest()}


def _verify_journal(conn: sqlite3.Connection, said: Mapping[str, Any]) -> list[str]:
    """Hold the chain against its seal and verify all of it; what was wrong at the backup is no news."""
    if any(said.get(key) != value for key, value in seal_of(conn).items()):
        raise BackupError("damaged", "its journal is not the one it was made of: take another backup")
    known = said.get("problems") or []
    found = problems_of(conn)
    if news := [problem for problem in found if problem not in known]:
        raise BackupError("damaged", f"its journal does not verify ({news[0]}): take another backup")
    return found


def _open_later(conn: sqlite3.Connection, mark: Path) -> None:
    """Let the next start open an epoch that the hub which was cannot have taken, and know what it is."""
    epoch = conn.execute("SELECT max(epoch) FROM epochs").fetchone()[0] or 0
    last = conn.execute("SELECT max(number) FROM facts").fetchone()[0] or 0
    conn.execute("INSERT OR REPLACE INTO meta VALUES ('clean', 0), (?, 1)", (RESTORED,))
    with mark.open("w") as file:
        file.write(f"{Seq(epoch + 1 + secrets.randbelow(_EPOCHS), last)}\n")
        file.flush()
        os.fsync(file.fileno())


def _check_empty(asked: Asked, draft: Path) -> None:
    """Refuse folders that hold something, but for what an earlier try of this left."""
    try:
        there = _names(asked.data)
        if RESTORING in there:
            begun = _filled(draft)
            if begun is not None and begun != asked.site.resolve():
                raise BackupError(
                    "not_empty",
                    f"an earlier restore into {asked.data} was cut off while it filled {begun}: "
                    f"give that as --site again, or move {begun} and {draft} away",
                )
            moved = {f"{name}.db" for name in STORES} | {"journal.db.epoch", KEY, "evidence"}
            if not (others := there - moved - {RESTORING, asked.site.name}):
                for name in moved & there:
                    _clear(asked.data / name)
                if begun is not None:
                    _clear(begun, inside=True)
                _clear(draft)
                there = _names(asked.data)
            else:
                there = others
        if asked.site.parent == asked.data:
            there.discard(asked.site.name)
        if there:
            raise BackupError(
                "not_empty", f"{asked.data} is not empty ({min(there)}): give a new folder, or move that away"
            )
        if held := _names(asked.site):
            raise BackupError(
                "not_empty", f"{asked.site} is not empty ({min(held)}): give a new folder, or move that away"
            )
    except OSError as error:
        raise writing(error, asked.data, _AGAIN) from error


def _filled(draft: Path) -> Path | None:
    """The site's folder an earlier try had begun to fill; None where it had not, and where it was cut off before."""
    try:
        said = (draft / _MOVING).read_bytes()
    except FileNotFoundError:
        return None
    return Path(os.fsdecode(said)) if said else None


def _names(folder: Path) -> set[str]:
    """What is in a folder, which may be missing."""
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def _move(draft: Path, asked: Asked) -> None:
    """Everything into its place; the journal last of all."""
    # from here on a further try may clear this folder of a site, which was empty, and no other
    with (draft / _MOVING).open("wb") as file:
        file.write(os.fsencode(asked.site.resolve()))
        file.flush()
        os.fsync(file.fileno())
    sync_folder(draft)
    owner = asked.site if asked.site.exists() else asked.site.parent
    asked.site.mkdir(parents=True, exist_ok=True)
    _own(draft, asked.data)
    if (draft / "site").is_dir():
        for path in sorted((draft / "site").rglob("*")):
            target = asked.site / path.relative_to(draft / "site")
            if path.is_dir():
                target.mkdir(exist_ok=True)
                continue
            shutil.copy2(path, target)
            with target.open("rb") as file:
                os.fsync(file.fileno())
        _own(asked.site, owner)
    for name in ("evidence", KEY, "accounts.db", "telemetry.db", "journal.db.epoch", "journal.db"):
        if (draft / name).exists():
            (draft / name).rename(asked.data / name)
    for folder in (asked.site, asked.data / "evidence"):
        for place, _, _ in os.walk(folder):
            sync_folder(Path(place))
    sync_folder(asked.data)
    _clear(draft)
    sync_folder(asked.data)


def _own(top: Path, like: Path) -> None:
    """Give all below a folder, and itself, to the owner of another: root restores for the hub's own user."""
    if os.geteuid() != 0:
        return
    owner = like.stat()
    for path in (top, *top.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _clear(path: Path, *, inside: bool = False) -> None:
    """Remove a file or a folder, or what is inside of one."""
    if inside:
        for one in path.iterdir() if path.is_dir() else ():
            _clear(one)
    elif path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
