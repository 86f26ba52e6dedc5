"""The ledger of hazards as a whole: what it adds up to, and as a table for others' programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Response
from starlette.responses import JSONResponse

from edge.domain.instant import SECOND
from edge.facade import CaseQuery, Hub
from web.api.routers import api_router
from web.api.v1 import tables
from web.api.v1.params import TheHub, answer, instant
from web.auth import Perm, require

router = api_router(tags=["hazards"])
SEE: Final = Depends(require(Perm.SEE))
Since = Annotated[str | None, Query(description="RFC 3339: reported at or after; open ones always.")]
_COLUMNS: Final = (
    "number", "state", "grade", "category", "element", "title", "place", "unit", "person", "measures", "interim_at",
    "interim_by", "opened_at", "due_at", "extensions", "overdue",
    "rectified_at", "rectified_by", "reinspected_at", "reinspected_by", "closed_at", "sent_back", "repeat_of", "id",
)  # fmt: skip

MOST: Final = 5000
"""Hazards that are looked at, the newest first."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Of hazards that are open or were reported since a moment; the cancelled are left out of all but their own.

    rectification: mean seconds from the report to the work done, None before the first. counted: whether all were
    looked at.
    """

    total: int
    open: int
    overdue: int
    waiting: int
    closed: int
    cancelled: int
    repeated: int
    grades: Mapping[str, int]
    categories: Mapping[str, int]
    rectification: float | None
    counted: bool


async def ledger(
    hub: Hub, since: int | None = None, most: int = MOST, where: Mapping[str, str] | None = None
) -> tuple[Sequence[Mapping[str, Any]], bool]:
    """Hazards reported since `since` (µs UTC), and all open ones; the newest first; whether these are all."""
    rows, all_ = await _rows(hub, CaseQuery(since=since, where=where or {}), most)
    if since is None or not all_:
        return rows, all_
    open_, all_ = await _rows(hub, CaseQuery(open=True, where=where or {}), most)
    older = [row for row in open_ if row["opened_at"] < since]
    return [*rows, *older][:most], all_ and len(rows) + len(older) <= most


async def _rows(hub: Hub, query: CaseQuery, most: int) -> tuple[list[Mapping[str, Any]], bool]:
    """The newest `most` of what `query` asks for, and whether these are all."""
    rows: list[Mapping[str, Any]] = []
    while len(rows) < most:
        page = await hub.cases("hazard", replace(query, limit=min(1000, most - len(rows))))
        rows += page.items
        if page.next is None:
            return rows, True
        query = replace(query, before=page.next)
    return rows, False


def figures(rows: Sequence[Mapping[str, Any]], *, counted: bool) -> Figures:
    """What they add up to."""
    real = [row for row in rows if row["state"] != "cancelled"]
    spans = [row["rectified_at"] - row["opened_at"] for row in real if row["rectified_at"] is not None]
    return Figures(
        total=len(real),
        open=sum(row["open"] for row in real),
        overdue=sum(row["open"] and row["overdue"] for row in real),
        waiting=sum(row["state"] == "rectified" for row in real),
        closed=sum(row["state"] == "closed" for row in real),
        cancelled=len(rows) - len(real),
        repeated=sum(row["repeat_of"] is not None for row in real),
        grades=dict(Counter(row["grade"] or "ungraded" for row in real)),
        categories=dict(Counter(row["category"] for row in real)),
        rectification=sum(spans) / len(spans) / SECOND if spans else None,
        counted=counted,
    )


@router.get("/hazards/figures", dependencies=[SEE])
async def counted(hub: TheHub, since: Since = None) -> JSONResponse:
    """What the ledger adds up to: open, overdue, by grade and category, repeated, mean seconds of rectification."""
    rows, all_ = await ledger(hub, None if since is None else instant("since", since))
    return answer(asdict(figures(rows, counted=all_)))


@router.get("/hazards/ledger.csv", dependencies=[SEE], response_class=Response)
async def as_csv(hub: TheHub, told: tables.As, since: Since = None) -> Response:
    """The ledger as CSV, UTF-8 with a byte order mark."""
    rows, _ = await ledger(hub, None if since is None else instant("since", since))
    return tables.file("hazards.csv", _COLUMNS, rows, told)
