"""Roster 排班: who is on duty now, the coming two weeks by post, gaps, and certificates that run out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from edge.domain.on_duty import Finding, RosterView, Stint
from edge.domain.roster import Post
from web.auth import Perm, Visitor, hub_of, require
from web.i18n import mark as _
from web.pages import render
from web.pages.view import View

router = APIRouter(include_in_schema=False)

WEEKDAYS: Final = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "gap": (_("Nobody on duty"), "urgent"),
    "alone": (_("One person alone"), "high"),
    "short": (_("Too few people"), "high"),
    "overlap": (_("Overlap"), "medium"),
}
"""Words, and the shape beside them."""


def lacking(kind: str, persons: Sequence[str], post: Post) -> tuple[str, str]:
    """Words and shape of a finding; one person where the post needs more has words of its own."""
    alone = kind == "short" and len(persons) == 1 and post.people > 1
    return _WORDS["alone" if alone else kind]


@router.get("/roster")
async def roster(request: Request, visitor: Annotated[Visitor, Depends(require(Perm.SEE))]) -> HTMLResponse:
    """The roster as a sheet of paper shows it."""
    found = hub_of(request).roster()
    view = await render.view_for(request, visitor)
    days = [found.today + timedelta(days=number) for number in range(found.days)]
    return await render.page(
        request,
        visitor,
        "roster.html",
        found=found,
        days=days,
        cells={(day, post): _cell(found, view, day, post) for day in days for post in found.roster.posts},
        lacking=lacking,
        weekdays=WEEKDAYS,
        phones=visitor.may(Perm.PHONES),
    )


def _cell(
    found: RosterView, view: View, day: date, post: str
) -> tuple[list[tuple[Stint, list[Finding]]], list[Finding]]:
    """(shifts of a post that start on `day`, each with what is wrong with it; gaps that touch the day)."""
    findings = [finding for finding in found.findings if finding.post == post]
    stints = [
        (
            stint,
            [f for f in findings if f.kind != "gap" and f.start < stint.end and f.end > stint.start],
        )
        for stint in found.stints
        if (stint.post, stint.date) == (post, day)
    ]
    gaps = [
        f
        for f in findings
        if f.kind == "gap" and view.local(f.start).date() <= day <= view.local(f.end - 1).date()
    ]
    return stints, gaps
