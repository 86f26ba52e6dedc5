"""What a process holds that a test must give back: threads, child processes, open files and sockets."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path

GRACE = 15.0  # seconds for what is just ending
STEP = 0.01


@dataclass(frozen=True, slots=True)
class Holdings:
    """A snapshot. children: pid to command line; files: descriptor to what it points at."""

    threads: frozenset[threading.Thread]
    children: dict[int, str]
    files: dict[int, str]

    @classmethod
    def now(cls) -> Holdings:
        return cls(frozenset(threading.enumerate()), _children(), _files())

    def left_behind(self) -> list[str]:
        """One line for each thing held now that was not held at this snapshot."""
        return [
            *(f"thread {thread.name!r}" for thread in threading.enumerate() if thread not in self.threads),
            *(
                f"child process {pid}: {name}"
                for pid, name in _children().items()
                if pid not in self.children
            ),
            *(f"open {name} (fd {fd})" for fd, name in _files().items() if self.files.get(fd) != name),
        ]

    def settle(self) -> list[str]:
        """What is still left behind after a short grace for threads and processes that are just ending."""
        return _wait(self.left_behind)


def _wait(look: Callable[[], list[str]]) -> list[str]:
    deadline = time.monotonic() + GRACE
    if not look():
        return []
    gc.collect()  # a socket may hang in a cycle of an exception's frames; that is no leak of the product
    while (found := look()) and time.monotonic() < deadline:
        time.sleep(STEP)
    return found


async def leaked_tasks() -> list[str]:
    """Tasks of the running loop, apart from the caller's, that do not end by themselves within the grace."""
    me = asyncio.current_task()
    deadline = time.monotonic() + GRACE
    while others := [task for task in asyncio.all_tasks() if task is not me and not task.done()]:
        if time.monotonic() > deadline:
            return [f"task {task.get_name()!r}: {task.get_coro()!r}" for task in others]
        await asyncio.sleep(STEP)
    return []


def _children() -> dict[int, str]:
    found = {}
    for listing in Path("/proc/self/task").glob("*/children"):
        try:
            pids = listing.read_text().split()
        except (FileNotFoundError, ProcessLookupError):  # the thread ended meanwhile
            continue
        for pid in pids:
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if "multiprocessing.resource_tracker" not in command:  # one per process, lives as long
                found[int(pid)] = command or "(ended, not waited for)"
    return found


def _files() -> dict[int, str]:
    tracker = resource_tracker._resource_tracker._fd
    found = {}
    for entry in os.scandir("/proc/self/fd"):
        try:
            target = str(Path(entry.path).readlink())
        except FileNotFoundError:  # the scan's own descriptor
            continue
        if int(entry.name) != tracker and not target.startswith("/proc/"):
            found[int(entry.name)] = target
    return found
