"""What watches a point: the trackers of the rules that apply to it, apart for live readings, tests and drills."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from edge.alarm.conditions import Local, SilenceTracker, track, unknown
from edge.alarm.tracker import Tracker
from edge.domain.alarm import Alarm
from edge.domain.device import Point
from edge.domain.instant import Instant
from edge.domain.lifecycle import VITAL
from edge.domain.reading import Arrival, Purpose, Reading
from edge.domain.rule import AlarmRule


class Watch:
    """One point under its rules. vital: a state of fire, gas or SOS. trackers: those of live readings."""

    __slots__ = ("_aside", "_local", "_rules", "point", "trackers", "vital")

    def __init__(self, point: Point, rules: Sequence[AlarmRule], local: Local = unknown) -> None:
        self._rules = rules
        self._local = local
        self._aside: dict[Purpose, tuple[Tracker, ...]] = {}
        self.point = point
        self.vital = point.spec.signal in VITAL
        self.trackers = self._make(Purpose.LIVE)

    @property
    def listening(self) -> list[SilenceTracker]:
        """Those that wait for any reading at all."""
        return [tracker for tracker in self.trackers if isinstance(tracker, SilenceTracker)]

    def trackers_for(self, purpose: Purpose) -> tuple[Tracker, ...]:
        """The trackers that a reading is for. Those of a test or drill are made when the first one comes."""
        if purpose is Purpose.LIVE:
            return self.trackers
        if purpose not in self._aside:
            # A device under test is not silent; what a drill says in its stead proves nothing about it.
            listening = self.listening if purpose is Purpose.TEST else []
            self._aside[purpose] = (*self._make(purpose), *listening)
        return self._aside[purpose]

    def forget(self, purpose: Purpose, mono: int) -> None:
        """A drill is over: nothing follows of what it has said."""
        for tracker in self._aside.get(purpose, ()):
            tracker.forget(mono)

    def _make(self, purpose: Purpose) -> tuple[Tracker, ...]:
        found = (track(rule, self.point, purpose, self._local) for rule in self._rules)
        return tuple(tracker for tracker in found if tracker is not None)


def rehearse(
    readings: Iterable[Reading], watches: Mapping[Point, Watch], alarms: Mapping[str, Alarm], now: Instant
) -> Iterable[Tracker]:
    """Let trackers follow `readings` from before a restart, in order of arrival; those that did.

    A receive time is turned into a moment on the monotonic clock by its age; one in the future counts as now, and none
    lies before the one that arrived ahead of it, so that a step of the civil clock can only lengthen a delay.
    """
    moment: int | None = None
    followed: dict[Tracker, None] = {}
    for reading in readings:
        at = now.mono - max(0, now.utc - reading.received)
        moment = at if moment is None else max(moment, at)
        watch = watches.get(reading.point)
        if watch is None or not reading.evaluate or reading.arrival is not Arrival.LIVE:
            continue
        for tracker in watch.trackers_for(reading.purpose):
            alarm = alarms.get(tracker.alarm or "")
            if alarm is not None and alarm.active and reading.received < alarm.last_report_at:
                continue  # the alarm's row knows better: it may hold reports that the tail has lost
            tracker.rehearse(reading, moment)
            followed[tracker] = None
    for tracker in followed:
        tracker.rehearsed(now.mono if moment is None else moment)
    return followed
