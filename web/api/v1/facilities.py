"""The register of fire facilities: what hangs where, when it is due, and the checks of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Response
from pydantic import Field
from starlette.responses import JSONResponse

from edge.domain.obligation import Facility
from edge.domain.occurrence import CheckFacilities, FacilityState
from edge.facade import CaseQuery, Hub
from web.api.routers import api_router
from web.api.v1 import shapes, tables
from web.api.v1.params import Body, Id, IdempotencyKey, Prose, TheHub, answer, carried_out, shown
from web.api.v1.schema import FactShape, Listing
from web.auth import Perm, Visitor, require
from web.problems import not_found

router = api_router(tags=["duties"])
SEE: Final = Depends(require(Perm.SEE))
Doer = Annotated[Visitor, Depends(require(Perm.DUTY))]
_COLUMNS: Final = (
    "id", "kind", "name", "place", "count", "serial", "state", "made", "last_service", "next_service", "scrap_on",
    "checked_at", "checked_by", "ok", "hazard",
)  # fmt: skip


class CheckBody(Body):
    """facilities: ids. serviced: the day of a service; made: the making of what replaced it (2026-11-23)."""

    facilities: Annotated[list[str], Field(min_length=1, max_length=1000)]
    ok: bool = True
    note: Prose | None = None
    serviced: Annotated[str | None, Field(max_length=10)] = None
    made: Annotated[str | None, Field(max_length=10)] = None


@router.get("/facilities", dependencies=[SEE], responses=shown(Listing[dict[str, Any]]))
async def facilities(
    hub: TheHub,
    kind: Annotated[str | None, Query(max_length=63)] = None,
    state: FacilityState | None = None,
) -> JSONResponse:
    """The whole register, in the order of the site's folder."""
    return answer(shapes.listing(_shape(f, row) for f, row in await register(hub, kind, state)))


@router.get("/facilities.csv", dependencies=[SEE], response_class=Response)
async def as_csv(hub: TheHub, told: tables.As) -> Response:
    """The register as CSV, UTF-8 with a byte order mark."""
    rows = [
        _shape(facility, row) | {"name": facility.name, "place": facility.place}
        for facility, row in await register(hub)
    ]
    return tables.file("facilities.csv", _COLUMNS, rows, told)


@router.post("/facilities/check")
async def check(hub: TheHub, visitor: Doer, body: CheckBody, key: IdempotencyKey = None) -> JSONResponse:
    """Looked at, serviced or replaced; what is not `ok` becomes a hazard. 404, 422 `reason_required`, `bad_time`."""
    request = CheckFacilities(
        visitor.name, tuple(dict.fromkeys(body.facilities)), body.ok, body.note, body.serviced, body.made
    )
    await carried_out(hub, request, visitor, key, "duties are not kept here")
    found = {facility.id: (facility, row) for facility, row in await register(hub)}
    return answer(shapes.listing(_shape(*found[id]) for id in request.facilities))


@router.get("/facilities/{id}", dependencies=[SEE])
async def one(hub: TheHub, id: Id) -> JSONResponse:
    """One entry."""
    facility = hub.site.duties.facilities.get(id)
    if facility is None:
        raise not_found("facility", id)
    return answer(_shape(facility, await hub.case("facility", id)))


@router.get("/facilities/{id}/story", dependencies=[SEE], responses=shown(Listing[FactShape]))
async def story(hub: TheHub, id: Id) -> JSONResponse:
    """All facts about one entry, oldest first."""
    if id not in hub.site.duties.facilities:
        raise not_found("facility", id)
    return answer(shapes.listing(shapes.fact(hub, fact) for fact in await hub.case_story("facility", id)))


async def register(
    hub: Hub, kind: str | None = None, state: str | None = None
) -> list[tuple[Facility, Mapping[str, Any] | None]]:
    """Entries with their cases; None before the hub has looked at an entry for the first time."""
    rows: dict[str, Mapping[str, Any]] = {}
    before = None
    while True:
        page = await hub.cases("facility", CaseQuery(open=True, before=before, limit=1000))
        rows |= {row["id"]: row for row in page.items}
        before = page.next
        if before is None:
            break
    found = ((facility, rows.get(facility.id)) for facility in hub.site.duties.facilities.values())
    return [
        (facility, row)
        for facility, row in found
        if kind in {None, facility.kind} and (state is None or (row is not None and row["state"] == state))
    ]


def _shape(facility: Facility, row: Mapping[str, Any] | None) -> dict[str, Any]:
    case = {} if row is None else shapes.case(row)
    own = {
        "id": facility.id,
        "kind": facility.kind,
        "name": shapes.words(facility.name),
        "zone": facility.zone,
        "place": shapes.words(facility.place),
        "count": facility.count,
        "serial": facility.serial or None,
    }
    later = (
        "state", "made", "last_service", "next_service", "scrap_on", "checked_at", "checked_by", "ok", "hazard",
    )  # fmt: skip
    return own | {key: case.get(key) for key in later}
