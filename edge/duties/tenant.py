"""Duties as a tenant of step 4: they come due once, are proved, reminded of, done, missed and made up. Pure.

The calendar is only believed on a trusted clock. An occurrence is known by its local time, so that neither a restart
nor a step of the clock makes it come twice.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from operator import eq, gt, lt
from typing import Any, Final

from edge.domain.conclusion import Conclusion, Happened
from edge.domain.device import Point
from edge.domain.fact import Fact, Numbering
from edge.domain.instant import DAY, MINUTE, SECOND, Instant
from edge.domain.obligation import Duty, DutyBook, SensorProof
from edge.domain.occurrence import (
    TO_DO,
    AddDutyPhoto,
    CheckFacilities,
    DoDuty,
    DutyRequest,
    DutyState,
    FacilityCase,
    MarkStop,
    Occurrence,
    Round,
    StartRound,
    UploadReader,
    WaiveDuty,
    Why,
)
from edge.domain.reading import Arrival, Purpose, Quality, Reading
from edge.duties.acts import Acts
from edge.duties.calendar import HORIZON, LOOK_BACK, Calendar
from edge.duties.ledger import Ledger
from edge.duties.register import Register

CALENDAR: Final = "calendar"
"""Id and kind of the one case that says how far the calendar has been looked at."""
_SET_BACK: Final = 2 * MINUTE  # how far a clock must go back before a miss is taken back
_LOOK: Final = MINUTE  # at the latest, so that a clock that was set is noticed
_BLIND: Final = 20 * SECOND  # on a clock that cannot be trusted
_COMPARE: Final = {"below": lt, "above": gt, "equal": eq}


class Duties:
    """See `edge.domain.conclusion.Tenant`.

    points: all of the hub, for the built-in ones of the duties. who: people that a target means at a moment and place.
    roles: of a person. person: account of somebody a reader's file names, None for a stranger.
    """

    kinds: tuple[str, ...] = ("duty", "round", "facility", CALENDAR)
    requests: tuple[type[Any], ...] = (
        StartRound, MarkStop, DoDuty, WaiveDuty, AddDutyPhoto, UploadReader, CheckFacilities,
    )  # fmt: skip
    remembers: Mapping[str, int] = {"duty": LOOK_BACK, "round": LOOK_BACK}

    def __init__(
        self,
        book: DutyBook,
        calendar: Calendar,
        points: Mapping[str, Point],
        numbering: Numbering,
        who: Callable[[str, Instant, str], Collection[str]],
        roles: Callable[[str], Collection[str]],
        person: Callable[[str], str | None],
    ) -> None:
        self._book = book
        self._calendar = calendar
        self._who = who
        self._ledger = Ledger(book, points, numbering)
        self._register = Register(book, self._ledger, calendar)
        self._acts = Acts(book, self._ledger, self._register, calendar, roles, person)
        self._by_point: dict[str, list[tuple[str, SensorProof]]] = {}
        self._by_fact: dict[str, list[tuple[str, SensorProof]]] = {}
        for duty in book.duties.values():
            if duty.proof is not None and duty.proof.point is not None:
                self._by_point.setdefault(duty.proof.point, []).append((duty.id, duty.proof))
            elif duty.proof is not None and duty.proof.fact is not None:
                self._by_fact.setdefault(duty.proof.fact, []).append((duty.id, duty.proof))
        self._upto: int | None = None  # µs UTC: every occurrence up to here is known
        self._begun = 0  # when the calendar was first looked at
        self._marked = 0  # what of `_upto` is on record
        self._awake: int | None = None  # µs UTC of the first look of this run
        self._looked: Instant | None = None  # the last look on a clock to be believed
        self._ahead = (0, 0)  # (looked at, next start): valid while the clock stands between them
        self._look_at = 0  # mono µs

    # ---- the tenant -----------------------------------------------------------------------------------------------

    def restore(self, rows: Sequence[Mapping[str, Any]], now: Instant) -> Conclusion:
        """Take up what is open and what was closed lately; each duty's point says anew how it stands."""
        out = self._ledger.begin(now)
        for row in rows:
            if "from_at" in row:
                self._ledger.keep(Occurrence.from_dict(row))
            elif "stops" in row:
                walk = Round.from_dict(row)
                self._ledger.rounds[walk.occurrence] = walk
            elif "upto" in row:
                self._upto, self._begun, self._marked = row["upto"], row["opened_at"], row["upto"]
            else:
                self._register.restore(FacilityCase.from_dict(row))
        for duty in self._book.duties:
            self._ledger.show(duty)
        self._acts.report_again()
        self._look_at = now.mono
        return out

    def heeds(self, reading: Reading) -> bool:
        """See `Heeding`: readings that prove a duty."""
        return reading.point.id in self._by_point

    def conclude(self, happened: Happened, now: Instant) -> Conclusion:
        """Proofs and findings of this step, then the calendar."""
        out = self._ledger.begin(now)
        for fact in happened.facts:
            self._heard(fact)
        for reading in happened.readings if self._by_point else ():
            self._read(reading)
        if now.mono >= self._look_at:
            self._look_at = now.mono + (self._look(now) if now.trusted else _BLIND)
        return out

    def act(self, request: DutyRequest, now: Instant) -> Conclusion:
        """Carry out what a person asks; raises Refusal."""
        out = self._ledger.begin(now)
        out.subject = self._acts.act(request)
        return out

    def next_due(self) -> int | None:
        """When the calendar is looked at again."""
        return self._look_at

    # ---- what others tell -----------------------------------------------------------------------------------------

    def _heard(self, fact: Fact) -> None:
        # a drill that ran out of time, or gave way to an alarm, was not held
        held = (
            fact.body.get("purpose", Purpose.LIVE) != Purpose.TEST and fact.body.get("state") != "unfinished"
        )
        for duty, proof in self._by_fact.get(fact.kind, ()) if held else ():
            if proof.met_by(fact.body):
                self._ledger.prove(duty, fact.time, fact.body.get("all_since") or 0 if proof.whole else None)
        found = self._ledger.linked(fact) if fact.subject == "hazard" else None
        if found is not None and not self._register.link(found[0], found[2]):
            self._ledger.link(*found)

    def _read(self, reading: Reading) -> None:
        proofs = self._by_point.get(reading.point.id, ())
        live = reading.arrival is Arrival.LIVE and reading.purpose is Purpose.LIVE
        if not proofs or not live or reading.quality is not Quality.GOOD or reading.value is None:
            return
        for duty, proof in proofs:
            if isinstance(reading.value, str) is isinstance(proof.value, str) and _COMPARE[proof.op](
                reading.value, proof.value
            ):
                self._ledger.prove(duty, reading.time)

    # ---- the calendar ---------------------------------------------------------------------------------------------

    def _look(self, now: Instant) -> int:
        """What has come due, what is over; µs until the next look."""
        if self._awake is None or now.utc < self._awake:
            self._awake = now.utc
            self._register.agree()
        self._take_back(now)
        self._come_due(now)
        self._looked = now
        for case in list(self._ledger.open.values()):
            if case.state in TO_DO:
                self._time(case, now)
        self._register.look()
        ends = [self._next(case) for case in self._ledger.open.values() if case.state in TO_DO]
        return max(SECOND, min([_LOOK, self._next_start(now) - now.utc, *(end - now.utc for end in ends)]))

    def _take_back(self, now: Instant) -> None:
        """A clock that was set ahead and is right again: what is still to come was not missed."""
        if self._upto is not None and now.utc < self._upto - _SET_BACK:
            for case in list(self._ledger.occurrences.values()):
                if case.state is DutyState.MISSED and case.until_at > now.utc:
                    self._ledger.reopen(case)

    def _come_due(self, now: Instant) -> None:
        if self._upto is None:  # a new hub has missed nothing: only what runs just now is due
            self._begun = self._upto = now.utc
            planned = self._calendar.between(now.utc - LOOK_BACK, now.utc)
            planned = [each for each in planned if each.until_at > now.utc]
            self._mark("calendar.begun")
        else:
            since = min(self._upto, now.utc)
            earliest = self._run_since(now)
            if since < earliest:
                self._mark("calendar.skipped", since)
                since = earliest
            if now.utc < self._ahead[1] and since >= self._ahead[0]:
                planned = []
            else:
                planned = self._calendar.between(since, now.utc)
        self._upto = now.utc
        fresh = [each for each in planned if each.id not in self._ledger.occurrences]
        for each in fresh:
            duty = self._book.duties[each.duty]
            self._ledger.due(each, self._people(duty) if each.until_at > now.utc else ())
        if fresh or not self._marked <= now.utc <= self._marked + DAY:
            self._ledger.forget(now.utc - LOOK_BACK)
            self._mark("calendar.kept")

    def _run_since(self, now: Instant) -> int:
        """µs UTC before which nothing comes due any more.

        A clock that was set ahead by years skipped them: only what fell into the time that really passed is due.
        """
        if self._looked is not None:
            passed = now.mono - self._looked.mono
            if now.utc - self._looked.utc - passed > LOOK_BACK:
                return now.utc - passed
        return now.utc - LOOK_BACK

    def _mark(self, kind: str, skipped: int | None = None) -> None:
        """How far the calendar is known stands in the same step as what it made come due."""
        self._marked = self._upto or self._ledger.now.utc
        if kind == "calendar.skipped":
            self._marked = self._ledger.now.utc
        body = {
            "id": CALENDAR,
            "open": True,
            "opened_at": self._begun,
            "upto": self._marked,
            "skipped_from": skipped,
        }
        self._ledger.put_calendar(kind, body)

    def _time(self, case: Occurrence, now: Instant) -> None:
        duty = self._book.duties.get(case.duty)
        if case.until_at <= now.utc:
            if not self._acts.complete(case):
                people = self._people(duty) if duty is not None else ()
                self._ledger.miss(case, self._reason(case), people)
        elif duty is not None and case.reminded_at is None and self._next(case) <= now.utc:
            reminded = replace(case, reminded_at=now.utc, told=tuple(self._people(duty)))
            self._ledger.put("duty.reminded", reminded)

    def _next(self, case: Occurrence) -> int:
        """When the occurrence wants to be looked at, µs UTC."""
        duty = self._book.duties.get(case.duty)
        if duty is None or not duty.remind or case.reminded_at is not None:
            return case.until_at
        return case.until_at - round(duty.remind * SECOND)

    def _reason(self, case: Occurrence) -> Why | None:
        if self._awake is not None and case.until_at <= self._awake:
            return "hub_off"
        return "clock" if case.opened_at >= case.until_at else None

    def _next_start(self, now: Instant) -> int:
        looked, start = self._ahead
        if not looked <= now.utc < start:
            coming = self._calendar.between(now.utc, now.utc + HORIZON)
            start = coming[0].from_at if coming else now.utc + HORIZON
            self._ahead = (now.utc, start)
        return start

    def _people(self, duty: Duty) -> list[str]:
        found = (id for target in duty.crew for id in self._who(target, self._ledger.now, duty.zone))
        return list(dict.fromkeys(id for id in found if id))
