"""Alarm rules (ISA-18.2): what is abnormal, how long, how urgent, what to do, and by which standard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import Literal

from edge.domain.device import Point, Signal, Watches
from edge.domain.names import Text
from edge.domain.zones import within


class Priority(StrEnum):
    """Urgent ◆, high ▲, medium ■, low ●."""

    URGENT = "urgent"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for the most urgent."""
        return _RANKS[self]


_RANKS = {Priority.URGENT: 0, Priority.HIGH: 1, Priority.MEDIUM: 2, Priority.LOW: 3}

Condition = Literal["state", "high", "low", "no_data"]


@dataclass(frozen=True, slots=True)
class Selector:
    """Which points a rule applies to; all given parts must fit. Empty parts fit everything.

    zone is a prefix path; point is the last part of the point's id; watches: what a camera's zones are there for. The
    hub's own devices are meant only by category.
    """

    quantity: str | None = None
    signal: Signal | None = None
    category: str | None = None
    point: str | None = None
    devices: tuple[str, ...] = ()
    zone: str | None = None
    watches: Watches | None = None

    def fits(self, point: Point) -> bool:
        """Whether `point` is one of those meant."""
        device, spec = point.device, point.spec
        return (
            (self.quantity is None or (spec.quantity is not None and spec.quantity.id == self.quantity))
            and (self.signal is None or spec.signal == self.signal)
            and (device.profile.category == self.category if self.category else not device.profile.built_in)
            and (self.point is None or spec.id == self.point)
            and (not self.devices or device.id in self.devices)
            and within(device.zone, self.zone or "")
            and self.watches in (None, device.watches)
        )


@dataclass(frozen=True, slots=True)
class Level:
    """One step of severity.

    limit: canonical unit for high and low, seconds without a report for no_data, None for state.
    title: what it is called on the wall, without place or value ("燃气报警(低限)"). response: what to do now.
    """

    limit: float | None
    priority: Priority
    title: Text
    response: Text


@dataclass(frozen=True, slots=True)
class Hours:
    """The part of each day in which a limit holds: from `start` up to, not including, `end`, as the site's clocks show.

    Over midnight where `end` is the earlier one. The hour that comes twice when summer time ends counts both times.
    """

    start: time
    end: time

    def hold(self, local: time) -> bool:
        """Whether the limit holds at this local time."""
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """levels: from mild to severe. deadband: canonical unit. delays in seconds. latch: held until reset by hand.

    hours: of the day in which high or low limits hold, None for all; outside of them every value is normal.

    For no_data without a limit the device profile's `expect` counts.
    source: standard and clause, or the word "practice".
    """

    id: str
    applies: Selector
    condition: Condition
    levels: tuple[Level, ...]
    signal: Signal
    latch: bool
    source: str
    deadband: float = 0.0
    on_delay: float = 0.0
    off_delay: float = 0.0
    hours: Hours | None = None

    @property
    def ends_by_itself(self) -> bool:
        """Whether a return to normal closes the alarm though nobody acknowledged it.

        Faults, disablements and the state of a link show and light until repaired, then end (GB/T 45839-2025 5.5.1);
        a limit that was exceeded stays listed until a person has noted it (ISA-18.2 state D).
        """
        return self.signal in {Signal.FAULT, Signal.DISABLEMENT}
