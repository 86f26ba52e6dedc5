"""The comparators: state, high and low limits, no data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from typing import Final

from edge.alarm.tracker import NORMAL, Change, Tracker
from edge.domain.alarm import Alarm
from edge.domain.device import Point
from edge.domain.instant import SECOND, Instant
from edge.domain.reading import Purpose, Quality, Reading
from edge.domain.rule import AlarmRule
from edge.domain.timers import NEVER

_NOT_MEASURED: Final = (bool, str, type(None))


Local = Callable[[int], time | None]
"""µs UTC -> what the site's clocks show then; None while that cannot be known."""


def unknown(_utc: int) -> time | None:
    """`Local` of who has no civil clock."""
    return None


def track(
    rule: AlarmRule, point: Point, purpose: Purpose = Purpose.LIVE, local: Local = unknown
) -> Tracker | None:
    """The tracker of `rule` at `point`, None where the rule has nothing to watch there."""
    if not rule.applies.fits(point):
        return None
    if rule.condition == "state":
        return None if point.spec.quantity else StateTracker(rule, point, purpose)
    if rule.condition == "no_data":
        limits = tuple(level.limit or point.device.profile.expect for level in rule.levels)
        watched = purpose is Purpose.LIVE and all(limits)  # a point that never speaks by itself is not missed
        return SilenceTracker(rule, point, purpose, limits) if watched else None
    return None if point.spec.signal else LimitTracker(rule, point, purpose, local)


class StateTracker(Tracker):
    """A state point: each True is an alarm report.

    A "level" point says False when it is normal again; a False of quality bad is not believed, a True always is. A
    "momentary" point only ever says True: its condition lasts `hold` after the last report, and no on-delay applies,
    since a press cannot last.
    """

    __slots__ = ("_momentary", "_rearm", "_reported")

    def __init__(self, rule: AlarmRule, point: Point, purpose: Purpose) -> None:
        super().__init__(rule, point, purpose, (None,), "")
        spec = point.spec
        self._momentary = spec.report == "momentary"
        self._rearm = round(spec.rearm * SECOND)
        self._reported = -NEVER  # mono µs of the last report
        if self._momentary:
            self.on_delay, self.off_delay = 0, round(spec.hold * SECOND)

    def take(self, reading: Reading, mono: int) -> Change | None:
        """Take in a live reading."""
        if reading.value is not True:
            return super().take(reading, mono)
        silence = mono - self._reported
        self.reading, self._reported = reading, mono
        self._compared(0, mono)
        change = self.tick(mono)
        if self._momentary:
            self._compared(NORMAL, mono)
            self.due = mono + self.off_delay
        if change is None and self.level != NORMAL:
            return Change.PRESSED if self._momentary and silence > self._rearm else Change.REPORTED
        return change

    def sense(self, reading: Reading, mono: int) -> bool:
        """The comparator alone."""
        if self._momentary:
            return False
        if reading.value is True:
            self.reading = reading
            return self._compared(0, mono)
        if reading.value is False and reading.quality is not Quality.BAD:
            self.reading = reading
            return self._compared(NORMAL, mono)
        return False

    def resume(self, alarm: Alarm, now: Instant) -> None:
        """Take up an open alarm; of a momentary one, what remained of its hold when it was last written down.

        How long the hub was away is known from a trusted clock only. Where it is not, the next report asks for
        attention: twice beats never.
        """
        super().resume(alarm, now)
        if not (self._momentary and alarm.active):
            return
        remaining = self.off_delay if alarm.hold is None else min(alarm.hold, self.off_delay)
        held = self.off_delay - remaining
        away = now.utc - alarm.last_report_at
        if now.trusted and away >= 0:
            self._reported = now.mono - max(held, away)
        self.raw, self.normal_since = NORMAL, now.mono - held
        self.due = now.mono + remaining

    def hold(self, mono: int) -> int | None:
        """Remaining µs until a momentary point counts as inactive."""
        return max(0, self.due - mono) if self._momentary and self.level != NORMAL else None


