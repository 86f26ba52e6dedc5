"""Which incident an alarm belongs to: by signal or plan, by area, and by time. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from edge.domain.alarm import Alarm
from edge.domain.device import Device, Signal
from edge.domain.incident import CO, Incident
from edge.domain.lifecycle import CALLING, VITAL
from edge.domain.plan import Coincidence, Plan
from edge.domain.reading import Purpose
from edge.emergency.coincidence import CO_CATEGORIES, LIFE, OWN_RULES, TRIGGERS, danger

BY_TRIGGERS: Final[frozenset[str]] = frozenset({*TRIGGERS, CO})
"""Families that two triggers make certain, and that go by linkage zone."""


class Grouping:
    """The plans and linkage zones of the site, applied to alarms. devices: by id; it may grow."""

    def __init__(
        self, plans: Sequence[Plan], coincidence: Coincidence, devices: Mapping[str, Device]
    ) -> None:
        self._plans = tuple(plans)
        self._by_id = {plan.id: plan for plan in plans}
        self._coincidence = coincidence
        self._devices = devices
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
            return danger(alarm, self._devices.get(alarm.device))
        return None if plan is None else f"plan:{plan.id}"

    def means(self, alarm: Alarm, incident: Incident) -> bool:
        """Whether that `alarm` is real makes an incident certain: where life is at stake, only one of its danger."""
        return incident.family not in LIFE or self.family(alarm, None) == incident.family

    def _category(self, device: str) -> str:
        known = self._devices.get(device)
        return "" if known is None else known.profile.category

    def area(self, family: str, plan: Plan | None, zone: str) -> str:
        """The area of an incident of that family whose alarm is in `zone`."""
        if family in BY_TRIGGERS:
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

    def switches(self, incident: Incident) -> set[str]:
        """`command:<kind>` of every kind of output that stands in the area of an incident."""
        return {
            f"command:{spec.kind.value}"
            for device in self._devices.values()
            for spec in device.profile.outputs
            if self.within(incident, device.zone)
        }

    def belongs(self, alarm: Alarm, incident: Incident) -> bool:
        """Whether `alarm` is of the same cause, as far as kind and place can tell."""
        if alarm.purpose is not incident.purpose:
            return False
        if alarm.signal in VITAL:
            return incident.family == self.family(alarm, None) and self.within(incident, alarm.zone)
        if not self.within(incident, alarm.zone):
            return False
        plan = self.plan(incident.plan)
        return plan is not None and plan.suits(alarm, self._category(alarm.device), opening=False) > 0

    def opens(self, alarm: Alarm, incident: Incident) -> bool:
        """Whether `alarm` is one that opens an incident of this one's plan, not merely joins it."""
        plan = self.plan(incident.plan)
        return plan is not None and plan.suits(alarm, self._category(alarm.device), opening=True) > 0


def family_of(plan: Plan) -> str:
    """What an incident opened by hand is of: the danger that its plan is for, else the plan itself."""
    opening = [when for when in plan.when if when.opens]
    signals = {signal for when in opening for signal in when.signals}
    if len(signals) != 1 or not signals <= VITAL:
        return f"plan:{plan.id}"
    co = all(when.categories and CO_CATEGORIES.issuperset(when.categories) for when in opening)
    return CO if co and Signal.GAS in signals else signals.pop().value


def signal_of(family: str) -> str | None:
    """The signal of an incident of that family, before an alarm of it came; None for what is not about life."""
    if family == CO:
        return Signal.GAS.value
    return family if family in VITAL else None


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
