"""Who looked at footage and why, and who else wants to: the request, its decision, and the one look it allows."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Final

from fastapi import Depends, Query, Request
from pydantic import Field
from starlette.responses import JSONResponse

from edge.domain.footage import AskViewing, DecideViewing, OpenFootage, StillSet, Viewing, ViewingState
from edge.domain.instant import MINUTE
from edge.facade import CaseQuery, Hub
from web.api.routers import api_router
from web.api.v1 import camera_shapes as shape
from web.api.v1 import cases
from web.api.v1.camera_shapes import ViewingShape
from web.api.v1.looking import openings_of
from web.api.v1.params import (
    Body,
    Id,
    IdempotencyKey,
    Prose,
    TheHub,
    Writable,
    answer,
    carried_out,
    instant,
    shown,
)
from web.api.v1.schema import Listing
from web.auth import Perm, Visitor, require

router = api_router(tags=["cameras"])
Looker = Annotated[Visitor, Depends(require(Perm.CAMERA))]
_MISSING = "cameras are not kept here"
_APART: Final = 5 * MINUTE  # more than lies between a set's beginning and what its pictures and film show
_AT_ONCE: Final = 50  # sets, read in under a millisecond of the loop


class AskBody(Body):
    """asker: who wants to see it, and how they proved who they are; start, end: RFC 3339."""

    camera: Annotated[Writable, Field(max_length=63)]
    asker: Annotated[Prose, Field(max_length=200)]
    reason: Annotated[Prose, Field(max_length=500)]
    start: Annotated[str, Field(max_length=40)]
    end: Annotated[str, Field(max_length=40)]


class DecideBody(Body):
    """answer: what the asker is told."""

    granted: bool
    answer: Annotated[Prose, Field(max_length=500)] = ""


@router.get("/viewings", dependencies=[Depends(require(Perm.CAMERA))], responses=shown(Listing[ViewingShape]))
async def viewings(
    hub: TheHub,
    page: cases.Page,
    state: ViewingState | None = None,
    camera: Annotated[str | None, Query(max_length=63)] = None,
    alarm: Annotated[str | None, Query(max_length=63)] = None,
    by: Annotated[str | None, Query(max_length=63)] = None,
    is_open: cases.Open = None,
) -> JSONResponse:
    """The register of looks and requests, newest first."""
    wanted = {"state": state, "camera": camera, "alarm": alarm, "by": by}
    return await cases.listing(hub, "viewing", page, wanted, is_open, shape.viewing)


@router.get("/viewings/{id}", dependencies=[Depends(require(Perm.CAMERA))], responses=shown(ViewingShape))
async def viewing(hub: TheHub, id: Id) -> JSONResponse:
    """One look or request."""
    return answer(shape.viewing(await cases.one(hub, "viewing", id)))


@router.post("/viewings", responses=shown(ViewingShape))
async def ask(hub: TheHub, visitor: Looker, body: AskBody, key: IdempotencyKey = None) -> JSONResponse:
    """Somebody wants to see what a camera showed; meanwhile nothing of it is erased. 404, 409 `too_many`, 422."""
    request = AskViewing(
        visitor.name,
        body.asker,
        body.reason,
        body.camera,
        instant("start", body.start),
        instant("end", body.end),
    )
    return answer(shape.viewing(await carried_out(hub, request, visitor, key, _MISSING)))


@router.post("/viewings/{id}/decide", responses=shown(ViewingShape))
async def decide(
    hub: TheHub,
    id: Id,
    visitor: Annotated[Visitor, Depends(require(Perm.VIEWING))],
    body: DecideBody,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Yes or no; 409 `same_person` for whoever wrote it down, `closed` where it is decided."""
    await cases.one(hub, "viewing", id)
    request = DecideViewing(id, visitor.name, body.granted, body.answer)
    return answer(shape.viewing(await carried_out(hub, request, visitor, key, _MISSING)))


@router.post("/viewings/{id}/open", responses=shown(ViewingShape))
async def look(
    request: Request, hub: TheHub, id: Id, visitor: Looker, key: IdempotencyKey = None
) -> JSONResponse:
    """Use a request that was granted: its pictures (`stills`) can be seen for a quarter of an hour. 409 `closed`."""
    asked = Viewing.from_dict(await cases.one(hub, "viewing", id))
    stills = tuple(one.id for one in await asked_for(hub, asked) if one.open)
    act = OpenFootage(visitor.name, asked.reason, asked.camera, stills=stills, viewing=id)
    done = await carried_out(hub, act, visitor, key, _MISSING)
    openings_of(request).grant(visitor.name, stills, hub.now().mono)
    return answer(shape.viewing(done))


async def asked_for(hub: Hub, viewing: Viewing) -> list[StillSet]:
    """Sets kept of its camera that show something of its span, newest first."""
    if viewing.start is None or viewing.end is None or viewing.camera is None:
        return []
    found: list[StillSet] = []
    query = CaseQuery(since=viewing.start - _APART, where={"device": viewing.camera}, limit=_AT_ONCE)
    while True:
        page = await hub.cases("stills", query)
        sets = (StillSet.from_dict(row) for row in page.items if row["opened_at"] <= viewing.end + _APART)
        found += [
            one
            for one in sets
            if any(viewing.start <= (shot.taken or shot.wanted) <= viewing.end for shot in one.pictures)
        ]
        if page.next is None:
            return found
        query = replace(query, before=page.next)
