"""Verifying an alarm: the household it is about, and pictures from the place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request, Response
from starlette.responses import JSONResponse

from edge.domain.alarm import Alarm
from edge.domain.household import household_of
from edge.domain.request import Comment
from edge.facade import Hub, Kept
from web.api.routers import api_router
from web.api.v1 import photos, shapes
from web.api.v1.params import PROBLEM, Id, IdempotencyKey, TheHub, answer, scoped, shown
from web.api.v1.schema import AlarmShape
from web.auth import Perm, Visitor, require
from web.problems import Problem, not_found

router = api_router(tags=["alarms"])
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {"4XX": PROBLEM}


@router.get("/alarms/{id}/household", responses=_ANSWERS)
async def household(
    hub: TheHub, id: Id, visitor: Annotated[Visitor, Depends(require(Perm.VERDICT))]
) -> JSONResponse:
    """Marks and contacts of the flat: only while its fire, gas or SOS alarm is open, else 404. The journal notes it."""
    alarm = await _alarm(hub, id)
    home = household_of(alarm, hub.site.households)
    if home is None:
        raise Problem(404, "not_found", "There is nothing to show about a household now.")
    await hub.note("household.shown", visitor.name, {"alarm": id, "zone": home.zone})
    shape = {
        "zone": home.zone,
        "marks": [{"zh": mark.zh, "en": mark.en} for mark in home.marks],
        "contacts": [
            {
                "name": one.name,
                "relation": {"zh": one.relation.zh, "en": one.relation.en},
                "phone": one.phone,
            }
            for one in home.contacts
        ],
    }
    return JSONResponse(shape, headers={"Cache-Control": "no-store"})


@router.post("/alarms/{id}/photos", responses=shown(AlarmShape))
async def add_photo(
    request: Request,
    hub: TheHub,
    id: Id,
    visitor: Annotated[Visitor, Depends(require(Perm.COMMENT))],
    note: Annotated[str, Query(max_length=500, description="Words with it.")] = "",
    key: IdempotencyKey = None,
) -> JSONResponse:
    """Add a photo: the body is the picture itself (JPEG, PNG, WebP, at most 20 MB). It resets nothing.

    404, 409 `too_many`; 422 `bad_picture`, 413, 503. The same picture sent twice is kept once.
    """
    alarm = await _alarm(hub, id)
    picture = await request.body()
    photo = photos.photo_id(alarm.raised_at, f"{id}|{visitor.name}|", picture)

    async def look() -> tuple[Mapping[str, Any], Collection[str]]:
        now = await _alarm(hub, id)
        return now.to_dict(), {kept.id for kept in now.photos}

    async def act(made: Kept) -> JSONResponse:
        await hub.act(Comment(id, visitor.name, note, photo, made.sha256), scoped(visitor, key))
        return answer(shapes.alarm_of(hub, await _alarm(hub, id)))

    def shape(body: Mapping[str, Any]) -> AlarmShape:
        return shapes.alarm_of(hub, Alarm.from_dict(dict(body)))

    return await photos.added(hub, visitor, photo, picture, look, act, shape)


@router.get("/alarms/{id}/photos/{photo}", response_class=Response)
async def photo(
    hub: TheHub, id: Id, photo: Id, visitor: Annotated[Visitor, Depends(require(Perm.SEE))]
) -> Response:
    """One photo of the alarm, as JPEG."""
    del visitor
    return await photos.shown(hub, photo, {kept.id for kept in (await _alarm(hub, id)).photos})


async def _alarm(hub: Hub, id: str) -> Alarm:
    if (alarm := await hub.alarm(id)) is None:
        raise not_found("alarm", id)
    return alarm
