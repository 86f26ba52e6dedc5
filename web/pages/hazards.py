"""Hazards 隐患治理: the ledger with its figures, one hazard with its story, the report, and what is printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from edge.domain.hazard import FIRE_MANAGER, MANAGERS, Hazard
from edge.domain.hazard_rules import Element
from edge.domain.instant import DAY
from edge.facade import CaseQuery, Hub
from web.api.v1.hazard_ledger import figures, ledger
from web.auth import Perm, Visitor, hub_of, require
from web.i18n import mark as _
from web.pages import hazard_words, order_words, render
from web.pages.view import View
from web.problems import not_found

router = APIRouter(include_in_schema=False)

SeeingVisitor = Annotated[Visitor, Depends(require(Perm.SEE))]
_PAGE: Final = 50
_SPAN: Final = 90
"""Days that the figures are about."""
_NO_CLAUSE: Final = frozenset({"practice", "paraphrase"})
"""What stands as a source where there is no standard."""
_SHOWN: Final[Mapping[str, CaseQuery]] = {
    "open": CaseQuery(open=True, limit=500),
    "overdue": CaseQuery(open=True, where={"overdue": "1"}, limit=500),
    "rectified": CaseQuery(open=True, where={"state": "rectified"}, limit=500),
    "closed": CaseQuery(open=False, limit=_PAGE),
    "all": CaseQuery(limit=_PAGE),
}
FILTERS: Final = {
    "open": _("Open"),
    "overdue": _("Overdue"),
    "rectified": _("To re-inspect"),
    "closed": _("Closed"),
    "all": _("All"),
}
SORTS: Final = {"due": _("Most urgent first"), "newest": _("Newest first")}
SCRIPT_WORDS: Final = {
    "photo_required": _("Take a photo of the rectified place first."),
    "same_person": _("Somebody who neither rectified it nor took the pictures of that must do this."),
    "wrong_step": _("Somebody was faster: the hazard has moved on, or its work order is under way."),
    "closed": _("The hazard is closed."),
    "too_long": _("So much time cannot be asked for at once."),
    "assignee_required": _("Choose a unit, a person or a skill."),
    "bad_picture": _("This is no photo that can be kept. Take it again."),
    "too_large": _("The photo is too large."),
    "photo_failed": _("The photo could not be sent."),
    "uploading": _("The photo is being sent…"),
    "joined": _("It was known already: your report was added to it."),
}


@router.get("/hazards")
async def listed(
    request: Request, visitor: SeeingVisitor, show: str = "open", category: str = "", grade: str = "",
    unit: str = "", sort: str = "due", cursor: str | None = None,
) -> HTMLResponse:  # fmt: skip
    """The ledger: what is open, with figures of the last three months."""
    hub = hub_of(request)
    show = show if show in _SHOWN else "open"
    query = _SHOWN[show]
    wanted = {"category": category, "grade": grade, "unit": unit}
    where = {**query.where, **{key: value for key, value in wanted.items() if value}}
    try:
        page = await hub.cases(
            "hazard", CaseQuery(open=query.open, where=where, before=cursor, limit=query.limit)
        )
    except ValueError:  # a cursor out of an old bookmark
        page = await hub.cases("hazard", CaseQuery(open=query.open, where=where, limit=query.limit))
    found = [Hazard.from_dict(row) for row in page.items]
    if sort != "newest" and query.open:
        found.sort(key=_urgency)
    rows, all_ = await ledger(hub, hub.now().utc - _SPAN * DAY)
    return await _page(
        request, visitor, "hazards.html", hazards=found, show=show, filters=FILTERS, sorts=SORTS, chosen=wanted,
        sort=sort, next=page.next, totals=figures(rows, counted=all_), days=_SPAN,
    )  # fmt: skip


@router.get("/hazards/report")
async def report(request: Request, visitor: SeeingVisitor, alarm: str = "", device: str = "") -> HTMLResponse:
    """The form to report one, filled in from an alarm or a device."""
    hub = hub_of(request)
    found = await hub.alarm(alarm) if alarm else None
    state = hub.device(found.device if found else device) if found or device else None
    return await _page(
        request,
        visitor,
        "hazard-report.html",
        alarm=found,
        device=state.device if state else None,
        here="/hazards",
    )


@router.get("/hazards/ledger")
async def printed(request: Request, visitor: SeeingVisitor, show: str = "all") -> HTMLResponse:
    """隐患台账 on A4: what was reported in the last three months, or what is open."""
    hub = hub_of(request)
    rows, all_ = await ledger(hub, hub.now().utc - _SPAN * DAY)
    chosen = [row for row in rows if show != "open" or row["open"]]
    return await _page(
        request, visitor, "hazard-ledger.html", hazards=[Hazard.from_dict(row) for row in chosen],
        totals=figures(rows, counted=all_), days=_SPAN, since=hub.now().utc - _SPAN * DAY, here="/hazards",
    )  # fmt: skip


@router.get("/hazards/{id}")
async def one(request: Request, visitor: SeeingVisitor, id: str) -> HTMLResponse:
    """One hazard: how it stands, its photos and its story, and what this person may do about it."""
    hub = hub_of(request)
    hazard = await _hazard(hub, id)
    roles = hub.site.roster.persons[visitor.name].roles if visitor.name in hub.site.roster.persons else ()
    wall = visitor.role == "wall"  # whose PIN it will be is not known yet; the hub itself asks
    return await _page(
        request, visitor, "hazard.html", hazard=hazard, story=await hub.case_story("hazard", id),
        judges=wall or FIRE_MANAGER in roles, manages=wall or bool(MANAGERS & set(roles)),
        former=await hub.case("hazard", hazard.repeat_of) if hazard.repeat_of else None,
        elements=hub.site.elements, due_source=_due_source(hub, hazard), here="/hazards",
    )  # fmt: skip


def _due_source(hub: Hub, hazard: Hazard) -> str | None:
    """Where its due times are from: standard and clause, or the word "practice"; None of a hazard by no rule."""
    return next((rule.source for rule in hub.site.hazards.rules if rule.id == hazard.rule), None)


@router.get("/hazards/{id}/notice")
async def notice(request: Request, visitor: SeeingVisitor, id: str) -> HTMLResponse:
    """隐患整改通知书 on A4, to be signed by the responsible unit."""
    hub = hub_of(request)
    hazard = await _hazard(hub, id)
    element = next((e for e in hub.site.elements if e.id == hazard.element), None)
    story = await hub.case_story("hazard", id)
    controls = [fact.note for fact in story if fact.kind == "hazard.interim" and fact.note]
    return await _page(
        request, visitor, "hazard-notice.html", hazard=hazard, clauses=_clauses(hub, hazard, element),
        element=element, control=controls[-1] if controls else None, here="/hazards",
    )  # fmt: skip


def _clauses(hub: Hub, hazard: Hazard, element: Element | None) -> Sequence[str]:
    """Standards and clauses by which it is one: of the element, the limit behind it and its rule, as far as known."""
    limits = {sensor.key.partition("@")[0] for sensor in hazard.sensors}
    found = [element.source] if element is not None else []
    found += [rule.source for rule in hub.site.rules if rule.id in limits]
    found += [rule.source for rule in hub.site.hazards.rules if rule.id == hazard.rule]
    named = (part.strip().removeprefix("read ") for source in found for part in source.split(";"))
    return [part for part in dict.fromkeys(named) if part not in _NO_CLAUSE]


def _urgency(hazard: Hazard) -> tuple[int, int, int]:
    grades = {"major": 0, "suspected_major": 1}
    return (0 if hazard.overdue else 1, grades.get(hazard.grade or "", 2), hazard.due_at or 1 << 62)


async def _hazard(hub: Hub, id: str) -> Hazard:
    body = await hub.case("hazard", id)
    if body is None:
        raise not_found("hazard", id)
    return Hazard.from_dict(body)


async def _page(request: Request, visitor: Visitor, template: str, **more: Any) -> HTMLResponse:
    units = {unit.id: unit for unit in hub_of(request).site.units}
    return await render.page(
        request, visitor, template, hw=hazard_words, ow=order_words, units=units,
        hazard_script_words=_script_words, **more,
    )  # fmt: skip


def _script_words(v: View) -> Mapping[str, str]:
    return {key: v.word(words) for key, words in SCRIPT_WORDS.items()}