class LimitTracker(Tracker):
    """A measured point: abnormal on reaching a limit, normal again beyond it by more than the deadband.

    high: value >= limit, then value < limit - deadband; low: value <= limit, then value > limit + deadband.
    Only numbers of quality good or uncertain count: a bad value neither raises, nor clears, nor restarts a delay.
    A rule that holds at some hours only finds every value normal at others, by the time it was received. While the
    civil clock cannot be trusted it judges nothing: a value neither raises nor clears.
    """

    __slots__ = ("_falls", "_local", "_rises", "_sign")

    def __init__(self, rule: AlarmRule, point: Point, purpose: Purpose, local: Local = unknown) -> None:
        limits = [level.limit for level in rule.levels if level.limit is not None]
        if len(limits) != len(rule.levels):
            msg = f"rule {rule.id}: every level of a {rule.condition} condition needs a limit"
            raise ValueError(msg)
        super().__init__(rule, point, purpose, tuple(limits), point.unit)
        self._local = local
        self._sign = 1.0 if rule.condition == "high" else -1.0
        self._rises = [self._sign * limit for limit in limits]
        self._falls = [limit - rule.deadband for limit in self._rises]

    def sense(self, reading: Reading, mono: int) -> bool:
        """The comparator alone."""
        value = reading.value
        if isinstance(value, _NOT_MEASURED) or reading.quality is Quality.BAD:
            return False
        hours = self.rule.hours
        if hours is not None:
            shown = self._local(reading.received)
            if shown is None:
                return False
            if not hours.hold(shown):
                self.reading = reading
                return self._compared(NORMAL, mono)
        self.reading = reading
        value *= self._sign
        raw = self._reached(value, self.raw)
        if raw == self.raw:
            while raw != NORMAL and value < self._falls[raw]:
                raw -= 1
        return self._compared(raw, mono)

    def resume(self, alarm: Alarm, now: Instant) -> None:
        """Take up an open alarm at the level its last fact was about."""
        super().resume(alarm, now)
        if alarm.active and not isinstance(alarm.value, _NOT_MEASURED):
            reached = self._reached(self._sign * alarm.value, 0)
            self.level = self.raw = min(reached, self.level)

    def _reached(self, value: float, level: int) -> int:
        """The highest level from `level` on whose limit `value` has reached."""
        top = len(self._rises) - 1
        while level < top and value >= self._rises[level + 1]:
            level += 1
        return level


class SilenceTracker(Tracker):
    """No data: abnormal after so many seconds without a live reading that holds a usable value.

    Counted from the start of the hub, whose own absence accuses no device. limits: seconds.
    """

    __slots__ = ("_heard", "_spans")
    TIMER_FIRST = False  # after a stall of the hub, what has arrived meanwhile was not missing

    def __init__(self, rule: AlarmRule, point: Point, purpose: Purpose, limits: tuple[float, ...]) -> None:
        super().__init__(rule, point, purpose, limits, "s")
        self._spans = [round(limit * SECOND) for limit in limits]
        self._heard = 0

    def start(self, mono: int) -> None:
        """Begin to listen."""
        self._heard = mono
        self.due = mono + self._spans[self.raw + 1] if self.raw + 1 < len(self._spans) else NEVER

    def take(self, reading: Reading, mono: int) -> Change | None:
        """Take in a live reading."""
        if reading.value is None or reading.quality is Quality.BAD:
            return None
        self._heard = mono
        if self.raw == self.level == NORMAL:
            self.due = mono + self._spans[0]
            return None
        self._compared(NORMAL, mono)
        return self.tick(mono)

    def tick(self, mono: int) -> Change | None:
        """How long the silence has lasted by `mono`, then the delays."""
        raw, top = self.raw, len(self._spans) - 1
        while raw < top and self._heard + self._spans[raw + 1] <= mono:
            raw += 1
            self.since[raw] = self._heard + self._spans[raw]
        self.raw = raw
        change = super().tick(mono)
        if raw < top:
            self.due = min(self.due, self._heard + self._spans[raw + 1])
        return change

    def resume(self, alarm: Alarm, now: Instant) -> None:
        """Take up an open alarm; it ends with the next value."""
        super().resume(alarm, now)
        self.start(now.mono)

    def forget(self, mono: int) -> None:
        """A person ended the episode: the silence counts anew."""
        super().forget(mono)
        self.start(mono)

    def rehearse(self, reading: Reading, mono: int) -> None:
        """Nothing: silence is counted from the start."""

    def rehearsed(self, until: int) -> None:
        """Nothing: silence is counted from the start."""
