"""Devices, their points, and what was measured."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Depends, Query
from starlette.responses import JSONResponse

from edge.domain.instant import DAY
from web.api.routers import api_router
from web.api.v1 import shapes
from web.api.v1.params import Cursor, Id, Limit, TheHub, answer, bad_cursor, instant, shown
from web.api.v1.schema import DeviceShape, Listing, PointShape, SeriesShape
from web.auth import Perm, require
from web.problems import Problem, not_found

router = api_router(dependencies=[Depends(require(Perm.SEE))])
T = TypeVar("T")


def _page(
    rows: Sequence[T], id_of: Callable[[T], str], cursor: str | None, limit: int
) -> tuple[list[T], str | None]:
    """A page of `rows` in the order of their ids; the cursor is the last id shown."""
    ordered = sorted(rows, key=id_of)
    start = 0 if cursor is None else bisect_right(ordered, cursor, key=id_of)
    page = ordered[start : start + limit]
    return page, id_of(page[-1]) if start + limit < len(ordered) else None


@router.get("/devices", tags=["devices"], responses=shown(Listing[DeviceShape]))
async def devices(hub: TheHub, limit: Limit = 100, cursor: Cursor = None) -> JSONResponse:
    """All devices, by id."""
    page, following = _page(hub.devices(), lambda state: state.device.id, cursor, limit)
    return answer(shapes.listing((shapes.device(state) for state in page), following))


@router.get("/devices/{id}", tags=["devices"], responses=shown(DeviceShape))
async def device(hub: TheHub, id: Id) -> JSONResponse:
    """One device."""
    state = hub.device(id)
    if state is None:
        raise not_found("device", id)
    return answer(shapes.device(state))


@router.get("/points", tags=["points"], responses=shown(Listing[PointShape]))
async def points(
    hub: TheHub,
    device: Annotated[str | None, Query(max_length=63, description="Only this device's.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> JSONResponse:
    """All points with their latest values, by id."""
    rows = [state for state in hub.points() if device is None or state.point.device.id == device]
    page, following = _page(rows, lambda state: state.point.id, cursor, limit)
    return answer(shapes.listing((shapes.point(state) for state in page), following))


@router.get("/points/{id}", tags=["points"], responses=shown(PointShape))
async def point(hub: TheHub, id: Id) -> JSONResponse:
    """One point with its latest value."""
    state = hub.point(id)
    if state is None:
        raise not_found("point", id)
    return answer(shapes.point(state))


@router.get("/points/{id}/readings", tags=["points"], responses=shown(SeriesShape))
async def readings(
    hub: TheHub,
    id: Id,
    from_: Annotated[
        str | None, Query(alias="from", description="RFC 3339; 24 h before `to` if not given.")
    ] = None,
    to: Annotated[str | None, Query(description="RFC 3339, not included; now if not given.")] = None,
    max_points: Annotated[int, Query(ge=1, le=10_000)] = 500,
    raw: Annotated[bool, Query(description="Page through the raw rows, ascending in time.")] = False,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> JSONResponse:
    """What was measured: at most `max_points` buckets for a chart, or with `raw` each row as it came."""
    state = hub.point(id)
    if state is None:
        raise not_found("point", id)
    end = hub.now().utc if to is None else instant("to", to)
    start = end - DAY if from_ is None else instant("from", from_)
    if start > end:
        raise Problem(422, "bad_parameter", "from: lies after to.")
    if not raw:
        return answer(shapes.series(state, await hub.series(id, start, end, max_points)))
    try:
        rows = await hub.raw(id, start, end, cursor, limit)
    except (ValueError, OverflowError) as error:  # a number of 200 digits is no cursor either
        raise bad_cursor() from error
    return answer(shapes.series(state, rows))
