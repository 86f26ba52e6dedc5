"""The register of fire facilities: when each is to be serviced and taken away, and what a check says of it. Pure."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from edge.domain.obligation import Facility, LifeSpan
from edge.domain.occurrence import FacilityCase, FacilityState

SOON: Final = timedelta(days=60)
"""How long before a service or the end of life a facility is amber (practice)."""


def later(day: date, months: int) -> date:
    """The day some months on; the last of the month where it has no such day."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def begun(facility: Facility, span: LifeSpan | None, at: int) -> FacilityCase:
    """A facility that has just come into the register."""
    case = FacilityCase(facility.id, facility.kind, at)
    made = facility.made.isoformat() if facility.made else None
    served = facility.serviced.isoformat() if facility.serviced else None
    return dated(replace(case, made=made, last_service=served), span)


def agreed(case: FacilityCase, facility: Facility, span: LifeSpan | None) -> FacilityCase:
    """The case with what the site's folder says now; the later word on a date counts."""
    made = _latest(case.made, facility.made)
    served = _latest(case.last_service, facility.serviced)
    return dated(replace(case, kind=facility.kind, made=made, last_service=served), span)


def _latest(known: str | None, said: date | None) -> str | None:
    days = [day for day in (known, said.isoformat() if said else None) if day is not None]
    return max(days, default=None)


def dated(case: FacilityCase, span: LifeSpan | None) -> FacilityCase:
    """With its next service and its end of life."""
    if span is None:
        return replace(case, next_service=None, scrap_on=None)
    made = None if case.made is None else date.fromisoformat(case.made)
    served = None if case.last_service is None else date.fromisoformat(case.last_service)
    following = None
    if span.service is not None and served is not None and (made is None or served > made):
        following = later(served, span.service)
    elif made is not None and (first := span.first_service or span.service) is not None:
        following = later(made, first)
    scrap = later(made, span.scrap) if made is not None and span.scrap is not None else None
    return replace(
        case,
        next_service=following.isoformat() if following else None,
        scrap_on=scrap.isoformat() if scrap else None,
    )


def state(case: FacilityCase, today: date) -> FacilityState:
    """What the dates and the last check come to."""
    if case.ok is False:
        return "broken"
    ends = [date.fromisoformat(day) for day in (case.next_service, case.scrap_on) if day is not None]
    if any(day <= today for day in ends):
        return "overdue"
    return "soon" if any(day <= today + SOON for day in ends) else "good"
