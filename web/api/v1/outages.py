"""Devices out of service (停用·检修): taken out with a reason and an end, put back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from edge.domain.instant import to_rfc3339
from edge.domain.outage import Outage, PutBack, TakeOut
from edge.domain.request import Refusal
from edge.domain.request import Request as Wish
from edge.facade import CaseQuery, Hub
from web.api.v1 import shapes
from web.api.v1.params import (
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
from web.api.v1.schema import Listing, OutageShape
from web.api.v1.second import SecondBody, second_of
from web.auth import Perm, Visitor, require

router = APIRouter(tags=["outages"])
SEE = Depends(require(Perm.SEE))
Acting = Annotated[Visitor, Depends(require(Perm.OUTAGE))]


class OutageBody(BaseModel):
    """until: RFC 3339, at most 7 days ahead. order: the work order it belongs to. second: for fire, gas and SOS."""

    model_config = ConfigDict(extra="forbid", strict=True)

    until: str
    reason: Prose
    order: Annotated[str, Field(max_length=63)] | None = None
    second: SecondBody | None = None


def shape(row: Mapping[str, Any]) -> OutageShape:
    """A stretch out of service as the API says it."""
    outage = Outage.from_dict(row)
    return {
        "id": outage.id,
        "device": outage.device,
        "by": outage.by,
        "second": outage.second,
        "reason": outage.reason,
        "order": outage.order,
        "since": to_rfc3339(outage.opened_at),
        "until": to_rfc3339(outage.until),
        "open": outage.open,
        "ended_at": None if outage.ended_at is None else to_rfc3339(outage.ended_at),
        "ended_by": outage.ended_by,
    }


async def _act(hub: Hub, wish: Wish, visitor: Visitor, key: str | None) -> JSONResponse:
    done = await hub.act(wish, scoped(visitor, key))
    if not isinstance(done, Mapping):
        raise Refusal("not_found", "there is no such device")
    return answer(shape(done))


@router.get("/outages", dependencies=[SEE], responses=shown(Listing[OutageShape]))
async def outages(
    hub: TheHub, state: str = "open", limit: Limit = 100, cursor: Cursor = None
) -> JSONResponse:
    """Devices out of service, newest first; state `all` with those that have ended."""
    try:
        page = await hub.cases(
            "outage", CaseQuery(open=None if state == "all" else True, before=cursor, limit=limit)
        )
    except ValueError as error:
        raise bad_cursor() from error
    return answer(shapes.listing((shape(row) for row in page.items), page.next))


@router.post("/devices/{id}/outage", responses=shown(OutageShape))
async def take_out(
    request: Request, hub: TheHub, id: Id, visitor: Acting, body: OutageBody, key: IdempotencyKey = None
) -> JSONResponse:
    """Keep its alarms quiet until then: 409 `out_of_service`, `second_person`, `same_person`; 422 `too_long`."""
    second = await second_of(request, hub, visitor, Perm.OUTAGE, body.second)
    until = instant("until", body.until)
    return await _act(hub, TakeOut(id, visitor.name, until, body.reason, body.order, second), visitor, key)


@router.post("/devices/{id}/return", responses=shown(OutageShape))
async def put_back(hub: TheHub, id: Id, visitor: Acting, key: IdempotencyKey = None) -> JSONResponse:
    """Put it back into service before its time; what is active sounds again."""
    return await _act(hub, PutBack(id, visitor.name), visitor, key)
