"""The reserve: what lies where and is good until when, counted and changed, and as CSV."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import Depends
from fastapi.responses import Response
from pydantic import Field
from starlette.responses import JSONResponse

from edge.domain.instant import SECOND
from edge.domain.plan import Plan
from edge.domain.reserve import Change, ChangeStock, CountStock, Gap, Stock, StockRequest, gaps, stocks_of
from edge.facade import CaseQuery, Hub
from web.api.routers import api_router
from web.api.v1 import shapes, tables
from web.api.v1.params import Body, Id, IdempotencyKey, Prose, TheHub, answer, carried_out, shown
from web.api.v1.schema import FactShape, Listing
from web.auth import Perm, Visitor, require
from web.problems import not_found

router = api_router(tags=["reserve"])
SEE: Final = Depends(require(Perm.SEE))
Counting = Annotated[Visitor, Depends(require(Perm.DUTY))]
Number = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
Short = Annotated[Prose, Field(min_length=1, max_length=63)]
_COLUMNS: Final = (
    "id", "name", "place", "unit", "minimum", "good", "quantity", "wants", "batch", "of_batch", "expires",
    "calibrated_until", "counted_at", "counted_by",
)  # fmt: skip


class CountBody(Body):
    """counts: batch -> how many there are."""

    counts: Annotated[dict[Short, Number], Field(min_length=1, max_length=40)]
    note: Prose | None = None


class ChangeBody(Body):
    """until: a day such as 2027-06-30. place: where a batch was moved to, "" back to its store."""

    change: Change
    batch: Short
    reason: Annotated[Prose, Field(max_length=500)]
    quantity: Number = 0.0
    until: Annotated[Prose, Field(max_length=10)] | None = None
    place: Annotated[Prose, Field(max_length=200)] = ""


@router.get("/reserve", dependencies=[SEE], responses=shown(Listing[dict[str, Any]]))
async def reserve(hub: TheHub, store: str | None = None, wanting: bool | None = None) -> JSONResponse:
    """All items in the order of the site's folder. wanting: only those that cannot be relied on, or can."""
    day = today(hub)
    items = [stock for stock in (await stocks(hub)).values() if store in {None, stock.store}]
    chosen = [s for s in items if wanting is None or bool(s.wanting(day)) is wanting]
    return answer(shapes.listing(shape(stock, day) for stock in chosen))


@router.get("/reserve.csv", dependencies=[SEE], response_class=Response)
async def as_csv(hub: TheHub, told: tables.As) -> Response:
    """One line a batch, UTF-8 with a byte order mark."""
    day = today(hub)
    rows = [
        {
            "id": stock.id, "name": stock.name, "place": batch.place or stock.place, "unit": stock.unit,
            "minimum": f"{stock.minimum:g}", "good": f"{stock.good(day):g}", "quantity": f"{stock.quantity:g}",
            "wants": " ".join(stock.wanting(day)), "batch": batch.id, "of_batch": f"{batch.quantity:g}",
            "expires": batch.expires, "calibrated_until": batch.calibrated_until, "counted_at": stock.counted_at,
            "counted_by": stock.counted_by,
        }
        for stock in (await stocks(hub)).values()
        for batch in stock.batches
    ]  # fmt: skip
    return tables.file("reserve.csv", _COLUMNS, rows, told)


@router.get("/reserve/{id}", dependencies=[SEE])
async def item(hub: TheHub, id: Id) -> JSONResponse:
    """One item with its batches."""
    return answer(shape(await _stock(hub, id), today(hub)))


@router.get("/reserve/{id}/story", dependencies=[SEE], responses=shown(Listing[FactShape]))
async def story(hub: TheHub, id: Id) -> JSONResponse:
    """All facts about one item, oldest first."""
    await _stock(hub, id)
    return answer(shapes.listing(shapes.fact(hub, fact) for fact in await hub.case_story("stock", id)))


@router.post("/reserve/{id}/count")
async def count(
    hub: TheHub, id: Id, visitor: Counting, body: CountBody, key: IdempotencyKey = None
) -> JSONResponse:
    """How many there are. 404 `not_found` also for a batch; 422 `bad_quantity`."""
    await _stock(hub, id)
    return await _act(hub, CountStock(id, visitor.name, tuple(body.counts.items()), body.note), visitor, key)


@router.post("/reserve/{id}/change")
async def change(
    hub: TheHub, id: Id, visitor: Counting, body: ChangeBody, key: IdempotencyKey = None
) -> JSONResponse:
    """Used, added, moved and so on. 422 `reason_required`, `bad_quantity`, `bad_date`. 409 `other_expiry`."""
    await _stock(hub, id)
    wish = ChangeStock(
        id, visitor.name, body.change, body.batch, body.reason, body.quantity, body.until, body.place
    )
    return await _act(hub, wish, visitor, key)


def today(hub: Hub) -> date:
    """The site's date."""
    at = datetime.fromtimestamp(hub.civil(hub.now().utc) / SECOND, UTC)
    return at.astimezone(ZoneInfo(hub.site.timezone)).date()


async def stocks(hub: Hub) -> dict[str, Stock]:
    """All items of the site by id, in the order of its folder."""
    found = stocks_of((await hub.cases("stock", CaseQuery(open=True, limit=1000))).items)
    return {item.id: found[item.id] for item in hub.site.reserve.items if item.id in found}


async def lacking(hub: Hub, plan: Plan) -> list[Gap]:
    """Why the materials of a plan cannot be relied on; empty for a site that keeps no reserve here."""
    return gaps(plan, await stocks(hub), today(hub)) if hub.site.reserve.items else []


def shape(stock: Stock, day: date) -> dict[str, Any]:
    """An item as the API says it. good: what can be relied on; wants: why it is not enough; soon: not for long."""
    batches = [
        {
            "id": batch.id,
            "quantity": batch.quantity,
            "expires": batch.expires,
            "calibrated_until": batch.calibrated_until,
            "place": batch.place,
            "wants": batch.wants(day),
        }
        for batch in stock.batches
    ]
    figures = {
        "batches": batches,
        "wants": list(stock.wanting(day)),
        "quantity": stock.quantity,
        "good": stock.good(day),
        "soon": stock.soon(day),
    }
    return shapes.case(stock.to_dict()) | figures


async def _stock(hub: Hub, id: str) -> Stock:
    body: Mapping[str, Any] | None = await hub.case("stock", id)
    if body is None or not body["open"]:
        raise not_found("stock", id)
    return Stock.from_dict(body)


async def _act(hub: Hub, request: StockRequest, visitor: Visitor, key: str | None) -> JSONResponse:
    body = await carried_out(hub, request, visitor, key, "there is no such item in the reserve")
    return answer(shape(Stock.from_dict(body), today(hub)))
