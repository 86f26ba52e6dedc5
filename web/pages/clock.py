"""The clock 时钟: what vouches for it; set or confirmed by an administrator."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from web.auth import Perm, Visitor, hub_of, require
from web.pages import power_words, render

router = APIRouter(include_in_schema=False)


@router.get("/clock")
async def clock(request: Request, visitor: Annotated[Visitor, Depends(require(Perm.CLOCK))]) -> HTMLResponse:
    """How it stands, and what can be done about it."""
    state = hub_of(request).power.clock()
    return await render.page(request, visitor, "clock.html", state=state, qualities=power_words.QUALITIES)
