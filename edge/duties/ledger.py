"""All occurrences and rounds that are remembered, and the one way in which each of them changes. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from edge.domain.conclusion import Conclusion
from edge.domain.device import Point
from edge.domain.fact import Fact, Numbering
from edge.domain.hazard import AddHazardPhoto, Category, ReportHazard
from edge.domain.instant import Instant
from edge.domain.names import Text
from edge.domain.obligation import DutyBook, Grade, Planned
from edge.domain.occurrence import (
    FULFILLED,
    TO_DO,
    DutyPhoto,
    DutyState,
    FacilityCase,
    Occurrence,
    Round,
    Why,
)
from edge.domain.reading import Reading
from edge.duties.builtin import DEVICE

HUB: Final = "hub"


class Ledger:
    """Occurrences by id, rounds by the id of their occurrence. `begin` gives each step its own conclusion.

    points: the built-in points of the duties by their ids.
    """

    def __init__(self, book: DutyBook, points: Mapping[str, Point], numbering: Numbering) -> None:
        self._book = book
        self._points = points
        self._numbering = numbering
        self._expected: dict[
            str, list[str]
        ] = {}  # by id of round, occurrence or facility: what waits for a hazard
        self.occurrences: dict[str, Occurrence] = {}
        self.rounds: dict[str, Round] = {}
        self.open: dict[str, Occurrence] = {}
        self.now = Instant(0, 0)
        self.out = Conclusion()

    def begin(self, now: Instant) -> Conclusion:
        """A new step; its conclusion."""
        self.now = now
        self.out = Conclusion()
        return self.out

    # ---- one way for every change ---------------------------------------------------------------------------------

    def put(self, kind: str, case: Occurrence, by: str | None = None, note: str | None = None) -> Occurrence:
        """The occurrence as it now stands, with the fact that says so."""
        closed = None if case.open else case.closed_at or self.now.utc
        case = replace(case, closed_at=closed)
        self.keep(case)
        self._record(kind, "duty", case.to_dict(), by, note)
        return case

    def put_round(self, kind: str, walk: Round, by: str | None = None, note: str | None = None) -> Round:
        """The round as it now stands, with the fact that says so."""
        self.rounds[walk.occurrence] = walk
        self._record(kind, "round", walk.to_dict(), by, note)
        return walk

    def put_facility(
        self, kind: str, case: FacilityCase, by: str | None = None, note: str | None = None
    ) -> None:
        """The facility as it now stands, with the fact that says so."""
        self._record(kind, "facility", case.to_dict(), by, note)

    def put_calendar(self, kind: str, body: Mapping[str, Any]) -> None:
        """How far the calendar has been looked at."""
        self._record(kind, "calendar", body, None, None)

    def keep(self, case: Occurrence) -> None:
        """Remember it as it stands."""
        self.occurrences[case.id] = case
        if case.open:
            self.open[case.id] = case
        else:
            self.open.pop(case.id, None)

    def _record(
        self, kind: str, subject: str, body: Mapping[str, Any], by: str | None, note: str | None
    ) -> None:
        self.out.facts.append(Fact(self._numbering.next(), kind, self.now.utc, by, subject, body, note))

    # ---- the life of an occurrence --------------------------------------------------------------------------------

    def due(self, planned: Planned, told: Collection[str]) -> Occurrence:
        """It has come due."""
        duty = self._book.duties[planned.duty]
        case = Occurrence(
            id=planned.id, duty=duty.id, title=duty.title, kind=duty.kind, opened_at=self.now.utc,
            from_at=planned.from_at, until_at=planned.until_at, evidence=duty.evidence, crew=duty.crew,
            zone=duty.zone, place=duty.place, told=tuple(told),
        )  # fmt: skip
        return self.put("duty.due", case)

    def fulfil(
        self, case: Occurrence, at: int, by: str | None, reached: Grade, note: str | None = None,
        *, in_time: bool = True,
    ) -> Occurrence:  # fmt: skip
        """Done, or made up where `at` is after its end, or told too late to be believed; an alarm about it ends."""
        made_up = at > case.until_at or not in_time
        late = case.state is DutyState.MISSED and not made_up
        if late:  # it was in time after all: the miss is taken back, the journal has both
            case = replace(case, missed_at=None, reason=None, superseded_by=None)
        state = DutyState.MADE_UP if made_up else DutyState.DONE
        done = replace(case, state=state, done_at=at, done_by=by, late=late, reached=reached)
        self._end_round(case, by, at)
        done = self.put("duty.made_up" if made_up else "duty.done", done, by, note)
        self._supersede(done)
        self.show(case.duty)
        return done

    def miss(self, case: Occurrence, reason: Why | None, told: Collection[str]) -> None:
        """Its time is over. A new miss is told anew, although an earlier one may stand."""
        missed = replace(
            case, state=DutyState.MISSED, missed_at=self.now.utc, reason=reason, told=tuple(told)
        )
        missed = self.put("duty.missed", missed)
        if self._supersede(missed):
            self._read(case.duty, value=False)
        self.show(case.duty)

    def reopen(self, case: Occurrence) -> None:
        """Its end is still to come: the clock had been set too far ahead when it was missed."""
        fresh = replace(
            case, state=DutyState.DUE, opened_at=self.now.utc, missed_at=None, reason=None, superseded_by=None,
            closed_at=None, told=(),
        )  # fmt: skip
        self.put("duty.reopened", fresh)
        self.show(case.duty)

    def forget(self, before: int) -> None:
        """Drop from memory what was closed before then (µs UTC); the journal keeps it."""
        for case in [c for c in self.occurrences.values() if not c.open and (c.closed_at or 0) < before]:
            del self.occurrences[case.id]
            self.rounds.pop(case.id, None)

    def waive(self, case: Occurrence, by: str, reason: str) -> Occurrence:
        """It need not be done."""
        self._end_round(case, by)
        case = self.put("duty.waived", replace(case, state=DutyState.WAIVED, waived_by=by), by, reason)
        self.show(case.duty)
        return case

    def _supersede(self, later: Occurrence) -> bool:
        """Earlier misses of the same duty need nobody any more."""
        earlier = [
            case
            for case in self.open.values()
            if case.duty == later.duty and case.state is DutyState.MISSED and case.from_at < later.from_at
        ]
        for case in earlier:
            self._end_round(case)
            self.put("duty.superseded", replace(case, superseded_by=later.id))
        return bool(earlier)

    def _end_round(self, case: Occurrence, by: str | None = None, at: int | None = None) -> None:
        """Nobody walks it any more; at: when its last stop was reached."""
        walk = self.rounds.get(case.id)
        if walk is not None and (walk.open or (at is not None and walk.finished_at is None)):
            ended = replace(walk, open=False, finished_at=at, closed_at=self.now.utc)
            self.put_round("round.finished" if at is not None else "round.left", ended, by)

    def show(self, duty: str) -> None:
        """Have the duty's point say whether a miss of it stands."""
        stands = (case.state is DutyState.MISSED for case in self.open.values() if case.duty == duty)
        self._read(duty, value=any(stands))

    def _read(self, duty: str, *, value: bool) -> None:
        point = self._points.get(f"{DEVICE}.{duty}")
        if point is not None:
            self.out.readings.append(Reading(point, value, self.now.utc, self.now.utc))

    # ---- findings -------------------------------------------------------------------------------------------------

    def report(
        self, by: str, about: str, where: tuple[str, str, Text], title: Text, category: Category,
        note: str | None, *, suspected: bool = False,
    ) -> None:  # fmt: skip
        """Have a finding become a hazard. about: the task or stop; where: (source id, zone, place)."""
        source, zone, place = where
        self._expected.setdefault(source, []).append(about)
        self.out.requests.append(
            ReportHazard(
                by=by,
                title=title,
                category=category,
                place=place,
                zone=zone,
                source="round",
                source_id=source,
                suspected=suspected,
                note=note,
            )
        )

    def linked(self, fact: Fact) -> tuple[str, str, str] | None:
        """(source id, about, hazard) where a fact says what a finding has become."""
        sources = fact.body.get("sources") or ()
        if fact.kind not in {"hazard.reported", "hazard.source"} or not sources:
            return None
        source = sources[-1]["id"]
        if source not in self._expected:
            return None
        about = self._expected[source].pop(0)
        if not self._expected[source]:
            del self._expected[source]
        return source, about, fact.body["id"]

    def link(self, source: str, about: str, hazard: str) -> None:
        """A finding of a round or an occurrence has become a hazard; its photos go there too."""
        walk = next((walk for walk in self.rounds.values() if walk.id == source), None)
        case = self.occurrences.get(walk.occurrence if walk is not None else source)
        if case is None:
            return
        if walk is not None:
            stops = tuple(replace(s, hazard=hazard) if s.id == about else s for s in walk.stops)
            self.put_round("round.found", replace(walk, stops=stops))
        case = self.put("duty.found", replace(case, hazards={**case.hazards, about: hazard}))
        for photo in case.photos:
            if photo.about == about:
                self.hand_on(hazard, photo)

    def hand_on(self, hazard: str, photo: DutyPhoto) -> None:
        """A photo of a finding belongs to its hazard as well."""
        self.out.requests.append(
            AddHazardPhoto(hazard, photo.by, photo.id, "before", photo.sha256, photo.width, photo.height)
        )

    # ---- proof ----------------------------------------------------------------------------------------------------

    def grade(self, case: Occurrence) -> Grade:
        """How well it is proved as it stands."""
        if case.proved_at is not None:
            return "A"
        walk = self.rounds.get(case.id)
        if walk is not None and not walk.missing:
            return "C" if any(stop.how == "said" for stop in walk.stops) else "B"
        return "B" if case.photos and case.seen_at is not None else "C"  # a picture alone may be of anywhere

    def prove(self, duty: str, at: int, begun: int | None = None) -> None:
        """A sensor or a record of the hub shows that it was done at `at`; begun: µs UTC, where it took its time."""
        wanted = [
            case
            for case in self.occurrences.values()
            if case.duty == duty
            and case.proved_at is None
            and case.from_at <= (at if begun is None else begun)
            and case.from_at <= at <= case.until_at
        ]
        for case in wanted:
            if case.state in TO_DO:
                proved = self.put("duty.proved", replace(case, proved_at=at))
                if not self.asks(case):
                    self.fulfil(proved, at, None, "A")
            elif case.state in FULFILLED:
                self.put("duty.proved", replace(case, proved_at=at, reached="A"))

    def asks(self, case: Occurrence) -> bool:
        """Whether a person has to do something for it besides what the hub sees itself."""
        duty = self._book.duties.get(case.duty)
        return duty is None or bool(duty.tasks or duty.route or duty.facilities)
