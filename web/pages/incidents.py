"""Incidents 警情处置: the list, one as its plan being worked, the words for 119, and the muster point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from edge.domain.alarm import Alarm
from edge.domain.fact import Fact
from edge.domain.household import household_of
from edge.domain.incident import Incident, left_out, still_on
from edge.domain.instant import SECOND
from edge.domain.notification import Notification
from edge.domain.output import Command, OutputKind
from edge.domain.zones import within
from edge.facade import CaseQuery, Hub
from web.api.v1.muster import code_of, incident_of
from web.api.v1.plans import overdue, phones, say
from web.api.v1.reserve import lacking, stocks
from web.auth import Perm, Visitor, hub_of, require
from web.i18n import mark as _
from web.pages import camera_words, incident_words, messages, outputs, render
from web.pages.alarms import told
from web.pages.cameras import script_words
from web.pages.codes import qr
from web.pages.sights import sights_of
from web.problems import not_found

router = APIRouter(include_in_schema=False)

SeeingVisitor = Annotated[Visitor, Depends(require(Perm.SEE))]
_PAGE: Final = 50
_SAID: Final = 60
_ALARMS: Final = 20
"""Alarms whose story is told with the incident's; a storm's others are counted."""
_SHOWN: Final[Mapping[str, CaseQuery]] = {
    "open": CaseQuery(open=True, limit=200),
    "closed": CaseQuery(open=False, limit=_PAGE),
    "all": CaseQuery(limit=_PAGE),
}
FILTERS: Final = {"open": _("Open"), "closed": _("Closed"), "all": _("All")}


@router.get("/incidents")
async def listed(
    request: Request, visitor: SeeingVisitor, show: str = "open", plan: str = "", purpose: str = "",
    cursor: str | None = None,
) -> HTMLResponse:  # fmt: skip
    """Incidents, open ones first, and the start of a plan by hand."""
    hub = hub_of(request)
    show = show if show in _SHOWN else "open"
    chosen = {"plan": plan, "purpose": purpose}
    where = {key: value for key, value in chosen.items() if value}
    query = _SHOWN[show]
    try:
        page = await hub.cases(
            "incident", CaseQuery(open=query.open, where=where, before=cursor, limit=query.limit)
        )
    except ValueError:  # a cursor out of an old bookmark
        page = await hub.cases("incident", CaseQuery(open=query.open, where=where, limit=query.limit))
    found = sorted(map(Incident.from_dict, page.items), key=lambda one: not one.open)
    return await _page(
        request, visitor, "incidents.html", incidents=found, next=page.next, show=show, filters=FILTERS,
        chosen=chosen, here="/incidents",
    )  # fmt: skip


@router.get("/incidents/{id}")
async def worked(request: Request, visitor: SeeingVisitor, id: str) -> HTMLResponse:
    """One incident: the next step largest, what the hub did, who is there, and what was reported."""
    hub = hub_of(request)
    incident = await _incident(hub, id)
    plan = hub.site.emergency.plan(incident.plan)
    alarms = [a for one in incident.alarms[:_ALARMS] if (a := await hub.alarm(one)) is not None]
    story = await _story(hub, id, alarms)
    view = await render.view_for(request, visitor)
    seen = [sight for alarm in alarms for sight in await sights_of(request, hub, visitor, alarm)]
    sights = list({sight.id: sight for sight in reversed(seen)}.values())[::-1]  # alarms may share some
    return await _page(
        request, visitor, "incident.html", sights=sights, cw=camera_words, footage_words=script_words,
        incident=incident, plan=plan, alarms=alarms,
        late_plan=plan is not None and overdue(hub, plan), story=told(story),
        words={f.body["reports"][-1]["id"]: f.note for f in story if f.kind == "incident.report"},
        channels={channel.id: channel.name for channel in hub.channels()},
        commands=await _commands(hub, incident, alarms), on=still_on(incident, hub.outputs()),
        left_out=left_out(incident), calls=await _calls(hub, incident),
        stocks=await stocks(hub), gaps={gap.stock: gap for gap in await lacking(hub, plan)} if plan else {},
        phones=phones(hub, plan, 2), households=_homes(hub, incident),
        responders=_responders(hub, incident), outs=outputs, msgs=messages,
        say=None if plan is None else say(hub, plan, incident.to_dict(), _caller(visitor), None, None),
        prefilled=incident_words.prefilled(view, incident, alarms[0] if alarms else None), here="/incidents",
    )  # fmt: skip


def _homes(hub: Hub, incident: Incident) -> list[Alarm]:
    """An open alarm of each household that may be shown because of the incident."""
    found: dict[str, Alarm] = {}
    for alarm in sorted(hub.open_alarms(), key=lambda a: (a.raised_at, a.id)) if incident.open else ():
        home = household_of(alarm, hub.site.households) if alarm.id in incident.alarms else None
        if home is not None:
            found.setdefault(home.zone, alarm)
    return list(found.values())


@router.get("/incidents/{id}/call")
async def call(
    request: Request, visitor: SeeingVisitor, id: str, what: str = "", trapped: str = ""
) -> HTMLResponse:
    """拨打119: what to say, large enough to read while speaking; it prints.

    what: what burns or leaks; trapped: who cannot get out; as the caller fills them in.
    """
    hub = hub_of(request)
    incident = await _incident(hub, id)
    plan = hub.site.emergency.plan(incident.plan)
    what, trapped = what[:_SAID], trapped[:_SAID]
    words = (
        None
        if plan is None
        else say(hub, plan, incident.to_dict(), _caller(visitor), what or None, trapped or None)
    )
    return await _page(
        request, visitor, "incident-call.html", incident=incident, say=words, what=what, trapped=trapped,
        phones=phones(hub, plan, 2), here="/incidents",
    )  # fmt: skip


@router.get("/incidents/{id}/muster.svg", dependencies=[Depends(require(Perm.SCENE))])
async def muster_code(request: Request, id: str) -> Response:
    """The code to read at the muster point: this panel's address of it."""
    incident = await _incident(hub_of(request), id)
    code = qr(request, f"/muster/{code_of(hub_of(request), incident.id)}")
    code.headers["Cache-Control"] = "no-store"
    return code


