"""How a camera's process stays small: what the fork server is started with, and what is given back while it runs."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Mapping
from typing import Final

from drivers._libraries import unload

SPARING: Final[Mapping[str, str]] = {
    "OPENBLAS_NUM_THREADS": "1",  # numpy's and OpenCV's: a thread and its buffers for each core, for nothing
    "MALLOC_ARENA_MAX": "1",  # mallopt(3): a heap of its own for each thread leaves each of them full of holes
    # A whole picture is a mapping of its own and gone with its last use; by default the first that is freed moves the
    # limit, and all that follow lie in the heap. Half of this costs 400 page faults a picture instead of 100.
    "MALLOC_MMAP_THRESHOLD_": str(256 * 1024),
    "PYTHONNODEBUGRANGES": "1",  # the columns of each line, for tracebacks that nobody sees; a megabyte
}
"""Environment of the fork server, and of all it forks: read before its first line of Python."""

FIRST: Final = 15.0  # seconds from its start: the scene is learnt, as a rule
EVERY: Final = 60.0  # seconds; a pass takes 6 ms


class Memory:
    """Of this process. now: monotonic seconds. Without glibc, or on a kernel that does not tell, it does nothing."""

    def __init__(self, now: float) -> None:
        self._unload_at = now + FIRST
        self._libc: ctypes.CDLL | None = None
        with contextlib.suppress(OSError, AttributeError):  # another C library
            libc = ctypes.CDLL(None)
            libc.malloc_trim.argtypes = [ctypes.c_size_t]
            self._libc = libc

    def give_back(self, now: float) -> None:
        """Return to the system what is free, a millisecond; now and then what only the start has needed."""
        if self._libc is None:
            return
        self._libc.malloc_trim(0)
        if now >= self._unload_at:
            self._unload_at = now + EVERY
            unload()


def environment() -> dict[str, str]:
    """Of the fork server: this one's, and `SPARING`."""
    return {**os.environ, **SPARING}
