"""Channels by which people are reached: how each is, what it can prove, and a short message to try it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from pydantic import Field
from starlette.responses import JSONResponse
from typing_extensions import TypedDict

from edge.domain.notification import TestChannel
from edge.facade import ChannelState
from web.api.routers import api_router
from web.api.v1 import shapes
from web.api.v1.notifications import NotificationShape
from web.api.v1.notifications import shape as notification
from web.api.v1.params import Body, Id, IdempotencyKey, TheHub, answer, carried_out, shown
from web.api.v1.schema import Listing, Words
from web.auth import Perm, Visitor, require
from web.problems import Problem

router = api_router(tags=["notifications"])
SEE = Depends(require(Perm.SEE))
Acting = Annotated[Visitor, Depends(require(Perm.TEST_CHANNEL))]


class ChannelShape(TypedDict):
    """proves: of accepted, delivered, seen, answered those it can prove.

    reaches: ids of persons, null for the group or place behind it.
    """

    id: str
    name: Words
    kind: str
    proves: list[str]
    reaches: list[str | None]
    state: str
    detail: Words
    counters: dict[str, int]
    last_ok: str | None
    last_error: str | None


class TestBody(Body):
    """person: id of somebody in people.toml; left out for the group or place behind the channel."""

    __test__ = False  # the name is no test's
    person: Annotated[str, Field(max_length=200)] = ""


def shape(state: ChannelState) -> ChannelShape:
    """A channel as the API says it."""
    return {
        "id": state.id,
        "name": shapes.words(state.name),
        "kind": state.kind,
        "proves": list(state.proves),
        "reaches": [person or None for person in state.reaches],
        "state": state.state,
        "detail": shapes.words(state.detail),
        "counters": dict(state.counters),
        "last_ok": shapes.time_of(state.last_ok),
        "last_error": shapes.time_of(state.last_error),
    }


@router.get("/channels", dependencies=[SEE], responses=shown(Listing[ChannelShape]))
async def channels(hub: TheHub) -> JSONResponse:
    """All channels as they are, in the order of channels.toml."""
    return answer(shapes.listing(shape(state) for state in hub.channels()))


@router.post("/channels/{id}/test", responses=shown(NotificationShape))
async def try_out(
    hub: TheHub, id: Id, visitor: Acting, body: TestBody | None = None, key: IdempotencyKey = None
) -> JSONResponse:
    """Have it send a short message now: 404 for an unknown channel or person, and where it has no address of them."""
    person = "" if body is None else body.person
    known = person in hub.site.roster.persons or await hub.accounts.account(person) is not None
    if person and not known:
        raise Problem(404, "not_found", f"There is nobody {person[:64]!r}.")
    wish = TestChannel(id, person, visitor.name)
    return answer(notification(await carried_out(hub, wish, visitor, key, f"there is no channel {id}")))
