"""Hand-over 交接班: what is left open, two persons with their PINs, and the records to print."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from edge.domain.handover import LeftOpen, Watch
from edge.domain.order import WorkOrder
from edge.facade import CaseQuery, Hub
from web.api.v1.handovers import CONTROL_ROOM, left_open
from web.auth import Perm, Visitor, hub_of, require
from web.auth.permissions import allows
from web.auth.pins import people_with_pins
from web.pages import render
from web.problems import not_found

router = APIRouter(include_in_schema=False)
SeeingVisitor = Annotated[Visitor, Depends(require(Perm.SEE))]


@router.get("/handover")
async def form(request: Request, visitor: SeeingVisitor) -> HTMLResponse:
    """The form, filled in with what is open now, and the records so far."""
    hub = hub_of(request)
    left = await left_open(hub)
    alarms = [alarm for alarm in hub.open_alarms() if alarm.id in {*left.alarms, *left.shelved}]
    page = await hub.cases("handover", CaseQuery(limit=30))
    people = [who for who in (await people_with_pins(hub)).values() if allows(who.role, Perm.HANDOVER)]
    posts = {id: post.name for id, post in hub.site.roster.posts.items()}
    records = [Watch.from_dict(row) for row in page.items]
    on_watch = next((record.taker for record in records if record.open and record.kind == "made"), None)
    return await render.page(
        request,
        visitor,
        "handover.html",
        left=left,
        alarms=alarms,
        orders=await _orders(hub, left),
        records=records,
        staff=people,
        posts=posts,
        room=CONTROL_ROOM,
        on_watch=on_watch,
    )


@router.get("/handover/{id}")
async def record(request: Request, visitor: SeeingVisitor, id: str) -> HTMLResponse:
    """One record, on a sheet of A4."""
    hub = hub_of(request)
    row = await hub.case("handover", id)
    if row is None:
        raise not_found("handover", id)
    watch = Watch.from_dict(row)
    alarms = [found for each in (*watch.left.alarms, *watch.left.shelved) if (found := await hub.alarm(each))]
    remarks = [fact.note for fact in await hub.case_story("handover", id) if fact.note]
    return await render.page(
        request,
        visitor,
        "handover-record.html",
        record=watch,
        alarms=alarms,
        orders=await _orders(hub, watch.left),
        remarks=remarks,
        posts={key: post.name for key, post in hub.site.roster.posts.items()},
        here="/handover",
    )


async def _orders(hub: Hub, left: LeftOpen) -> list[WorkOrder]:
    """The orders left open, as they stand now."""
    rows = [await hub.case("order", id) for id in left.orders]
    return [WorkOrder.from_dict(row) for row in rows if row is not None]
