"""May this visitor see this picture: the one place that decides it and has it put on record before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from fastapi import Request

from edge.domain.alarm import Alarm
from edge.domain.footage import OpenFootage, StillSet
from edge.facade import Hub, Role
from web.auth import Perm, Visitor
from web.openings import Openings
from web.problems import Problem

PROGRAM: Final = "program"
"""Reason on record of a token, which nobody can ask."""
ALARM: Final = "alarm"
"""Reason on record of those who see the stills of an open alarm because they handle it."""


def openings_of(request: Request) -> Openings:
    """Who looks just now, and why."""
    return cast("Openings", request.app.state.openings)


def session_of(visitor: Visitor) -> str:
    """By which an opening is known: a stand-in for the session's secret, a program's name."""
    return visitor.csrf or visitor.name


async def look_live(request: Request, hub: Hub, visitor: Visitor, camera: str) -> None:
    """A live picture. Problem 403 `viewing_required` for a person who has not said why."""
    openings = openings_of(request)
    reason = _reason(openings, hub, visitor)
    act = OpenFootage(visitor.name, reason, camera=camera)
    await openings.record(hub, f"live {camera}", act)
    openings.goes_on(session_of(visitor), hub.now().mono)


def handles(visitor: Visitor, alarm: Alarm | None) -> bool:
    """Whether they see the stills of this alarm without being asked why: it is open, and theirs to answer.

    A wall shows those of open alarms and nothing else.
    """
    return alarm is not None and alarm.open and (visitor.role is Role.WALL or visitor.may(Perm.ACK))


def sees(request: Request, hub: Hub, visitor: Visitor, alarm: Alarm | None) -> bool:
    """Whether kept pictures of `alarm` would be shown to them now."""
    if handles(visitor, alarm):
        return True
    if not visitor.may(Perm.CAMERA):
        return False
    return (
        visitor.session is None
        or openings_of(request).reason(session_of(visitor), hub.now().mono) is not None
    )


async def of_incident(hub: Hub, incident: Mapping[str, Any]) -> list[StillSet]:
    """The sets of pictures of its alarms that are still kept. incident: body of the case."""
    alarms = dict.fromkeys([*incident["alarms"], *incident.get("triggers", ())])
    found = [one for alarm in alarms for one in await hub.alarm_stills(alarm)]
    return [one for one in found if one.open and any(shot.kept for shot in one.pictures)]


async def look_kept(request: Request, hub: Hub, visitor: Visitor, kept: StillSet) -> None:
    """A kept picture or film. Problem 403 `forbidden`, `viewing_required`."""
    openings = openings_of(request)
    what = f"stills {kept.id}"
    alarm = await _open_one(hub, kept)
    if handles(visitor, alarm):
        reason = ALARM
    elif kept.id in openings.granted(visitor.name, hub.now().mono):
        return
    elif not visitor.may(Perm.CAMERA):
        raise Problem(403, "forbidden", f"The role {visitor.role.value} may not do this.")
    else:
        reason = _reason(openings, hub, visitor)
    about = kept.alarm if alarm is None else alarm.id
    act = OpenFootage(visitor.name, reason, kept.device, about, (kept.id,))
    await openings.record(hub, what, act)
    openings.goes_on(session_of(visitor), hub.now().mono)


async def _open_one(hub: Hub, kept: StillSet) -> Alarm | None:
    """Of the alarms whose pictures these are, one that is still open."""
    for id in kept.alarms:
        if (alarm := await hub.alarm(id)) is not None and alarm.open:
            return alarm
    return None


def _reason(openings: Openings, hub: Hub, visitor: Visitor) -> str:
    if visitor.session is None:
        return PROGRAM
    reason = openings.reason(session_of(visitor), hub.now().mono)
    if reason is None:
        raise Problem(
            403, "viewing_required", "Say first why you look: POST /api/v1/cameras/open with a reason."
        )
    return reason
