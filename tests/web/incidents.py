"""The real machine of incidents within the hub in memory, with the shipped plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from edge.conclude import Conclude
from edge.domain.alarm import Alarm
from edge.domain.device import Signal
from edge.domain.fact import Fact
from edge.domain.incident import Incident
from edge.domain.plan import Contact, EmergencyRules, Plan
from edge.domain.request import Request
from edge.domain.roster import Roster
from edge.emergency.incidents import Incidents
from edge.facade import Desk
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


def following(hub: FakeHub) -> FakeHub:
    """As `with_incidents`, and what people do to alarms has its consequences for them too."""
    with_incidents(hub)
    act = hub.act

    async def acts(request: Request, key: str | None = None) -> Alarm | Desk | Mapping[str, Any]:
        done = await act(request, key)
        if isinstance(done, Alarm):
            draw(hub)
        return done

    hub.act = acts  # type: ignore[method-assign]
    return hub


def draw(hub: FakeHub) -> list[Fact]:
    """What follows for incidents from what has just happened."""
    drawn = hub.conclude.draw([hub._facts[-1]], hub.now())
    for made in drawn.facts:
        hub.put_case(made.subject, made.body, made.kind)
    return list(drawn.facts)


def an_incident(hub: FakeHub, point: str = "sm-301.smoke", signal: Signal = Signal.FIRE) -> Incident:
    """That of a new alarm at `point`."""
    hub.raise_alarm(point, signal)
    return Incident.from_dict(draw(hub)[0].body)
