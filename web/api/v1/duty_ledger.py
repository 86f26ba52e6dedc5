"""Occurrences of duties over a span: what they add up to by day and grade, and as a table for others' programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import Response

from edge.domain.instant import DAY
from edge.domain.occurrence import FULFILLED
from edge.facade import CaseQuery, Hub
from web.api.v1 import tables

MOST: Final = 20_000
"""Occurrences that are looked at, the newest first."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS: Final = (
    "id", "duty", "title", "place", "from_at", "until_at", "state", "evidence", "reached", "short", "late", "done_at",
    "done_by", "reason", "missed_at", "waived_by", "superseded_by", "round", "stops", "missing", "order_kept", "gaps",
)  # fmt: skip


@dataclass(slots=True)
class Coverage:
    """What became of the occurrences of a span. grades: of what was done or made up; late: told after its end."""

    total: int = 0
    done: int = 0
    made_up: int = 0
    missed: int = 0
    waived: int = 0
    open: int = 0
    short: int = 0
    late: int = 0
    planned: int = 0
    grades: Counter[str] = field(default_factory=Counter)

    def shape(self) -> dict[str, Any]:
        """Plain values; rate: done in time among what was due and over, None before the first."""
        over = self.done + self.made_up + self.missed
        return {
            "total": self.total, "done": self.done, "made_up": self.made_up, "missed": self.missed,
            "waived": self.waived, "open": self.open, "short": self.short, "late": self.late,
            "planned": self.planned,
            "grades": {grade: self.grades[grade] for grade in "ABC"},
            "rate": self.done / over if over else None,
        }  # fmt: skip


def coverage(rows: Iterable[Mapping[str, Any]], planned: int = 0) -> Coverage:
    """What they add up to."""
    found = Coverage(planned=planned)
    for row in rows:
        found.total += 1
        state = row["state"]
        if state in FULFILLED:
            found.grades[row["reached"]] += 1
            found.short += row["short"]
            found.late += row["late"]
        if state in {"due", "under_way"}:
            found.open += 1
        else:
            setattr(found, state, getattr(found, state) + 1)
    return found


async def occurrences(
    hub: Hub, first: int, last: int, where: Mapping[str, str] | None = None
) -> list[Mapping[str, Any]]:
    """Those that begin from `first` until before `last` (µs UTC), in order."""
    rows: list[Mapping[str, Any]] = []
    before = None
    while len(rows) < MOST:
        query = CaseQuery(since=first, where=where or {}, before=before, limit=1000)
        page = await hub.cases("duty", query)
        rows += (row for row in page.items if first <= row["from_at"] < last)
        before = page.next
        if before is None:
            break
    return sorted(rows, key=lambda row: (row["from_at"], row["id"]))


def zone_of(hub: Hub) -> ZoneInfo:
    """The site's."""
    return ZoneInfo(hub.site.timezone)


def midnight(hub: Hub, day: date) -> int:
    """µs UTC at which a local day begins."""
    moment = datetime(day.year, day.month, day.day, tzinfo=zone_of(hub))
    shift = hub.civil(0)
    return (moment - _EPOCH) // timedelta(microseconds=1) - shift


def day_of(hub: Hub, utc: int) -> date:
    """The local day of µs UTC."""
    return (_EPOCH + timedelta(microseconds=hub.civil(utc))).astimezone(zone_of(hub)).date()


async def month(hub: Hub, first: date) -> dict[date, Coverage]:
    """Each day of the month that begins with `first`; what is still to come is counted as planned."""
    following = (first + timedelta(days=31)).replace(day=1)
    begin, end = midnight(hub, first), midnight(hub, following)
    rows = await occurrences(hub, begin, end)
    now = hub.now().utc
    known = {row["id"] for row in rows}
    coming = [p for p in hub.planned(max(begin - 1, now), end - 1) if p.id not in known] if now < end else []
    days: dict[date, Coverage] = {}
    for number in range((following - first).days):
        day = first + timedelta(days=number)
        own = [row for row in rows if day_of(hub, row["from_at"]) == day]
        days[day] = coverage(own, sum(day_of(hub, p.from_at) == day for p in coming))
    return days


def as_csv(
    rows: Sequence[Mapping[str, Any]], rounds: Mapping[str, Mapping[str, Any]], told_as: tables.Wanted
) -> Response:
    """One line an occurrence. rounds: by id."""
    told = []
    for row in rows:
        walk = rounds.get(row["round"] or "", {})
        told.append(
            {
                **row,
                "stops": len(walk.get("stops", ())) or None,
                "missing": " ".join(walk.get("missing", ())),
                "order_kept": walk.get("order_kept"),
                "gaps": len(walk.get("gaps", ())) or None,
            }
        )
    return tables.file("duties.csv", _COLUMNS, told, told_as)


SPAN: Final = 92 * DAY
"""The longest span of a table or print."""
