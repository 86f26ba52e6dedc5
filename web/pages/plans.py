"""Plans 应急预案: the list, one to print, and who would hear an alarm."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from edge.domain.device import Signal
from edge.domain.plan import Heard
from web.api.v1.plans import overdue, phones
from web.api.v1.reserve import lacking, stocks
from web.auth import Perm, Visitor, hub_of, require
from web.i18n import mark as _
from web.pages import incident_words, messages, outputs, render
from web.problems import not_found

router = APIRouter(include_in_schema=False)

SeeingVisitor = Annotated[Visitor, Depends(require(Perm.SEE))]
SIGNALS: Final = (Signal.FIRE, Signal.GAS, Signal.SOS, Signal.SUPERVISORY, Signal.PROCESS)
"""What the preview can be asked about: what calls people."""
SPREADS: Final = {
    "zone": _("one place"),
    "linkage": _("one linkage zone"),
    "site": _("the whole site"),
}


@router.get("/plans")
async def listed(
    request: Request, visitor: SeeingVisitor, zone: str = "", signal: str = "fire"
) -> HTMLResponse:
    """All plans with who wrote and approved them; who and what would hear an alarm at `zone`, if that is asked."""
    hub = hub_of(request)
    meant = next((one for one in SIGNALS if one.value == signal), Signal.FIRE)
    heard: Heard | None = hub.heard(zone, meant) if zone in hub.site.zones else None
    plans = [(plan, overdue(hub, plan), await lacking(hub, plan)) for plan in hub.site.emergency.plans]
    return await _page(
        request, visitor, "plans.html", plans=plans, heard=heard, zone=zone, signal=meant, signals=SIGNALS,
        channels={channel.id: channel.name for channel in hub.channels()}, outs=outputs, msgs=messages,
        outputs={state.output.id: state.output for state in hub.outputs()},
        linkages={linkage.id: linkage.name for linkage in hub.site.linkages},
    )  # fmt: skip


@router.get("/plans/{id}")
async def one(request: Request, visitor: SeeingVisitor, id: str) -> HTMLResponse:
    """One plan, as it hangs in the control room."""
    hub = hub_of(request)
    plan = hub.site.emergency.plan(id)
    if plan is None:
        raise not_found("plan", id)
    return await _page(
        request, visitor, "plan.html", plan=plan, late=overdue(hub, plan), phones=phones(hub, plan, 2),
        stocks=await stocks(hub), gaps={gap.stock: gap for gap in await lacking(hub, plan)},
        spreads=SPREADS, linkages={linkage.id: linkage.name for linkage in hub.site.linkages},
    )  # fmt: skip


async def _page(request: Request, visitor: Visitor, template: str, **more: Any) -> HTMLResponse:
    return await render.page(request, visitor, template, iw=incident_words, here="/plans", **more)
