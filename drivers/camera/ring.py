"""The ring of recent stills: a folder in memory that a child fills and the hub only looks into. Without OpenCV."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from edge.domain.camera import Still

SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder of our own in it, 0700
_NAME: Final = re.compile(r"([0-9]{1,19})\.jpg")
_LOCK: Final = "lock"
_MAKING: Final = 60.0
"""Seconds in which whoever makes a folder has put its lock into it."""

_making = threading.Lock()


class Ring:
    """`<folder>/<source>/<µs utc>.jpg`, in memory: no picture reaches a disk that nobody asked to keep.

    The folder is the service's own where systemd made one ($RUNTIME_DIRECTORY), else one in /dev/shm; without both
    there is no ring. Whoever makes it holds a lock on it, so that what a killed hub left is known and taken away by the
    next.
    """

    def __init__(self, source: str) -> None:
        """OSError when no folder can be made."""
        prefix = f"edge-hub-{os.getuid()}-"
        around = in_memory()
        if around is None:
            raise OSError(errno.ENOENT, "no folder in memory can be written")
        with _making:  # no camera sweeps away what another is just making
            _sweep(around, prefix)
            self.folder = Path(tempfile.mkdtemp(prefix=prefix, dir=around))
            self._lock = os.open(self.folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._stills = self.folder / source

    def stills(self, start: int = 0, end: int = 1 << 62) -> Sequence[Still]:
        """What there is of [start, end] (µs UTC), oldest first. Any of it may be gone when it is opened."""
        found = []
        with suppress(OSError), os.scandir(self._stills) as entries:
            for entry in entries:
                name = _NAME.fullmatch(entry.name)
                if name is not None and start <= (taken := int(name[1])) <= end:
                    found.append(Still(taken, Path(entry.path)))
        return sorted(found, key=lambda still: still.taken)

    def latest(self) -> Still | None:
        """The newest, None when there is none."""
        return max(self.stills(), key=lambda still: still.taken, default=None)

    def clear(self) -> None:
        """Keep none of what is there: more is to be masked than it masks."""
        for still in self.stills():
            with suppress(OSError):
                still.path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Take all of it away; the child that fills it has ended."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)


def in_memory() -> Path | None:
    """The folder in memory that others are made in: the service's own, else everybody's; None without one."""
    own = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    folders = (own, str(SHARED_MEMORY))
    return next((Path(folder) for folder in folders if folder and os.access(folder, os.W_OK)), None)


def _sweep(around: Path, prefix: str) -> None:
    """Remove the folders of hubs that ended without doing so: nobody holds their lock.

    One without a lock was begun by a hub that was killed at that moment, or made again by a child that outlived it.
    """
    for folder in around.glob(f"{prefix}*"):
        with suppress(OSError):
            try:
                lock = os.open(folder / _LOCK, os.O_RDWR)
            except FileNotFoundError:
                # Later than now counts too: the clock was set back.
                if abs(time.time() - folder.lstat().st_mtime) > _MAKING:
                    shutil.rmtree(folder, ignore_errors=True)
                continue
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
