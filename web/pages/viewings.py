"""Viewings of footage 调阅: who asks to see some, who decides, and the register of all looks, to be printed."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from edge.domain.footage import StillSet, Viewing
from edge.facade import CaseQuery, Hub
from web.api.v1.looking import openings_of
from web.api.v1.viewings import asked_for
from web.auth import Perm, Visitor, hub_of, require
from web.pages.cameras import page

router = APIRouter(include_in_schema=False)

_PAGE: Final = 100
_WAITING: Final = 200


@router.get("/viewings")
async def viewings(
    request: Request, visitor: Annotated[Visitor, Depends(require(Perm.CAMERA))], cursor: str | None = None
) -> HTMLResponse:
    """The request form, what waits for a decision, and the register."""
    hub = hub_of(request)
    try:
        found = await hub.cases("viewing", CaseQuery(before=cursor, limit=_PAGE))
    except ValueError:  # a cursor out of an old bookmark
        found = await hub.cases("viewing", CaseQuery(limit=_PAGE))
    waiting = await hub.cases("viewing", CaseQuery(open=True, limit=_WAITING))
    return await page(
        request, visitor, "viewings.html", register=[Viewing.from_dict(row) for row in found.items],
        waiting=[(one, len(await asked_for(hub, one))) for one in map(Viewing.from_dict, waiting.items)],
        next=found.next,
        cameras=[(state.device.id, state.device.name) for state in hub.cameras()], days=hub.site.retention.stills_days,
        opened=await _opened(request, hub, visitor), here="/cameras",
    )  # fmt: skip


async def _opened(request: Request, hub: Hub, visitor: Visitor) -> list[StillSet]:
    """Pictures of a request that this visitor has opened within the last quarter of an hour."""
    ids = openings_of(request).granted(visitor.name, hub.now().mono)
    rows = [await hub.case("stills", id) for id in ids]
    return [StillSet.from_dict(row) for row in rows if row is not None]
