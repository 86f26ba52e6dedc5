"""Cameras: how each does, its newest picture, its zones, what it found, and what people say of that."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Query, Request, Response
from pydantic import Field
from starlette.responses import JSONResponse

from edge.domain.camera import DWELL, CameraZone
from edge.domain.drawn import MESSAGES, problems
from edge.domain.footage import DrawZones, Finding, JudgeFinding, KeepClip, StillSet
from edge.domain.instant import SECOND, to_rfc3339
from edge.domain.names import Text
from edge.facade import CameraState, CaseQuery, Hub
from web.api.routers import api_router
from web.api.v1 import camera_shapes as shape
from web.api.v1 import cases, shapes
from web.api.v1.camera_shapes import CameraShape, FindingShape, OneCameraShape, OpeningShape, StillsShape
from web.api.v1.looking import look_live, openings_of, session_of
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
from web.api.v1.schema import FactShape, Listing
from web.auth import Perm, Visitor, require
from web.openings import QUARTER
from web.problems import Problem, not_found

router = api_router(tags=["cameras"])
SEE = Depends(require(Perm.SEE))
Looker = Annotated[Visitor, Depends(require(Perm.CAMERA))]
LAST = 20
"""Findings shown with a camera."""
_MISSING = "cameras are not kept here"
Corner = Annotated[list[float], Field(min_length=2, max_length=2)]


class OpenBody(Body):
    """reason: a word of the panel's list (duty, verify, fault, setup, training), or one's own."""

    reason: Annotated[Prose, Field(min_length=1, max_length=200)]


class NameBody(Body):
    """In both languages; one may be empty."""

    zh: Annotated[Writable, Field(max_length=60)] = ""
    en: Annotated[Writable, Field(max_length=60)] = ""


class ZoneBody(Body):
    """polygon: corners [x, y], 0 to 1; dwell: seconds something must stay before it counts."""

    id: Annotated[Writable, Field(max_length=63)]
    name: NameBody
    polygon: list[Corner]
    checks: list[Writable]
    dwell: float = DWELL


class ZonesBody(Body):
    """All zones and masks: what is left out is gone. version: that one has seen; another one now is a 409."""

    zones: list[ZoneBody]
    masks: list[list[Corner]]
    version: int
    note: Prose | None = None


class JudgeBody(Body):
    """kind: there was something, or there was nothing."""

    kind: Literal["real", "false"]
    note: Prose | None = None


def camera_of(hub: Hub, id: str) -> CameraState:
    """A camera by the id of its device; Problem 404."""
    found = hub.camera(id)
    if found is None:
        raise not_found("camera", id)
    return found


async def last_findings(hub: Hub, id: str, limit: int = LAST) -> list[Finding]:
    """Of one camera, newest first."""
    page = await hub.cases("finding", CaseQuery(where={"device": id}, limit=limit))
    return [Finding.from_dict(row) for row in page.items]


@router.get("/cameras", dependencies=[SEE], responses=shown(Listing[CameraShape]))
async def cameras(hub: TheHub) -> JSONResponse:
    """All cameras, in the order of the site's folder."""
    return answer(shapes.listing(shape.camera(state) for state in hub.cameras()))


@router.post("/cameras/open", responses=shown(OpeningShape))
async def look(request: Request, hub: TheHub, visitor: Looker, body: OpenBody) -> JSONResponse:
    """Say why one looks. What is then seen is on record with it: each camera, once in a quarter of an hour.

    It ends a quarter of an hour after the last picture.
    """
    if not body.reason.strip():
        raise Problem(422, "reason_required", "Say why you look.")
    now = hub.now()
    openings_of(request).open(session_of(visitor), visitor.name, body.reason.strip(), now.mono)
    return answer({"reason": body.reason.strip(), "until": to_rfc3339(now.utc + QUARTER)})


@router.get("/cameras/{id}", dependencies=[SEE], responses=shown(OneCameraShape))
async def camera(hub: TheHub, id: Id) -> JSONResponse:
    """One camera with its last findings."""
    state = camera_of(hub, id)
    last = [shape.finding(one) for one in await last_findings(hub, id)]
    return answer({**shape.camera(state), "last_findings": last})


