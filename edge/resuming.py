"""What was true before the stop is true again: open alarms and cases, who was heard when, last values, delays."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from edge.domain.device import Point
from edge.domain.instant import MINUTE, SECOND, Instant
from edge.domain.notification import NotificationState
from edge.domain.reading import Arrival, Reading
from edge.pipeline import Line, Pipeline
from edge.store.case_rows import Case
from edge.store.journal import Entry, Journal, JournalState
from edge.store.rows import LastValue
from edge.store.telemetry import TelemetryState
from edge.store.writer import StoreError

PRIME: Final = 5 * MINUTE  # beyond the longest delay: how long before the stop the hub may have been writing


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the stores remember. points: those that still exist. longest: seconds, of the site's alarm delays."""

    journal: Journal
    state: JournalState
    telemetry: TelemetryState
    points: Mapping[str, Point]
    longest: float


async def take_up(line: Line, pipeline: Pipeline, known: Remembered, now: Instant) -> None:
    """Restore the line before it runs; what the time away made follow is recorded, and done when it does."""
    alarms = known.state.open_alarms
    outcome = line.engine.restore([*alarms, *known.state.shelved], now)
    cases = [*known.state.open_cases, *await _closed_cases(line, known.journal, now)]
    if known.state.restored:
        cases = [_in_doubt(case) for case in cases]
    resumed = line.conclude.restore(sorted(cases, key=lambda case: (case.body["opened_at"], case.id)), now)
    drawn = line.conclude.draw([*outcome.facts, *resumed.facts], now)
    if facts := [*outcome.facts, *resumed.facts, *drawn.facts]:
        await line.log.record(Entry(facts=facts, alarms=outcome.alarms))
    if known.state.restored:
        with contextlib.suppress(StoreError):  # then the next start doubts once more
            await known.journal.taken_up()
    pipeline.follow(resumed, now)
    pipeline.follow(drawn, now)
    last = _readings(known.points, known.telemetry.latest.values())
    line.values.restore(last)
    heard: dict[str, int] = {}
    for reading in last:
        if reading.arrival is Arrival.LIVE:
            device = reading.point.device.id
            heard[device] = max(reading.received, heard.get(device, 0))
    line.supervision.restore(alarms, heard, now)
    with contextlib.suppress(StoreError):  # a sick store must not keep the hub from starting
        recent = await line.telemetry.recent(now.utc - round(known.longest * SECOND) - PRIME)
        line.engine.prime(_readings(known.points, recent), now)


async def _closed_cases(line: Line, journal: Journal, now: Instant) -> list[Case]:
    """Closed cases that a tenant wants to know again; without a journal that can be read it has to do without."""
    found: list[Case] = []
    with contextlib.suppress(StoreError):
        for kind, span in line.conclude.remembered().items():
            found += await journal.closed_cases(kind, now.utc - span)
    return found


def _in_doubt(case: Case) -> Case:
    """A message that waited when the backup was made may have been sent since: as one that was being sent.

    So it is sent, and says that it is a repeat.
    """
    if case.kind != "notification" or case.body["state"] != NotificationState.QUEUED.value:
        return case
    return case._replace(body={**case.body, "state": NotificationState.SENDING.value})


def _readings(points: Mapping[str, Point], rows: Iterable[LastValue]) -> list[Reading]:
    """Stored rows of points that still exist, as readings."""
    return [
        Reading(points[v.point], v.value, v.time, v.received, v.quality, v.reason, v.arrival, v.purpose)
        for v in rows
        if v.point in points
    ]
