"""A disk of a few megabytes that can be filled, emptied and made read-only."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_READ_ONLY: Final = 1
_REMOUNT: Final = 32
_DETACH: Final = 2
_BIND: Final = 4096
_BLOCK: Final = b"\0" * 4096


class SmallDisk:
    """A tmpfs mounted on `folder`; needs root. OSError when it cannot be mounted."""

    def __init__(self, folder: Path, megabytes: float) -> None:
        self.folder = folder
        self._options = f"size={round(megabytes * 1024)}k"
        self._filler = folder / "filler"

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        self._mount(0)
        return self

    def __exit__(self, *_: object) -> None:
        _LIBC.umount2(bytes(self.folder), _DETACH)

    def fill(self, leave: int = 0) -> None:
        """Take all the space there is but `leave` bytes: by default to the last block."""
        with self._filler.open("ab", buffering=0) as file:
            try:
                while not leave or self._free() > leave:
                    file.write(_BLOCK)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def free(self) -> None:
        """Give it back."""
        self._filler.unlink(missing_ok=True)

    def read_only(self, on: bool) -> None:
        """As a worn card or a failing file system makes itself; OSError (EBUSY) while a file is open for writing."""
        self._mount(_REMOUNT | (_READ_ONLY if on else 0))

    def _free(self) -> int:
        room = os.statvfs(self.folder)
        return room.f_bavail * room.f_frsize

    def _mount(self, flags: int) -> None:
        options = self._options.encode()
        if _LIBC.mount(b"edge-hub", bytes(self.folder), b"tmpfs", ctypes.c_ulong(flags), options) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(self.folder))


@contextmanager
def covered_read_only(folder: Path) -> Iterator[None]:
    """What is opened in it from now on is on a read-only disk, also while something in it is open for writing."""
    name = bytes(folder)
    for flags in (_BIND, _BIND | _REMOUNT | _READ_ONLY):
        if _LIBC.mount(name, name, None, ctypes.c_ulong(flags), None) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    try:
        yield
    finally:
        _LIBC.umount2(name, _DETACH)


def why_not() -> str | None:
    """Why this machine has no tmpfs for us, None when it has."""
    if os.geteuid() != 0:
        return "mounting a tmpfs needs root"
    probe = Path("/tmp") / f"edge-hub-tmpfs-{os.getpid()}"
    try:
        with SmallDisk(probe, 1):
            return None
    except OSError as error:
        return f"no tmpfs can be mounted here: {error.strerror}"
    finally:
        probe.rmdir()
