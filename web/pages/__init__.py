"""The panel's pages: HTML for people, made of what the facade shows."""

from __future__ import annotations

from typing import Final

from starlette.routing import BaseRoute

from web.pages.alarms import router as _alarms
from web.pages.away import router as _away
from web.pages.cameras import router as _cameras
from web.pages.clock import router as _clock
from web.pages.devices import router as _devices
from web.pages.drills import router as _drills
from web.pages.duties import router as _duties
from web.pages.events import router as _events
from web.pages.facilities import router as _facilities
from web.pages.handover import router as _handover
from web.pages.hazards import router as _hazards
from web.pages.health import router as _health
from web.pages.incidents import router as _incidents
from web.pages.journal import router as _journal
from web.pages.me import router as _me
from web.pages.messages import router as _messages
from web.pages.orders import router as _orders
from web.pages.outputs import router as _outputs
from web.pages.plans import router as _plans
from web.pages.reports import router as _reports
from web.pages.reserve import router as _reserve
from web.pages.roster import router as _roster
from web.pages.session import router as _session
from web.pages.viewings import router as _viewings
from web.pages.wall import router as _wall

_SUBJECTS: Final = (
    _wall,
    _incidents,
    _plans,
    _drills,
    _reserve,
    _alarms,
    _cameras,
    _viewings,
    _devices,
    _health,
    _clock,
    _journal,
    _orders,
    _hazards,
    _duties,
    _facilities,
    _session,
    _me,
    _handover,
    _away,
    _outputs,
    _messages,
    _roster,
    _reports,
    _events,
)
routes: Final[list[BaseRoute]] = [route for subject in _SUBJECTS for route in subject.routes]

__all__ = ["routes"]
