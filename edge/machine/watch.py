"""Looks at the machine every half minute and has what moved enter at the inbox, as readings of the device "hub".

The looking is done in a worker thread: /proc and /sys are quick, a disk or broker that hangs is not.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol

from edge.beat import own_reading
from edge.clock import Clock
from edge.domain.device import PointSpec
from edge.domain.instant import HOUR, Instant
from edge.domain.reading import Purpose, RawReading, Value
from edge.machine.certificates import Wanted, days_left
from edge.machine.points import MB, STEPS, link_point
from edge.machine.sparing import Sparing
from edge.machine.system import System

log = logging.getLogger(__name__)

EVERY: Final = 30.0  # seconds
BEATS: Final = 1.0  # seconds between two looks at how late the loop is
CERTIFICATES_EVERY: Final = 12 * HOUR
_ENDS: Final = {"panel": "cert-panel", "broker": "cert-broker", "ca": "cert-ca"}


class Gauges(Protocol):
    """What the parts of the hub say of themselves; called on the loop, None where it is not known."""

    def __call__(self) -> Mapping[str, float | None]:
        """By the point's id."""


class MachineWatch:
    """Runs beside the line. points: those of `edge.machine.points.measured`; values of others are left out.

    gauges: queue depths and such. offer: takes what is to enter at the inbox. weak: called while the machine's supply
    is too weak, in a worker thread.
    """

    def __init__(
        self,
        system: System,
        points: Sequence[PointSpec],
        gauges: Gauges,
        certificates: Sequence[Wanted],
        offer: Callable[[RawReading], object],
        clock: Clock,
        weak: Callable[[], None] = lambda: None,
    ) -> None:
        self._system = system
        self._points = frozenset(spec.id for spec in points)
        self._gauges = gauges
        self._certificates = certificates
        self._offer = offer
        self._clock = clock
        self._weak = weak
        self._sparing = Sparing(STEPS)
        self._worst = 0.0
        self._linked: set[str] = set()
        self._changes: deque[tuple[int, int]] = deque()  # (mono µs, carrier changes of all interfaces)
        self._left: dict[str, float] = {}
        self._asked_at: int | None = None
        self._troubled = False

    async def run(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Look for ever. sleep: how it waits; a test moves time."""
        loop = asyncio.get_running_loop()
        since = 0.0
        while True:
            before = loop.time()
            await sleep(BEATS)
            self._worst = max(self._worst, loop.time() - before - BEATS)
            since -= BEATS
            if since <= 0:
                since = EVERY
                await self._look()

    async def _look(self) -> None:
        try:
            await self.look()
        except Exception:  # what is measured for trends must never stop anything; it is tried again
            if not self._troubled:
                log.exception("the machine could not be looked at")
            self._troubled = True
        else:
            self._troubled = False

    async def look(self) -> None:
        """Once."""
        now = self._clock.now()
        values: dict[str, Value | None] = {
            **self._gauges(),
            "loop-lag": max(0.0, round(self._worst * 1000, 1)),
        }
        self._worst = 0.0
        values |= await asyncio.to_thread(self._ask, now)
        known = {name: value for name, value in values.items() if value is not None and name in self._points}
        if due := self._sparing.due(known, now.mono):
            self._offer(own_reading("hub", Purpose.LIVE, self._clock.now(), **due))

    def _ask(self, now: Instant) -> dict[str, Value | None]:
        """What blocks for a moment, or, of brokers' certificates, for seconds: in a worker thread."""
        system = self._system
        memory, children = system.memory(), system.children_memory()
        values: dict[str, Value | None] = {
            "memory": None if memory is None else round(memory / MB, 1),
            "memory-cameras": None if children is None else round(children / MB, 1),
            "memory-available": _rounded(system.memory_available()),
            "descriptors": system.descriptors(),
            "threads": system.threads(),
            "cpu-temperature": _rounded(system.temperature()),
            "undervoltage": system.undervoltage(),
            "throttled": system.throttled(),
            "route": system.route(),
            "addresses": system.addresses()[:200],
        }
        values |= self._network(now)
        if values["undervoltage"]:
            self._weak()
        return values | self._ends(now)

    def _network(self, now: Instant) -> dict[str, Value | None]:
        """Lost is what was connected since the start and is no more: a socket nobody uses accuses nobody."""
        values: dict[str, Value | None] = {}
        count = 0
        for one in self._system.interfaces():
            if one.linked:
                self._linked.add(one.id)
            values[link_point(one)] = one.id in self._linked and not one.linked
            count += one.changes or 0
        for gone in self._linked - {one.id for one in self._system.interfaces()}:
            values[f"net-{gone}"] = True
        self._changes.append((now.mono, count))
        while self._changes[0][0] < now.mono - HOUR:
            self._changes.popleft()
        values["net-changes"] = max(0, count - self._changes[0][1])
        return values

    def _ends(self, now: Instant) -> dict[str, Value | None]:
        """Days left of certificates, on a clock to be believed only: of any other they would all have expired."""
        if not now.trusted:
            return {}
        if self._asked_at is None or now.mono - self._asked_at >= CERTIFICATES_EVERY:
            self._asked_at = now.mono
            self._left = days_left(self._certificates, now.utc)
        return {_ENDS[name]: days for name, days in self._left.items()}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def queue_gauges(
    inbox: Callable[[], int], telemetry: Callable[[], int], journal: Callable[[], int], sending: Callable[[], int],
    free: Callable[[], int | None],
) -> Gauges:  # fmt: skip
    """The gauges of the hub's own queues. free: bytes on the disk."""

    def gauges() -> Mapping[str, float | None]:
        room = free()
        return {
            "inbox-depth": inbox(),
            "telemetry-pending": telemetry(),
            "journal-pending": journal(),
            "sending": sending(),
            "disk-free": None if room is None else round(room / MB),
        }

    return gauges
