"""The data folder: are the stores whole, why was the hub started, what went wrong last. Nothing is written."""

from __future__ import annotations

import fcntl
import re
import sqlite3
import time
from collections import deque
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from edge.lock import RESTORING
from edge.logbook import FILES
from edge.machine.starts import FILE, kept_starts, last_run
from edge.tools.checkup.report import Findings, Level, within

STORES: Final = ("journal", "telemetry", "accounts")
PATIENCE: Final = 5.0  # seconds for the look into one store
_OPENING: Final = 1.5  # seconds more, to open it and to wait for a lock
_STEPS: Final = 50_000  # of SQLite, between two looks at the time
_ANEW: Final = "the hub begins a new one at its start: restore a backup to have what was in it"
_SHOWN: Final = 20  # lines of the log
_SERIOUS: Final = re.compile(r"^\S+ \S+ (?:WARNING|ERROR|CRITICAL) ")


def stores(data: Path) -> Findings:
    """A quick look into each."""
    if not data.is_dir():
        yield Level.FAILED, "data", f"there is no folder {data}: give --data, or start the hub once"
        return
    names = sorted(path.name for path in data.iterdir())  # of an unreadable folder this says so
    if RESTORING in names:
        yield Level.FAILED, "restore", "half a backup is here: run `edge-hub restore` again, to its end"
    for name in STORES:
        path = data / f"{name}.db"
        begun = f"{path.name}.begun" in names  # there was one: see edge.store.writer
        if path.name not in names and begun:
            yield Level.FAILED, name, f"is gone, and was there; {_ANEW}"
        elif path.name not in names:
            yield Level.WARN, name, "is not there; the hub makes a new one at its start"
        elif begun and path.is_file() and path.stat().st_size == 0:
            yield Level.FAILED, name, f"is empty, and was not; {_ANEW}"
        else:
            yield from within(PATIENCE + _OPENING, name, partial(_look, name, path))
    for name in names:
        if name.endswith(".corrupt"):
            size = (data / name).stat().st_size
            yield (
                Level.WARN,
                name,
                f"was set aside as damaged, {size >> 10} KiB; delete it when nobody needs it",
            )


def _look(name: str, path: Path) -> Findings:
    yield _looked_at(name, path)


def _looked_at(name: str, path: Path) -> tuple[Level, str, str]:
    size = f"{path.stat().st_size / 1e6:.1f} MB"
    # A store nobody has open is read without a lock file, which a read-only disk could not take.
    mode = "mode=ro" if path.with_name(path.name + "-wal").exists() else "mode=ro&immutable=1"
    end = time.monotonic() + PATIENCE
    try:
        with closing(
            sqlite3.connect(f"file:{path.absolute().as_posix()}?{mode}", uri=True, timeout=1)
        ) as conn:
            version = conn.execute("PRAGMA user_version").fetchone()[0]
            conn.set_progress_handler(lambda: int(time.monotonic() > end), _STEPS)
            try:
                found = conn.execute("PRAGMA quick_check(3)").fetchall()
            except sqlite3.OperationalError as error:
                if "interrupted" not in str(error):
                    raise
                return (
                    Level.OK,
                    name,
                    f"{size}, schema {version}; no damage in what {PATIENCE:g} s were enough for",
                )
    except sqlite3.Error as error:
        level = Level.UNKNOWN if "unable to open" in str(error) or "locked" in str(error) else Level.FAILED
        return level, name, f"{size}: {error}"
    if found != [("ok",)]:
        return Level.FAILED, name, f"{size}, damaged: {'; '.join(str(row[0]) for row in found)}"
    return Level.OK, name, f"{size}, schema {version}, in order"


def running(data: Path) -> int | None:
    """Process id of the hub that runs on this folder, None when none does; PermissionError when it cannot be told."""
    try:
        with (data / "hub.pid").open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read(20))
    except PermissionError:
        raise
    except (OSError, ValueError):
        pass
    return None


def starts(data: Path) -> Findings:
    """Why the hub was started."""
    run = last_run(data / FILE)
    if run is None:
        yield Level.INFO, "starts", "none is known"
        return
    for start in kept_starts(data / FILE)[:5]:
        level = Level.INFO if start.cause in {"first", "stopped", "rebooted"} else Level.WARN
        weak = ", the supply had been too weak" if start.undervolted else ""
        yield level, "start", f"{_moment(start.at)} {start.cause} (version {start.version}){weak}"


def troubles(data: Path) -> Findings:
    """The last warnings and errors of the hub's log."""
    folder = data / "log"
    found: deque[str] = deque(maxlen=_SHOWN)
    paths = [folder / f"hub.log.{number}" for number in range(FILES - 1, 0, -1)] + [folder / "hub.log"]
    there = [path for path in paths if path.exists()]
    if not there:
        yield Level.INFO, "log", "there is none yet"
        return
    for path in there:
        with path.open(encoding="utf-8", errors="replace") as file:
            found.extend(line.rstrip() for line in file if _SERIOUS.match(line))
    for line in found:
        yield Level.INFO, "log", line
    if not found:
        yield Level.OK, "log", "no warning in it"


def _moment(utc: int) -> str:
    try:
        return f"{datetime.fromtimestamp(utc / 1e6, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return str(utc)
