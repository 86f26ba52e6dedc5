"""What open matters still need of the pictures that are kept: none of it is erased. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from edge.domain.alarm import Alarm
from edge.domain.footage import Finding, StillSet, Viewing
from edge.domain.hazard import Hazard
from edge.domain.incident import Incident
from edge.domain.instant import MINUTE
from edge.domain.order import WorkOrder

AROUND: Final = 10 * MINUTE
"""How far around a storm, whose incident cannot name every alarm, everything is kept."""


@dataclass(frozen=True, slots=True)
class Matters:
    """What is open on the site, as it stands when asked. hazard: one by its id, also one closed lately."""

    alarms: Callable[[], Iterable[Alarm]]
    incidents: Callable[[], Iterable[Incident]] = tuple
    hazards: Callable[[], Iterable[Hazard]] = tuple
    orders: Callable[[], Iterable[WorkOrder]] = tuple
    hazard: Callable[[str], Hazard | None] = lambda _: None


class Needed:
    """Everything that is needed at one moment."""

    def __init__(self, matters: Matters, viewings: Iterable[Viewing]) -> None:
        self._alarms = {alarm.id for alarm in matters.alarms()}
        self._spans: list[tuple[int, int]] = []
        self._devices: list[tuple[str, int]] = []  # everything of a device since then
        self._viewings = list(viewings)
        for incident in matters.incidents():
            self._alarms |= {*incident.alarms, *incident.triggers, incident.alarm or ""}
            if incident.count > len(incident.alarms):
                self._spans.append((incident.opened_at - AROUND, incident.last_at + AROUND))
        hazards = {hazard.id: hazard for hazard in matters.hazards()}
        for order in matters.orders():
            self._alarms.add(order.alarm or "")
            if (
                order.hazard
                and (hazard := hazards.get(order.hazard) or matters.hazard(order.hazard)) is not None
            ):
                hazards[hazard.id] = hazard
        for hazard in hazards.values():
            self._alarms |= {hazard.alarm or "", *(source.id for source in hazard.sources)}
            if hazard.dropped and hazard.device:
                self._devices.append((hazard.device, hazard.opened_at - AROUND))
        self._hazards = hazards.keys()
        self._alarms.discard("")

    def holds(self, one: StillSet, finding: Finding | None) -> bool:
        """Whether something open needs the pictures of `one`, which are of `finding` where it knows one."""
        if not self._alarms.isdisjoint(one.alarms):
            return True
        if finding is not None and (
            finding.open or finding.alarm in self._alarms or finding.hazard in self._hazards
        ):
            return True
        if any(start <= one.opened_at <= end for start, end in self._spans):
            return True
        if any(device == one.device and one.opened_at >= since for device, since in self._devices):
            return True
        return any(_asked_for(viewing, one) for viewing in self._viewings)


def _asked_for(viewing: Viewing, one: StillSet) -> bool:
    """Whether somebody waits to see it: what is asked for is not erased before the answer."""
    if one.id in viewing.stills:
        return True
    if viewing.start is None or viewing.end is None or viewing.camera != one.device:
        return False
    return any(viewing.start <= (s.taken or s.wanted) <= viewing.end for s in one.pictures)
