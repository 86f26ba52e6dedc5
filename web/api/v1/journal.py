"""The journal in pages, and the stream that goes on from any of its facts."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Query, Request
from starlette.responses import JSONResponse, StreamingResponse

from edge.domain.fact import Fact, Seq
from edge.domain.reading import Purpose
from web.api.routers import api_router
from web.api.v1 import shapes
from web.api.v1.params import PROBLEM, Cursor, Limit, TheHub, answer, bad_cursor, shown
from web.api.v1.schema import FactShape, Listing
from web.auth import Perm, Visitor, require, while_signed_in
from web.problems import Problem
from web.streams import Streams, event_stream, json_event, resume_from

router = api_router()

_FOR_ALL: Final = (
    "alarm.", "desk.", "command.", "output.", "linkage.", "order.", "escalation.", "outage.", "incident.", "drill.",
    "stock.", "hazard.", "nuisance.", "duty.", "round.", "facility.", "calendar.", "handover.", "watch.", "device.",
    "health.", "hub.", "uplink.", "notification.",
)  # fmt: skip
_TEXTS: Final = ("notification.stranger", "notification.remark", "notification.answered")
"""What people and strangers wrote back. Who came in, tried a PIN or changed an account is in no prefix above."""
_ASCENDING, _DESCENDING = "after.", "before."


@router.get(
    "/journal",
    tags=["journal"],
    dependencies=[Depends(require(Perm.JOURNAL))],
    responses=shown(Listing[FactShape]),
)
async def journal(
    hub: TheHub,
    after: Annotated[
        str | None, Query(max_length=40, description="`<epoch>-<number>`: the facts after it, oldest first.")
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> JSONResponse:
    """What happened and was decided: newest first, or with `after` onward from a fact.

    410 `resync` when the fact `after` never reached the journal.
    """
    if cursor is None:
        start, ascending = None if after is None else _seq("query after", after), after is not None
    else:
        start, ascending = _position(cursor)
    facts = await (hub.facts(start, limit) if ascending and start else hub.latest_facts(start, limit))
    if facts is None:
        raise Problem(
            410, "resync", f"No fact {start} is known; fetch the lists anew and go on from their position."
        )
    following = (
        (_ASCENDING if ascending else _DESCENDING) + str(facts[-1].seq) if len(facts) == limit else None
    )
    return answer(shapes.listing((shapes.fact(hub, fact) for fact in facts), following))


def _for_all(kind: str) -> bool:
    """Whether whoever may see alarms is given it, a wall and a crew among them."""
    return kind.startswith(_FOR_ALL) and kind not in _TEXTS


def _position(cursor: str) -> tuple[Seq, bool]:
    """(fact, whether the list ascends from it)."""
    for prefix, ascending in ((_ASCENDING, True), (_DESCENDING, False)):
        if cursor.startswith(prefix):
            try:
                return Seq.parse(cursor.removeprefix(prefix)), ascending
            except ValueError as error:
                raise bad_cursor() from error
    raise bad_cursor()


def _seq(where: str, text: str) -> Seq:
    try:
        return Seq.parse(text)
    except ValueError as error:
        raise Problem(422, "bad_parameter", f"{where}: {error}.") from error


@router.get(
    "/stream",
    tags=["journal"],
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}, "4XX": PROBLEM},
)
async def stream(
    request: Request,
    hub: TheHub,
    visitor: Annotated[Visitor, Depends(require(Perm.SEE))],
    after: Annotated[str | None, Query(max_length=40, description="As Last-Event-ID, which wins.")] = None,
    purpose: Annotated[Purpose | None, Query(description="`test`: the hub's own test alarms, too.")] = None,
) -> StreamingResponse:
    """Server-sent events: `fact` (replayed), `values` once a second, `hb` every 10 s, `resync`."""
    streams: Streams = request.app.state.streams
    with_tests, with_persons = purpose is Purpose.TEST, visitor.may(Perm.JOURNAL)

    def encode(fact: Fact) -> bytes:
        if not with_tests and fact.body.get("purpose") == Purpose.TEST:
            return b""
        if not with_persons and not _for_all(fact.kind):
            return b""
        return json_event("fact", shapes.fact(hub, fact), str(fact.seq))

    chunks = streams.subscribe(
        resume_from(request, after),
        encode,
        ("api", with_tests, with_persons),
        lambda states: json_event("values", {"items": [shapes.live_value(state) for state in states]}),
    )
    return event_stream(while_signed_in(request, chunks))
