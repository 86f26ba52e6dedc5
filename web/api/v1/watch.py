"""Away mode, and the signs of life of whatever shall be heard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.responses import JSONResponse, Response

from edge.domain.conclusion import Alive
from edge.domain.instant import to_rfc3339
from edge.domain.watch import Away, AwayWatch
from edge.facade import Role
from web.api.v1.params import Body, IdempotencyKey, TheHub, answer, carried_out, shown
from web.api.v1.schema import AwayShape
from web.auth import Perm, Visitor, require

router = APIRouter(tags=["watch"])


class AliveBody(Body):
    """hears: its sound is on. wall: it is the alarm wall's page, not somebody's phone."""

    hears: bool
    wall: bool = False


class AwayBody(Body):
    """on: go; off: be back at the desk."""

    on: bool


def shape(row: Mapping[str, Any]) -> AwayShape:
    """One stretch away from the desk as the API says it."""
    watch = AwayWatch.from_dict(row)
    return {
        "id": watch.id,
        "person": watch.person,
        "since": to_rfc3339(watch.opened_at),
        "open": watch.open,
        "silent": watch.silent,
        "ended_at": None if watch.ended_at is None else to_rfc3339(watch.ended_at),
    }


@router.post("/alive", status_code=204)
async def alive(
    hub: TheHub, visitor: Annotated[Visitor, Depends(require(Perm.SEE))], body: AliveBody
) -> Response:
    """A sign of life, every 15 s."""
    at_wall = body.wall or visitor.role is Role.WALL
    hub.told(Alive("" if at_wall else visitor.name, body.hears))
    return Response(status_code=204)


@router.post("/away", responses=shown(AwayShape))
async def away(
    hub: TheHub,
    visitor: Annotated[Visitor, Depends(require(Perm.AWAY))],
    body: AwayBody,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Take the wall's tone along on one's phone, or bring it back; 404 when one was not away."""
    wish = Away(visitor.name, body.on)
    return answer(shape(await carried_out(hub, wish, visitor, key, "away mode is not kept here")))
