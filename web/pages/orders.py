"""Work orders 工单: the desk's list and record, and the crew's pages on a phone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from edge.domain.danger import endangers
from edge.domain.order import OrderState, WorkOrder
from edge.facade import CaseQuery, Hub
from web.auth import Perm, Visitor, hub_of, require
from web.i18n import mark as _
from web.pages import order_words, render
from web.pages.codes import qr
from web.pages.view import View
from web.problems import not_found

router = APIRouter(include_in_schema=False)

SeeingVisitor = Annotated[Visitor, Depends(require(Perm.SEE))]
WorkingVisitor = Annotated[Visitor, Depends(require(Perm.WORK))]
_PAGE: Final = 50
_SHOWN: Final[Mapping[str, CaseQuery]] = {
    "open": CaseQuery(open=True, limit=_PAGE),
    "done": CaseQuery(open=True, where={"state": "done"}, limit=_PAGE),
    "closed": CaseQuery(open=False, limit=_PAGE),
    "all": CaseQuery(limit=_PAGE),
}
FILTERS: Final = {
    "open": _("Open orders"), "done": _("Done, to verify"), "closed": _("Closed"), "all": _("All"),
}  # fmt: skip
SCRIPT_WORDS: Final = {
    "sent": _("Saved"),
    "unsent": _("Not sent yet: %(n)s. It is kept on this phone and sent when there is a connection."),
    "offline": _("No connection. What you do is kept on this phone."),
    "uploading": _("Photo %(percent)s %%"),
    "photo_failed": _("The photo could not be sent."),
    "too_full": _("This phone has no room to keep the photo: send it where there is a connection."),
    "wrong_step": _("Somebody was faster: the order has moved on."),
    "not_yours": _("This order is somebody else's now."),
    "photo_required": _("Take a photo of the finished work first."),
    "same_person": _("Another person than the one who did the work must do this."),
    "reason_required": _("A reason is needed."),
    "assignee_required": _("Choose a person."),
    "too_late": _("Too late to take back."),
    "closed": _("The order is closed."),
    "bad_picture": _("This is no photo that can be kept. Take it again."),
    "too_large": _("The photo is too large."),
    "again": _("Send again"),
    "left": _("%(time)s left"),
    "late": _("Late by %(time)s"),
    "span": _("%(h)s h %(m)s min"),
}


@router.get("/orders")
async def order_list(
    request: Request, visitor: SeeingVisitor, show: str = "open", alarm: str = "", device: str = ""
) -> HTMLResponse:
    """Work orders, and the form to dispatch one, filled in from an alarm or a device."""
    hub = hub_of(request)
    page = await hub.cases("order", _SHOWN.get(show, _SHOWN["open"]))
    found = await hub.alarm(alarm) if alarm else None
    asked = hub.device(found.device if found else device) if found or device else None
    return await _page(
        request, visitor, "orders.html", orders=[WorkOrder.from_dict(body) for body in page.items],
        show=show if show in _SHOWN else "open", filters=FILTERS, alarm=found, device=asked.device if asked else None,
        here="/orders",
    )  # fmt: skip


@router.get("/orders/{id}")
async def order_page(request: Request, visitor: SeeingVisitor, id: str) -> HTMLResponse:
    """One order: what was done, the photos, and what the desk decides."""
    hub = hub_of(request)
    order = await _order(hub, id)
    return await _page(
        request, visitor, "order.html", order=order, story=await hub.case_story("order", id),
        danger=danger(hub, order), here="/orders",
    )  # fmt: skip


@router.get("/my")
async def mine(request: Request, visitor: WorkingVisitor) -> HTMLResponse:
    """The crew's list: one's own first, then what waits for somebody."""
    hub = hub_of(request)
    page = await hub.cases("order", CaseQuery(open=True, limit=500))
    orders = [WorkOrder.from_dict(body) for body in page.items]
    own = [order for order in orders if order.assignee == visitor.name]
    waiting = [o for o in orders if o.state is OrderState.NOTIFIED and o.assignee is None]
    waiting.sort(key=lambda order: visitor.name not in order.offered)
    own.sort(key=lambda order: (order.state is OrderState.DONE, order.due_at or 1 << 62))
    return await _page(request, visitor, "my.html", own=own, waiting=waiting, order=None)


@router.get("/my/{id}")
async def my_order(request: Request, visitor: WorkingVisitor, id: str, k: str = "") -> HTMLResponse:
    """One order on a phone. k: the code read at the device."""
    hub = hub_of(request)
    order = await _order(hub, id)
    points = [p for p in hub.points() if p.point.device.id == order.device] if order.device else []
    return await _page(
        request, visitor, "my-order.html", order=order, danger=danger(hub, order), points=points,
        story=await hub.case_story("order", id), code=k if order.device and hub.device_code(order.device) == k else "",
    )  # fmt: skip


@router.get("/d/{id}")
async def scanned(request: Request, visitor: SeeingVisitor, id: str, k: str = "") -> Response:
    """Where the code at a device leads: to one's order there, else to the device. k: what proves that one is there."""
    hub = hub_of(request)
    if hub.device(id) is None:
        raise not_found("device", id)
    if visitor.may(Perm.WORK):
        query = CaseQuery(open=True, where={"device": id, "assignee": visitor.name})
        for body in (await hub.cases("order", query)).items:
            return RedirectResponse(f"/my/{body['id']}?{urlencode({'k': k})}", 303)
    return RedirectResponse(f"/devices/{id}", 303)


@router.get("/devices/{id}/qr.svg")
async def code(request: Request, visitor: SeeingVisitor, id: str) -> Response:
    """The code to print and stick to the device: this panel's address of it.

    What proves the arrival is in the code that the desk prints, and in no crew's own.
    """
    if hub_of(request).device(id) is None:
        raise not_found("device", id)
    proof = hub_of(request).device_code(id) if visitor.may(Perm.DISPATCH) else ""
    return qr(request, f"/d/{id}" + (f"?k={proof}" if proof else ""))


def danger(hub: Hub, order: WorkOrder) -> Sequence[Any]:
    """Alarms of fire and gas that are active where the order is, or around it."""
    return [alarm for alarm in hub.open_alarms() if order.open and endangers(alarm, order.zone)]


async def _order(hub: Hub, id: str) -> WorkOrder:
    body = await hub.case("order", id)
    if body is None:
        raise not_found("order", id)
    return WorkOrder.from_dict(body)


async def _page(request: Request, visitor: Visitor, template: str, **more: Any) -> HTMLResponse:
    return await render.page(
        request, visitor, template, ow=order_words, order_script_words=_script_words, **more
    )


def _script_words(v: View) -> Mapping[str, str]:
    return {key: v.word(words) for key, words in SCRIPT_WORDS.items()}
