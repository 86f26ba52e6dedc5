"""The sensors behind hazards that were rectified: what their readings prove, and what they take back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import time

from edge.domain.alarm import Alarm
from edge.domain.hazard import Hazard
from edge.domain.hazard_parts import Sensor
from edge.domain.instant import SECOND, Instant
from edge.domain.reading import Reading
from edge.domain.rule import AlarmRule
from edge.hazards import sources
from edge.hazards.book import Entry
from edge.hazards.proof import Count, shows_normal


class Sensors:
    """What the site's rules say of readings. local: what the site's clocks show at µs UTC."""

    def __init__(
        self,
        rules: Iterable[AlarmRule],
        alarms: Callable[[], Iterable[Alarm]],
        local: Callable[[int], time],
    ) -> None:
        self._rules = {rule.id: rule for rule in rules}
        self._alarms = alarms
        self._local = local

    def shown(self, entry: Entry, reading: Reading, now: Instant) -> Iterator[tuple[Hazard, str]]:
        """A trusted reading: the hazard after each thing it proves or takes back, and the kind of fact that says so."""
        for sensor in entry.hazard.sensors:
            rule_id, _, point = sensor.key.partition("@")
            rule = self._rules.get(rule_id)  # without it only a named override is left
            if point != reading.point.id or rule is None or not self._holds(rule, reading, now):
                continue
            step = self._judged(entry, sensor, rule, reading, now)
            if step is not None:
                yield step

    def _holds(self, rule: AlarmRule, reading: Reading, now: Instant) -> bool:
        """Whether the rule says anything at that time of day: outside of its hours a value proves nothing."""
        if rule.hours is None:
            return True
        return now.trusted and rule.hours.hold(self._local(reading.received))

    def _judged(
        self, entry: Entry, sensor: Sensor, rule: AlarmRule, reading: Reading, now: Instant
    ) -> tuple[Hazard, str] | None:
        """What is proved stays so only while the sensor shows it, until somebody has struck it off."""
        count = entry.counts.setdefault(sensor.key, Count())
        hazard = entry.as_of(now)
        if not shows_normal(rule, reading.value) or self._in_alarm(hazard):
            count.clear()
            if sensor.proof.met_at is None:
                return None
            return hazard.shown_by(sensor.key, count=0, since=None, met_at=None), "hazard.disproved"
        lag = max(0, reading.received - reading.time)
        longest = round(reading.point.device.profile.expect * SECOND)
        count.take(now.mono, now.utc, lag, entry.done, longest)
        if sensor.proof.met_at is not None or not count.meets(sensor.proof, now.mono):
            return None
        met = hazard.shown_by(sensor.key, count=count.good, since=count.since_utc, met_at=now.utc)
        return met, "hazard.proved"

    def _in_alarm(self, hazard: Hazard) -> bool:
        shown = {each.id for each in hazard.sources}
        return any(a.active and (sources.repeats(hazard, a.key) or a.id in shown) for a in self._alarms())
