"""The register of fire facilities: what is near or over, one entry with its checks, and labels to print."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from edge.domain.occurrence import FacilityCase
from web.api.v1.facilities import register
from web.auth import Perm, Visitor, hub_of, require
from web.pages import duty_words, render
from web.pages.codes import qr
from web.pages.duties import _script_words
from web.problems import not_found

router = APIRouter(include_in_schema=False)
SeeingVisitor = Annotated[Visitor, Depends(require(Perm.SEE))]
_ORDER = {"broken": 0, "overdue": 1, "soon": 2, "good": 3}


@router.get("/facilities")
async def listed(
    request: Request, visitor: SeeingVisitor, kind: str = "", state: str = "", sort: str = "urgent"
) -> HTMLResponse:
    """The register, what needs something first."""
    return await _list(request, visitor, "facilities.html", kind, state, sort)


@router.get("/facilities/print")
async def printed(
    request: Request, visitor: SeeingVisitor, kind: str = "", state: str = "", sort: str = "place"
) -> HTMLResponse:
    """The register on A4, with the code of each entry."""
    return await _list(request, visitor, "facility-print.html", kind, state, sort)


@router.get("/facilities/{id}.svg", dependencies=[Depends(require(Perm.SEE))])
async def code(request: Request, id: str) -> Response:
    """The code of an entry: this panel's address of it."""
    if id not in hub_of(request).site.duties.facilities:
        raise not_found("facility", id)
    return qr(request, f"/facilities/{id}")


@router.get("/facilities/{id}")
async def one(request: Request, visitor: SeeingVisitor, id: str) -> HTMLResponse:
    """One entry: what it is, when it is due, and the check of it."""
    hub = hub_of(request)
    facility = hub.site.duties.facilities.get(id)
    if facility is None:
        raise not_found("facility", id)
    row = await hub.case("facility", id)
    return await render.page(
        request, visitor, "facility.html", dw=duty_words, book=hub.site.duties, facility=facility,
        case=None if row is None else FacilityCase.from_dict(row), story=await hub.case_story("facility", id),
        duty_script_words=_script_words, here="/duties",
    )  # fmt: skip


async def _list(
    request: Request, visitor: Visitor, template: str, kind: str, state: str, sort: str
) -> HTMLResponse:
    hub = hub_of(request)
    found = [
        (facility, None if row is None else FacilityCase.from_dict(row))
        for facility, row in await register(hub, kind or None, state or None)
    ]
    if sort == "urgent":
        found.sort(key=lambda entry: _urgency(entry[1]))
    elif sort == "place":
        found.sort(key=lambda e: (e[0].zone, e[0].id))
    return await render.page(
        request, visitor, template, dw=duty_words, book=hub.site.duties, entries=found, kind=kind, state=state,
        sort=sort, duty_script_words=_script_words, here="/duties",
    )  # fmt: skip


def _urgency(case: FacilityCase | None) -> tuple[int, str]:
    """By state, then by what comes first, a service or the end of life."""
    if case is None:
        return len(_ORDER), ""
    return _ORDER[case.state], min(filter(None, (case.next_service, case.scrap_on)), default="9")
