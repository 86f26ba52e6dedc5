"""What people do about duties: rounds with their stops, the checklist, photos, waiving, a reader's file. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from edge.domain.hazard import MANAGERS
from edge.domain.instant import DAY, MINUTE
from edge.domain.names import Text
from edge.domain.obligation import Checkpoint, DutyBook, Route
from edge.domain.occurrence import (
    FULFILLED,
    TO_DO,
    AddDutyPhoto,
    CheckFacilities,
    DoDuty,
    DutyPhoto,
    DutyRequest,
    DutyState,
    How,
    MarkStop,
    Occurrence,
    Round,
    StartRound,
    Stop,
    UploadReader,
    WaiveDuty,
)
from edge.domain.request import Refusal
from edge.domain.zones import within
from edge.duties import reader, rounds
from edge.duties.calendar import LOOK_BACK, Calendar
from edge.duties.ledger import Ledger
from edge.duties.register import Register

EARLY: Final = 15 * MINUTE  # a phone's or reader's clock may be this much behind
AHEAD: Final = 2 * MINUTE  # … or ahead
KEPT_ELSEWHERE: Final = 2 * MINUTE  # a stop told later than this was kept on a phone or reader meanwhile
LATE_WORD: Final = DAY  # how long after the end (or after the hub was back) a person may say "it was in time"
LATE_PHOTO: Final = DAY  # how long after the work a picture still proves it
MOST_PHOTOS: Final = 30
_FOUND: Final = DAY  # how long after a restart a finding without a hazard is reported again


class Acts:
    """Carries out requests on the ledger of the step."""

    def __init__(
        self,
        book: DutyBook,
        ledger: Ledger,
        register: Register,
        calendar: Calendar,
        roles: Callable[[str], Collection[str]],
        person: Callable[[str], str | None],
    ) -> None:
        self._book = book
        self._ledger = ledger
        self._register = register
        self._calendar = calendar
        self._roles = roles
        self._person = person

    def act(self, request: DutyRequest) -> Mapping[str, Any]:
        """The case as it then stands, or what became of a file's lines; raises Refusal."""
        match request:
            case StartRound():
                case = self._to_do(request.occurrence)
                self._start(case, request.by, self._time(case, request.at))
            case MarkStop():
                case = self._unfinished(request.occurrence)
                self._mark(case, request)
            case DoDuty():
                case = self._unfinished(request.occurrence, request)
                self._do(case, request)
            case WaiveDuty():
                case = self._to_do(request.occurrence)
                if not MANAGERS & set(self._roles(request.by)):
                    raise Refusal("not_manager", "a manager says what need not be done")
                if not request.reason.strip():
                    raise Refusal("reason_required", "say why it need not be done")
                self._ledger.waive(case, request.by, request.reason.strip())
            case AddDutyPhoto():
                self._photo(self._case(request.occurrence), request)
            case UploadReader():
                return self._upload(request)
            case CheckFacilities():
                return self._register.check(request)
        return self._ledger.occurrences[request.occurrence].to_dict()

    def complete(self, case: Occurrence, by: str | None = None) -> bool:
        """Its window is over: done after all where every stop was reached and nobody has to tick anything.

        by: who says so later.
        """
        walk = self._ledger.rounds.get(case.id)
        duty = self._book.duties.get(case.duty)
        if walk is None or duty is None or walk.missing or duty.tasks or duty.facilities:
            return False
        self._ledger.fulfil(
            case,
            walk.stops[-1].at,
            walk.stops[-1].by,
            self._ledger.grade(case),
            in_time=self._in_time(case, by),
        )
        return True

    def report_again(self) -> None:
        """After a restart: what was found, and was not passed on before the hub stopped."""
        since = self._ledger.now.utc - _FOUND
        for walk in self._ledger.rounds.values():
            for stop in walk.stops:
                if not stop.ok and stop.by and stop.hazard is None and stop.at >= since:
                    point = self._book.checkpoints.get(stop.id)
                    place = point.name if point is not None else Text(stop.id, stop.id)
                    where = (walk.id, point.zone if point is not None else "", place)
                    title = Text("巡查发现问题", "Found on a round")
                    self._ledger.report(stop.by, stop.id, where, title, "facility", None)
        for case in self._ledger.occurrences.values():
            duty = self._book.duties.get(case.duty)
            for task in duty.tasks if duty is not None and (case.done_at or 0) >= since else ():
                if case.ticks.get(task.id) == "not_ok" and task.id not in case.hazards and case.done_by:
                    where = (case.id, case.zone, case.place)
                    self._ledger.report(case.done_by, task.id, where, task.text, task.category, None)

    # ---- rounds ---------------------------------------------------------------------------------------------------

    def _start(self, case: Occurrence, by: str | None, at: int) -> Round:
        route = self._route(case)
        if route is None:
            raise Refusal("no_round", "this duty is no round")
        if (walk := self._ledger.rounds.get(case.id)) is not None:
            return walk
        made = Round(
            "rd-" + case.id.removeprefix("du-"), case.duty, case.id, by, at, missing=tuple(route.stops)
        )
        walk = self._ledger.put_round("round.started", made, by)
        state = DutyState.UNDER_WAY if case.state is DutyState.DUE else case.state
        self._ledger.put("duty.started", replace(case, round=walk.id, state=state), by)
        return walk

    def _mark(self, case: Occurrence, request: MarkStop) -> None:
        route = self._route(case)
        point = self._read(request)
        if route is None:
            self._be_there(case, point, request)
            return
        if point is None or point.id not in route.stops:
            raise Refusal("unknown_code", "this tag is none of this round's checkpoints")
        at = self._time(case, request.at)
        if request.finding is not None and not request.finding.title.strip():
            raise Refusal("reason_required", "say what was found")
        stop = Stop(point.id, at, request.how, request.by, ok=request.finding is None)
        kind = "round.stop" if self._ledger.now.utc - at < KEPT_ELSEWHERE else "round.uploaded"
        self._reach(case, route, [stop], kind, request.by, request.note)
        if request.finding is not None:
            walk = self._ledger.rounds[case.id]
            title = request.finding.title.strip()
            where = (walk.id, point.zone, point.name)
            self._ledger.report(
                request.by, point.id, where, Text(title, title), request.finding.category, request.note,
                suspected=request.finding.suspected,
            )  # fmt: skip

    def _be_there(self, case: Occurrence, point: Checkpoint | None, request: MarkStop) -> None:
        """What was read says where the work of a duty without a round was; a finding there is told by its checklist."""
        if request.how == "said" or request.finding is not None:
            raise Refusal("no_round", "this duty is no round")
        if point is None or not within(point.zone, case.zone):
            raise Refusal("unknown_code", "this tag is none of this duty's place")
        seen = replace(case, seen=point.id, seen_at=self._time(case, request.at))
        self._ledger.put("duty.place", seen, request.by, request.note)

    def _read(self, request: MarkStop) -> Checkpoint | None:
        """The checkpoint that was read, or said."""
        if request.how == "said":
            return self._book.checkpoints.get(request.code.strip())
        return self._book.tagged(request.code) or self._book.linked(request.code)

    def _reach(
        self, case: Occurrence, route: Route, stops: Sequence[Stop], kind: str, by: str, note: str | None
    ) -> int:
        """Put stops into the round of an occurrence, which begins with them; how many were new."""
        walk = self._ledger.rounds.get(case.id) or self._start(case, stops[0].by, min(s.at for s in stops))
        before = walk
        for stop in stops:
            walk = rounds.with_stop(walk, stop)
        if walk == before:
            return 0
        uploaded = self._ledger.now.utc if kind == "round.uploaded" else walk.uploaded_at
        walk = rounds.judged(replace(walk, uploaded_at=uploaded), route, self._former(case))
        self._ledger.put_round(kind, walk, by, note)
        return len(walk.stops) - len(before.stops)

    def _former(self, case: Occurrence) -> list[str]:
        """The order of the last whole round of this duty before this one."""
        walks = [w for w in self._ledger.rounds.values() if w.duty == case.duty and w.occurrence != case.id]
        whole = [w for w in walks if w.stops and not w.missing and w.opened_at < case.until_at]
        last = max(whole, key=lambda w: w.opened_at, default=None)
        return [] if last is None else [stop.id for stop in last.stops]

    def _route(self, case: Occurrence) -> Route | None:
        duty = self._book.duties.get(case.duty)
        return None if duty is None or duty.route is None else self._book.routes[duty.route]

    # ---- done -----------------------------------------------------------------------------------------------------

    def _do(self, case: Occurrence, request: DoDuty) -> None:
        if case.state in FULFILLED:
            return  # the same word twice, from a phone that did not hear the answer
        duty = self._book.duties.get(case.duty)
        at = self._time(case, request.at)
        walk = self._ledger.rounds.get(case.id)
        if self._route(case) is not None:
            if walk is None or walk.missing:
                left = len(walk.missing) if walk is not None else len(self._book.stops(case.duty))
                raise Refusal("stops_missing", f"{left} checkpoints were not reached yet")
            at = walk.stops[-1].at
        tasks = duty.tasks if duty is not None else ()
        ticks = {task.id: request.ticks[task.id] for task in tasks if task.id in request.ticks}
        if len(ticks) < len(tasks):
            raise Refusal("tasks_missing", f"{len(tasks) - len(ticks)} items of the checklist are open")
        if duty is not None and (left := self._register.unchecked(duty.facilities, case.from_at)):
            raise Refusal("unchecked", f"{left} entries of the register were not checked yet")
        case = replace(case, ticks=ticks)
        self._ledger.fulfil(
            case,
            at,
            request.by,
            self._ledger.grade(case),
            request.note,
            in_time=self._in_time(case, request.by),
        )
        for task in tasks:
            if ticks[task.id] == "not_ok" and task.id not in case.hazards:
                where = (case.id, case.zone, case.place)
                note = request.notes.get(task.id)
                self._ledger.report(request.by, task.id, where, task.text, task.category, note)

    def _photo(self, case: Occurrence, request: AddDutyPhoto) -> None:
        if any(photo.id == request.photo for photo in case.photos):
            return
        if len(case.photos) >= MOST_PHOTOS:
            raise Refusal("too_many", f"an occurrence keeps at most {MOST_PHOTOS} photos")
        if case.state is DutyState.WAIVED:
            raise Refusal("closed", "it was waived")
        photo = DutyPhoto(
            request.photo, request.sha256, request.by, self._ledger.now.utc, request.width, request.height,
            request.about,
        )  # fmt: skip
        case = replace(case, photos=(*case.photos, photo))
        if case.state in FULFILLED and self._ledger.now.utc - (case.done_at or 0) <= LATE_PHOTO:
            # it was kept on the phone meanwhile
            case = replace(case, reached=self._ledger.grade(case))
        self._ledger.put("duty.photo", case, request.by)
        if (hazard := case.hazards.get(request.about)) is not None:
            self._ledger.hand_on(hazard, photo)

    # ---- a reader's file ------------------------------------------------------------------------------------------

    def _upload(self, request: UploadReader) -> Mapping[str, Any]:
        """What became of each line. Stops of the same occurrence make one round, also over several files."""
        if request.duty and not self._book.stops(request.duty):
            raise Refusal("no_round", "this duty is no round")
        now = self._ledger.now
        rows, asides = reader.read(request.text, lambda wall: self._calendar.utc(wall, now.utc))
        near = self._by_day(request.duty)
        taken: dict[str, list[Stop]] = {}
        for row in rows:
            point = self._book.tagged(row.code)
            found = self._meant(row.at, point, near.get(row.at // DAY, ()))
            if isinstance(found, str) or point is None:
                asides.append(reader.Aside(row.line, found if isinstance(found, str) else "code", row.text))
                continue
            by = self._person(row.person) if row.person else None
            if row.person and by is None:
                asides.append(reader.Aside(row.line, "person", row.text))
                continue
            # A text is easily written: it proves what another person hands in.
            how: How = "said" if by in {None, request.by} else "reader"
            taken.setdefault(found.id, []).append(Stop(point.id, row.at, how, by))
        new = 0
        for id, stops in taken.items():
            case = self._ledger.occurrences[id]
            route = self._route(case)
            if route is None:
                continue
            new += self._reach(
                case, route, sorted(stops, key=lambda s: s.at), "round.uploaded", request.by, None
            )
            case = self._ledger.occurrences[id]
            if case.state not in FULFILLED:
                self.complete(case, request.by)
        known = sum(map(len, taken.values())) - new
        return {
            "id": "",
            "lines": len(rows) + sum(aside.reason in {"columns", "time"} for aside in asides),
            "new": new,
            "known": known,
            "aside": [
                {"line": aside.line, "reason": aside.reason, "text": aside.text}
                for aside in sorted(asides, key=lambda aside: aside.line)
            ],
            "rounds": [self._ledger.rounds[id].to_dict() for id in taken if id in self._ledger.rounds],
        }

    def _by_day(self, duty: str) -> dict[int, list[Occurrence]]:
        """The rounds that a file can be about, by each day (of UTC) that they touch."""
        days: dict[int, list[Occurrence]] = {}
        for case in self._ledger.occurrences.values():
            fits = (not duty or case.duty == duty) and self._route(case) is not None
            if fits and case.state is not DutyState.WAIVED:
                for day in range((case.from_at - EARLY) // DAY, case.until_at // DAY + 1):
                    days.setdefault(day, []).append(case)
        return days

    def _meant(self, at: int, point: Checkpoint | None, cases: Sequence[Occurrence]) -> Occurrence | str:
        """The one occurrence a read tag belongs to, or why it belongs to none."""
        now = self._ledger.now
        if point is None:
            return "code"
        if now.trusted and at > now.utc + AHEAD:
            return "future"
        if at < now.utc - LOOK_BACK:
            return "old"
        near = [
            case
            for case in cases
            if case.from_at - EARLY <= at <= case.until_at
            and any(stop.id == point.id for stop in self._book.stops(case.duty))
        ]
        inside = [case for case in near if case.from_at <= at] or near
        if not inside:
            return "no_round"
        return inside[0] if len({case.id for case in inside}) == 1 else "several"

    # ---- details --------------------------------------------------------------------------------------------------

    def _case(self, id: str) -> Occurrence:
        case = self._ledger.occurrences.get(id)
        if case is None:
            raise Refusal("not_found", "no occurrence of a duty with this id")
        return case

    def _to_do(self, id: str) -> Occurrence:
        case = self._case(id)
        if not case.open:
            raise Refusal("closed", "this occurrence needs nothing any more")
        return case

    def _unfinished(self, id: str, request: DoDuty | None = None) -> Occurrence:
        """One that can still be done; a missed one also after a later one stands for it: the proof may come late."""
        case = self._case(id)
        if case.state in TO_DO or case.state is DutyState.MISSED:
            return case
        if request is not None and case.state in FULFILLED and case.done_by == request.by:
            return case
        raise Refusal("closed", "this occurrence needs nothing any more")

    def _in_time(self, case: Occurrence, by: str | None) -> bool:
        """Whether a word of `by` that it was done in its time is still believed; a manager's always is, and its own."""
        heard = max(case.until_at, case.missed_at or 0)
        return (
            by is None or self._ledger.now.utc <= heard + LATE_WORD or bool(MANAGERS & set(self._roles(by)))
        )

    def _time(self, case: Occurrence, at: int | None) -> int:
        """When it happened; what a phone says of it must be possible."""
        now = self._ledger.now
        if at is None:
            at = now.utc
        if now.trusted and at > now.utc + AHEAD:
            raise Refusal("bad_time", "this time is still to come: check the clock of the phone")
        if at < case.from_at - EARLY:
            raise Refusal("bad_time", "this is before the duty begins: check the clock")
        return min(at, now.utc) if now.trusted else at
