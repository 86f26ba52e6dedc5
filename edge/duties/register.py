"""The register of fire facilities over time: checks, and services and ends of life that come near. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from edge.domain.hazard import HUB, ReportHazard
from edge.domain.names import Text
from edge.domain.obligation import DutyBook, Facility
from edge.domain.occurrence import CheckFacilities, FacilityCase
from edge.domain.request import Refusal
from edge.duties import facilities
from edge.duties.calendar import Calendar
from edge.duties.ledger import Ledger

_OVER: Final = Text("消防器材超期未维修或应报废", "Fire facility past its service or end of life")
_BROKEN: Final = Text("消防器材检查不合格", "Fire facility not in order")
_KINDS: Final = {
    "good": "facility.good", "soon": "facility.soon", "overdue": "facility.overdue", "broken": "facility.checked",
}  # fmt: skip


class Register:
    """All entries as they stand."""

    def __init__(self, book: DutyBook, ledger: Ledger, calendar: Calendar) -> None:
        self._book = book
        self._ledger = ledger
        self._calendar = calendar
        self._cases: dict[str, FacilityCase] = {}
        self._looked: date | None = None

    def restore(self, case: FacilityCase) -> None:
        """As it stood before a restart."""
        self._cases[case.id] = case

    def agree(self) -> None:
        """Take up what the site's folder says: new entries, other dates, and those that are gone."""
        self._looked = None
        for facility in self._book.facilities.values():
            known = self._cases.get(facility.id)
            span = self._book.spans.get(facility.kind)
            case = facilities.begun(facility, span, self._ledger.now.utc) if known is None \
                else facilities.agreed(known, facility, span)  # fmt: skip
            if case != known:
                self._put("facility.listed", case)
        for id in [id for id in self._cases if id not in self._book.facilities]:
            self._ledger.put_facility("facility.removed", replace(self._cases.pop(id), open=False))

    def look(self) -> None:
        """Once a day: what is near or over; a hazard is proposed where it is over."""
        today = self._calendar.local(self._ledger.now.utc).date()
        if today == self._looked:
            return
        self._looked = today
        for case in list(self._cases.values()):
            state = facilities.state(case, today)
            if state != case.state:
                self._become(_KINDS[state], replace(case, state=state))

    def unchecked(self, kinds: Collection[str], since: int) -> int:
        """How many entries of these kinds nobody has looked at since then (µs UTC)."""
        own = (case for case in self._cases.values() if case.kind in kinds)
        return sum(case.checked_at is None or case.checked_at < since for case in own)

    def check(self, request: CheckFacilities) -> Mapping[str, Any]:
        """What a person found; Refusal for entries unknown or days that cannot be."""
        today = self._calendar.local(self._ledger.now.utc).date()
        unknown = next((id for id in request.facilities if id not in self._cases), None)
        if unknown is not None or not request.facilities:
            raise Refusal("not_found", f"the register has no entry {(unknown or '')[:63]!r}")
        if not request.ok and not (request.note or "").strip():
            raise Refusal("reason_required", "say what is not in order")
        made, served = _day(request.made, today), _day(request.serviced, today)
        for id in request.facilities:
            case = self._cases[id]
            case = replace(
                case,
                checked_at=self._ledger.now.utc,
                checked_by=request.by,
                ok=request.ok,
                made=made or case.made,
                last_service=None if made else case.last_service,
            )
            if served:
                case = replace(case, last_service=served)
            case = facilities.dated(case, self._book.spans.get(case.kind))
            case = replace(case, state=facilities.state(case, today))
            self._become("facility.checked", case, request.by, request.note)
            if not request.ok:
                self._report(self._book.facilities[id], request)
        return {
            "id": request.facilities[0],
            "items": [self._cases[id].to_dict() for id in request.facilities],
        }

    def link(self, source: str, hazard: str) -> bool:
        """A finding at an entry has become a hazard; False where the source is no entry."""
        if source not in self._cases:
            return False
        self._put("facility.found", replace(self._cases[source], hazard=hazard))
        return True

    def _become(self, kind: str, case: FacilityCase, by: str | None = None, note: str | None = None) -> None:
        """The entry in its new state, whoever says so; a hazard is proposed where it has come to be overdue."""
        before = self._cases[case.id].state
        self._put(kind, case, by, note)
        if case.state == "overdue" != before:
            self._propose(self._book.facilities[case.id])

    def _put(self, kind: str, case: FacilityCase, by: str | None = None, note: str | None = None) -> None:
        self._cases[case.id] = case
        self._ledger.put_facility(kind, case, by, note)

    def _report(self, facility: Facility, request: CheckFacilities) -> None:
        span = self._book.spans.get(facility.kind)
        name = Text(f"{_BROKEN.zh}:{facility.name.zh}", f"{_BROKEN.en}: {facility.name.en}")
        where = (facility.id, facility.zone, facility.place)
        category = span.category if span is not None else "facility"
        self._ledger.report(request.by, facility.id, where, name, category, request.note)

    def _propose(self, facility: Facility) -> None:
        """A draft: whether it really hangs there unserviced is for a person to say."""
        name = Text(f"{_OVER.zh}:{facility.name.zh}", f"{_OVER.en}: {facility.name.en}")
        span = self._book.spans.get(facility.kind)
        self._ledger.out.requests.append(
            ReportHazard(
                by=HUB,
                title=name,
                category=span.category if span is not None else "facility",
                place=facility.place,
                zone=facility.zone,
                source="round",
                source_id=facility.id,
                draft=True,
            )
        )


def _day(text: str | None, today: date) -> str | None:
    """A day as ISO text; Refusal for what is none, or still to come."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Refusal("bad_time", "a day is written as 2026-11-23") from None
    if day > today:
        raise Refusal("bad_time", "this day is still to come")
    return day.isoformat()
