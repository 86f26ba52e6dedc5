"""The reserve 应急物资: the list, the count of one store on a phone, and the ledger on A4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from edge.domain.reserve import Batch, Stock
from web.api.v1.reserve import lacking, stocks, today
from web.auth import Perm, Visitor, hub_of, require
from web.i18n import mark as _
from web.pages import render
from web.pages.codes import qr
from web.pages.view import View
from web.problems import not_found

router = APIRouter(include_in_schema=False)

SeeingVisitor = Annotated[Visitor, Depends(require(Perm.SEE))]
WANTS: Final[Mapping[str, str]] = {
    "short": _("Below minimum"),
    "expired": _("Past its date"),
    "uncalibrated": _("Calibration overdue"),
    "missing": _("Not in the reserve"),
}
CHANGES: Final[Mapping[str, str]] = {
    "used": _("Taken for use"),
    "added": _("Added"),
    "moved": _("Moved"),
    "discarded": _("Discarded"),
    "calibrated": _("Calibrated"),
}
SORTS: Final[Mapping[str, str]] = {"urgent": _("Most urgent first"), "site": _("By store")}
SCRIPT_WORDS: Final[Mapping[str, str]] = {
    "counted": _("Counted"),
    "changed": _("Noted"),
    "unsent": _("No connection: press again when there is one. Nothing was noted."),
}


@router.get("/reserve")
async def listed(
    request: Request, visitor: SeeingVisitor, store: str = "", show: str = "all", sort: str = "urgent"
) -> HTMLResponse:
    """All items with what is wrong with them, and the plans that suffer."""
    hub = hub_of(request)
    day = today(hub)
    found = [s for s in (await stocks(hub)).values() if store in {"", s.store}]
    shown = [s for s in found if show != "wanting" or s.wanting(day) or s.soon(day)]
    if sort == "urgent":
        shown.sort(key=lambda s: (not s.wanting(day), not s.soon(day)))
    plans = [(plan, gaps) for plan in hub.site.emergency.plans if (gaps := await lacking(hub, plan))]
    return await _page(
        request, visitor, "reserve.html", stocks=shown, plans=plans, store=store, show=show, sort=sort,
        stores=hub.site.reserve.stores, sort_options=lambda v: _pairs(v, SORTS),
        store_options=lambda v: [(each.id, v.text(each.name)) for each in hub.site.reserve.stores],
    )  # fmt: skip


@router.get("/reserve/ledger")
async def ledger(request: Request, visitor: SeeingVisitor) -> HTMLResponse:
    """应急物资台账 on A4."""
    found = list((await stocks(hub_of(request))).values())
    return await _page(request, visitor, "reserve-ledger.html", stocks=found)


@router.get("/reserve/stores/{id}")
async def counting(request: Request, visitor: SeeingVisitor, id: str) -> HTMLResponse:
    """The count of one store, for a phone: where the code at its door leads."""
    hub = hub_of(request)
    store = next((store for store in hub.site.reserve.stores if store.id == id), None)
    if store is None:
        raise not_found("stock", id)
    found = [s for s in (await stocks(hub)).values() if s.store == id]
    return await _page(request, visitor, "reserve-count.html", stocks=found, store=store)


@router.get("/reserve/stores/{id}/qr.svg", dependencies=[Depends(require(Perm.SEE))])
async def code(request: Request, id: str) -> Response:
    """The code to print and stick to the store's door."""
    if all(store.id != id for store in hub_of(request).site.reserve.stores):
        raise not_found("stock", id)
    return qr(request, f"/reserve/stores/{id}")


@router.get("/reserve/items/{id}")
async def one(request: Request, visitor: SeeingVisitor, id: str) -> HTMLResponse:
    """One item: its batches, what changes them, and its story."""
    hub = hub_of(request)
    stock = (await stocks(hub)).get(id)
    if stock is None:
        raise not_found("stock", id)
    return await _page(
        request, visitor, "reserve-item.html", stock=stock, story=await hub.case_story("stock", id),
        change_options=lambda v: _pairs(v, CHANGES),
    )  # fmt: skip


def tone(stock: Stock | Batch, day: Any) -> str:
    """Look of an item: high cannot be relied on, medium not for long, ok."""
    wrong = stock.wanting(day) if isinstance(stock, Stock) else stock.wants(day)
    return "high" if wrong else "medium" if stock.soon(day) else "ok"


def number(quantity: float) -> str:
    """Whole numbers without a point."""
    return f"{quantity:g}"


async def _page(request: Request, visitor: Visitor, template: str, **more: Any) -> HTMLResponse:
    return await render.page(
        request, visitor, template, wants=WANTS, changes=CHANGES, sorts=SORTS, tone=tone, number=number,
        day=today(hub_of(request)), reserve_words=_words, here="/plans", **more
    )  # fmt: skip


def _pairs(v: View, words: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(value, v.word(said)) for value, said in words.items()]


def _words(v: View) -> Mapping[str, str]:
    return {key: v.word(words) for key, words in SCRIPT_WORDS.items()}
