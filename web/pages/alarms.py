"""Alarm records: the list with its filters, one alarm with its story, and the record beside the wall's first alarm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from edge.domain.alarm import Alarm, AlarmState
from edge.domain.device import Signal
from edge.domain.fact import Fact
from edge.domain.hazard import ENDS, Hazard
from edge.domain.household import household_of
from edge.domain.incident import Incident
from edge.domain.instant import DAY, MINUTE
from edge.domain.lifecycle import VITAL
from edge.facade import AlarmQuery, CaseQuery, Hub
from web.auth import Perm, Visitor, hub_of, require
from web.pages import camera_words, incident_words, render
from web.pages.cameras import script_words
from web.pages.incident_words import incident_script_words
from web.pages.neighbours import neighbours
from web.pages.sights import sights_of
from web.pages.sparkline import sparkline
from web.pages.wording import UNDER_WAY
from web.problems import not_found

router = APIRouter(include_in_schema=False)

_PAGE: Final = 50
_AROUND: Final = 10 * MINUTE
_LONGEST: Final = 2 * DAY
"""How long before one of its alarms an incident can have been opened."""
_SPANS: Final = {"1": DAY, "7": 7 * DAY, "30": 30 * DAY}
SeeingVisitor = Annotated[Visitor, Depends(require(Perm.SEE))]


@router.get("/alarms")
async def alarm_list(
    request: Request,
    visitor: SeeingVisitor,
    state: str = "all",
    signal: str = "",
    device: str = "",
    days: str = "",
    cursor: str | None = None,
) -> HTMLResponse:
    """Alarm records, newest first; filters that mean nothing are ignored."""
    hub = hub_of(request)
    states = frozenset({AlarmState(state)}) if state in set(AlarmState) else frozenset[AlarmState]()
    query = AlarmQuery(
        states=states,
        open={"open": True, "closed": False}.get(state),
        since=hub.now().utc - _SPANS[days] if days in _SPANS else None,
        signal=Signal(signal) if signal in set(Signal) else None,
        device=device or None,
        before=cursor,
        limit=_PAGE,
    )
    found = await hub.alarms(query)
    chosen = {"state": state, "signal": signal, "device": device, "days": days}
    return await render.page(
        request, visitor, "alarms.html", alarms=found.items, next=found.next, chosen=chosen, here="/"
    )


@router.get("/alarms/{id}")
async def alarm_page(request: Request, visitor: SeeingVisitor, id: str) -> HTMLResponse:
    """One alarm: what is known, what was done, the values around it."""
    hub = hub_of(request)
    alarm = await _alarm(hub, id)
    end = min(hub.now().utc, max(alarm.raised_at, alarm.last_report_at) + _AROUND)
    return await render.page(
        request,
        visitor,
        "alarm.html",
        alarm=alarm,
        story=told(await hub.story(id)),
        rule=next((rule for rule in hub.site.rules if rule.id == alarm.rule), None),
        span=(alarm.raised_at - _AROUND, end),
        incident=await _incident(hub, alarm),
        household=alarm if household_of(alarm, hub.site.households) else None,
        sights=await sights_of(request, hub, visitor, alarm),
        footage_words=script_words,
        cw=camera_words,
        neighbours=await neighbours(hub, alarm) if alarm.open and alarm.signal in VITAL else (),
        hazards=await _hazards(hub, alarm),
        iw=incident_words,
        incident_script_words=incident_script_words,
        here="/",
    )


@router.get("/alarms/{id}/record")
async def record(request: Request, visitor: SeeingVisitor, id: str) -> HTMLResponse:
    """What was done so far, and the last ten minutes of a measured value: the card beside the first alarm."""
    hub = hub_of(request)
    alarm = await _alarm(hub, id)
    latest = hub.point(alarm.point)  # None when the device is no longer of the site
    more: dict[str, Any] = {"trend": None, "latest": latest}
    if latest is not None and not isinstance(alarm.value, bool):
        end = hub.now().utc
        series = await hub.series(alarm.point, end - _AROUND, end, 200)
        more["trend"] = sparkline(series.items, end - _AROUND, end, alarm.limit)
    more["sights"] = await sights_of(request, hub, visitor, alarm)
    return await render.page(
        request,
        visitor,
        "parts/record.html",
        alarm=alarm,
        story=told(await hub.story(id)),
        cw=camera_words,
        **more,
    )


def told(story: Sequence[Fact]) -> list[Fact]:
    """What a person reads: without what was only under way, and without a case's end that says what was just said."""
    found: dict[tuple[str, object, int, str | None], Fact] = {}
    for fact in story:
        if fact.kind not in UNDER_WAY:
            found.setdefault((fact.kind, fact.body.get("id"), fact.time, fact.note), fact)
    return list(found.values())


async def _incident(hub: Hub, alarm: Alarm) -> Incident | None:
    """The incident it belongs to, open or closed."""
    found = next((one for one in hub.incidents() if alarm.id in one.alarms), None)
    if found is not None:
        return found
    page = await hub.cases("incident", CaseQuery(since=alarm.raised_at - _LONGEST, limit=200))
    return next((Incident.from_dict(row) for row in page.items if alarm.id in row["alarms"]), None)


async def _hazards(hub: Hub, alarm: Alarm) -> Sequence[Hazard]:
    """Hazards that came of it, such as the one proposed after the third false alarm."""
    page = await hub.cases("hazard", CaseQuery(where={"device": alarm.device}, limit=20))
    found = map(Hazard.from_dict, page.items)
    return [
        one
        for one in found
        if alarm.id in {one.alarm, *(s.id for s in one.sources)} or _one_of_many(one, alarm)
    ]


def _one_of_many(hazard: Hazard, alarm: Alarm) -> bool:
    """Whether its sensor went on and on, so that the hazard no longer names each of its alarms."""
    ended = hazard.closed_at is not None and alarm.raised_at > hazard.closed_at
    return (
        len(hazard.sources) >= ENDS
        and hazard.key == alarm.key
        and alarm.raised_at >= hazard.opened_at
        and not ended
    )


async def _alarm(hub: Hub, id: str) -> Alarm:
    if (alarm := await hub.alarm(id)) is None:
        raise not_found("alarm", id)
    return alarm
