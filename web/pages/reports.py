"""Reports 报表: choose kind and days; one report on sheets of A4, sent row by row as the child makes it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import date, timedelta
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from edge.domain.instant import to_rfc3339
from edge.domain.service import KINDS, ReportKind
from edge.facade import Hub
from web.api.v1.looking import handles, of_incident
from web.api.v1.report_ledger import Lines, Passed, begun, calendar, checked
from web.auth import Perm, Visitor, hub_of, require
from web.i18n import mark as _
from web.pages import render, report_words
from web.pages.cameras import page
from web.pages.view import View
from web.problems import Problem, not_found

router = APIRouter(include_in_schema=False)

Reader = Annotated[Visitor, Depends(require(Perm.JOURNAL))]
_CUT: Final = "<!--sheet-->"
"""Where the template leaves room for the sections."""
DAILY: Final[tuple[ReportKind, ...]] = ("duty-log", "alarm-record", "repairs", "patrols", "daily")
SCRIPT_WORDS: Final = {
    "making": _("%(name)s is being made: %(percent)s"),
    "waiting": _("Being prepared …"),
    "bundle": _("Incident bundle"),
}


@router.get("/reports")
async def choose(request: Request, visitor: Reader) -> HTMLResponse:
    """Kinds, with the spans asked for most, and a form for any other."""
    hub = hub_of(request)
    day = calendar(hub).day_of(hub.now().utc)
    month = day.replace(day=1)
    before = month - timedelta(days=1)
    spans = {
        "today": (day, day),
        "yesterday": (day - timedelta(days=1),) * 2,
        "month": (month, day),
        "last_month": (before.replace(day=1), before),
    }
    return await render.page(
        request, visitor, "reports.html", kinds=KINDS, rw=report_words, spans=spans, day=day, daily=DAILY,
        report_script_words=_script_words,
    )  # fmt: skip


@router.get("/incidents/{id}/bundle", response_model=None)
async def bundle(request: Request, visitor: Reader, id: str) -> Response:
    """警情档案包, where the pages of incidents link to it; with pictures of cameras in it, they ask why first."""
    hub = hub_of(request)
    incident = await hub.case("incident", id)
    if incident is None:
        raise not_found("incident", id)
    if visitor.may(Perm.CAMERA):
        for kept in await of_incident(hub, incident):
            if not handles(visitor, await hub.alarm(kept.alarm or "")):
                return await page(request, visitor, "bundle.html", incident=incident, here="/incidents")
    return RedirectResponse(f"/api/v1/incidents/{quote(id, safe='')}/bundle", 303)


@router.get("/reports/{kind}")
async def sheet(request: Request, visitor: Reader, kind: str) -> StreamingResponse:
    """One report, over local days `from` to `to`, both included; else today, monthly the last whole month."""
    hub = hub_of(request)
    known = next((each for each in KINDS if each == kind), None)
    if known is None:
        raise not_found("report", kind)
    first, last = _days(request, hub, known)
    days = calendar(hub)
    span = checked(known, days.start(first), days.start(last + timedelta(days=1)))
    lines = hub.records.report(known, *span, visitor.name)
    head = (await begun(request, lines))["head"]
    view = await render.view_for(request, visitor)
    try:
        page = await render.page(
            request, visitor, "report.html", head=head, rw=report_words, first=first, last=last, cut=_CUT,
            query=f"from={to_rfc3339(span[0])}&to={to_rfc3339(span[1])}", here="/reports",
        )  # fmt: skip
    except BaseException:
        await lines.aclose()
        raise
    before, _cut, after = bytes(page.body).decode().partition(_CUT)
    pieces = _pieces(before, view, lines, after)
    return Passed(pieces, lines, "text/html; charset=utf-8", {"Vary": "Cookie, Accept-Language"})


def _days(request: Request, hub: Hub, kind: ReportKind) -> tuple[date, date]:
    """The local dates of the query, both included; Problem 422 when they are none."""
    query = request.query_params
    today = calendar(hub).day_of(hub.now().utc)
    day = today.isoformat()
    if kind == "monthly" and not query.get("from") and not query.get("to"):
        last = today.replace(day=1) - timedelta(days=1)
        return last.replace(day=1), last
    try:
        first = date.fromisoformat(query.get("from") or day)
        return first, date.fromisoformat(query.get("to") or first.isoformat())
    except ValueError as error:
        raise Problem(422, "bad_parameter", f"from, to: {error}; write dates as 2026-06-01.") from error


async def _pieces(before: str, view: View, lines: Lines, after: str) -> AsyncGenerator[str]:
    """The page: what stands above, section by section, and what stands below."""
    yield before
    section: Mapping[str, Any] | None = None
    async with aclosing(lines):
        async for line in lines:
            if "section" in line:
                if section is not None:
                    yield _part(view, "end", section)
                section = line["section"]
                yield _part(view, "begin", section)
            elif "rows" in line:
                yield _part(view, "rows", section or {}, rows=line["rows"])
    if section is not None:
        yield _part(view, "end", section)
    yield after


def _part(view: View, part: str, section: Mapping[str, Any], **more: Any) -> str:
    context = {"v": view, "rw": report_words, "part": part, "section": section, "rows": (), **more}
    return render.rendered(view.language, "parts/report.html", context)


def _script_words(v: View) -> Mapping[str, str]:
    return {
        **{key: v.word(words) for key, words in SCRIPT_WORDS.items()},
        **{kind: v.word(words) for kind, words in report_words.KINDS.items()},
    }
