"""Pages of libraries that only loading has needed: let go, they come back from the page cache when they are run."""

from __future__ import annotations

import contextlib
import ctypes
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_DONTNEED: Final = 4  # MADV_DONTNEED, madvise(2)
_MAPPING: Final = re.compile(
    rb"([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \d+ +/\S*\.so(?:\.[0-9][0-9a-z.]*)?\n"
)
_CLEAN: Final = b"Anonymous:             0 kB\n"


def unload() -> None:
    """Let go of this process's own; nothing without glibc, or on a kernel that does not tell.

    Loading and relocating libraries touches twice what is used afterwards. Only pages like those in the file are let
    go, of what is never unloaded; it takes some 15 ms.
    """
    with contextlib.suppress(OSError, AttributeError):  # another C library, no /proc
        libc = ctypes.CDLL(None)
        libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
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
