"""How a camera's process stays small: what it is started with, and what it gives back while it runs."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

SPARING: Final[Mapping[str, str]] = {
    "OPENBLAS_NUM_THREADS": "1",  # numpy's and OpenCV's: a thread and its buffers for each core, for nothing
    "MALLOC_ARENA_MAX": "1",  # mallopt(3): a heap of its own for each thread leaves each of them full of holes
    # A whole picture is a mapping of its own and gone with its last use; by default the first that is freed moves the
    # limit, and all that follow lie in the heap. Half of this costs 400 page faults a picture instead of 100.
    "MALLOC_MMAP_THRESHOLD_": str(256 * 1024),
}
"""Environment of a camera's process: read before its first line of Python."""

FIRST: Final = 15.0  # seconds from its start: the scene is learnt, as a rule
EVERY: Final = 60.0  # seconds; a pass takes 6 ms

_DONTNEED: Final = 4  # MADV_DONTNEED, madvise(2)
_MAPPING: Final = re.compile(
    rb"([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \d+ +/\S*\.so(?:\.[0-9][0-9a-z.]*)?\n"
)
_CLEAN: Final = b"Anonymous:             0 kB\n"


class Memory:
    """Of this process. now: monotonic seconds. Without glibc, or on a kernel that does not tell, it does nothing."""

    def __init__(self, now: float) -> None:
        self._unload_at = now + FIRST
        self._libc: ctypes.CDLL | None = None
        with contextlib.suppress(OSError, AttributeError):  # another C library
            libc = ctypes.CDLL(None)
            libc.malloc_trim.argtypes = [ctypes.c_size_t]
            libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
            self._libc = libc

    def give_back(self, now: float) -> None:
        """Return to the system what is free, a millisecond; now and then what only the start has needed."""
        if self._libc is None:
            return
        self._libc.malloc_trim(0)
        if now >= self._unload_at:
            self._unload_at = now + EVERY
            self._unload(self._libc)

    @staticmethod
    def _unload(libc: ctypes.CDLL) -> None:
        """Let go of the libraries' pages.

        Loading and relocating sixty of them touches twice what is used afterwards. What is used comes back from the
        page cache when it is next run. Only pages like those in the file are let go, of what is never unloaded.
        """
        with contextlib.suppress(OSError):
            for start, end in clean_libraries(Path("/proc/self/smaps").read_bytes()):
                libc.madvise(start, end - start, _DONTNEED)


def clean_libraries(smaps: bytes) -> Iterator[tuple[int, int]]:
    """(start, end) of the mappings of shared objects in /proc/PID/smaps (proc(5)) that nobody can or did write to."""
    found = [*_MAPPING.finditer(smaps)]
    for mapping in found:
        start, end, rights = int(mapping[1], 16), int(mapping[2], 16), mapping[3]
        told = smaps.find(b"Anonymous:", mapping.end())
        if rights[1:2] == b"-" and smaps.startswith(_CLEAN, told):
            yield start, end


def environment() -> dict[str, str]:
    """Of a camera's process: this one's, and `SPARING`."""
    return {**os.environ, **SPARING}
