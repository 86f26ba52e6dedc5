"""Hand-overs: two persons, two PINs, and what is left open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import Field
from starlette.responses import JSONResponse

from edge.domain.device import Signal
from edge.domain.handover import HandOver, LeftOpen, Watch
from edge.domain.instant import to_rfc3339
from edge.facade import CaseQuery, Hub
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
    shown,
)
from web.api.v1.schema import HandoverShape, Listing
from web.api.v1.second import SecondBody
from web.auth import Perm, Visitor, require
from web.auth.permissions import allows, shows
from web.auth.pins import check_pin
from web.problems import Problem

router = api_router(tags=["handovers"])
SEE = Depends(require(Perm.SEE))
CONTROL_ROOM = "control-room"


class HandoverBody(Body):
    """giver, taker: two persons with their PINs. post: of the roster. items: what went from hand to hand."""

    giver: SecondBody
    taker: SecondBody
    post: Annotated[str, Field(max_length=63)] = CONTROL_ROOM
    items: dict[Annotated[str, Field(max_length=32)], bool] = Field(default_factory=dict, max_length=20)
    remarks: Prose = ""


async def left_open(hub: Hub) -> LeftOpen:
    """遗留事项 as they stand now."""
    alarms = hub.open_alarms()
    orders = await hub.cases("order", CaseQuery(open=True, limit=1000))
    return LeftOpen(
        alarms=tuple(a.id for a in alarms if a.suppression is None),
        shelved=tuple(a.id for a in alarms if a.suppression and a.suppression.kind == "shelved"),
        disabled=tuple(a.point for a in alarms if a.signal is Signal.DISABLEMENT),
        out_of_service=tuple(hub.outages()),
        dead=tuple(state.device.id for state in hub.devices() if state.online is False),
        orders=tuple(str(order["id"]) for order in orders.items),
    )


def shape(row: Mapping[str, Any]) -> HandoverShape:
    """A hand-over, made or missed, as the API says it."""
    watch = Watch.from_dict(row)
    return {
        "id": watch.id,
        "kind": watch.kind,
        "post": watch.post,
        "at": to_rfc3339(watch.opened_at),
        "open": watch.open,
        "giver": watch.giver,
        "taker": watch.taker,
        "due_at": None if watch.due_at is None else to_rfc3339(watch.due_at),
        "left": row["left"],
        "items": dict(watch.items or {}),
    }


@router.get("/handovers", dependencies=[SEE], responses=shown(Listing[HandoverShape]))
async def handovers(hub: TheHub, page: cases.Page) -> JSONResponse:
    """Hand-overs, and changes of shift without one, newest first."""
    return await cases.listing(hub, "handover", page, {}, shape=shape)


@router.get("/handovers/{id}", dependencies=[SEE], responses=shown(HandoverShape))
async def handover(hub: TheHub, id: Id) -> JSONResponse:
    """One hand-over."""
    return answer(shape(await cases.one(hub, "handover", id)))


@router.post("/handovers", responses=shown(HandoverShape))
async def hand_over(
    request: Request,
    hub: TheHub,
    visitor: Annotated[Visitor, Depends(require(Perm.SEE))],
    body: HandoverBody,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Hand over, at a wall or by who may: 409 `same_person`, 401 `wrong_pin`, 429 `pin_locked`, 422 `unknown_post`.

    What is left open is taken as it stands.
    """
    if not shows(visitor.role, Perm.HANDOVER):
        raise Problem(403, "forbidden", f"The role {visitor.role.value} may not do this.")
    posts = hub.site.roster.posts
    if body.post != CONTROL_ROOM and body.post not in posts:
        raise Problem(422, "unknown_post", f"There is no post {body.post!r} in people.toml.")
    if body.giver.person == body.taker.person:
        raise Problem(409, "same_person", "The second person must be another one.")
    for who in (body.giver, body.taker):
        known = await check_pin(hub, request.app.state.passwords, visitor.name, who.person, who.pin)
        if not allows(known.account.role, Perm.HANDOVER):
            raise Problem(403, "forbidden", f"The role {known.account.role.value} may not do this.")
    left = await left_open(hub)
    without_pins = body.model_dump_json(exclude={"giver": {"pin"}, "taker": {"pin"}})
    wanted = HandOver(
        body.post, body.giver.person, body.taker.person, left, body.items, body.remarks, without_pins
    )
    return answer(shape(await carried_out(hub, wanted, visitor, key, "hand-overs are not kept here")))
