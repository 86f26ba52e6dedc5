"""A hub whose clocks are moved from outside: `python -m tests.faults.moved_hub FILE run --site … --data …`.

Debian's libfaketime cannot do it: with its CLOCK_MONOTONIC left alone Python's `time.sleep` fails (clock_nanosleep:
EINVAL). So the machine's clock is injected where the hub reads it, `edge.clock.SystemClock`; the event loop and the
waiting of threads stay on the real one.
"""

from __future__ import annotations

import mmap
import struct
import sys
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Final

import edge.assembly
import edge.upkeep
from edge import cli
from edge.clock import SystemClock
from edge.domain.clock import Witness
from edge.domain.instant import Instant
from edge.upkeep import Chore

Look = Callable[[Iterable[Chore], Instant], Coroutine[object, object, None]]
_FORM: Final = struct.Struct("<qqBB")  # written by the test
_LOOKS: Final = struct.Struct("<q")  # written by the hub, behind it


class Moves:
    """What is done to the clocks, in a file that both sides have open. Offsets in µs.

    utc, mono: how far each is moved. ntp: a time server vouches for it; service: something here is to set it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            path.write_bytes(_FORM.pack(0, 0, 1, 1) + _LOOKS.pack(0))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _FORM.size + _LOOKS.size)

    def move(self, *, utc: int, mono: int = 0, ntp: bool = False) -> None:
        """Both clocks leap at once, as far as the hub can see."""
        self._memory[: _FORM.size] = _FORM.pack(utc, mono, ntp, 1)

    def read(self) -> tuple[int, int, bool, bool]:
        """utc, mono, ntp, service."""
        utc, mono, ntp, service = _FORM.unpack(self._memory[: _FORM.size])
        return utc, mono, bool(ntp), bool(service)

    @property
    def looks(self) -> int:
        """How often the hub has looked, to the end, at what is due by age."""
        return int(_LOOKS.unpack(self._memory[_FORM.size :])[0])

    def looked(self) -> None:
        """One more."""
        self._memory[_FORM.size :] = _LOOKS.pack(self.looks + 1)

    def close(self) -> None:
        """Let go of the file."""
        self._memory.close()


class MovedClock(SystemClock):
    """The machine's clocks, moved."""

    def __init__(self, moves: Moves) -> None:
        self._moves = moves

    def now(self) -> Instant:
        now = super().now()
        utc, mono, _, _ = self._moves.read()
        return Instant(now.utc + utc, now.mono + mono)

    def witness(self) -> Witness:
        _, _, ntp, service = self._moves.read()
        return Witness(ntp, service, None)


def counting(moves: Moves, look: Look) -> Look:
    """The upkeep's look, which counts those at chores of which retention is one."""

    async def counted(todo: Iterable[Chore], now: Instant) -> None:
        chores = [*todo]
        await look(chores, now)
        if any(chore.name == "retention" for chore in chores):
            moves.looked()

    return counted


if __name__ == "__main__":
    told = Moves(Path(sys.argv[1]))
    edge.upkeep.look = counting(told, edge.upkeep.look)
    edge.assembly.SystemClock = lambda: MovedClock(told)  # type: ignore[assignment,misc]
    sys.exit(cli.main(sys.argv[2:]))
