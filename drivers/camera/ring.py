"""The ring of recent stills: a folder in memory that a child fills and the hub only looks into. Without OpenCV."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from edge.domain.camera import Still

SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder of our own in it, 0700
_NAME: Final = re.compile(r"([0-9]{1,19})\.jpg")
_LOCK: Final = "lock"

_making = threading.Lock()


class Ring:
    """`<folder>/<source>/<µs utc>.jpg`, in memory: no picture reaches a disk that nobody asked to keep.

    The folder is the service's own where systemd made one ($RUNTIME_DIRECTORY), else one in /dev/shm. Whoever makes it
    holds a lock on it, so that what a killed hub left is known and taken away by the next.
    """

    def __init__(self, source: str) -> None:
        """OSError when no folder can be made."""
        prefix = f"edge-hub-{os.getuid()}-"
        around = _around()
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

    def remove(self) -> None:
        """Take all of it away; the child that fills it has ended."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)


def _around() -> Path:
    """The folder in memory that ours is made in."""
    own = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    for folder in (own, str(SHARED_MEMORY)):
        if folder and os.access(folder, os.W_OK):
            return Path(folder)
    return Path(tempfile.gettempdir())


def _sweep(around: Path, prefix: str) -> None:
    """Remove the folders of hubs that ended without doing so: nobody holds their lock."""
    for folder in around.glob(f"{prefix}*"):
        with suppress(OSError):
            lock = os.open(folder / _LOCK, os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
