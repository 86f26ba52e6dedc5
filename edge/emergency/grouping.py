"""Which incident an alarm belongs to: by signal or plan, by area, and by time. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edge.domain.alarm import Alarm
from edge.domain.device import Signal
from edge.domain.incident import Incident
from edge.domain.lifecycle import CALLING, VITAL
from edge.domain.plan import Coincidence, Plan
from edge.domain.reading import Purpose
from edge.emergency.coincidence import OWN_RULES, TRIGGERS

Category = Callable[[str], str]
"""Category of a device's profile by the device's id, "" where it is unknown."""


class Grouping:
    """The plans and linkage zones of the site, applied to alarms."""

    def __init__(self, plans: Sequence[Plan], coincidence: Coincidence, category: Category) -> None:
        self._plans = tuple(plans)
        self._by_id = {plan.id: plan for plan in plans}
        self._coincidence = coincidence
        self._category = category
        self._areas: dict[str, str] = {}  # by zone: a storm asks of the same few again and again

    def plan(self, id: str | None) -> Plan | None:
        """The plan of that id, as the site has it now."""
        return None if id is None else self._by_id.get(id)

    def plan_for(self, alarm: Alarm) -> Plan | None:
        """The plan that `alarm` opens: the one that says most about it, the first of these."""
        category = self._category(alarm.device)
        suiting = [(plan.suits(alarm, category, opening=True), plan) for plan in self._plans]
        best = max((rank for rank, _ in suiting), default=0)
        return next((plan for rank, plan in suiting if rank == best), None) if best else None

    def family(self, alarm: Alarm, plan: Plan | None) -> str | None:
        """What belongs together; None where an alarm opens no incident."""
        if alarm.signal in VITAL:
            return alarm.signal.value
        return None if plan is None else f"plan:{plan.id}"

    def area(self, family: str, plan: Plan | None, zone: str) -> str:
        """The area of an incident of that family whose alarm is in `zone`."""
        if family in TRIGGERS:
            return self._linkage_zone(zone)
        if family == Signal.SOS or plan is None or plan.spread == "zone":
            return zone
        return "" if plan.spread == "site" else self._linkage_zone(zone)

    def _linkage_zone(self, zone: str) -> str:
        if zone not in self._areas:
            self._areas[zone] = self._coincidence.area(zone)
        return self._areas[zone]

    def within(self, incident: Incident, zone: str) -> bool:
        """Whether `zone` lies in the area of an incident."""
        return self.area(incident.family, self.plan(incident.plan), zone) == incident.area

    def belongs(self, alarm: Alarm, incident: Incident) -> bool:
        """Whether `alarm` is of the same cause, as far as kind and place can tell."""
        if alarm.purpose is not incident.purpose:
            return False
        if alarm.signal in VITAL:
            return incident.family == alarm.signal.value and self.within(incident, alarm.zone)
        if not self.within(incident, alarm.zone):
            return False
        plan = self.plan(incident.plan)
        return plan is not None and plan.suits(alarm, self._category(alarm.device), opening=False) > 0

    def opens(self, alarm: Alarm, incident: Incident) -> bool:
        """Whether `alarm` is one that opens an incident of this one's plan, not merely joins it."""
        plan = self.plan(incident.plan)
        return plan is not None and plan.suits(alarm, self._category(alarm.device), opening=True) > 0


def calls(kind: str, alarm: Alarm) -> bool:
    """Whether a fact about an alarm asks for people, so that it opens or joins an incident.

    A person's verdict "real" does so as well while the alarm is open, whatever kept it quiet.
    """
    if alarm.purpose is Purpose.TEST or alarm.rule in OWN_RULES or not alarm.open:
        return False
    if judged_real(kind, alarm):
        return True
    return kind in CALLING and (alarm.active or alarm.latched) and alarm.suppression is None


def judged_real(kind: str, alarm: Alarm) -> bool:
    """Whether the fact is the verdict of a person that it is real; once the alarm is closed it corrects the record."""
    return (
        kind == "alarm.verdict" and alarm.verdict is not None and alarm.verdict.kind == "real" and alarm.open
    )
