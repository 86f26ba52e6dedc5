"""The reserve as a tenant of step 4: counted, used, renewed; what is wanting is told once and proposed as a hazard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from math import isfinite
from typing import Any, Final

from edge.domain.conclusion import Conclusion, Happened
from edge.domain.fact import Fact, Numbering
from edge.domain.hazard import HUB, ReportHazard
from edge.domain.instant import HOUR, Instant
from edge.domain.names import Text
from edge.domain.request import Refusal
from edge.domain.reserve import (
    CHANGES,
    Batch,
    ChangeStock,
    CountStock,
    Item,
    Reserve,
    Stock,
    StockRequest,
    Want,
)

WORDS: Final[Mapping[Want, Text]] = {
    "short": Text("低于最低数量", "below its minimum"),
    "expired": Text("有过期", "partly expired"),
    "uncalibrated": Text("检定到期", "calibration overdue"),
}


class ReserveStock:
    """See `edge.domain.conclusion.Tenant`. today: the site's date at an Instant, None on a clock not to be believed."""

    kinds: tuple[str, ...] = ("stock",)
    requests: tuple[type[Any], ...] = (CountStock, ChangeStock)

    def __init__(
        self, reserve: Reserve, numbering: Numbering, today: Callable[[Instant], date | None]
    ) -> None:
        self._reserve = reserve
        self._numbering = numbering
        self._today = today
        self._stocks: dict[str, Stock] = {}
        self._look = 0  # mono µs: the wants are looked at again

    def restore(self, rows: Sequence[Mapping[str, Any]], now: Instant) -> Conclusion:
        """What was counted stays; names, places and minimums are those of the site's folder. New items are listed."""
        out = Conclusion()
        known = {row["id"]: Stock.from_dict(row) for row in rows}
        for item in self._reserve.items:
            agreed = self._agreed(item, known.get(item.id), now)
            self._stocks[item.id] = agreed
            if known.get(item.id) != agreed:
                self._record("stock.listed", agreed, None, None, now, out)
        for id, stock in known.items():
            if id not in self._stocks:  # the site's folder has it no longer
                self._record("stock.unlisted", replace(stock, open=False), None, None, now, out)
        return out

    def conclude(self, happened: Happened, now: Instant) -> Conclusion:
        """By time alone: once an hour, and in the step after each change."""
        del happened
        out = Conclusion()
        if now.mono < self._look:
            return out
        self._look = now.mono + HOUR
        today = self._today(now)
        if today is None:
            return out
        for stock in list(self._stocks.values()):
            wants = stock.wanting(today)
            if wants == stock.wants:
                continue
            fresh = [want for want in wants if want not in stock.wants]
            kind = "stock.wanting" if fresh else "stock.well"
            self._record(kind, replace(stock, wants=wants), None, None, now, out)
            out.requests += [_hazard(stock, want) for want in fresh]
        return out

    def act(self, request: StockRequest, now: Instant) -> Conclusion:
        """Refusal not_found, reason_required, bad_quantity, bad_date, other_expiry."""
        out = Conclusion()
        stock = self._stocks.get(request.item)
        if stock is None:
            raise Refusal("not_found", "there is no such item in the reserve")
        if isinstance(request, CountStock):
            stock, kind, note = _counted(stock, request, now), "stock.counted", request.note
        else:
            stock, kind, note = _changed(stock, request), f"stock.{request.change}", request.reason.strip()
        self._record(kind, stock, request.by, note, now, out)
        self._look = now.mono + 1  # the next step tells what is wanting, with what follows from it
        out.subject = stock.to_dict()
        return out

    def next_due(self) -> int | None:
        """Mono µs of the next look."""
        return self._look if self._stocks else None

    def _agreed(self, item: Item, known: Stock | None, now: Instant) -> Stock:
        store = next(store for store in self._reserve.stores if store.id == item.store)
        if known is None:
            known = Stock(
                item.id, now.utc, item.name, item.store, store.name, store.zone, item.unit, item.minimum,
                item.batches,
            )  # fmt: skip
        return replace(
            known, name=item.name, store=item.store, place=store.name, zone=store.zone, unit=item.unit,
            minimum=item.minimum,
        )  # fmt: skip

    def _record(
        self, kind: str, stock: Stock, by: str | None, note: str | None, now: Instant, out: Conclusion
    ) -> None:
        if stock.open:
            self._stocks[stock.id] = stock
        body = stock.to_dict()
        if kind == "stock.counted":
            body["all_since"] = self._all_since()
        out.facts.append(Fact(self._numbering.next(), kind, now.utc, by, "stock", body, note))

    def _all_since(self) -> int | None:
        """µs UTC since when everything was counted, None while something never was."""
        counts = [stock.counted_at for stock in self._stocks.values()]
        known = [count for count in counts if count is not None]
        return min(known) if len(known) == len(counts) else None


