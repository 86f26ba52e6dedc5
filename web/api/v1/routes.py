"""All routes of the API, and the two for machines that stand at the root."""

from __future__ import annotations

from typing import Final

from starlette.routing import BaseRoute

from web.api.v1 import (
    alarms,
    backups,
    camera_stills,
    cameras,
    channels,
    clock,
    devices,
    drills,
    duties,
    facilities,
    handovers,
    hazards,
    health,
    incidents,
    journal,
    notifications,
    orders,
    outages,
    outputs,
    person,
    plans,
    reports,
    reserve,
    roster,
    rounds,
    session,
    verification,
    viewings,
    watch,
)

_PARTS: Final = (
    alarms,
    cameras,
    camera_stills,
    viewings,
    channels,
    devices,
    health,
    journal,
    notifications,
    orders,
    hazards,
    duties,
    rounds,
    facilities,
    session,
    person,
    handovers,
    outages,
    outputs,
    incidents,
    plans,
    drills,
    reserve,
    verification,
    watch,
    roster,
    reports,
    clock,
    backups,
)
routes: Final[list[BaseRoute]] = [
    *health.root.routes,
    *(route for part in _PARTS for route in part.router.routes),
]
