"""The real machine of incidents within the hub in memory, with the shipped plans."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from edge.conclude import Conclude
from edge.domain.device import Signal
from edge.domain.incident import Incident
from edge.domain.plan import Contact, EmergencyRules, Plan
from edge.domain.roster import Roster
from edge.emergency.incidents import Incidents
from edge.resources import config_root
from edge.settings.plans import Context, read_plans
from edge.settings.problems import Report
from tests.web.fakes import FakeHub


@cache
def shipped_plans() -> tuple[Plan, ...]:
    report = Report()
    plans = read_plans(report, config_root() / "no-site", Context((), (), (), (), (), Roster()))
    assert report.problems() == []
    return plans


def with_incidents(hub: FakeHub) -> FakeHub:
    """Let `hub` open incidents for its alarms, and carry out requests about them."""
    rules = EmergencyRules(
        shipped_plans(), contacts=(Contact("gas-company", shipped_plans()[0].name, "96777"),)
    )
    hub.site = replace(hub.site, emergency=rules)
    incidents = Incidents(rules, hub.site.devices, hub.site.zones, hub._numbering, hub.open_alarms)
    hub.conclude = Conclude([incidents, incidents.ticking])
    return hub


def an_incident(hub: FakeHub, point: str = "sm-301.smoke", signal: Signal = Signal.FIRE) -> Incident:
    """That of a new alarm at `point`."""
    hub.raise_alarm(point, signal)
    drawn = hub.conclude.draw([hub._facts[-1]], hub.now())
    for made in drawn.facts:
        hub.put_case(made.subject, made.body, made.kind)
    return Incident.from_dict(drawn.facts[0].body)
