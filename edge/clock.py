"""The hub's clock: one reading of civil and monotonic time together, and what may be believed of it."""

from __future__ import annotations

import contextlib
import ctypes
import json
import logging
import time
from dataclasses import asdict
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from edge.domain.clock import ClockState, Mark, Witness
from edge.domain.instant import Instant
from edge.trust import Trust

log = logging.getLogger(__name__)

FILE: Final = "clock.json"
EVERY: Final = 60_000_000  # µs between two marks of the hub's time
_SERVICES: Final = (Path("/run/systemd/timesync"), Path("/run/chrony"), Path("/run/chronyd.pid"))
_SYNCHRONISED: Final = _SERVICES[0] / "synchronized"
_RTC: Final = Path("/sys/class/rtc/rtc0/since_epoch")
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_UNSYNC: Final = (
    0x0040  # STA_UNSYNC of adjtimex(2): what chrony, timesyncd and ntpd all clear when they are sure
)
_TIME_ERROR: Final = 5


class Clock(Protocol):
    """Where `Instant`s come from; tests move one by hand."""

    def now(self) -> Instant:
        """The moment, on both clocks."""


@runtime_checkable
class Witnessing(Protocol):
    """A clock that can say why it is right."""

    def witness(self) -> Witness:
        """What the machine says of it now."""


class SystemClock:
    """The machine's clocks, as they are."""

    def now(self) -> Instant:
        """The moment, on both clocks, in µs."""
        return Instant(time.time_ns() // 1000, time.monotonic_ns() // 1000)

    def witness(self) -> Witness:
        """What the kernel, its services and the battery-backed clock say."""
        rtc = None
        with contextlib.suppress(OSError, ValueError):
            rtc = int(_RTC.read_text("ascii")) * 1_000_000
        ntp = _synchronised()
        if ntp is None:  # the kernel may not be asked here: timesyncd alone says it in a file
            return Witness(_SYNCHRONISED.exists(), _SERVICES[0].exists(), rtc)
        return Witness(ntp, any(path.exists() for path in _SERVICES), rtc)


class TrustedClock:
    """Another clock, as far as it can be believed: see `edge.trust`. It keeps its mark in the data folder.

    now: from any thread. The rest from the hub's own.
    """

    def __init__(self, clock: Clock, data: Path) -> None:
        self._clock = clock
        self._path = data / FILE
        self.boot = boot_id()
        self.mark = read_mark(self._path)
        """What the run before left, None for the first."""
        self._trust = Trust(clock.now(), self._witness(), self.mark, self.boot)
        self._marked: int | None = None

    def now(self) -> Instant:
        """The moment that the hub works with; untrusted while nobody vouches for it."""
        return self._trust.read(self._clock.now())

    def look(self) -> None:
        """Ask the machine whether its clock is right, and leave a mark once a minute."""
        raw = self._clock.now()
        before = self._trust.quality
        self._trust.look(raw, self._witness())
        if self._trust.quality is not before:
            log.warning("clock: %s, it was %s", self._trust.quality.value, before.value)
        if self._marked is None or raw.mono - self._marked >= EVERY:
            self.leave()

    def confirm(self) -> None:
        """An administrator says that the machine's clock is right."""
        self._trust.confirm(self._clock.now())
        self.leave()

    def leave(self) -> None:
        """Leave the mark: the hub lives now."""
        now, trust = self.now(), self._trust
        self._marked = now.mono
        mark = Mark(self.boot, now.utc, now.mono, now.trusted, trust.known, trust.hand)
        new = self._path.with_name(FILE + ".new")
        try:
            new.write_text(json.dumps(asdict(mark)), "utf-8")  # not synced: an older mark is as good
            new.replace(self._path)
        except OSError as error:
            log.warning("%s cannot be written: %s", self._path, error)

    def state(self, *, can_set: bool) -> ClockState:
        """For people."""
        raw, now, trust = self._clock.now(), self.now(), self._trust
        return ClockState(trust.quality, now.trusted, now.utc, raw.utc, trust.since, trust.ntp_at, can_set)

    def _witness(self) -> Witness | None:
        return self._clock.witness() if isinstance(self._clock, Witnessing) else None


def read_mark(path: Path) -> Mark | None:
    """What the last run left; None where there is nothing that can be read."""
    try:
        kept = json.loads(path.read_text("utf-8"))
        boot, utc, mono, known, hand = (kept[key] for key in ("boot", "utc", "mono", "known", "hand"))
        numbers = [utc, mono, *(number for number in (known, hand) if number is not None)]
        if not isinstance(boot, str) or not all(type(number) is int for number in numbers):
            return None
        return Mark(boot, utc, mono, kept["trusted"] is True, known, hand)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def boot_id() -> str:
    """The kernel's id of this boot, "" where it tells none."""
    try:
        return _BOOT.read_text("ascii").strip()
    except OSError:
        return ""


class _Timex(ctypes.Structure):
    """The head of `struct timex`; the rest is only room."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("room", ctypes.c_byte * 256),
    )


def _synchronised() -> bool | None:
    """Whether the kernel calls its clock synchronised; None where it may not be asked.

    Only setting is a privilege, but a sandbox may forbid the call as a whole.
    """
    try:
        timex = _Timex()
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state < _TIME_ERROR and not timex.status & _UNSYNC
