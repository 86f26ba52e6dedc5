"""Cases of one kind as routes show them: a page of the list, one, and its story."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import Depends, Query
from starlette.responses import JSONResponse

from edge.facade import CaseQuery, Hub
from web.api.v1 import shapes
from web.api.v1.params import Cursor, Limit, answer, bad_cursor, instant
from web.problems import not_found

Open = Annotated[bool | None, Query(alias="open", description="All if not given.")]


class Span:
    """Which page of a list is asked for, the newest first."""

    def __init__(
        self,
        since: Annotated[str | None, Query(description="RFC 3339: begun at or after.")] = None,
        limit: Limit = 100,
        cursor: Cursor = None,
    ) -> None:
        self.since = None if since is None else instant("since", since)
        self.limit = limit
        self.cursor = cursor


Page = Annotated[Span, Depends()]


async def listing(
    hub: Hub, kind: str, page: Span, wanted: Mapping[str, str | None], is_open: bool | None = None,
    shape: Callable[[Mapping[str, Any]], Mapping[str, Any]] = shapes.case,
) -> JSONResponse:  # fmt: skip
    """The page. wanted: values that a case's body must have, None for any; Problem 422 for another list's cursor."""
    where = {key: value for key, value in wanted.items() if value is not None}
    query = CaseQuery(open=is_open, since=page.since, where=where, before=page.cursor, limit=page.limit)
    try:
        found = await hub.cases(kind, query)
    except ValueError as error:
        raise bad_cursor() from error
    return answer(shapes.listing(map(shape, found.items), found.next))


async def one(hub: Hub, kind: str, id: str) -> Mapping[str, Any]:
    """Its body; Problem 404 where there is none."""
    body = await hub.case(kind, id)
    if body is None:
        raise not_found(kind, id)
    return body


async def story(hub: Hub, kind: str, id: str) -> JSONResponse:
    """All facts about it, oldest first; Problem 404 where there is none."""
    await one(hub, kind, id)
    return answer(shapes.listing(shapes.fact(hub, fact) for fact in await hub.case_story(kind, id)))
