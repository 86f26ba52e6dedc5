"""All routes of the API, and the two for machines that stand at the root."""

from __future__ import annotations

from fastapi import APIRouter

from web.api.v1 import (
    alarms,
    channels,
    devices,
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
    roster,
    session,
    watch,
)

router = APIRouter()
router.include_router(health.root)
for _part in (
    alarms,
    channels,
    devices,
    health,
    journal,
    notifications,
    orders,
    hazards,
    session,
    person,
    handovers,
    outages,
    outputs,
    incidents,
    plans,
    watch,
    roster,
):
    router.include_router(_part.router, prefix="/api/v1")
