"""The alarm wall 报警监控: which alarm is pinned, and since when all is quiet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from edge.domain.alarm import Alarm
from edge.domain.device import Signal
from edge.domain.lifecycle import VITAL
from edge.domain.reading import Purpose
from edge.facade import AlarmQuery, Hub, Role
from web.auth import Perm, Visitor, hub_of, require, set_cookie
from web.pages import incident_words, render

router = APIRouter(include_in_schema=False)


@router.get("/")
async def wall(request: Request, visitor: Annotated[Visitor, Depends(require(Perm.SEE))]) -> HTMLResponse:
    """The wall as it stands; the stream keeps it so."""
    hub = hub_of(request)
    quiet = None if hub.open_alarms() else await quiet_since(hub)
    page = await render.page(request, visitor, "wall.html", wall=True, quiet_since=quiet, **standing(hub))
    if visitor.role is Role.WALL and visitor.session is not None:
        set_cookie(page, visitor.session, secure=request.app.state.secure)  # browsers keep none for ever
    return page


def standing(hub: Hub) -> dict[str, Any]:
    """What the wall shows besides the list: the alarm on top, and the incidents that alarms belong to."""
    alarms = hub.open_alarms()
    first = pinned(alarms)
    return {
        "pinned": first,
        "on_wall": incident_words.on_wall(hub.incidents(), alarms, first),
        "iw": incident_words,
    }


def pinned(alarms: Sequence[Alarm]) -> Alarm | None:
    """The alarm on top: the first fire (首火警), else the first other emergency, else what waits for a person.

    A drill is on top only where nothing real would be.

    A first-out stays until it is closed, acknowledged or not; what is acknowledged and no emergency goes to the list.
    """
    seen = [alarm for alarm in alarms if alarm.suppression is None]
    real = _first([alarm for alarm in seen if alarm.purpose is not Purpose.DRILL])
    return real or _first([alarm for alarm in seen if alarm.purpose is Purpose.DRILL])


def _first(live: Sequence[Alarm]) -> Alarm | None:
    for signals in ({Signal.FIRE}, VITAL):
        if first := min((a for a in live if a.signal in signals), key=lambda a: a.raised_at, default=None):
            return first
    return next((alarm for alarm in live if not alarm.acked), None)


async def quiet_since(hub: Hub) -> int | None:
    """When the newest closed alarm was closed, else since when the hub has watched; None when neither is known."""
    last = await hub.alarms(AlarmQuery(open=False, limit=1))
    closed = [alarm.closed_at for alarm in last.items if alarm.closed_at is not None]
    started = [check.since for check in hub.health().checks.values()]
    return max(closed, default=min(started, default=None))
