"""The register of hazards: a tenant of step 4. Facts carry the whole hazard; what they ask of crews is work orders."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import time
from typing import Any, Final, get_args

from edge.domain.alarm import Alarm
from edge.domain.conclusion import Conclusion, Happened
from edge.domain.fact import Fact, Numbering, Seq
from edge.domain.hazard import (
    ENDS,
    HUB,
    AssignHazard,
    Grade,
    Hazard,
    HazardRequest,
    HazardState,
    Reinspect,
    ReportHazard,
)
from edge.domain.hazard_parts import NOTHING
from edge.domain.hazard_rules import HazardPolicy, HazardRule, Unit
from edge.domain.instant import MINUTE, SECOND, Instant
from edge.domain.reading import Purpose, Reading
from edge.domain.request import Refusal
from edge.domain.rule import AlarmRule
from edge.domain.timers import NEVER, resumed
from edge.hazards import crews, nuisance, sources
from edge.hazards.book import Book, Entry
from edge.hazards.proof import trusted
from edge.hazards.sensors import Sensors
from edge.hazards.steps import Ground, cancelled, regraded, sent_back, stepped, timed

_AGAIN: Final = {f"alarm.{how}" for how in ("raised", "risen", "reannunciated", "unshelved", "released")}
_ASKED: Final = (
    5 * MINUTE
)  # then an order that has not come is asked for again: the journal may have been sick


class Hazards:
    """All open hazards, and for a week those that were closed. One instance, called from one thread.

    alarms: the open ones as they stand. category: of a device's profile, by its id. roles: of a person, as the roster
    has them. elements: ids of the list of major hazards. local: what the site's clocks show at µs UTC.
    """

    kinds: tuple[str, ...] = ("hazard", "nuisance")
    requests: tuple[type[Any], ...] = get_args(HazardRequest)

    def __init__(
        self,
        numbering: Numbering,
        policy: HazardPolicy,
        units: Sequence[Unit],
        elements: Collection[str],
        rules: Iterable[AlarmRule],
        alarms: Callable[[], Iterable[Alarm]],
        category: Callable[[str], str],
        roles: Callable[[str], Collection[str]],
        local: Callable[[int], time],
    ) -> None:
        self.remembers: Mapping[str, int] = {"hazard": _micros(policy.repeat)}
        self._numbering = numbering
        self._policy = policy
        self._origins = sources.Origins(policy, units, category, alarms)
        self._elements = elements
        self._sensors = Sensors(rules, alarms, local)
        self._alarms = alarms
        self._roles = roles
        self._book = Book()
        self._past: dict[str, tuple[Hazard, int]] = {}  # closed ones, and until when they count (mono µs)
        self._falses = nuisance.FalseAlarms(policy.nuisance)

    # ---- tenant ---------------------------------------------------------------------------------------------------

    def restore(self, rows: Sequence[Mapping[str, Any]], now: Instant) -> Conclusion:
        """Open hazards with what is left of their time, closed ones of the last week; counted readings begin anew."""
        told = Conclusion()
        for row in rows:
            if "times" in row:
                self._falses.restore(row)
                continue
            hazard = Hazard.from_dict(row)
            told.requests += crews.unfinished(hazard)
            if hazard.open:
                entry = Entry(hazard, done=now.mono)
                self._wind(entry, now)
                self._book.put(entry)
            elif hazard.closed_at is not None:
                self._remember(hazard, now)
        return told

    def heeds(self, reading: Reading) -> bool:
        """See `Heeding`: readings that may prove that a cause is gone."""
        return len(self._book) > 0 and bool(self._book.proving(reading.point.id))

    def conclude(self, happened: Happened, now: Instant) -> Conclusion:
        """Hazards that alarms and verdicts show, what became of their orders, proofs, and times that are over."""
        told = Conclusion()
        for fact in happened.facts:
            if fact.subject == "alarm" and "signal" in fact.body:
                self._alarm(fact.kind, Alarm.from_dict(dict(fact.body)), now, told)
            elif fact.subject == "order" and "offered" in fact.body:
                self._order(fact, now, told)
        for reading in happened.readings if len(self._book) else ():
            if (waiting := self._book.proving(reading.point.id)) and trusted(reading):
                for entry in waiting:
                    for hazard, kind in self._sensors.shown(entry, reading, now):
                        self._record(entry, hazard, kind, now, told)
        for entry in self._book.fallen_due(now.mono):
            entry.due = NEVER
            late = replace(entry.hazard, overdue=True, remaining=0, climbed=entry.hazard.climbed + 1)
            self._record(entry, late, "hazard.overdue", now, told)
        self._send_crews(now, told)
        return told

    def act(self, request: HazardRequest, now: Instant) -> Conclusion:
        """A person's request; Refusal `closed` for a hazard that is not open."""
        told = Conclusion()
        if isinstance(request, ReportHazard):
            entry = self._report(request, now, told)
        else:
            entry = self._entry(request.hazard)
            before = entry.as_of(now)
            ground = Ground(self._roles, self._origins.due(before), self._elements)
            steps = stepped(before, request, now, ground)
            if isinstance(request, AssignHazard | Reinspect):
                entry.by = request.by
            for hazard, kind, note in steps:
                self._record(entry, hazard, kind, now, told, request.by, note)
                told.requests += crews.follows(before, entry.hazard, kind, request.by)
        self._send_crews(now, told)
        told.subject = entry.hazard.to_dict()
        return told

    def next_due(self) -> int | None:
        """When the next hazard is overdue, or is told of once more."""
        return self._book.next_due()

    def standing(self) -> list[Hazard]:
        """The open hazards."""
        return [entry.hazard for entry in self._book]

    def known(self, id: str) -> Hazard | None:
        """An open hazard, or one closed in the last week."""
        entry = self._book.get(id)
        return entry.hazard if entry is not None else self._past.get(id, (None, 0))[0]

    # ---- reports --------------------------------------------------------------------------------------------------

    def _report(self, request: ReportHazard, now: Instant, told: Conclusion) -> Entry:
        if not request.title.zh.strip() and not request.title.en.strip():
            raise Refusal("reason_required", "say what the hazard is")
        somewhere = request.place != NOTHING or request.zone or request.device or request.alarm
        if request.source != "round" and not somewhere:
            raise Refusal("place_required", "say where it is: a zone, a device or a place in words")
        hazard = self._origins.from_report(_seed(now), request, now)
        rule = self._origins.of_report(request)
        grade = "suspected_major" if request.suspected else rule.grade if rule else None
        by = None if request.by in {"", HUB} else request.by
        known = None if request.separate else self._same(hazard)
        if known is not None:
            self._join(known, hazard, None if request.draft else grade, now, told, by, request.note)
            return known
        entry = self._open(hazard, now, told, by, request.note)
        if grade is not None and not request.draft:
            self._grade(entry, grade, now, told, by)
        return entry

    def _same(self, hazard: Hazard) -> Entry | None:
        found = sources.same_thing((entry.hazard for entry in self._book.alike(hazard)), hazard)
        return None if found is None else self._book.get(found.id)

    def _open(
        self, hazard: Hazard, now: Instant, told: Conclusion, by: str | None = None, note: str | None = None
    ) -> Entry:
        self._past = {id: past for id, past in self._past.items() if past[1] > now.mono}
        former = sources.same_thing((past for past, _ in self._past.values()), hazard)
        seq = self._numbering.next()
        hazard = replace(
            hazard, id=f"hz-{seq.epoch}-{seq.number}", number=seq.number, seq=seq,
            repeat_of=None if former is None else former.id,
        )  # fmt: skip
        hazard = timed(hazard, self._origins.due(hazard).get("grading"))
        entry = Entry(hazard)
        self._record(entry, hazard, "hazard.reported", now, told, by, note, seq)
        return entry

    def _join(
        self, entry: Entry, hazard: Hazard, grade: Grade | None, now: Instant, told: Conclusion,
        by: str | None = None, note: str | None = None,
    ) -> None:  # fmt: skip
        """One more source of what is open; where the work was called done, it was not enough.

        A sensor that goes on and on is counted in memory once there are sources enough: the next fact says how often.
        """
        self._back(entry, "reported_again", now, told)
        before = entry.as_of(now)
        after = sources.joined(before, hazard)
        again = sources.repeats(before, hazard.key)
        if again and len(before.sources) >= ENDS:
            entry.hazard = after
            self._book.put(entry)
            return
        self._record(entry, after, "hazard.source", now, told, by, note)
        if sources.graver(after, grade) and not (again and after.grade is not None):
            self._grade(entry, grade, now, told, by)

    def _back(self, entry: Entry, reason: str, now: Instant, told: Conclusion) -> None:
        """What shows the hazard again, after the work was called done, sends it back."""
        before = entry.as_of(now)
        if before.state is HazardState.RECTIFIED:
            back = sent_back(before, reason, self._origins.due(before))
            self._record(entry, back, "hazard.sent_back", now, told)
            told.requests += crews.follows(before, back, "hazard.sent_back", "")

    def _grade(self, entry: Entry, grade: Any, now: Instant, told: Conclusion, by: str | None) -> None:
        """What a rule or a report says of it: at most suspected."""
        before = entry.as_of(now)
        hazard = replace(before, grade=grade, graded_at=now.utc, graded_by=by)
        if hazard.state is not HazardState.RECTIFIED:
            hazard = regraded(before, hazard, self._origins.due(hazard).get(grade), free=False)
        self._record(entry, hazard, "hazard.graded", now, told, by)

    # ---- alarms and verdicts --------------------------------------------------------------------------------------

    def _alarm(self, kind: str, alarm: Alarm, now: Instant, told: Conclusion) -> None:
        if alarm.purpose is not Purpose.LIVE:
            return
        if kind in _AGAIN and alarm.active and alarm.suppression is None:
            for entry in self._book.of_key(alarm.key):
                self._back(entry, "in_alarm_again", now, told)
            if (rule := self._origins.of_alarm("alarm", alarm)) is not None:
                self._shown(alarm, rule, now, told)
        if kind == "alarm.verdict":
            for entry in self._book.of_source(alarm.id):
                if alarm.verdict is not None and sources.retracts(entry.hazard, alarm):
                    before = entry.as_of(now)
                    gone = cancelled(before, f"verdict_{alarm.verdict.kind}", now)
                    self._record(entry, gone, "hazard.cancelled", now, told, alarm.verdict.by)
                    told.requests += crews.follows(before, gone, "hazard.cancelled", alarm.verdict.by)
            # A verdict on what is closed corrects the record: nothing is to be done because of it.
            if alarm.open and (rule := self._origins.of_alarm("verdict", alarm)) is not None:
                self._shown(alarm, rule, now, told)
            self._judged(alarm, now, told)

    def _shown(self, alarm: Alarm, rule: HazardRule, now: Instant, told: Conclusion) -> None:
        """An alarm, or the verdict on one, shows a hazard: a new one, or one more source."""
        told_as = (alarm.id, self._origins.kind(alarm, rule))
        known = self._book.of_source(alarm.id)
        if any((each.id, each.kind) == told_as for entry in known for each in entry.hazard.sources):
            return
        hazard = self._origins.from_alarm(_seed(now), alarm, rule, now)
        entry = self._same(hazard)
        if entry is not None:
            graded = entry.hazard.grade is not None and sources.repeats(entry.hazard, alarm.key)
            self._join(entry, hazard, None if rule.draft else rule.grade, now, told)
            if not graded:  # a sensor that had its order sends none again
                self._send(entry, rule, now, told)
            return
        entry = self._open(hazard, now, told)
        if rule.grade is not None and not rule.draft:
            self._grade(entry, rule.grade, now, told, None)
        self._send(entry, rule, now, told)

    def _send(self, entry: Entry, rule: HazardRule, now: Instant, told: Conclusion) -> None:
        """What its rule says of crews; nothing where somebody is sent, or was and was called back."""
        hazard = entry.as_of(now)
        if not rule.order or hazard.grade is None or hazard.draft or hazard.orders:
            return
        if hazard.state is HazardState.REPORTED or not hazard.skill:
            given = replace(
                hazard, state=HazardState.ASSIGNED, assigned_at=now.utc, skill=hazard.skill or rule.skill,
                measures=rule.measures if hazard.measures == NOTHING else hazard.measures,
            )  # fmt: skip
            self._record(entry, given, "hazard.assigned", now, told)

    def _judged(self, alarm: Alarm, now: Instant, told: Conclusion) -> None:
        """A false alarm is counted to its device; so many of them are a hazard, and never less of an alarm."""
        case = self._falses.judged(alarm, now)
        if case is None:
            return
        false = alarm.verdict is not None and alarm.verdict.kind == "false"
        if false and self._falses.enough(alarm.device):
            hazard = self._origins.from_falses(_seed(now), alarm, now)
            known = self._same(hazard)
            if known is None:
                case = self._falses.proposed(alarm.device, self._open(hazard, now, told).hazard.id)
            elif all(each.id != alarm.id for each in known.hazard.sources):
                self._join(known, hazard, None, now, told)
        self._count(case, now, told)

    def _count(self, case: nuisance.Falses, now: Instant, told: Conclusion) -> None:
        fact = Fact(self._numbering.next(), "nuisance.counted", now.utc, None, "nuisance", case.to_dict())
        told.facts.append(fact)

    # ---- work orders ----------------------------------------------------------------------------------------------

    def _order(self, fact: Fact, now: Instant, told: Conclusion) -> None:
        """What a fact about a work order means for the hazard it is for, or whose alarm it is for."""
        entry = self._for(fact.body["hazard"], fact.body["alarm"])
        if entry is None:
            return
        before = entry.as_of(now)
        step = crews.after_order(before, fact, now, self._origins.due(before))
        if step is not None:
            entry.asked = -NEVER
            self._record(entry, *step, now, told, fact.by)

    def _for(self, hazard: str | None, alarm: str | None) -> Entry | None:
        if hazard is not None:
            return self._book.get(hazard)
        if alarm is None:
            return None
        shown = self._book.of_source(alarm)
        if not shown:  # one of very many, not kept among the sources
            shown = [e for a in self._alarms() if a.id == alarm for e in self._book.of_key(a.key)]
        return next((e for e in shown if e.hazard.rule != sources.NUISANCE), None)

    def _send_crews(self, now: Instant, told: Conclusion) -> None:
        """A work order for each that is to be rectified by a crew and has none under way."""
        for entry in self._book.wanting:
            if now.mono < entry.asked:
                continue
            if entry.by or not crews.burns(entry.hazard.zone, self._alarms()):
                entry.asked = now.mono + _ASKED
                told.requests.append(crews.order_for(entry.hazard, entry.by))

    # ---- details --------------------------------------------------------------------------------------------------

    def _entry(self, id: str) -> Entry:
        entry = self._book.get(id)
        if entry is None:
            raise Refusal("closed", "the hazard is closed, nothing can be added to it")
        return entry

    def _record(
        self, entry: Entry, hazard: Hazard, kind: str, now: Instant, told: Conclusion,
        by: str | None = None, note: str | None = None, seq: Seq | None = None,
    ) -> None:  # fmt: skip
        """Number the fact, keep the hazard as it now stands, and set its timer by it."""
        seq, before = seq or self._numbering.next(), entry.hazard
        if hazard.overdue:
            if not before.overdue or before.climbed != hazard.climbed:
                entry.due = now.mono + gap if (gap := self._climb(hazard)) is not None else NEVER
        elif hazard.remaining is not None and hazard.open:
            entry.due = now.mono + hazard.remaining
            hazard = replace(hazard, due_at=now.utc + hazard.remaining)
        else:
            entry.due = NEVER
        entry.hazard = hazard = replace(hazard, seq=seq)
        told.facts.append(Fact(seq, kind, now.utc, by, "hazard", hazard.to_dict(), note))
        if hazard.state is not before.state:
            entry.anew(now.mono)
        self._book.put(entry)
        if not hazard.open:
            self._close(hazard, now, told)

    def _close(self, hazard: Hazard, now: Instant, told: Conclusion) -> None:
        self._remember(hazard, now)
        if hazard.rule == sources.NUISANCE and hazard.device is not None:
            case = self._falses.settled(hazard.device, hazard.id, now)
            if case is not None:
                self._count(case, now, told)

    def _remember(self, hazard: Hazard, now: Instant) -> None:
        if hazard.state is HazardState.CLOSED and hazard.closed_at is not None:
            span = _micros(self._policy.repeat)
            self._past[hazard.id] = (hazard, resumed(hazard.closed_at + span, span, now))

    def _climb(self, hazard: Hazard) -> int | None:
        """µs until overdue is told of once more, None when everybody knows."""
        climb = self._policy.climb
        if hazard.climbed >= len(climb):
            return None
        return _micros(climb[hazard.climbed] - climb[hazard.climbed - 1])

    def _wind(self, entry: Entry, now: Instant) -> None:
        hazard = entry.hazard
        if hazard.due_at is None:
            return
        if not hazard.overdue and hazard.remaining is not None:
            entry.due = resumed(hazard.due_at, hazard.remaining, now)
        elif hazard.overdue and (gap := self._climb(hazard)) is not None:
            at = hazard.due_at + _micros(self._policy.climb[hazard.climbed])
            entry.due = resumed(at, gap, now)


def _seed(now: Instant) -> Hazard:
    """What a source makes one of; it has its number once it is opened."""
    return Hazard(
        id="", number=0, state=HazardState.REPORTED, opened_at=now.utc, title=NOTHING, category="other",
        seq=Seq(0, 0),
    )  # fmt: skip


def _micros(seconds: float) -> int:
    return round(seconds * SECOND)
