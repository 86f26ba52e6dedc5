"""A memory ceiling over a process, as a service manager sets one: a control group of either version of the kernel's."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from tests.faults.rig import until

_FIRST: Final = Path("/sys/fs/cgroup/memory")
_SECOND: Final = Path("/sys/fs/cgroup")
_STEP: Final = 1 << 20
_ROOM: Final = 1 << 32  # no ceiling at all here


class Ceiling:
    """A group of its own. kills: how often the kernel ended one of its processes for want of memory."""

    def __init__(self, name: str) -> None:
        old = _FIRST.is_dir()
        self._path = (_FIRST if old else _SECOND) / f"edge-hub-{os.getpid()}-{name}"
        self._limit = "memory.limit_in_bytes" if old else "memory.max"
        self._usage = "memory.usage_in_bytes" if old else "memory.current"
        self._events = "memory.oom_control" if old else "memory.events"

    def __enter__(self) -> Self:
        self._path.mkdir()
        with suppress(OSError):  # version 2: what is swapped out would not count
            (self._path / "memory.swap.max").write_text("0")
        self.lift()
        return self

    def __exit__(self, *_: object) -> None:
        until("the group is empty", lambda: not (self._path / "cgroup.procs").read_text().split(), 30)
        self._path.rmdir()

    @property
    def kills(self) -> int:
        """See the class."""
        lines = (line.split() for line in (self._path / self._events).read_text().splitlines())
        return sum(int(value) for name, value in lines if name == "oom_kill")

    def hold(self, pid: int) -> None:
        """The process, and what it starts from now on, is under the ceiling."""
        (self._path / "cgroup.procs").write_text(str(pid))

    def lift(self) -> None:
        """No ceiling."""
        (self._path / self._limit).write_text(str(_ROOM))

    def lower(self, patience: float = 60.0) -> None:
        """Down upon what is used, and on until the kernel has ended somebody.

        Version 1 takes no ceiling under what cannot be given back: it is tried again and again, so that whatever the
        process asks for next is too much.
        """
        before, deadline = self.kills, time.monotonic() + patience
        while self.kills == before and time.monotonic() < deadline:
            used = int((self._path / self._usage).read_text())
            with suppress(OSError):
                (self._path / self._limit).write_text(str(max(_STEP, used - _STEP)))
            time.sleep(0.02)


def why_not() -> str | None:
    """Why this machine gives us no such group, None when it does."""
    try:
        with Ceiling("probe"):
            return None
    except OSError as error:
        return f"no control group for memory can be made here: {error.strerror}"
