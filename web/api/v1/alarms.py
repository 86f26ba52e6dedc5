"""Alarms, what persons do about them, and the desk's sound."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Query, Request
from starlette.responses import JSONResponse

from edge.domain.alarm import Alarm, AlarmState, Desk, VerdictKind
from edge.domain.device import Signal
from edge.domain.reading import Purpose
from edge.domain.request import Acknowledge, AlarmRequest, Comment, Judge, Reset, Shelve, Silence
from edge.facade import AlarmQuery, Hub
from web.api.routers import api_router
from web.api.v1 import shapes
from web.api.v1.params import (
    Body,
    Cursor,
    Id,
    IdempotencyKey,
    Limit,
    Prose,
    TheHub,
    answer,
    bad_cursor,
    instant,
    scoped,
    shown,
)
from web.api.v1.schema import AlarmShape, DeskShape, FactShape, Listing
from web.api.v1.second import SecondBody, second_of
from web.auth import Perm, Visitor, require
from web.problems import not_found

router = api_router()
SEE = Depends(require(Perm.SEE))

StateFilter = Literal[
    "open",
    "closed",
    "all",
    "unacknowledged",
    "acknowledged",
    "returned",
    "latched_unacknowledged",
    "latched",
    "normal",
]


class AckBody(Body):
    """note: a remark in the alarm's story."""

    note: Prose | None = None


class ResetBody(Body):
    """force: though it is active or unacknowledged; needs a reason, and for fire, gas and SOS a second person."""

    force: bool = False
    reason: Prose | None = None
    second: SecondBody | None = None


class VerdictBody(Body):
    """cause: a word of the panel's list ("cooking"), or one's own."""

    kind: VerdictKind
    cause: Prose | None = None
    note: Prose | None = None


class ShelveBody(Body):
    """until: RFC 3339, at most 8 h ahead; null takes the shelving back. second: for fire, gas and SOS."""

    until: str | None
    reason: Prose = ""
    second: SecondBody | None = None


class CommentBody(Body):
    """note: the remark."""

    note: Prose


async def _act(hub: Hub, command: AlarmRequest, visitor: Visitor, key: str | None) -> JSONResponse:
    """Carry it out; a Refusal becomes a problem on its way out."""
    done = await hub.act(command, scoped(visitor, key))
    if isinstance(done, Alarm):
        return answer(shapes.alarm_of(hub, done))
    return answer(shapes.desk(done) if isinstance(done, Desk) else shapes.case(done))


@router.get("/alarms", tags=["alarms"], dependencies=[SEE], responses=shown(Listing[AlarmShape]))
async def alarms(
    hub: TheHub,
    state: StateFilter = "open",
    since: Annotated[str | None, Query(description="RFC 3339: raised at or after.")] = None,
    signal: Signal | None = None,
    device: Annotated[str | None, Query(max_length=63)] = None,
    purpose: Annotated[Purpose | None, Query(description="Live and drill if not given.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> JSONResponse:
    """Alarms, newest first."""
    named = state not in {"open", "closed", "all"}
    query = AlarmQuery(
        states=frozenset({AlarmState(state)}) if named else frozenset(),
        open=None if named or state == "all" else state == "open",
        since=None if since is None else instant("since", since),
        signal=signal,
        device=device,
        purpose=purpose,
        before=cursor,
        limit=limit,
    )
    try:
        page = await hub.alarms(query)
    except ValueError as error:
        raise bad_cursor() from error
    return answer(shapes.listing((shapes.alarm_of(hub, a) for a in page.items), page.next))


@router.get("/alarms/{id}", tags=["alarms"], dependencies=[SEE], responses=shown(AlarmShape))
async def alarm(hub: TheHub, id: Id) -> JSONResponse:
    """One alarm."""
    found = await hub.alarm(id)
    if found is None:
        raise not_found("alarm", id)
    return answer(shapes.alarm_of(hub, found))


@router.get("/alarms/{id}/story", tags=["alarms"], dependencies=[SEE], responses=shown(Listing[FactShape]))
async def story(hub: TheHub, id: Id) -> JSONResponse:
    """All facts about one alarm, oldest first."""
    if await hub.alarm(id) is None:
        raise not_found("alarm", id)
    return answer(shapes.listing(shapes.fact(hub, fact) for fact in await hub.story(id)))


@router.post("/alarms/{id}/ack", tags=["alarms"], responses=shown(AlarmShape))
async def acknowledge(
    hub: TheHub,
    id: Id,
    visitor: Annotated[Visitor, Depends(require(Perm.ACK))],
    body: AckBody | None = None,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Acknowledge. A second one is fine and changes nothing; the first person stays."""
    note = body.note if body else None
    return await _act(hub, Acknowledge(id, visitor.name, note), visitor, key)


@router.post("/alarms/{id}/reset", tags=["alarms"], responses=shown(AlarmShape))
async def reset(
    request: Request,
    hub: TheHub,
    id: Id,
    visitor: Annotated[Visitor, Depends(require(Perm.RESET))],
    body: ResetBody | None = None,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """End a latched alarm: 409 `not_acknowledged` or `still_active` unless forced with a reason.

    Forcing the end of a fire, gas or SOS takes two persons: 409 `second_person`, `same_person`.
    """
    body = body or ResetBody()
    second = await second_of(request, hub, visitor, Perm.RESET, body.second)
    return await _act(hub, Reset(id, visitor.name, body.force, body.reason, second), visitor, key)


@router.post("/alarms/{id}/verdict", tags=["alarms"], responses=shown(AlarmShape))
async def judge(
    hub: TheHub,
    id: Id,
    visitor: Annotated[Visitor, Depends(require(Perm.VERDICT))],
    body: VerdictBody,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Say what it was."""
    command = Judge(id, visitor.name, body.kind, body.cause or "", body.note)
    return await _act(hub, command, visitor, key)


@router.post("/alarms/{id}/shelve", tags=["alarms"], responses=shown(AlarmShape))
async def shelve(
    request: Request,
    hub: TheHub,
    id: Id,
    visitor: Annotated[Visitor, Depends(require(Perm.SHELVE))],
    body: ShelveBody,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Keep it from sounding for a while: 409 `second_person` where one person alone may not."""
    until = None if body.until is None else instant("until", body.until)
    second = await second_of(request, hub, visitor, Perm.SHELVE, body.second)
    return await _act(hub, Shelve(id, visitor.name, until, body.reason, second), visitor, key)


@router.post("/alarms/{id}/comment", tags=["alarms"], responses=shown(AlarmShape))
async def comment(
    hub: TheHub,
    id: Id,
    visitor: Annotated[Visitor, Depends(require(Perm.COMMENT))],
    body: CommentBody,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Put a remark into its story."""
    return await _act(hub, Comment(id, visitor.name, body.note), visitor, key)


@router.get("/desk", tags=["desk"], dependencies=[SEE], responses=shown(DeskShape))
async def desk(hub: TheHub) -> JSONResponse:
    """Whether the desk sounds."""
    return answer(shapes.desk(hub.desk()))


@router.post("/desk/silence", tags=["desk"], responses=shown(DeskShape))
async def silence(
    hub: TheHub,
    visitor: Annotated[Visitor, Depends(require(Perm.SILENCE))],
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Silence the desk until the next alarm, five minutes at most."""
    return await _act(hub, Silence(visitor.name), visitor, key)
