"""The hub's clock: one reading of civil and monotonic time together."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Protocol

from edge.domain.instant import Instant

# systemd-timesyncd touches this file at its first synchronisation since boot; chrony's wait service makes the same
# promise through the time-sync target. Where neither runs (a container, a desk) the kernel's clock is all there is.
_SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
_TIMESYNC = Path("/run/systemd/timesync")


class Clock(Protocol):
    """Where `Instant`s come from; tests move one by hand."""

    def now(self) -> Instant:
        """The moment, on both clocks."""


class SystemClock:
    """The machine's clocks. The civil one counts as trusted unless systemd-timesyncd runs and has not synchronised."""

    def __init__(self) -> None:
        self._trusted = False

    def now(self) -> Instant:
        """The moment, on both clocks, in µs."""
        if not self._trusted:
            self._trusted = not _TIMESYNC.exists() or _SYNCHRONISED.exists()
        return Instant(time.time_ns() // 1000, time.monotonic_ns() // 1000, self._trusted)