@router.get("/muster/{code}")
async def muster(request: Request, visitor: SeeingVisitor, code: str) -> HTMLResponse:
    """What a phone shows that has read the code: one button."""
    found = incident_of(hub_of(request), code)
    return await _page(
        request, visitor, "muster.html", status=200 if found else 404, incident=found, code=code,
        here="/incidents",
    )  # fmt: skip


async def _incident(hub: Hub, id: str) -> Incident:
    body = await hub.case("incident", id)
    if body is None:
        raise not_found("incident", id)
    return Incident.from_dict(body)


async def _story(hub: Hub, id: str, alarms: Sequence[Alarm]) -> list[Fact]:
    """Facts of the incident and of its alarms, each once, oldest first."""
    facts = {fact.seq: fact for fact in await hub.case_story("incident", id)}
    for alarm in alarms:
        facts |= {fact.seq: fact for fact in await hub.story(alarm.id)}
    return [facts[seq] for seq in sorted(facts)]


async def _commands(hub: Hub, incident: Incident, alarms: Sequence[Alarm]) -> list[Command]:
    """What was switched because of it, or by hand in its place since; the desk's own beacon left out."""
    begun = min((alarm.raised_at for alarm in alarms), default=incident.opened_at)
    page = await hub.cases("command", CaseQuery(since=begun, limit=500))
    place = "/".join(incident.zone.split("/")[:2])
    found = [Command.from_dict(row) for row in page.items]
    return [
        command
        for command in reversed(found)
        if command.kind is not OutputKind.DESK
        and (
            command.alarm in incident.alarms
            or command.incident == incident.id
            or (command.by and place and within(command.zone, place))
        )
        and (incident.closed_at is None or command.opened_at <= incident.closed_at)
    ]


async def _calls(hub: Hub, incident: Incident) -> list[Notification]:
    """Who was told about its alarms, the first first."""
    since = incident.opened_at - SECOND
    page = await hub.cases("notification", CaseQuery(since=since, limit=500))
    found = [Notification.from_dict(row) for row in page.items]
    return [one for one in reversed(found) if {one.alarm, *one.alarms} & set(incident.alarms)]


def _responders(hub: Hub, incident: Incident) -> list[str]:
    """Ids of those whom the plan wants at the muster point and who have not come yet."""
    plan = hub.site.emergency.plan(incident.plan)
    wanted = [p for target in (plan.responders if plan else ()) for p in hub.who(target, incident.zone)]
    there = {one.person for one in incident.roll}
    return [person for person in dict.fromkeys(wanted) if person not in there]


def _caller(visitor: Visitor) -> str:
    return visitor.account.display


async def _page(
    request: Request, visitor: Visitor, template: str, status: int = 200, **more: Any
) -> HTMLResponse:
    return await render.page(
        request,
        visitor,
        template,
        status,
        iw=incident_words,
        incident_script_words=incident_words.incident_script_words,
        **more,
    )
