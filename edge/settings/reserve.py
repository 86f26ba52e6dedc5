"""reserve.toml: the stores and what lies in them; plans name the items as their materials."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Iterable
from datetime import date
from pathlib import Path as FilePath
from typing import Final

from pydantic import Field

from edge.domain.plan import Plan
from edge.domain.reserve import Batch, Item, Reserve, Store
from edge.settings.document import checked, known_keys, read_sheet, tables
from edge.settings.models import Bilingual, Id, Table, ZonePath
from edge.settings.plans import plan_sheets
from edge.settings.positions import Path
from edge.settings.problems import Problem, Report, Sheet, nearest

RESERVE_FILE: Final = "reserve.toml"


class StoreTable(Table):
    """One [[store]]."""

    id: Id
    name: Bilingual
    zone: ZonePath


class BatchTable(Table):
    """One [[item.batch]]. expires, calibrated_until: a day, or a month ("2026-10") to its end."""

    id: Id
    quantity: float = Field(ge=0, le=1_000_000)
    expires: str | date | None = None
    calibrated_until: str | date | None = None


class ItemTable(Table):
    """One [[item]]."""

    id: Id
    name: Bilingual
    store: Id
    unit: Bilingual
    minimum: float = Field(ge=0, le=1_000_000)
    batch: list[BatchTable] = Field(min_length=1, max_length=40)


def read_reserve(report: Report, site_dir: FilePath, zones: Collection[str]) -> Reserve:
    """The reserve of the site; a site without the file has none. zones: paths of the site."""
    path = site_dir / RESERVE_FILE
    sheet = read_sheet(report, path, RESERVE_FILE) if path.is_file() else None
    if sheet is None:
        return Reserve()
    known_keys(report, sheet, ("store", "item"))
    stores: dict[str, Store] = {}
    for place, raw in tables(report, sheet, ("store",), sheet.data.get("store")):
        store = checked(report, sheet, place, raw, StoreTable)
        if store is None:
            continue
        if store.zone not in zones:
            message = f"there is no zone {store.zone!r}"
            report.add(sheet, (*place, "zone"), "unknown_zone", message, nearest(store.zone, zones))
        if store.id in stores:
            report.add(sheet, (*place, "id"), "duplicate_id", f"there are two stores {store.id}")
        stores.setdefault(store.id, Store(store.id, store.name.text(), store.zone))
    items: dict[str, Item] = {}
    for place, raw in tables(report, sheet, ("item",), sheet.data.get("item")):
        item = checked(report, sheet, place, raw, ItemTable)
        if item is None:
            continue
        if item.store not in stores:
            message = f"there is no store {item.store}"
            report.add(sheet, (*place, "store"), "unknown_store", message, nearest(item.store, stores))
        if item.id in items:
            report.add(sheet, (*place, "id"), "duplicate_id", f"there are two items {item.id}")
        batches = tuple(_batches(report, sheet, place, item.batch))
        made = Item(item.id, item.name.text(), item.store, item.unit.text(), item.minimum, batches)
        items.setdefault(item.id, made)
    return Reserve(tuple(stores.values()), tuple(items.values()))


def review_reserve(site_dir: FilePath, reserve: Reserve, plans: Iterable[Plan]) -> list[Problem]:
    """Plans that need what the reserve does not have: the hub runs, the plan is amber."""
    if not reserve.items:
        return []
    report = Report()
    known = {item.id for item in reserve.items}
    sheets = plan_sheets(site_dir)
    for plan in plans:
        for index, material in enumerate(plan.materials):
            if material.stock not in known:
                message = f"{RESERVE_FILE} has no item {material.stock!r}"
                place: Path = ("material", index, "stock")
                report.add(sheets[plan.id], place, "unknown_stock", message, nearest(material.stock, known))
    return report.problems()


def _batches(report: Report, sheet: Sheet, place: Path, batches: list[BatchTable]) -> Iterable[Batch]:
    for index, batch in enumerate(batches):
        here: Path = (*place, "batch", index)
        if any(batch.id == other.id for other in batches[:index]):
            report.add(sheet, (*here, "id"), "duplicate_id", f"the item has two batches {batch.id}")
        expires = _last_day(report, sheet, (*here, "expires"), batch.expires)
        calibrated = _last_day(report, sheet, (*here, "calibrated_until"), batch.calibrated_until)
        yield Batch(batch.id, batch.quantity, expires, calibrated)


def _last_day(report: Report, sheet: Sheet, place: Path, said: str | date | None) -> str | None:
    """The last good day, as ISO date."""
    if said is None or isinstance(said, date):
        return None if said is None else said.isoformat()
    try:
        first = date.fromisoformat(f"{said}-01")
    except ValueError:
        report.add(sheet, place, "value", f"write a day (2026-10-31) or a month (2026-10), not {said[:20]!r}")
        return None
    return first.replace(day=monthrange(first.year, first.month)[1]).isoformat()
