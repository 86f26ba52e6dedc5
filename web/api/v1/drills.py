"""Drills: the list, one with its times beside the last ones of its plan, begun by two persons and ended by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request
from pydantic import Field
from starlette.responses import JSONResponse

from edge.domain.drill import (
    Drill,
    DrillKind,
    DrillRequest,
    DrillState,
    EndDrill,
    SeeDrillStopped,
    StartDrill,
)
from edge.facade import CaseQuery, Hub
from web.api.routers import api_router
from web.api.v1 import cases, shapes
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
from web.api.v1.schema import FactShape, Listing
from web.api.v1.second import SecondBody, second_of
from web.auth import Perm, Visitor, require

router = api_router(tags=["drills"])
SEE: Final = Depends(require(Perm.SEE))
Commander = Annotated[Visitor, Depends(require(Perm.COMMAND))]
Reader = Annotated[Visitor, Depends(require(Perm.ACK))]
Line = Annotated[Prose, Field(min_length=1, max_length=200)]
EARLIER: Final = 5
"""Earlier drills of the same plan that one is compared with."""


class StartBody(Body):
    """plan: id. point: of a live drill, value where it is no state. zone: of one without a sensor.

    second: who agrees.
    """

    kind: DrillKind
    plan: Line
    point: Line | None = None
    zone: Annotated[Prose, Field(max_length=200)] = ""
    value: bool | float | None = None
    outputs: Annotated[list[Line], Field(default_factory=list, max_length=100)]
    note: Prose | None = None
    second: SecondBody | None = None


class NoteBody(Body):
    """note: in one's own words."""

    note: Prose | None = None


@router.get("/drills", dependencies=[SEE], responses=shown(Listing[dict[str, Any]]))
async def drills(
    hub: TheHub,
    page: cases.Page,
    state: DrillState | None = None,
    kind: DrillKind | None = None,
    plan: Annotated[str | None, Query(max_length=63)] = None,
) -> JSONResponse:
    """Drills, newest first."""
    wanted = {"state": state, "kind": kind, "plan": plan}
    return await cases.listing(hub, "drill", page, wanted, shape=shape)


@router.get("/drills/{id}", dependencies=[SEE])
async def drill(hub: TheHub, id: Id) -> JSONResponse:
    """One drill; `earlier`: the last ones of its plan before it, with their `spans`."""
    body = await cases.one(hub, "drill", id)
    return answer(shape(body) | {"earlier": [shape(row) for row in await earlier(hub, body)]})


@router.get("/drills/{id}/story", dependencies=[SEE], responses=shown(Listing[FactShape]))
async def story(hub: TheHub, id: Id) -> JSONResponse:
    """All facts about one drill, oldest first."""
    return await cases.story(hub, "drill", id)


@router.post("/drills")
async def start(
    request: Request, hub: TheHub, visitor: Commander, body: StartBody, key: IdempotencyKey = None
) -> JSONResponse:
    """Begin a drill. 409 `second_person`, `same_person`, `drill_running`, `real_alarm`, `suppressed`,
    `out_of_service`, `cannot_rehearse`, `no_outputs`, `not_stoppable`, `gas_zone`, `close_only`, `automatic`; 404;
    422 `value_required`.
    """
    second = await second_of(request, hub, visitor, Perm.COMMAND, body.second)
    wish = StartDrill(
        visitor.name,
        second,
        body.kind,
        body.plan,
        body.point,
        body.zone,
        body.value,
        tuple(body.outputs),
        body.note,
    )
    return await _act(hub, wish, visitor, key)


@router.post("/drills/{id}/end")
async def end(
    hub: TheHub, id: Id, visitor: Commander, body: NoteBody | None = None, key: IdempotencyKey = None
) -> JSONResponse:
    """End it: its alarms and incident are closed, its outputs stop, all who were told of it hear so."""
    await cases.one(hub, "drill", id)
    return await _act(hub, EndDrill(id, visitor.name, (body or NoteBody()).note), visitor, key)


@router.post("/drills/{id}/seen")
async def seen(hub: TheHub, id: Id, visitor: Reader, key: IdempotencyKey = None) -> JSONResponse:
    """Somebody has read on a wall that a real alarm ended it."""
    await cases.one(hub, "drill", id)
    return await _act(hub, SeeDrillStopped(id, visitor.name), visitor, key)


def shape(body: Mapping[str, Any]) -> dict[str, Any]:
    """A drill as the API says it; `spans`: seconds from its beginning to each of its times."""
    return shapes.case(body) | {"spans": Drill.from_dict(body).spans()}


async def earlier(hub: Hub, body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The last drills of the same plan that were over before it, newest first."""
    query = CaseQuery(where={"plan": body["plan"]}, before=f"{body['opened_at']}.{body['id']}", limit=EARLIER)
    rows = (await hub.cases("drill", query)).items
    return [row for row in rows if row["state"] != "running"]


async def _act(hub: Hub, request: DrillRequest, visitor: Visitor, key: str | None) -> JSONResponse:
    return answer(shape(await carried_out(hub, request, visitor, key, "there is no such drill")))
