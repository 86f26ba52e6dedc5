"""Audit 操作日志: what happened and who did it, newest first."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from edge.domain.fact import Seq
from web.auth import Perm, Visitor, hub_of, require
from web.pages import render, wording
from web.problems import Problem

router = APIRouter(include_in_schema=False)

_PAGE: Final = 100


@router.get("/journal")
async def journal(
    request: Request,
    visitor: Annotated[Visitor, Depends(require(Perm.JOURNAL))],
    kind: str = "",
    before: str = "",
) -> HTMLResponse:
    """Facts newest first. kind: a group of kinds; before: number of the last fact of the page before."""
    hub = hub_of(request)
    prefix = kind if kind in wording.GROUPS else ""
    try:
        cursor = Seq.parse(before) if before else None
    except ValueError as error:
        raise Problem(422, "bad_parameter", f"query before: {error}.") from error
    facts = await hub.latest_facts(cursor, _PAGE + 1, prefix)
    following = str(facts[_PAGE - 1].seq) if len(facts) > _PAGE else None
    return await render.page(
        request, visitor, "journal.html", facts=facts[:_PAGE], next=following, kind=prefix
    )
