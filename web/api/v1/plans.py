"""Emergency plans as the site has them, and who and what would hear an alarm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import Depends, Query
from starlette.responses import JSONResponse

from edge.domain.device import Signal
from edge.domain.instant import SECOND
from edge.domain.names import Text
from edge.domain.plan import Plan, PlanStep
from edge.facade import Hub
from web.api.routers import api_router
from web.api.v1 import shapes
from web.api.v1.params import Id, TheHub, answer, shown
from web.api.v1.reserve import lacking
from web.api.v1.schema import Listing
from web.auth import Perm, require
from web.problems import Problem, not_found

router = api_router(tags=["plans"], dependencies=[Depends(require(Perm.SEE))])

_WHAT: Final = {
    "fire": Text("燃烧物待核实", "what burns is not known yet"),
    "gas": Text("是否起火待核实", "whether it burns is not known yet"),
    "": Text("情况待核实", "details are not known yet"),
}
_TRAPPED: Final = Text("暂无人员被困报告", "nobody reported trapped")


@router.get("/plans", responses=shown(Listing[dict[str, Any]]))
async def plans(hub: TheHub) -> JSONResponse:
    """All plans by id; `overdue` where the review is."""
    plans = hub.site.emergency.plans
    return answer(shapes.listing([shape(hub, plan) | await _reserve(hub, plan) for plan in plans]))


@router.get("/plans/preview")
async def preview(
    hub: TheHub,
    zone: Annotated[str, Query(max_length=200, description="A path, such as b3/s1.")],
    signal: Signal,
    device: Annotated[str | None, Query(max_length=63, description="The one that would raise it.")] = None,
) -> JSONResponse:
    """Who and what would hear an alarm of `signal` in `zone`, if it came now; nothing is started by asking."""
    if zone not in hub.site.zones:
        raise Problem(422, "unknown_zone", f"There is no zone {zone!r}.")
    if device is not None and hub.device(device) is None:
        raise not_found("device", device)
    return answer(shapes.tamed(asdict(hub.heard(zone, signal, device))))


@router.get("/plans/{id}")
async def plan(hub: TheHub, id: Id) -> JSONResponse:
    """One plan."""
    found = hub.site.emergency.plan(id)
    if found is None:
        raise not_found("plan", id)
    return answer(shape(hub, found) | await _reserve(hub, found))


async def _reserve(hub: Hub, plan: Plan) -> dict[str, Any]:
    """`gaps`: why its materials cannot be relied on."""
    return {"gaps": [asdict(gap) for gap in await lacking(hub, plan)]}


def shape(hub: Hub, plan: Plan) -> dict[str, Any]:
    """A plan as the API says it."""
    return {
        "id": plan.id,
        "name": _words(plan.name),
        "version": plan.version,
        "author": plan.author,
        "approver": plan.approver,
        "review": plan.review.isoformat(),
        "overdue": overdue(hub, plan),
        "source": plan.source,
        "spread": plan.spread,
        "when": [
            {
                "signals": [signal.value for signal in when.signals],
                "rules": list(when.rules),
                "categories": list(when.categories),
                "zones": list(when.zones),
                "opens": when.opens,
            }
            for when in plan.when
        ],
        "steps": [_step(step) for step in plan.steps],
        "phones": phones(hub, plan, 2),
        "say": None if plan.say is None else _words(plan.say),
        "materials": [{"stock": one.stock, "quantity": one.quantity} for one in plan.materials],
        "linkages": list(plan.linkages),
        "responders": list(plan.responders),
        "lasting": None if plan.lasting is None else asdict(plan.lasting),
    }


def overdue(hub: Hub, plan: Plan) -> bool:
    """Whether its review is late, by the site's calendar; never on a clock that nobody set."""
    now = hub.now()
    at = datetime.fromtimestamp(hub.civil(now.utc) / SECOND, UTC).astimezone(ZoneInfo(hub.site.timezone))
    return now.trusted and at.date() > plan.review


def phones(hub: Hub, plan: Plan | None, stage: int) -> list[dict[str, Any]]:
    """Whom to call up to a stage, in the plan's order; number "" where the site has not named it."""
    known = {contact.id: contact.number for contact in hub.site.emergency.contacts}
    return [
        {
            "name": _words(phone.name),
            "number": phone.number or known.get(phone.contact, ""),
            "contact": phone.contact or None,
            "stage": phone.stage,
        }
        for phone in (plan.phones if plan else ())
        if phone.stage <= stage
    ]


def say(
    hub: Hub, plan: Plan, incident: Mapping[str, Any], caller: str, what: str | None, trapped: str | None
) -> dict[str, str] | None:
    """The words for 119 in both languages, filled in; None where the plan has none.

    what, trapped: in the caller's words. caller: who calls; the telephone is the control room's.
    """
    if plan.say is None:
        return None
    burning = _WHAT.get(incident["signal"] or "", _WHAT[""])
    place = Text(*incident["place"])
    return {
        language: plan.say.in_(language).format_map(
            {
                "address": hub.site.unit.address,
                "place": place.in_(language),
                "what": what or burning.in_(language),
                "trapped": trapped or _TRAPPED.in_(language),
                "name": caller,
                "phone": hub.site.unit.control_room_phone,
            }
        )
        for language in ("zh", "en")
    }


def _step(step: PlanStep) -> dict[str, Any]:
    return {
        "id": step.id,
        "stage": step.stage,
        "title": _words(step.title),
        "role": step.role,
        "within": step.within,
        "ticks": list(step.ticks),
    }


def _words(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}
