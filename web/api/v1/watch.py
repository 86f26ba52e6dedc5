"""Away mode, and the signs of life of whatever shall be heard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends
from pydantic import Field
from starlette.responses import JSONResponse, Response

from edge.domain.conclusion import Alive
from edge.domain.fact import Seq
from edge.domain.instant import to_rfc3339
from edge.domain.watch import Away, AwayWatch
from edge.facade import Role
from web.api.routers import api_router
from web.api.v1.params import Body, IdempotencyKey, TheHub, answer, carried_out, shown
from web.api.v1.schema import AwayShape
from web.auth import Perm, Visitor, require
from web.problems import Problem

router = api_router(tags=["watch"])


class AliveBody(Body):
    """hears: its sound is on. wall: it is the alarm wall's page, not somebody's phone.

    shown: the last fact its screen has had, null while nobody can see it.
    """

    hears: bool
    wall: bool = False
    shown: Annotated[str | None, Field(max_length=40)] = None


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
    """A sign of life, every 15 s. The desk is a wall, or a guard's page of it; others speak for themselves alone."""
    at_wall = visitor.role is Role.WALL or (body.wall and visitor.role is Role.GUARD)
    try:
        shown = None if body.shown is None else Seq.parse(body.shown)
    except ValueError as error:
        raise Problem(422, "bad_parameter", f"shown: {error}.") from error
    hub.told(Alive("" if at_wall else visitor.name, body.hears, shown))
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
