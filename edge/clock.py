"""The hub's clock: one reading of civil and monotonic time together."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final, Protocol

from edge.domain.instant import MINUTE, Instant

# systemd-timesyncd touches this file at its first synchronisation since boot; chrony's wait service makes the same
# promise through the time-sync target. Where neither runs (a container, a desk) the kernel's clock is all there is.
_SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
_TIMESYNC = Path("/run/systemd/timesync")


LEAP: Final = 5 * MINUTE


class Clock(Protocol):
    """Where `Instant`s come from; tests move one by hand."""

    def now(self) -> Instant:
        """The moment, on both clocks."""


class Calendar:
    """Whether the civil clock may decide that something is old enough to be deleted.

    A clock that leapt by years would have the whole history deleted within the hour. It leaps for good only when it is
    set for the first time since the machine started; any other leap stands in doubt until the hub is started again.
    """

    def __init__(self, begun: Instant) -> None:
        self._offset = begun.utc - begun.mono
        self._trusted = begun.trusted

    def certain(self, now: Instant) -> bool:
        """Whether `now.utc` is a date to act upon."""
        offset = now.utc - now.mono
        if now.trusted and not self._trusted:
            self._offset, self._trusted = offset, True
        return now.trusted and abs(offset - self._offset) <= LEAP


class SystemClock:
    """The machine's clocks. The civil one counts as trusted unless systemd-timesyncd runs and has not synchronised."""

    def __init__(self) -> None:
        self._trusted = False

    def now(self) -> Instant:
        """The moment, on both clocks, in µs."""
        if not self._trusted:
            self._trusted = not _TIMESYNC.exists() or _SYNCHRONISED.exists()
        return Instant(time.time_ns() // 1000, time.monotonic_ns() // 1000, self._trusted)
