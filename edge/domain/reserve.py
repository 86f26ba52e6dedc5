"""应急物资: what of the reserve lies where, until when it is good, and whether a plan can rely on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, timedelta
from typing import Any, Final, Literal

from edge.domain.names import Text
from edge.domain.plan import Plan

Want = Literal["short", "expired", "uncalibrated"]
"""缺额 / 过期 / 检定到期: why an item cannot be relied on."""
Change = Literal["used", "added", "moved", "discarded", "calibrated"]
CHANGES: Final[tuple[Change, ...]] = ("used", "added", "moved", "discarded", "calibrated")
SOON: Final = timedelta(days=60)
"""How long before an expiry or a calibration an item is amber (practice)."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What came together. expires, calibrated_until: last good day as ISO date, None where it has none.

    place: where it was moved to, "" while it lies in the item's store.
    """

    id: str
    quantity: float
    expires: str | None = None
    calibrated_until: str | None = None
    place: str = ""

    def wants(self, today: date) -> Want | None:
        """Why it cannot be used on a day; None while it can, or is used up."""
        if self.quantity <= 0:
            return None
        if self.expires is not None and date.fromisoformat(self.expires) < today:
            return "expired"
        if self.calibrated_until is not None and date.fromisoformat(self.calibrated_until) < today:
            return "uncalibrated"
        return None

    def soon(self, today: date) -> bool:
        """Whether it will not be good for long."""
        ends = [date.fromisoformat(end) for end in (self.expires, self.calibrated_until) if end is not None]
        return self.quantity > 0 and any(today <= end <= today + SOON for end in ends)


@dataclass(frozen=True, slots=True)
class Store:
    """A place where materials lie. zone: path."""

    id: str
    name: Text
    zone: str


@dataclass(frozen=True, slots=True)
class Item:
    """One kind of material as the site's folder says. minimum: how many good ones there must be."""

    id: str
    name: Text
    store: str
    unit: Text
    minimum: float
    batches: tuple[Batch, ...]


@dataclass(frozen=True, slots=True)
class Reserve:
    """The site's stores and items."""

    stores: tuple[Store, ...] = ()
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Stock:
    """An item as it stands: its row of the journal. Times are µs UTC. wants: as told last, of the day it was told.

    counted_at, counted_by: when all its batches were counted last, and who did. The words of who counted or changed it
    stand in the notes of its facts.
    """

    id: str
    opened_at: int
    name: Text
    store: str
    place: Text
    zone: str
    unit: Text
    minimum: float
    batches: tuple[Batch, ...]
    wants: tuple[Want, ...] = ()
    counted_at: int | None = None
    counted_by: str | None = None
    open: bool = True

    @property
    def quantity(self) -> float:
        """All there is, good or not."""
        return sum(batch.quantity for batch in self.batches)

    @property
    def whole(self) -> bool:
        """Whether it comes in pieces: nothing of it, nor its minimum, is a part of one."""
        return all(
            float(number).is_integer() for number in (self.minimum, *(b.quantity for b in self.batches))
        )

    def good(self, today: date) -> float:
        """What can be relied on that day."""
        return sum(batch.quantity for batch in self.batches if batch.wants(today) is None)

    def wanting(self, today: date) -> tuple[Want, ...]:
        """What is wrong with it that day, the worst first."""
        found: list[Want] = ["short"] if self.good(today) < self.minimum else []
        wants = {batch.wants(today) for batch in self.batches}
        found += [want for want in ("expired", "uncalibrated") if want in wants]
        return tuple(found)

    def soon(self, today: date) -> bool:
        """Whether something of it will not be good for long."""
        return any(batch.soon(today) for batch in self.batches)

    def batch(self, id: str) -> Batch | None:
        """The batch of that id."""
        return next((batch for batch in self.batches if batch.id == id), None)

    def with_batch(self, batch: Batch) -> Stock:
        """With that batch in place of the one of the same id, or as a new one."""
        known = [batch if one.id == batch.id else one for one in self.batches]
        return replace(self, batches=tuple(known if self.batch(batch.id) else [*known, batch]))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `from_dict` turns it back."""
        row = {f.name: getattr(self, f.name) for f in fields(self)}
        words = {key: [row[key].zh, row[key].en] for key in ("name", "place", "unit")}
        return row | words | {"batches": [asdict(b) for b in self.batches], "wants": list(self.wants)}

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Stock:
        """What `to_dict` wrote; KeyError, TypeError or ValueError when it is no such row."""
        words = {key: Text(*row[key]) for key in ("name", "place", "unit")}
        batches = tuple(Batch(**batch) for batch in row["batches"])
        return cls(
            **{f.name: row[f.name] for f in fields(cls)}
            | words
            | {"batches": batches, "wants": tuple(row["wants"])}
        )


@dataclass(frozen=True, slots=True)
class Gap:
    """What a plan lacks. needed, good: in the item's unit. why: "missing" where the reserve has no such item."""

    stock: str
    name: Text
    needed: float
    good: float
    why: Literal["missing", "short", "expired", "uncalibrated"]


def gaps(plan: Plan, stocks: Mapping[str, Stock], today: date) -> list[Gap]:
    """Why the materials of `plan` cannot be relied on: it is amber while there is any. stocks: by id of the item."""
    found: list[Gap] = []
    for material in plan.materials:
        stock = stocks.get(material.stock)
        if stock is None:
            name = Text(material.stock, material.stock)
            found.append(Gap(material.stock, name, material.quantity, 0.0, "missing"))
            continue
        good, wanting = stock.good(today), stock.wanting(today)
        why = "short" if good < material.quantity else next((w for w in wanting if w != "short"), None)
        if why is not None:
            found.append(Gap(stock.id, stock.name, material.quantity, good, why))
    return found


def stocks_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, Stock]:
    """Rows of the journal by id of their item."""
    return {row["id"]: Stock.from_dict(row) for row in rows}


# ---- requests -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CountStock:
    """清点: how many of each batch there are. Batches that are not named stay as they are."""

    item: str
    by: str
    counts: tuple[tuple[str, float], ...]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeStock:
    """领用, 入库, 移库, 报废, 检定, with a reason. quantity: how many; of "calibrated" and "moved" the whole batch.

    until: the new last good day (ISO): of what is added its expiry, of a calibration its next one. place: of "moved".
    """

    item: str
    by: str
    change: Change
    batch: str
    reason: str
    quantity: float = 0.0
    until: str | None = None
    place: str = ""


StockRequest = CountStock | ChangeStock
