"""Photos as evidence: kept once however often they are sent, with place, time and person on them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from weakref import WeakValueDictionary
from zoneinfo import ZoneInfo

from starlette.responses import JSONResponse, Response

from edge.domain.instant import SECOND
from edge.domain.request import Refusal
from edge.facade import Hub, Kept, Unfit
from web.api.v1 import shapes
from web.api.v1.params import answer
from web.auth import Visitor
from web.problems import Problem, not_found

_ONE: Final[WeakValueDictionary[str, asyncio.Lock]] = WeakValueDictionary()
"""By id of the photo that is being kept."""


def photo_id(opened_at: int, about: str, picture: bytes) -> str:
    """The same for the same picture of the same thing, so that sending it again changes nothing."""
    opened = datetime.fromtimestamp(opened_at / SECOND, UTC)
    return f"{opened:%Y%m}-{hashlib.sha256(about.encode() + picture).hexdigest()[:32]}"


async def keep(hub: Hub, visitor: Visitor, place: str, id: str, picture: bytes) -> Kept:
    """Make it durable; Problem 422 `bad_picture`."""
    at = datetime.fromtimestamp(hub.civil(hub.now().utc) / SECOND, UTC).astimezone(
        ZoneInfo(hub.site.timezone)
    )
    plain = f"{at:%Y-%m-%d %H:%M:%S}"
    words = " · ".join(filter(None, (place, plain, visitor.account.display)))
    try:
        return await hub.evidence.keep(id, picture, words, plain)
    except Unfit as error:
        raise Problem(422, "bad_picture", f"{str(error).capitalize()}.") from error


async def added(
    hub: Hub,
    visitor: Visitor,
    id: str,
    picture: bytes,
    look: Callable[[], Awaitable[tuple[Mapping[str, Any], Collection[str]]]],
    act: Callable[[Kept], Awaitable[JSONResponse]],
    shape: Callable[[Mapping[str, Any]], Any] = shapes.case,
) -> JSONResponse:
    """Keep a photo and put it on record, or answer with the case as it stands where it is there already.

    look: the case as it stands now, and the ids of its photos; shape: it as the API says it. One at a time under one
    id: a phone that sends again while the first is being worked on must neither overwrite nor drop what that one puts
    on record.
    """
    async with _ONE.setdefault(id, asyncio.Lock()):
        body, known = await look()
        if id in known:
            return answer(shape(body))
        made = await keep(hub, visitor, body["place"][0], id, picture)
        try:
            return await act(made)
        except Refusal:
            await hub.evidence.drop(id)
            raise


async def shown(hub: Hub, id: str, known: Collection[str]) -> Response:
    """One of the photos `known`, as JPEG."""
    jpeg = await hub.evidence.read(id) if id in known else None
    if jpeg is None:
        raise not_found("photo", id)
    # The encoding is named so that nothing tries to compress it again.
    headers = {"Cache-Control": "private, max-age=86400", "Content-Encoding": "identity"}
    return Response(jpeg, media_type="image/jpeg", headers=headers)
