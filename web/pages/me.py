"""One's own page: the PIN for the wall, and making this screen one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from web.auth import Perm, Visitor, hub_of, require
from web.pages import render

router = APIRouter(include_in_schema=False)


@router.get("/me")
async def me(request: Request, visitor: Annotated[Visitor, Depends(require(Perm.PIN))]) -> HTMLResponse:
    """The person's own PIN, write-only, and the button that makes this browser a wall."""
    has_pin = visitor.name in await hub_of(request).accounts.pins()
    return await render.page(request, visitor, "me.html", has_pin=has_pin)
