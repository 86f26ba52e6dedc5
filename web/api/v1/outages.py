"""Devices out of service (停用·检修): taken out with a reason and an end, put back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Request
from pydantic import Field
from starlette.responses import JSONResponse

from edge.domain.instant import to_rfc3339
from edge.domain.outage import Outage, PutBack, TakeOut
from web.api.routers import api_router
from web.api.v1 import cases
from web.api.v1.params import (
    Body,
    Id,
    IdempotencyKey,
    Prose,
    TheHub,
    answer,
    carried_out,
    instant,
    shown,
)
from web.api.v1.schema import Listing, OutageShape
from web.api.v1.second import SecondBody, second_of
from web.auth import Perm, Visitor, require
from web.problems import not_found

router = api_router(tags=["outages"])
NO_DEVICE: Final = "there is no such device"
SEE = Depends(require(Perm.SEE))
Acting = Annotated[Visitor, Depends(require(Perm.OUTAGE))]


class OutageBody(Body):
    """until: RFC 3339, at most 7 days ahead. order: the work order it belongs to. second: for fire, gas and SOS."""

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


@router.get("/outages", dependencies=[SEE], responses=shown(Listing[OutageShape]))
async def outages(hub: TheHub, page: cases.Page, state: Literal["open", "all"] = "open") -> JSONResponse:
    """Devices out of service, newest first; state `all` with those that have ended."""
    return await cases.listing(hub, "outage", page, {}, None if state == "all" else True, shape)


@router.post("/devices/{id}/outage", responses=shown(OutageShape))
async def take_out(
    request: Request, hub: TheHub, id: Id, visitor: Acting, body: OutageBody, key: IdempotencyKey = None
) -> JSONResponse:
    """Keep its alarms quiet until then: 409 `out_of_service`, `second_person`, `same_person`; 422 `too_long`."""
    second = await second_of(request, hub, visitor, Perm.OUTAGE, body.second)
    until = instant("until", body.until)
    if body.order is not None and await hub.case("order", body.order) is None:
        raise not_found("order", body.order)
    wish = TakeOut(id, visitor.name, until, body.reason, body.order, second)
    return answer(shape(await carried_out(hub, wish, visitor, key, NO_DEVICE)))


@router.post("/devices/{id}/return", responses=shown(OutageShape))
async def put_back(hub: TheHub, id: Id, visitor: Acting, key: IdempotencyKey = None) -> JSONResponse:
    """Put it back into service before its time; what is active sounds again."""
    return answer(shape(await carried_out(hub, PutBack(id, visitor.name), visitor, key, NO_DEVICE)))
