"""Drills 演练: planned and begun, watched with a stopwatch, and their record on A4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from edge.domain.device import Point
from edge.domain.drill import TIMES, Drill
from edge.domain.lifecycle import VITAL
from edge.domain.output import START, STOP, OutputKind, OutputState
from edge.facade import CaseQuery, Hub
from web.api.v1.drills import earlier
from web.api.v1.reserve import lacking
from web.auth import Perm, Visitor, hub_of, require
from web.i18n import mark as _
from web.pages import render
from web.pages.outputs import KINDS as OUTPUTS
from web.pages.view import View
from web.problems import not_found

router = APIRouter(include_in_schema=False)

SeeingVisitor = Annotated[Visitor, Depends(require(Perm.SEE))]
_PAGE: Final = 50
_MEASURED: Final = frozenset({"combustible_gas", "co"})
KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "live": (
        _("Live drill"),
        _("a marked reading at the detector; rules, panel, messages and answers run for real"),
    ),
    "call_out": (_("Call-out drill"), _("the plan's people are called and report; no detector")),
    "table_top": (_("Table-top drill"), _("the plan's steps are worked on paper; nobody is called")),
}
STATES: Final[Mapping[str, tuple[str, str]]] = {
    "running": (_("Under way"), "high"),
    "finished": (_("Finished"), "ok"),
    "unfinished": (_("Unfinished"), "medium"),
}
STEPS: Final[Mapping[str, str]] = {
    "reading": _("Marked reading"),
    "alarm": _("Drill alarm"),
    "message": _("First message"),
    "answer": _("First answer"),
    "scene": _("First on scene"),
    "all_clear": _("All clear"),
}
ENDS: Final[Mapping[str, str]] = {
    "person": _("ended by a person"),
    "alarm": _("stopped by a real alarm"),
    "time": _("nobody ended it: ended by the hub"),
}


@router.get("/drills")
async def listed(request: Request, visitor: SeeingVisitor, plan: str = "", kind: str = "") -> HTMLResponse:
    """All drills, newest first, and the form to begin one."""
    hub = hub_of(request)
    where = {key: value for key, value in {"plan": plan, "kind": kind}.items() if value}
    rows = (await hub.cases("drill", CaseQuery(where=where, limit=_PAGE))).items
    plans = [(one, await lacking(hub, one)) for one in hub.site.emergency.plans]
    return await _page(
        request, visitor, "drills.html", drills=[Drill.from_dict(row) for row in rows], plans=plans,
        points=_speaking(hub), outputs=_stoppable(hub), chosen=plan, chosen_kind=kind, under_way=_running(hub),
        plan_options=lambda v: [(each.id, v.text(each.name)) for each in hub.site.emergency.plans],
        kind_options=lambda v: [(id, v.word(words)) for id, (words, _why) in KINDS.items()],
    )  # fmt: skip


@router.get("/drills/{id}")
async def one(request: Request, visitor: SeeingVisitor, id: str) -> HTMLResponse:
    """One drill with its stopwatch; what is worked stands on the page of its incident."""
    return await _drill_page(request, visitor, "drill.html", id)


@router.get("/drills/{id}/record")
async def record(request: Request, visitor: SeeingVisitor, id: str) -> HTMLResponse:
    """演练记录 on A4."""
    return await _drill_page(request, visitor, "drill-record.html", id)


def span(v: View, seconds: float | None) -> str:
    """Seconds as people compare them."""
    if seconds is None:
        return "–"
    return v.word(_("%(n)s s")) % {"n": f"{seconds:.1f}" if seconds < 100 else f"{seconds:.0f}"}


def mean(drills: Sequence[Drill], step: str) -> float | None:
    """Of those that came so far."""
    found = [spans[step] for drill in drills if step in (spans := drill.spans())]
    return sum(found) / len(found) if found else None


def _speaking(hub: Hub) -> list[Point]:
    """Points about life: those at which a drill begins."""
    return [
        state.point
        for state in hub.points()
        if not state.point.device.profile.built_in
        and (
            state.point.spec.signal in VITAL
            or (state.point.spec.quantity is not None and state.point.spec.quantity.id in _MEASURED)
        )
    ]


def _stoppable(hub: Hub) -> list[OutputState]:
    """What can be ticked: the hub asks the same again."""
    return [
        state
        for state in hub.outputs()
        if state.barrier is None
        and state.output.kind is not OutputKind.DESK
        and state.output.spec.act(START) is not None
        and state.output.spec.act(STOP) is not None
    ]


def _running(hub: Hub) -> Drill | None:
    return next((drill for drill in hub.drills() if drill.running), None)


async def _drill_page(request: Request, visitor: Visitor, template: str, id: str) -> HTMLResponse:
    hub = hub_of(request)
    body = await hub.case("drill", id)
    if body is None:
        raise not_found("drill", id)
    incident = None if body["incident"] is None else await hub.case("incident", body["incident"])
    story = await hub.case_story("drill", id)
    return await _page(
        request, visitor, template, drill=Drill.from_dict(body), incident=incident,
        before=[Drill.from_dict(row) for row in await earlier(hub, body)],
        notes=[fact.note for fact in story if fact.note],
        outs={state.output.id: state.output for state in hub.outputs()},
        alarm=await hub.alarm(body["ended_by_alarm"]) if body["ended_by_alarm"] else None,
    )  # fmt: skip


async def _page(request: Request, visitor: Visitor, template: str, **more: Any) -> HTMLResponse:
    return await render.page(
        request, visitor, template, kinds=KINDS, states=STATES, steps=STEPS, ends=ENDS, order=TIMES, span=span,
        mean=mean, output_kinds=OUTPUTS, here="/plans", **more
    )  # fmt: skip
