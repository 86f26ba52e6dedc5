"""Duties 值守任务: today by crew, the month, one occurrence, the round on a phone, files, and what is printed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from hashlib import sha256
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from edge.domain.hazard import MANAGERS
from edge.domain.instant import DAY
from edge.domain.occurrence import FacilityCase, Occurrence, Round
from edge.domain.zones import within
from edge.facade import CaseQuery, Hub
from web.api.v1 import duty_ledger
from web.api.v1.duties import checkpoint_code, first_of, stood_there
from web.api.v1.facilities import register
from web.auth import Perm, Visitor, hub_of, require
from web.i18n import mark as _
from web.pages import duty_kinds, duty_words, hazard_words, render
from web.pages.codes import qr
from web.pages.view import View
from web.problems import Problem, not_found

router = APIRouter(include_in_schema=False)

SeeingVisitor = Annotated[Visitor, Depends(require(Perm.SEE))]
DoingVisitor = Annotated[Visitor, Depends(require(Perm.DUTY))]
SCRIPT_WORDS: Final = {
    "sent": _("Saved"),
    "unsent": _("Not sent yet: %(n)s. It is kept on this phone and sent when there is a connection."),
    "offline": _("No connection. What you do is kept on this phone."),
    "uploading": _("Photo %(percent)s %%"),
    "photo_failed": _("The photo could not be sent."),
    "too_full": _("This phone has no room to keep the photo: send it where there is a connection."),
    "bad_picture": _("This is no photo that can be kept. Take it again."),
    "too_large": _("The file is too large."),
    "again": _("Send again"),
    "closed": _("This occurrence needs nothing any more."),
    "kept": _("kept on this phone"),
    "kept_again": _(
        "%(n)s steps of before are kept on this phone. They are sent when there is a connection."
    ),
    "reading": _("Hold the phone to the tag."),
    "no_nfc": _("This phone does not read tags here. Read the code with its camera."),
    "reached": _("%(n)s of %(all)s"),
    "result": _("%(lines)s lines: %(new)s new stops, %(known)s known already, %(aside)s not taken"),
    "failed": _("No answer from the hub. Try again."),
    "not_manager": _("This is for the manager to decide."),
    "reason_required": _("A reason is needed."),
    **duty_kinds.REFUSALS,
}


@router.get("/duties")
async def today(request: Request, visitor: SeeingVisitor, crew: str = "", kind: str = "") -> HTMLResponse:
    """What is open, and what was and will be today, by crew; missed first."""
    hub = hub_of(request)
    begin = duty_ledger.midnight(hub, duty_ledger.day_of(hub, hub.now().utc))
    rows = {row["id"]: row for row in await duty_ledger.occurrences(hub, begin, begin + DAY)}
    page = await hub.cases("duty", CaseQuery(open=True, limit=500))
    rows |= {row["id"]: row for row in page.items}
    cases = [Occurrence.from_dict(row) for row in rows.values()]
    cases = [c for c in cases if (not crew or crew in c.crew) and (not kind or c.kind == kind)]
    cases.sort(key=lambda c: (c.state != "missed", not c.open, c.until_at if c.open else c.from_at, c.id))
    duties = hub.site.duties.duties
    coming = [
        p for p in hub.planned(hub.now().utc, begin + DAY - 1)
        if p.id not in rows and (not crew or crew in duties[p.duty].crew) and (not kind or duties[p.duty].kind == kind)
    ]  # fmt: skip
    crews = dict.fromkeys(target for duty in duties.values() for target in duty.crew)
    groups = {
        target: [c for c in cases if c.crew[:1] == (target,)]
        for target in crews
        if not crew or target == crew
    }
    return await _page(
        request, visitor, "duties.html", groups=groups, coming=coming, crews=list(crews), crew=crew, kind=kind,
        walks=await _rounds(hub, cases), totals=duty_ledger.coverage(rows.values()),
    )  # fmt: skip


@router.get("/duties/calendar")
async def calendar(request: Request, visitor: SeeingVisitor, month: str | None = None) -> HTMLResponse:
    """A month: coverage of each day by grade, and misses."""
    hub = hub_of(request)
    first = first_of(hub, month)
    days = await duty_ledger.month(hub, first)
    total = duty_ledger.Coverage()
    for found in days.values():
        for name in ("total", "done", "made_up", "missed", "waived", "open", "short", "late", "planned"):
            setattr(total, name, getattr(total, name) + getattr(found, name))
        total.grades.update(found.grades)
    return await _page(
        request, visitor, "duty-calendar.html", days=days, first=first, total=total.shape(),
        before=(first - timedelta(days=1)).strftime("%Y-%m"), after=(first + timedelta(days=31)).strftime("%Y-%m"),
        today=duty_ledger.day_of(hub, hub.now().utc), here="/duties",
    )  # fmt: skip


@router.get("/duties/day/{day}")
async def one_day(request: Request, visitor: SeeingVisitor, day: date) -> HTMLResponse:
    """What was due on one day."""
    hub = hub_of(request)
    begin = duty_ledger.midnight(hub, day)
    rows = await duty_ledger.occurrences(hub, begin, duty_ledger.midnight(hub, day + timedelta(days=1)))
    cases = [Occurrence.from_dict(row) for row in rows]
    return await _page(
        request,
        visitor,
        "duty-day.html",
        day=day,
        cases=cases,
        walks=await _rounds(hub, cases),
        here="/duties",
    )


@router.get("/duties/reader")
async def reader(request: Request, visitor: DoingVisitor) -> HTMLResponse:
    """The form for a guard-tour reader's file, and what became of its lines."""
    duties = [duty for duty in hub_of(request).site.duties.duties.values() if duty.route]
    return await _page(request, visitor, "duty-reader.html", duties=duties, here="/duties")


