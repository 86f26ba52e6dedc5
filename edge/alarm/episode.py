"""What happens to an alarm by itself: each function gives the row as it stands afterwards (ISA-18.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from edge.alarm.tracker import Tracker, key_of
from edge.domain.alarm import Alarm, Suppression
from edge.domain.device import Point
from edge.domain.fact import Seq
from edge.domain.instant import Instant
from edge.domain.reading import Purpose, Reading
from edge.domain.rule import AlarmRule, Level

_UNNUMBERED: Final = Seq(0, 0)


def raised(tracker: Tracker, now: Instant, suppression: Suppression | None) -> Alarm:
    """A new alarm. A test is held by nobody: it ends with what it tests (GB/T 45839-2025 5.8.4)."""
    rule, level = tracker.rule, tracker.level
    return replace(
        _new(rule, rule.levels[level], tracker.point, tracker.reading, now),
        key=tracker.key,
        level=level,
        limit=tracker.limits[level],
        unit=tracker.unit,
        latched=rule.latch and tracker.purpose is not Purpose.TEST,
        purpose=tracker.purpose,
        suppression=suppression,
        hold=tracker.hold(now.mono),
    )


def unconfirmed(rule: AlarmRule, reading: Reading, now: Instant) -> Alarm:
    """A retained report of an alarm: held for a person, but not known to be active."""
    return replace(_new(rule, rule.levels[0], reading.point, reading, now), active=False)


def stuck(rule: AlarmRule, point: Point, now: Instant) -> Alarm:
    """A latch at `point` has been open for too long."""
    return _new(rule, rule.levels[0], point, None, now)


def again(alarm: Alarm, tracker: Tracker, now: Instant) -> Alarm:
    """Asks for attention anew: risen, active again, or pressed again. It keeps the highest level of the episode.

    That it was nothing was said of what it reported before: the journal keeps that verdict, this report has none yet.
    """
    alarm = replace(
        reported(alarm, tracker, now),
        acked=False,
        acked_at=None,
        acked_by=None,
        verdict=None if alarm.dismissed else alarm.verdict,
    )
    if tracker.level > alarm.level:
        level = tracker.rule.levels[tracker.level]
        alarm = replace(
            alarm,
            level=tracker.level,
            priority=level.priority,
            title=level.title,
            response=level.response,
            limit=tracker.limits[tracker.level],
        )
    return alarm


def reported(alarm: Alarm, tracker: Tracker, now: Instant) -> Alarm:
    """One more report that it is abnormal."""
    reading = tracker.reading
    return replace(
        alarm,
        active=True,
        returned_at=None,
        reports=alarm.reports + 1,
        value=None if reading is None else reading.value,
        last_report_at=now.utc if reading is None else reading.received,
    )


def returned(alarm: Alarm, now: Instant, reading: Reading | None = None) -> Alarm:
    """Normal again. `reading` says so, where one did."""
    value = alarm.value if reading is None else reading.value
    return replace(alarm, active=False, returned_at=now.utc, value=value, hold=None)


def closed(alarm: Alarm, now: Instant, by: str | None = None) -> Alarm:
    """The end of the episode. A forced end leaves `active` as it was: that is what was forced.

    A shelving goes on without it; that its device was out of service does not concern it any more.
    """
    shelved = alarm.suppression is not None and alarm.suppression.kind == "shelved"
    suppression = alarm.suppression if shelved else None
    return replace(alarm, latched=False, closed_at=now.utc, closed_by=by, hold=None, suppression=suppression)


def _new(rule: AlarmRule, level: Level, point: Point, reading: Reading | None, now: Instant) -> Alarm:
    device = point.device
    received = now.utc if reading is None else reading.received
    return Alarm(
        id="",  # the register names it after its first fact
        key=key_of(rule, point.id),
        rule=rule.id,
        device=device.id,
        point=point.id,
        zone=device.zone,
        place=device.place,
        signal=rule.signal,
        level=0,
        priority=level.priority,
        active=True,
        acked=False,
        latched=rule.latch,
        value=None if reading is None else reading.value,
        limit=None,
        unit="",
        received_at=received,
        raised_at=now.utc,
        annunciated_at=now.utc,
        last_report_at=received,
        title=level.title,
        response=level.response,
        purpose=Purpose.LIVE,
        seq=_UNNUMBERED,
        source_time=reading.time if reading is not None and reading.time != received else None,
    )
