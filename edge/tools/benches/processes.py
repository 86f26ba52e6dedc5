"""Other processes: what they use, and workers that speak JSON lines with the bench."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Self

from edge.tools.benches.report import BenchError

_TICKS: Final = os.sysconf("SC_CLK_TCK")
STOP_WITHIN: Final = 10.0
WORKER_WITHIN: Final = 300.0  # seconds the slowest worker may take for its answer


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process holds. rss, pss, own, peak: MB; peak is of rss, since its start.

    pss shares what is shared; own is what is in no file and shared with nobody (with what it was forked from).
    """

    rss: float
    pss: float
    own: float
    peak: float
    threads: int
    files: int


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its threads since its start, seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def usage(pid: int) -> Usage:
    """What the process holds now."""
    status = _numbers(Path(f"/proc/{pid}/status"))
    rollup = _numbers(Path(f"/proc/{pid}/smaps_rollup"))
    return Usage(
        rss=status["VmRSS"] / 1024,
        pss=rollup["Pss"] / 1024,
        own=rollup["Private_Dirty"] / 1024,
        peak=status["VmHWM"] / 1024,
        threads=status["Threads"],
        files=len(os.listdir(f"/proc/{pid}/fd")),  # noqa: PTH208 - only how many
    )


def _numbers(path: Path) -> dict[str, int]:
    """The `Name:  123 kB` lines of a file of /proc."""
    found = {}
    for line in path.read_text("ascii", "replace").splitlines():
        name, _, rest = line.partition(":")
        word = rest.split()
        if word and word[0].isdigit():
            found[name] = int(word[0])
    return found


def until(condition: Callable[[], bool], what: str, *, within: float, every: float = 0.05) -> None:
    """Wait for another process; BenchError when it takes longer than `within` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise BenchError(f"{what} took longer than {within:.0f} s: is this machine very busy?")
        time.sleep(every)


class Worker:
    """A child that runs one module of this package: it gets a spec, says "ready", works from `go` on, answers once."""

    def __init__(self, role: str, spec: Mapping[str, Any]) -> None:
        self.role = role
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"edge.tools.benches.{role}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._say(spec)
        self._hear(30.0)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def go(self) -> None:
        """Let it begin; for one that is at work already: let it end and answer."""
        self._say("go")

    def answer(self, within: float = WORKER_WITHIN) -> Any:
        """What it found, when it has ended."""
        found = self._hear(within)
        self._process.wait(STOP_WITHIN)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _say(self, what: Any) -> None:
        pipe: IO[bytes] | None = self._process.stdin
        if pipe is not None:
            pipe.write(json.dumps(what).encode() + b"\n")
            pipe.flush()

    def _hear(self, within: float) -> Any:
        pipe: IO[bytes] | None = self._process.stdout
        if pipe is None or not select.select([pipe], [], [], within)[0]:
            raise BenchError(f"the {self.role} said nothing for {within:.0f} s")
        line = pipe.readline()
        if not line:
            raise BenchError(f"the {self.role} ended at once, its last words are above")
        return json.loads(line)


def serve(work: Callable[[Any, Callable[[], None], Callable[[], None]], Any]) -> None:
    """In a worker: `work(spec, ready, wait)` and print what it returns. wait: until the bench says go."""

    def ready() -> None:
        sys.stdout.write('"ready"\n')
        sys.stdout.flush()

    def wait() -> None:
        if not sys.stdin.readline():
            raise SystemExit(1)  # the bench has ended

    found = work(json.loads(sys.stdin.readline()), ready, wait)
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()
