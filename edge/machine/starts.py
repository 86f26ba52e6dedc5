"""Why the hub was started: what the last run left behind, beside what the machine says of itself.

`run.json` in the data folder is written at the start of a run, at a stop in order, and when the supply gets weak. It
keeps the last starts too: the journal has them all, and would be read from end to end for them.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from edge.domain.health import Start
from edge.domain.instant import Instant, to_rfc3339
from edge.machine.system import System

log = logging.getLogger(__name__)

FILE: Final = "run.json"
KEPT: Final = 10  # starts
KIND: Final = "hub.started"
"""Kind of the fact about a start; its body is `Started.body()`."""


class Cause(StrEnum):
    """Why a run began."""

    FIRST = "first"  # nothing is known of a run before
    STOPPED = "stopped"  # stopped in order while the machine ran on: by a person, an upgrade
    KILLED = (
        "killed"  # ended without a word while the machine ran on: crash, watchdog of systemd, out of memory
    )
    REBOOTED = "rebooted"  # the machine was shut down or restarted in order
    POWER = "power"  # the machine went away without a word: power cut, plug, reset button
    PANIC = "panic"  # the kernel crashed
    WATCHDOG = "watchdog"  # the hardware watchdog restarted a machine that hung


@dataclass(frozen=True, slots=True)
class Run:
    """What a run leaves. boot: the kernel's id of the boot. started, stopped: µs UTC as its clock had it then.

    clean: it stopped in order, at `stopped`. weak: the machine's supply was too weak meanwhile.
    """

    boot: str
    started: int
    clean: bool = False
    stopped: int | None = None
    version: str = ""
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """A start and why. before: the run before it, None for the first.

    undervolted: the supply was too weak during the run before, or since the machine was switched on.
    """

    cause: Cause
    run: Run
    before: Run | None
    undervolted: bool = False

    def body(self) -> dict[str, Any]:
        """Of the fact: times as RFC 3339, null where unknown. `last_stopped` is null where it did not stop in order."""
        before = self.before
        return {
            "cause": self.cause.value,
            "version": self.run.version,
            "boot": self.run.boot,
            "undervolted": self.undervolted,
            "last_started": None if before is None else to_rfc3339(before.started),
            "last_stopped": None if before is None or before.stopped is None else to_rfc3339(before.stopped),
            "last_version": None if before is None else before.version,
        }


def cause(before: Run | None, boot: str, *, panic: bool, watchdog: bool) -> Cause:
    """Why a run begins in the boot `boot`, `before` being what the last one left.

    panic, watchdog: the kernel left a crash, the hardware watchdog says it was it. Both tell of this boot's reason, so
    they count only where the boot is a new one and the hub had no time to stop.
    """
    if before is None:
        return Cause.FIRST
    if before.boot == boot:
        return Cause.STOPPED if before.clean else Cause.KILLED
    if before.clean:
        return Cause.REBOOTED
    if watchdog:
        return Cause.WATCHDOG
    return Cause.PANIC if panic else Cause.POWER


class Starts:
    """Keeps `run.json`. A disk that cannot be written costs the cause of the next start, nothing else."""

    def __init__(self, data: Path, system: System, version: str) -> None:
        self._path = data / FILE
        self._system = system
        self._version = version
        self._run: Run | None = None
        self.kept: Sequence[Start] = ()
        """The last starts, newest first; this run's own is among them."""

    def begin(self, now: Instant) -> Started:
        """This run begins."""
        before, boot = last_run(self._path), self._system.boot()
        since = 0.0 if before is None else before.started / 1e6
        why = cause(before, boot, panic=self._system.panic(since), watchdog=self._system.watchdog_reset())
        self._run = Run(boot, now.utc, version=self._version)
        started = Started(
            why, self._run, before, (before is not None and before.weak) or self._system.was_undervolted()
        )
        stopped = None if before is None else before.stopped
        this = Start(now.utc, why.value, self._version, stopped, started.undervolted)
        self.kept = [this, *kept_starts(self._path)][:KEPT]
        self._write(self._run)
        return started

    def end(self, now: Instant) -> None:
        """It stops in order."""
        if self._run is not None:
            self._write(replace(self._run, clean=True, stopped=now.utc))

    def weak(self) -> None:
        """The supply is too weak: should the machine go off, the next start says so. Written once a run."""
        if self._run is not None and not self._run.weak:
            self._run = replace(self._run, weak=True)
            self._write(self._run)

    def _write(self, run: Run) -> None:
        new = self._path.with_name(self._path.name + ".new")
        try:
            with new.open("w", encoding="utf-8") as file:
                json.dump({**asdict(run), "starts": [asdict(start) for start in self.kept]}, file)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            log.warning("%s cannot be written, the next start will not know its cause: %s", self._path, error)


def kept_starts(path: Path) -> list[Start]:
    """The starts in `path`, newest first; those that cannot be read are left out."""
    rows = _kept(path).get("starts")
    found = []
    for row in rows if isinstance(rows, list) else ():
        try:
            found.append(
                Start(
                    int(row["at"]), str(row["cause"]), str(row["version"]), row["stopped"], row["undervolted"]
                )
            )
        except (KeyError, TypeError, ValueError):
            continue
    return found


def _kept(path: Path) -> Mapping[str, Any]:
    try:
        kept = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, Mapping) else {}


def last_run(path: Path) -> Run | None:
    """What the last run left in `path`; None where there is nothing that can be read."""
    kept = _kept(path)
    boot, started, stopped = kept.get("boot"), kept.get("started"), kept.get("stopped")
    if not isinstance(boot, str) or not isinstance(started, int):
        return None
    return Run(
        boot, started, kept.get("clean") is True, stopped if isinstance(stopped, int) else None,
        str(kept.get("version", "")), kept.get("weak") is True,
    )  # fmt: skip