@router.get("/duties/record")
async def record(
    request: Request, visitor: SeeingVisitor, kind: str = "fire_patrol", first: str = "", last: str = ""
) -> HTMLResponse:
    """巡查记录 / 检查记录 on A4: one kind of duty over a span, the last seven days where nothing is said."""
    hub = hub_of(request)
    today = duty_ledger.day_of(hub, hub.now().utc)
    kind = kind if kind in duty_words.KINDS else "fire_patrol"
    to = _day(last, today)
    begin = _day(first, to - timedelta(days=6))
    begin = max(min(begin, to), to - timedelta(days=91))
    rows = await duty_ledger.occurrences(
        hub,
        duty_ledger.midnight(hub, begin),
        duty_ledger.midnight(hub, to + timedelta(days=1)),
        {"kind": kind},
    )
    cases = [Occurrence.from_dict(row) for row in rows]
    notes = {case.id: [f.note for f in await hub.case_story("duty", case.id) if f.note] for case in cases}
    return await _page(
        request, visitor, "duty-record.html", cases=cases, walks=await _rounds(hub, cases), kind=kind, first=begin,
        last=to, notes=notes, here="/duties",
    )  # fmt: skip


@router.get("/duties/tags")
async def tags(request: Request, visitor: SeeingVisitor) -> HTMLResponse:
    """The codes of all checkpoints, to print and put up."""
    points = hub_of(request).site.duties.checkpoints.values()
    return await _page(request, visitor, "duty-tags.html", points=points, here="/duties")


@router.get("/duties/tags/{id}.svg")
async def tag(request: Request, visitor: SeeingVisitor, id: str) -> Response:
    """The code of a checkpoint: this panel's address of it, for the desk with the proof that one stood there."""
    hub = hub_of(request)
    if id not in hub.site.duties.checkpoints:
        raise not_found("round", id)
    return qr(
        request, f"/at/{id}?k={checkpoint_code(hub, id)}" if visitor.may(Perm.DISPATCH) else f"/at/{id}"
    )


@router.get("/at/{id}")
async def scanned(request: Request, visitor: SeeingVisitor, id: str, k: str = "") -> Response:
    """Where the code at a checkpoint leads: to the round that is due there, on the phone."""
    hub = hub_of(request)
    page = await hub.cases("duty", CaseQuery(open=True, limit=500))
    mine = [row for row in page.items if any(stop.id == id for stop in hub.site.duties.stops(row["duty"]))]
    mine.sort(key=lambda row: (row["state"] != "under_way", row["state"] == "missed", row["until_at"]))
    here = urlencode({"here": id, "k": k})
    if not visitor.may(Perm.DUTY):
        return RedirectResponse("/duties", 303)
    if mine:
        return RedirectResponse(f"/duties/{mine[0]['id']}/walk?{here}", 303)
    point = hub.site.duties.checkpoints.get(id)
    places = [] if point is None else [
        Occurrence.from_dict(row) for row in page.items
        if row["evidence"] == "B" and not hub.site.duties.stops(row["duty"]) and within(point.zone, row["zone"])
    ]  # fmt: skip
    if point is None or not places:
        return RedirectResponse("/duties", 303)
    if len(places) == 1:
        return RedirectResponse(f"/duties/{places[0].id}?{here}", 303)
    return await _page(
        request, visitor, "duty-here.html", cases=places, place=point.name, code=here, here="/duties"
    )


