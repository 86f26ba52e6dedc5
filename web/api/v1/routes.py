"""All routes of the API, and the two for machines that stand at the root."""

from __future__ import annotations

from fastapi import APIRouter

from web.api.v1 import (
    alarms,
    backups,
    camera_stills,
    cameras,
    channels,
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

router = APIRouter()
router.include_router(health.root)
for _part in (
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
    backups,
):
    router.include_router(_part.router, prefix="/api/v1")
