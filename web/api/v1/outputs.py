"""Outputs, the commands to them, and linkage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from fastapi import Depends
from pydantic import Field
from starlette.responses import JSONResponse
from typing_extensions import TypedDict

from edge.domain.output import Operate, OutputKind, OutputState, SetLinkage, StartHeld
from edge.domain.request import Refusal
from edge.facade import Hub
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
from web.api.v1.schema import Listing
from web.auth import Perm, Visitor, require

router = api_router(tags=["outputs"])
NO_OUTPUT: Final = "there is no such output"
SEE = Depends(require(Perm.SEE))
Acting = Annotated[Visitor, Depends(require(Perm.OPERATE))]
Short = Annotated[str, Field(max_length=200)]


class OutputShape(TypedDict):
    """One output. acts: ids it knows. feedback: what it was read back as last. barrier: why nobody may switch it."""

    id: str
    device: str
    kind: str
    name: dict[str, str]
    place: dict[str, str]
    zone: str
    acts: list[str]
    feedback: bool | float | str | None
    ex_proof: bool
    barrier: str | None
    command: dict[str, Any] | None


class LinkageShape(TypedDict):
    """mode: auto or manual. starts: linkages whose alarm is open, started or held."""

    mode: str
    by: str | None
    since: str | None
    starts: list[dict[str, Any]]


class OperateBody(Body):
    """act: of the output's own. reason: in the person's words, optional: an emergency is no time for typing."""

    act: Short
    reason: Prose = ""


class OperateManyBody(OperateBody):
    """All outputs of `kind` in `zone`, a path; "" is the whole site. What must not be switched there stays as it is."""

    zone: Short
    kind: Short


class LinkageBody(Body):
    """Switch over: needs a reason."""

    mode: Literal["auto", "manual"]
    reason: Prose


def shape(state: OutputState) -> OutputShape:
    """An output as the API says it."""
    output = state.output
    name, place = output.spec.name, output.device.place
    return {
        "id": output.id,
        "device": output.device.id,
        "kind": output.kind.value,
        "name": {"zh": name.zh, "en": name.en},
        "place": {"zh": place.zh, "en": place.en},
        "zone": output.device.zone,
        "acts": [act.id for act in output.spec.acts],
        "feedback": state.seen,
        "ex_proof": output.ex_proof,
        "barrier": state.barrier,
        "command": None if state.command is None else shapes.case(state.command.to_dict()),
    }


def linkage_shape(hub: Hub) -> LinkageShape:
    """The mode and what is under way."""
    mode = shapes.case(hub.linkage().to_dict())
    return {
        "mode": mode["mode"],
        "by": mode["by"],
        "since": mode["since"],
        "starts": [shapes.case(start.to_dict()) for start in hub.linkage_starts()],
    }


def _commands(done: Mapping[str, Any]) -> JSONResponse:
    return answer({"items": [shapes.case(command) for command in done.get("commands", ())], "next": None})


@router.get("/outputs", dependencies=[SEE], responses=shown(Listing[OutputShape]))
async def outputs(hub: TheHub) -> JSONResponse:
    """All outputs as they stand."""
    return answer(shapes.listing(shape(state) for state in hub.outputs()))


@router.get("/commands", dependencies=[SEE], responses=shown(Listing[dict[str, Any]]))
async def commands(
    hub: TheHub,
    page: cases.Page,
    state: Literal["open", "closed", "all"] = "all",
    output: Short | None = None,
    alarm: Short | None = None,
) -> JSONResponse:
    """Commands, newest first."""
    wanted = {"output": output, "alarm": alarm}
    return await cases.listing(hub, "command", page, wanted, None if state == "all" else state == "open")


@router.post("/outputs/operate", responses=shown(Listing[dict[str, Any]]))
async def operate_many(
    hub: TheHub, visitor: Acting, body: OperateManyBody, key: IdempotencyKey = None
) -> JSONResponse:
    """Switch all outputs of a kind in a zone at once: 409 `gas_zone`, `close_only`, `automatic`; 404."""
    if body.kind not in set(OutputKind):
        raise Refusal("not_found", f"there is no kind of output {body.kind[:40]!r}")
    wish = Operate(body.act, visitor.name, kind=OutputKind(body.kind), zone=body.zone, reason=body.reason)
    return _commands(await carried_out(hub, wish, visitor, key, NO_OUTPUT))


@router.post("/outputs/{id}/operate", responses=shown(Listing[dict[str, Any]]))
async def operate(
    hub: TheHub, id: Id, visitor: Acting, body: OperateBody, key: IdempotencyKey = None
) -> JSONResponse:
    """Switch one output: 409 `gas_zone`, `close_only`, `automatic`; 404."""
    wish = Operate(body.act, visitor.name, (id,), reason=body.reason)
    return _commands(await carried_out(hub, wish, visitor, key, NO_OUTPUT))


@router.get("/linkage", dependencies=[SEE], responses=shown(LinkageShape))
async def linkage(hub: TheHub) -> JSONResponse:
    """Automatic or manual, and the linkages whose alarm is open."""
    return answer(linkage_shape(hub))


@router.post("/linkage", responses=shown(LinkageShape))
async def switch(hub: TheHub, visitor: Acting, body: LinkageBody, key: IdempotencyKey = None) -> JSONResponse:
    """Switch linkage over: 409 `reason_required`."""
    await carried_out(hub, SetLinkage(body.mode, visitor.name, body.reason), visitor, key, NO_OUTPUT)
    return answer(linkage_shape(hub))


@router.post("/linkage/{id}/start", responses=shown(LinkageShape))
async def start(hub: TheHub, id: Id, visitor: Acting, key: IdempotencyKey = None) -> JSONResponse:
    """Start what a linkage in mode manual holds: 409 `closed`; 404."""
    await carried_out(hub, StartHeld(id, visitor.name), visitor, key, NO_OUTPUT)
    return answer(linkage_shape(hub))