@router.get(
    "/cameras/{id}/picture",
    response_class=Response,
    responses={
        200: {
            "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
            "description": "The picture; X-Picture-Time says when it was taken, X-Picture-Age how many seconds ago.",
        },
        204: {"description": "Nothing newer than `after`; X-Picture-Age is that of the newest."},
    },
)
async def picture(
    request: Request,
    hub: TheHub,
    id: Id,
    visitor: Looker,
    after: Annotated[str | None, Query(description="RFC 3339: only one taken later.")] = None,
) -> Response:
    """The newest picture, masks applied. 403 `viewing_required`, 404 `no_picture`.

    Each look is on record, once in a quarter of an hour for each person or program and camera.
    """
    since = None if after is None else instant("after", after)
    camera_of(hub, id)
    await look_live(request, hub, visitor, id)
    found = await hub.latest_still(id)
    if found is None:
        raise Problem(404, "no_picture", "The camera shows no picture just now; its state says why.")
    headers = {
        "X-Picture-Time": to_rfc3339(found.taken),
        "X-Picture-Age": f"{max(0, hub.now().utc - found.taken) / SECOND:.3f}",
        "Content-Encoding": "identity",
    }
    # The API says milliseconds: what is newer by less is the same picture.
    if since is not None and found.taken // 1000 <= since // 1000:
        del headers["Content-Encoding"]
        return Response(status_code=204, headers=headers)
    return Response(found.content, media_type=found.mime, headers=headers)


@router.get("/cameras/{id}/story", dependencies=[SEE], responses=shown(Listing[FactShape]))
async def story(hub: TheHub, id: Id) -> JSONResponse:
    """Every version of its zones and masks, oldest first."""
    camera_of(hub, id)
    return answer(shapes.listing(shapes.fact(hub, fact) for fact in await hub.case_story("camera", id)))


@router.put("/cameras/{id}/zones", responses=shown(CameraShape))
async def draw(
    hub: TheHub,
    id: Id,
    visitor: Annotated[Visitor, Depends(require(Perm.ZONES))],
    body: ZonesBody,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Look at these zones from now on, keep nothing of what is under these masks; saved as one version.

    version: as `GET /cameras/{id}` says it, so that nobody overwrites what another drew.
    422 `bad_zones` with every problem by its key in `errors`; 409 `newer_version`.
    """
    state = camera_of(hub, id)
    zones = tuple(
        CameraZone(
            zone.id,
            Text(zone.name.zh.strip(), zone.name.en.strip()),
            tuple((x, y) for x, y in zone.polygon),
            tuple(dict.fromkeys(zone.checks)),
            zone.dwell,
        )
        for zone in body.zones
    )
    masks = tuple(tuple((x, y) for x, y in mask) for mask in body.masks)
    if found := problems(zones, masks, detector=state.camera.detector is not None):
        errors = [{"in": "body", "key": at, "message": MESSAGES[code], "code": code} for at, code in found]
        first = errors[0]
        raise Problem(422, "bad_zones", f"{first['key']}: {first['message']}.", more={"errors": errors})
    wish = DrawZones(id, visitor.name, zones, masks, body.note, body.version)
    await carried_out(hub, wish, visitor, key, _MISSING)
    return answer(shape.camera(camera_of(hub, id)))


@router.post("/cameras/{id}/clip", responses=shown(StillsShape))
async def clip(hub: TheHub, id: Id, visitor: Looker, key: IdempotencyKey = None) -> JSONResponse:
    """Keep a film of its last 90 s. It is made by and by: `taken_at` of its picture is null until it is there."""
    camera_of(hub, id)
    body = await carried_out(hub, KeepClip(visitor.name, camera=id), visitor, key, _MISSING)
    return answer(shape.stills(StillSet.from_dict(body)))


@router.get("/findings", dependencies=[SEE], responses=shown(Listing[FindingShape]))
async def findings(
    hub: TheHub,
    page: cases.Page,
    camera: Annotated[str | None, Query(max_length=63)] = None,
    kind: Annotated[str | None, Query(max_length=63)] = None,
    alarm: Annotated[str | None, Query(max_length=63)] = None,
    is_open: cases.Open = None,
) -> JSONResponse:
    """What cameras found, newest first."""
    wanted = {"device": camera, "kind": kind, "alarm": alarm}
    return await cases.listing(
        hub, "finding", page, wanted, is_open, lambda row: shape.finding(Finding.from_dict(row))
    )


@router.get("/findings/{id}", dependencies=[SEE], responses=shown(FindingShape))
async def finding(hub: TheHub, id: Id) -> JSONResponse:
    """One finding."""
    return answer(shape.finding(Finding.from_dict(await cases.one(hub, "finding", id))))


@router.post("/findings/{id}/verdict", responses=shown(FindingShape))
async def judge(
    hub: TheHub,
    id: Id,
    visitor: Annotated[Visitor, Depends(require(Perm.VERDICT))],
    body: JudgeBody,
    key: IdempotencyKey = None,
) -> JSONResponse:
    """There was something, or there was nothing; it counts in the camera's figures. Once more corrects it."""
    await cases.one(hub, "finding", id)
    request = JudgeFinding(id, visitor.name, body.kind, body.note)
    done = await carried_out(hub, request, visitor, key, _MISSING)
    return answer(shape.finding(Finding.from_dict(done)))
