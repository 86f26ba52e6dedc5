"""Away mode: the wall's tone on the phone of a guard who is on the move."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from edge.facade import CaseQuery
from web.auth import Perm, Visitor, hub_of, require
from web.pages import render

router = APIRouter(include_in_schema=False)


@router.get("/away")
async def away(request: Request, visitor: Annotated[Visitor, Depends(require(Perm.AWAY))]) -> HTMLResponse:
    """Go and come back; while away the page sounds what the wall sounds."""
    hub = hub_of(request)
    mine = await hub.cases("watch", CaseQuery(open=True, where={"person": visitor.name}, limit=1))
    since = mine.items[0]["opened_at"] if mine.items else None
    return await render.page(request, visitor, "away.html", awake=True, since_away=since)