def _counted(stock: Stock, request: CountStock, now: Instant) -> Stock:
    """Of some batches only it is put right, and the item is not counted yet."""
    whole = stock.whole
    for id, quantity in request.counts:
        batch = stock.batch(id)
        if batch is None:
            raise Refusal("not_found", f"the item has no batch {id[:40]!r}")
        stock = stock.with_batch(replace(batch, quantity=_quantity(quantity, whole=whole)))
    named = {id for id, _ in request.counts}
    if any(batch.quantity > 0 and batch.id not in named for batch in stock.batches):
        return stock
    return replace(stock, counted_at=now.utc, counted_by=request.by)


def _changed(stock: Stock, request: ChangeStock) -> Stock:
    if not request.reason.strip():
        raise Refusal("reason_required", "say why")
    if request.change not in CHANGES:
        raise Refusal("not_found", "there is no such change")
    name = request.batch.strip()
    batch = stock.batch(name)
    until = None if request.until is None else _day(request.until)
    if request.change == "added":
        if not name:
            raise Refusal("not_found", "name the batch that is added")
        known = batch or Batch(name, 0.0, until)
        if until is not None and until != known.expires:
            raise Refusal(
                "other_expiry", f"batch {name[:40]!r} has another last good day: give it a new name"
            )
        return stock.with_batch(replace(known, quantity=known.quantity + _some(stock, request.quantity)))
    if batch is None:
        raise Refusal("not_found", f"the item has no batch {name[:40]!r}")
    if request.change == "moved":
        return stock.with_batch(replace(batch, place=request.place.strip()))
    if request.change == "calibrated":
        if until is None:
            raise Refusal("bad_date", "say until when the calibration is good")
        return stock.with_batch(replace(batch, calibrated_until=until))
    quantity = _some(stock, request.quantity)
    if quantity > batch.quantity:
        raise Refusal("bad_quantity", "there are not that many of it: count it first")
    return stock.with_batch(replace(batch, quantity=batch.quantity - quantity))


def _some(stock: Stock, number: float) -> float:
    if number == 0:
        raise Refusal("bad_quantity", "say how many")
    return _quantity(number, whole=stock.whole)


def _quantity(number: float, *, whole: bool) -> float:
    if not isfinite(number) or not 0 <= number <= 1e6:
        raise Refusal("bad_quantity", "a quantity is a number from 0 to 1 000 000")
    if whole and not float(number).is_integer():
        raise Refusal("bad_quantity", "it comes in pieces: a whole number")
    return float(number)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise Refusal("bad_date", "write a day such as 2027-06-30") from None


def _hazard(stock: Stock, want: Want) -> ReportHazard:
    words = WORDS[want]
    title = Text(f"应急物资:{stock.name.zh}{words.zh}", f"Reserve: {stock.name.en} {words.en}")
    return ReportHazard(
        HUB,
        title,
        "facility",
        stock.place,
        stock.zone,
        source="round",
        source_id=stock.id,
        separate=True,
        draft=True,
    )
