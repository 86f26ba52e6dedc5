"""The panel's pages: HTML for people, made of what the facade shows."""

from __future__ import annotations

from fastapi import APIRouter

from web.pages import alarms, devices, events, health, journal, session, wall

router = APIRouter(include_in_schema=False)
for subject in (wall, alarms, devices, health, journal, session, events):
    router.include_router(subject.router)

__all__ = ["router"]
