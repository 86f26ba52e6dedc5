"""Pictures kept of alarms, each look at one on record."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request, Response
from starlette.responses import JSONResponse

from edge.domain.footage import KeepClip, Shot, StillSet
from edge.domain.instant import to_rfc3339
from web.api.routers import api_router
from web.api.v1 import camera_shapes as shape
from web.api.v1 import cases, shapes
from web.api.v1.camera_shapes import StillsShape
from web.api.v1.looking import look_kept
from web.api.v1.params import Id, IdempotencyKey, TheHub, answer, carried_out, shown
from web.api.v1.schema import Listing
from web.auth import Perm, Visitor, require
from web.problems import not_found

router = api_router(tags=["cameras"])
_ENDINGS: Final = {"image/jpeg": "jpg", "video/webm": "webm"}
Seer = Annotated[Visitor, Depends(require(Perm.SEE))]


@router.get(
    "/alarms/{id}/stills", dependencies=[Depends(require(Perm.SEE))], responses=shown(Listing[StillsShape])
)
async def of_alarm(hub: TheHub, id: Id) -> JSONResponse:
    """The sets of pictures kept of an alarm, one for each camera, oldest first; erased ones too."""
    if await hub.alarm(id) is None:
        raise not_found("alarm", id)
    return answer(shapes.listing(shape.stills(one) for one in await hub.alarm_stills(id)))


@router.post("/alarms/{id}/clip", responses=shown(StillsShape))
async def clip(
    hub: TheHub,
    id: Id,
    visitor: Annotated[Visitor, Depends(require(Perm.CAMERA))],
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Keep a film around the alarm of each of its cameras; the first is answered. 409 `too_late` after some 90 s."""
    if await hub.alarm(id) is None:
        raise not_found("alarm", id)
    body = await carried_out(hub, KeepClip(visitor.name, alarm=id), visitor, key, "cameras are not kept here")
    return answer(shape.stills(StillSet.from_dict(body)))


@router.get("/stills/{id}", dependencies=[Depends(require(Perm.SEE))], responses=shown(StillsShape))
async def one(hub: TheHub, id: Id) -> JSONResponse:
    """One set of pictures, without the pictures."""
    return answer(shape.stills(StillSet.from_dict(await cases.one(hub, "stills", id))))


@router.get(
    "/stills/{id}/{picture}",
    response_class=Response,
    responses={
        200: {
            "content": {
                "image/jpeg": {"schema": {"type": "string", "format": "binary"}},
                "video/webm": {"schema": {"type": "string", "format": "binary"}},
            },
            "description": "The picture or film.",
        }
    },
)
async def picture(request: Request, hub: TheHub, id: Id, picture: Id, visitor: Seer) -> Response:
    """One picture or film of a set; each look is on record before it is shown.

    Those who handle an open alarm, and a wall, see that alarm's; all others give a reason first (403
    `viewing_required`), or have a request granted.
    """
    kept = StillSet.from_dict(await cases.one(hub, "stills", id))
    if all(shot.id != picture or not shot.kept for shot in kept.pictures) or not kept.open:
        raise not_found("still", picture)
    await look_kept(request, hub, visitor, kept)
    found = await hub.still(picture)
    if found is None:
        raise not_found("still", picture)
    shot = next(shot for shot in kept.pictures if shot.id == picture)
    headers = {
        "Content-Encoding": "identity",
        "Content-Disposition": _disposition(kept.device, shot, found.mime),
    }
    return Response(found.content, media_type=found.mime, headers=headers)


def _disposition(camera: str, shot: Shot, mime: str) -> str:
    """Pictures are shown, films saved: by camera and time, as fl-02-20260601T120000Z.webm."""
    taken = to_rfc3339(shot.start or shot.taken or shot.wanted).partition(".")[0]
    name = f"{camera}-{''.join(c for c in taken if c.isalnum())}Z.{_ENDINGS.get(mime, 'bin')}"
    return f'{"attachment" if shot.moment == "clip" else "inline"}; filename="{name}"'
