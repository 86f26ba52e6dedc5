"""The tenants of step 4, made of the site and put into their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from edge.alarm.engine import AlarmEngine
from edge.alarm.outage import OutOfService
from edge.cameras import Cameras
from edge.cameras.holding import Matters
from edge.dispatch.channel import Channel
from edge.dispatch.channels.making import routes
from edge.dispatch.duty import OnDuty
from edge.dispatch.escalation import Escalation
from edge.dispatch.handover import HandOvers
from edge.dispatch.messages import Words
from edge.dispatch.notifications import Notifications
from edge.dispatch.orders import Orders
from edge.dispatch.watch import DeskWatch, Presence
from edge.domain.camera import CATEGORY
from edge.domain.conclusion import Tenant
from edge.domain.device import Point
from edge.domain.fact import Numbering
from edge.domain.instant import Instant
from edge.domain.reading import Value
from edge.domain.site import Site
from edge.duties.calendar import Calendar
from edge.duties.tenant import Duties
from edge.emergency.drill_checks import Ground
from edge.emergency.drills import Drills
from edge.emergency.incidents import Incidents
from edge.emergency.reserve import ReserveStock
from edge.hazards.register import Hazards
from edge.ingest.binding import Directory
from edge.outputs import Outputs


def tenants(
    site: Site,
    directory: Directory,
    engine: AlarmEngine,
    duty: OnDuty,
    presence: Presence,
    channels: Mapping[str, Channel],
    civil: Callable[[int], int],
    numbering: Numbering,
    rehearse: Callable[[Point, Value, Instant], Any],
    certain: Callable[[Instant], bool],
    short: Callable[[], bool],
) -> list[Tenant]:
    """In the order in which each concludes from those before it.

    presence: kept by the watch over who is away. civil: µs UTC as people's clocks show it. rehearse:
    what a drill's point would send; ProtocolError where nothing can speak in its device's place. certain: whether the
    civil clock may decide that pictures are old; short: whether the disk is full.
    """
    zone = ZoneInfo(site.timezone)
    persons, crews = site.roster.persons, site.roster.crews

    def category(device: str) -> str:
        found = directory.devices.get(device)
        return "" if found is None else found.profile.category

    outputs = Outputs(
        directory.devices,
        directory.points,
        site.linkages,
        numbering,
        lambda: engine.open().values(),
        lambda: engine.desk,
    )
    drills = Drills(
        Ground(
            site.emergency.plan,
            directory.devices,
            directory.points,
            site.zones,
            engine.outages.suppression_of,
            lambda: engine.open().values(),
            rehearse,
            duty.who,
            outputs.started_by,
            lambda: incidents.standing(),  # noqa: PLW0108 - made below
            lambda on: engine.rehearse(on=on),
        ),
        numbering,
        frozenset(spec.id for spec in site.channels if spec.kind == "ring"),
    )
    incidents = Incidents(
        site.emergency,
        directory.devices,
        site.zones,
        numbering,
        lambda: engine.open().values(),
        drills.of,
        outputs.standing,
    )
    hazards = Hazards(
        numbering,
        site.hazards,
        site.units,
        [element.id for element in site.elements],
        site.rules,
        lambda: engine.open().values(),
        category,
        lambda person: persons[person].roles if person in persons else (),
        lambda utc: duty.local(utc).time(),
    )
    orders = Orders(
        numbering,
        site.order_rules,
        duty.crew_for,
        lambda: engine.open().values(),
        category,
        lambda crew: crews[crew].members if crew in crews else (),
    )
    cameras = Cameras(
        site.cameras,
        numbering,
        Matters(
            lambda: engine.open().values(), incidents.standing, hazards.standing, orders.open, hazards.known
        ),
        site.emergency.coincidence.area,
        watched(site, directory),
        site.retention.stills_days,
        certain,
        short,
        _without_pictures(site),
    )
    return [
        OutOfService(directory.devices.get, engine.outages, numbering),
        incidents,
        drills,
        outputs,
        orders,
        hazards,
        cameras,
        Duties(
            site.duties,
            Calendar(site.duties.duties.values(), zone, duty.holiday, civil),
            directory.points,
            numbering,
            duty.who,
            lambda person: persons[person].roles if person in persons else (),
            lambda said: next((p.id for p in persons.values() if said in {p.id, p.name}), None),
        ),
        ReserveStock(
            site.reserve, numbering, lambda now: duty.local(now.utc).date() if now.trusted else None
        ),
        HandOvers(duty.changes, numbering),
        DeskWatch(presence, numbering),
        Escalation(site.policies, duty, numbering, lambda: drills.running is not None),
        Notifications(
            routes(site.channels, channels),
            Words(zone, civil, site.messages),
            numbering,
            lambda person: persons[person].language if person in persons else "zh",
            lambda: engine.open().values(),
            site.proofs,
            (zone, civil),
            hazards.known,
        ),
        incidents.ticking,
        drills.watching,
    ]


def _without_pictures(site: Site) -> dict[str, str]:
    """Cameras that are no [[camera]] of the site: device -> the first source that speaks their dialect."""
    sources = {connection.dialect: connection.id for connection in reversed(site.connections)}
    own = {camera.device for camera in site.cameras}
    return {
        device.id: sources.get(device.profile.dialect, "")
        for device in site.devices.values()
        if device.profile.category == CATEGORY and device.id not in own
    }


def watched(site: Site, directory: Directory) -> Callable[[str], bool]:
    """Whether a rule looks at a point of a camera."""
    points = [point for point in directory.points.values() if point.device.profile.category == CATEGORY]
    meant = {
        point.id
        for point in points
        if any(r.condition == "state" and r.applies.fits(point) for r in site.rules)
    }
    return meant.__contains__