@router.get("/duties/{id}")
async def occurrence(
    request: Request, visitor: SeeingVisitor, id: str, here: str = "", k: str = ""
) -> HTMLResponse:
    """One occurrence: its checklist, round, photos, entries of the register and story. here, k: a code was read."""
    hub = hub_of(request)
    case = await _occurrence(hub, id)
    duty = hub.site.duties.duties.get(case.duty)
    roles = hub.site.roster.persons[visitor.name].roles if visitor.name in hub.site.roster.persons else ()
    kinds = duty.facilities if duty else ()
    entries = [
        (facility, FacilityCase.from_dict(row)) for facility, row in await register(hub)
        if row is not None and facility.kind in kinds
    ]  # fmt: skip
    return await _page(
        request, visitor, "duty.html", case=case, duty=duty, walk=await _walk(hub, case), entries=entries,
        story=await _story(hub, case), stops=hub.site.duties.stops(case.duty),
        **_read_here(hub, here, k), manages=visitor.role == "wall" or bool(MANAGERS & set(roles)), here="/duties",
    )  # fmt: skip


@router.get("/duties/{id}/walk")
async def walk(request: Request, visitor: DoingVisitor, id: str, here: str = "", k: str = "") -> HTMLResponse:
    """The round on a phone. here: the checkpoint whose code was read; k: what proves it."""
    hub = hub_of(request)
    case = await _occurrence(hub, id)
    duty = hub.site.duties.duties.get(case.duty)
    stops = hub.site.duties.stops(case.duty)
    found = await _walk(hub, case)
    return await _page(
        request, visitor, "duty-walk.html", case=case, duty=duty, stops=stops, walk=found, order=case,
        reached={stop.id: stop for stop in found.stops} if found else {},
        read=here if stood_there(hub, f"/at/{here}?k={k}") else "", proof=k,
        marks={stop.id: sha256(f"{id} {stop.code.lower()}".encode()).hexdigest() for stop in stops},
        photos_path=f"/api/v1/duties/{id}/photos?about=", order_script_words=_script_words,
    )  # fmt: skip


def _read_here(hub: Hub, here: str, k: str) -> Mapping[str, Any]:
    """The address that was read at a checkpoint, "" where none was, and the name of the place."""
    read = f"/at/{here}?k={k}"
    if not here or not stood_there(hub, read):
        return {"read": "", "place": ""}
    return {"read": read, "place": hub.site.duties.checkpoints[here].name}


def _day(text: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(text) if text else otherwise
    except ValueError as error:
        raise Problem(422, "bad_parameter", "A day is written as 2026-11-23.") from error


async def _occurrence(hub: Hub, id: str) -> Occurrence:
    body = await hub.case("duty", id)
    if body is None:
        raise not_found("duty", id)
    return Occurrence.from_dict(body)


async def _walk(hub: Hub, case: Occurrence) -> Round | None:
    body = await hub.case("round", case.round) if case.round else None
    return None if body is None else Round.from_dict(body)


async def _rounds(hub: Hub, cases: list[Occurrence]) -> Mapping[str, Round]:
    found = {case.id: await _walk(hub, case) for case in cases if case.round}
    return {id: walk for id, walk in found.items() if walk is not None}


async def _story(hub: Hub, case: Occurrence) -> list[Any]:
    facts = [*await hub.case_story("duty", case.id)]
    if case.round:
        facts += await hub.case_story("round", case.round)
    return sorted(facts, key=lambda fact: fact.seq)


async def _page(request: Request, visitor: Visitor, template: str, **more: Any) -> HTMLResponse:
    book = hub_of(request).site.duties
    return await render.page(
        request, visitor, template, dw=duty_words, hw=hazard_words, book=book, roster=hub_of(request).site.roster,
        duty_script_words=_script_words, **more,
    )  # fmt: skip


def _script_words(v: View) -> Mapping[str, str]:
    return {key: v.word(words) for key, words in SCRIPT_WORDS.items()}
