"""The hub's clock: one reading of civil and monotonic time together, and what may be believed of it."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import logging
import os
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from edge.domain.clock import FAR, ClockState, Mark, Witness
from edge.domain.instant import HOUR, Instant
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
_NO_BOOT: Final = "?"  # of a mark that was not left but recalled


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
            ntp = _SYNCHRONISED.exists()
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
        self._writing = threading.Lock()

    def recall(self, lived: int) -> None:
        """Where no mark was left: the stores know of `lived` (µs UTC, 0 for nothing), so the hub lived until then.

        Before anything is done by the clock.
        """
        if self.mark is None and lived > 0:
            self.mark = Mark(_NO_BOOT, lived, 0, True, lived)
            self._trust = Trust(self._clock.now(), self._witness(), self.mark, self.boot)

    def now(self) -> Instant:
        """The moment that the hub works with; untrusted while nobody vouches for it."""
        return self._trust.read(self._clock.now())

    def settled(self, now: Instant) -> bool:
        """Whether things may be deleted by their age; see `edge.domain.clock.SETTLED`."""
        return now.trusted and not self._trust.unsettled and not self._trust.waits

    def far(self) -> bool:
        """Whether a person is asked twice before the machine's clock is taken for right."""
        return self._trust.far(self._clock.now())

    async def look(self) -> None:
        """Ask the machine whether its clock is right, and leave a mark once a minute and with each change."""
        raw, said = await asyncio.to_thread(self._ask)  # a battery-backed clock hangs on a slow bus
        before, waits = self._trust.quality, self._trust.waits
        self._trust.look(raw, said)
        changed = self._marked is None  # the first of a run: the stores soon have stamps of its time
        if self._trust.quality is not before:
            changed = True
            log.warning("clock: %s, it was %s", self._trust.quality.value, before.value)
        if self._trust.waits > waits:
            changed = True
            log.warning("clock: a step of more than %d h: nothing is deleted by age yet", FAR // HOUR)
        if changed or self._marked is None or raw.mono - self._marked >= EVERY:
            await asyncio.to_thread(self._write, self._mark(), sync=changed)

    async def confirm(self) -> None:
        """An administrator says that the machine's clock is right."""
        self._trust.confirm(self._clock.now())
        await asyncio.to_thread(self._write, self._mark(), sync=True)

    def leave(self) -> None:
        """Leave the mark for the next run: the hub lives now."""
        self._write(self._mark(), sync=True)

    def _mark(self) -> Mark:
        now, trust = self.now(), self._trust
        self._marked = now.mono
        return Mark(
            self.boot, now.utc, now.mono, now.trusted, trust.known, trust.hand, trust.unsettled, trust.waits
        )

    def _write(self, mark: Mark, *, sync: bool) -> None:
        """sync: it must be there after a cut; of two marks within a minute the older one is as good."""
        new = self._path.with_name(FILE + ".new")
        try:
            with self._writing:
                with new.open("w", encoding="utf-8") as file:
                    json.dump(asdict(mark), file)
                    if sync:
                        file.flush()
                        os.fsync(file.fileno())
                new.replace(self._path)
        except OSError as error:
            log.warning("%s cannot be written: %s", self._path, error)

    def state(self, *, can_set: bool) -> ClockState:
        """For people."""
        raw, now, trust = self._clock.now(), self.now(), self._trust
        return ClockState(
            trust.quality, now.trusted, now.utc, raw.utc, trust.since, trust.ntp_at, can_set, trust.unsettled
        )

    def _ask(self) -> tuple[Instant, Witness | None]:
        return self._clock.now(), self._witness()

    def _witness(self) -> Witness | None:
        return self._clock.witness() if isinstance(self._clock, Witnessing) else None


def read_mark(path: Path) -> Mark | None:
    """What the last run left; None where there is nothing that can be read."""
    try:
        kept = json.loads(path.read_text("utf-8"))
        boot, utc, mono, known, hand = (kept[key] for key in ("boot", "utc", "mono", "known", "hand"))
        numbers = [utc, mono, *(number for number in (known, hand) if number is not None)]
        unsettled, waits = kept.get("unsettled", 0), kept.get("waits", 0)  # an older version's mark has none
        if not isinstance(boot, str) or not all(
            type(number) is int for number in (*numbers, unsettled, waits)
        ):
            return None
        return Mark(boot, utc, mono, kept["trusted"] is True, known, hand, unsettled, waits)
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
