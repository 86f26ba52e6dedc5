"""Hubs whose clocks are moved: as a process of its own, or, for the suite, in this one."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Self
from unittest.mock import patch

import edge.power.keeper
import edge.upkeep
from edge.assembly import Options, running
from tests.faults.moved_hub import MovedClock, Moves, counting
from tests.faults.rig import NotSoError, Rig

MakeRig = Callable[[Path, Moves], Rig]


def apart(folder: Path, moves: Moves) -> Rig:
    """As a hub is started: a process, and its own seconds between two looks at what is due."""
    return Rig(folder, folder / "data", commit_seconds=1, program=("tests.faults.moved_hub", str(moves.path)))


class Inside(Rig):
    """On a thread of this process: up within a second. It looks ten times a second, and cannot be killed."""

    def __init__(self, folder: Path, moves: Moves) -> None:
        super().__init__(folder, folder / "data", commit_seconds=0.1)
        self._moves = moves
        self._hurry = ExitStack()
        self._thread: threading.Thread | None = None
        self._stopping: Callable[[], object] = bool

    def __enter__(self) -> Self:
        for module, name, value in (
            (edge.upkeep, "EVERY", 0.1),
            (edge.upkeep, "look", counting(self._moves, edge.upkeep.look)),
            (edge.power.keeper, "_EVERY", 0),
        ):
            self._hurry.enter_context(patch.object(module, name, value))
        return super().__enter__()

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self._hurry.close()

    @property
    def hub_pid(self) -> int | None:
        return os.getpid() if self._thread is not None and self._thread.is_alive() else None

    def start(self) -> None:
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live(ready)), name="hub")
        self._thread.start()
        ready.wait()

    def kill(self) -> None:
        raise NotSoError("a hub in this process cannot be killed")

    def stop(self) -> None:
        if self._thread is not None:
            self._stopping()
            self._thread.join()
            self._thread = None

    def last_words(self) -> str:
        return "they are in this process's log"

    async def _live(self, ready: threading.Event) -> None:
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        self._stopping = lambda: self.hub_pid is not None and loop.call_soon_threadsafe(over.set)
        ready.set()
        options = Options(self.site, self.data, listen=self.api.address, broker_state=self.folder / "broker")
        async with running(options, MovedClock(self._moves)):
            await over.wait()
