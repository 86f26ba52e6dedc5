"""From readings of one point to one rule's condition: limits with a deadband, on- and off-delay, hold, silence.

Two steps, as in a control system: the comparator (`raw`, with its deadband) follows the readings; the delays make of it
the condition (`level`) that alarms are made of. Both are the index of a rule's level, or NORMAL.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import ClassVar, Final

from edge.domain.alarm import Alarm
from edge.domain.device import Point
from edge.domain.instant import SECOND, Instant
from edge.domain.reading import Purpose, Reading
from edge.domain.rule import AlarmRule
from edge.domain.timers import NEVER, Timer

NORMAL: Final = -1


class Change(Enum):
    """What a reading or the passing of time did to a condition."""

    ROSE = auto()  # left normal, or reached a level that it had not reached since
    REPORTED = auto()  # a state point said once more that it is abnormal
    PRESSED = auto()  # a momentary point said so after more than `rearm` of silence
    RETURNED = auto()  # is normal again


def key_of(rule: AlarmRule, point: str, purpose: Purpose = Purpose.LIVE) -> str:
    """`rule@point`; tests and drills have keys of their own, so that they never merge with a live alarm."""
    key = f"{rule.id}@{point}"
    return key if purpose is Purpose.LIVE else f"{key}#{purpose.value}"


class Tracker(Timer):
    """One rule at one point for one purpose. Subclasses are the comparators.

    alarm: id of its open alarm. reading: the latest that counted. since: when `raw` reached each level, mono µs.
    """

    __slots__ = (
        "alarm", "key", "level", "limits", "normal_since", "off_delay", "on_delay", "point", "purpose", "raw",
        "reading", "rule", "since", "unit",
    )  # fmt: skip
    TIMER_FIRST: ClassVar[bool] = True  # what fell due before a reading came is concluded before the reading

    def __init__(
        self, rule: AlarmRule, point: Point, purpose: Purpose, limits: tuple[float | None, ...], unit: str
    ) -> None:
        super().__init__()
        self.rule, self.point, self.purpose = rule, point, purpose
        self.key = key_of(rule, point.id, purpose)
        self.limits, self.unit = limits, unit
        self.on_delay, self.off_delay = round(rule.on_delay * SECOND), round(rule.off_delay * SECOND)
        self.alarm: str | None = None
        self.reading: Reading | None = None
        self.raw = self.level = NORMAL
        self.since = [0] * len(limits)
        self.normal_since = 0

    def take(self, reading: Reading, mono: int) -> Change | None:
        """Take in a live reading."""
        return self.tick(mono) if self.sense(reading, mono) else None

    def sense(self, reading: Reading, mono: int) -> bool:
        """The comparator alone: whether the reading may have changed anything."""
        raise NotImplementedError

    def tick(self, mono: int) -> Change | None:
        """The delays alone: what they make of the comparator by `mono`; sets `due`."""
        if self.raw == NORMAL:
            if self.level == NORMAL:
                self.due = NEVER
            elif mono >= self.normal_since + self.off_delay:
                self.level, self.due = NORMAL, NEVER
                return Change.RETURNED
            else:
                self.due = self.normal_since + self.off_delay
            return None
        level = self.raw
        while level > self.level and mono < self.since[level] + self.on_delay:
            level -= 1
        rose = level > self.level
        self.level = max(level, self.level)  # the highest since it left normal
        self.due = self.since[self.level + 1] + self.on_delay if self.raw > self.level else NEVER
        return Change.ROSE if rose else None

    def resume(self, alarm: Alarm, now: Instant) -> None:
        """Take up an open alarm after a restart."""
        self.alarm = alarm.id
        if alarm.active:
            self.level = self.raw = min(alarm.level, len(self.limits) - 1)

    def forget(self, mono: int) -> None:
        """A person ended the episode while active: the next report begins a new one, though it never was normal."""
        self.raw = self.level = NORMAL
        self.due = NEVER

    def rehearse(self, reading: Reading, mono: int) -> None:
        """Follow a reading from before a restart with the comparator only: nothing is raised and nothing ends."""
        self.sense(reading, mono)

    def rehearsed(self, until: int) -> None:
        """Keep of the rehearsal the delays still pending at `until`, when the hub was last alive (mono µs).

        A delay that had run out by then was concluded then; what became of it is in the alarm's row.
        """
        ran_out = self.raw > self.level and self.since[self.level + 1] + self.on_delay <= until
        without_delay = self.raw == NORMAL < self.level and not self.off_delay
        if ran_out or without_delay:
            self.raw = self.level
        self.due = NEVER
        if self.raw > self.level:
            self.due = self.since[self.level + 1] + self.on_delay
        elif self.raw == NORMAL < self.level:
            self.due = self.normal_since + self.off_delay

    def hold(self, mono: int) -> int | None:
        """Remaining µs until a momentary point counts as inactive; None where that is not what ends it."""
        return None

    def _compared(self, raw: int, mono: int) -> bool:
        """Note what the comparator says now; whether it is anything new."""
        if raw == self.raw:
            return False
        if raw == NORMAL:
            self.normal_since = mono
        for level in range(self.raw + 1, raw + 1):
            self.since[level] = mono
        self.raw = raw
        return True
