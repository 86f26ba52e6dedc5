"""The register of hazards: a tenant of step 4. Facts carry the whole hazard; what they ask of crews is work orders."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, get_args

from edge.domain.alarm import Alarm
from edge.domain.conclusion import Conclusion, Happened
from edge.domain.fact import Fact, Numbering, Seq
from edge.domain.hazard import (
    HUB,
    AssignHazard,
    Hazard,
    HazardRequest,
    HazardState,
    Reinspect,
    ReportHazard,
)
from edge.domain.hazard_rules import HazardPolicy, HazardRule, Unit
from edge.domain.instant import MINUTE, SECOND, Instant
from edge.domain.names import Text
from edge.domain.reading import Purpose, Reading
from edge.domain.request import Refusal
from edge.domain.rule import AlarmRule
from edge.domain.timers import NEVER, resumed
from edge.hazards import crews, nuisance, sources
from edge.hazards.proof import Count, shows_normal, trusted
from edge.hazards.steps import Ground, cancelled, sent_back, stepped, timed

_AGAIN: Final = {f"alarm.{how}" for how in ("raised", "risen", "reannunciated", "unshelved", "released")}
_ASKED: Final = (
    5 * MINUTE
)  # then an order that has not come is asked for again: the journal may have been sick


@dataclass(slots=True)
class _Open:
    """A hazard with its timer (mono µs), and what its sensor has shown since the work was done.

    by: who sends the crew. asked: until then (mono µs) a work order that was asked for may still come. done: mono µs
    from which readings can prove it.
    """

    hazard: Hazard
    due: int = NEVER
    by: str = ""
    asked: int = -NEVER
    done: int = 0
    count: Count = field(default_factory=Count)


class Hazards:
    """All open hazards, and for a week those that were closed. One instance, called from one thread.

    alarms: the open ones as they stand. category: of a device's profile, by its id. roles: of a person, as the roster
    has them. elements: ids of the list of major hazards.
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
    ) -> None:
        self.remembers: Mapping[str, int] = {"hazard": _micros(policy.repeat)}
        self._numbering = numbering
        self._policy = policy
        self._origins = sources.Origins(policy, units, category, alarms)
        self._elements = elements
        self._rules = {rule.id: rule for rule in rules}
        self._alarms = alarms
        self._roles = roles
        self._book: dict[str, _Open] = {}
        self._past: dict[str, tuple[Hazard, int]] = {}  # closed ones, and until when they count (mono µs)
        self._falses = nuisance.FalseAlarms(policy.nuisance)
        self._proving: dict[str, list[_Open]] = {}  # by point

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
                entry = self._book[hazard.id] = _Open(hazard, done=now.mono)
                self._wind(entry, now)
            elif hazard.closed_at is not None:
                self._remember(hazard, now)
        self._watch_sensors()
        return told

    def conclude(self, happened: Happened, now: Instant) -> Conclusion:
        """Hazards that alarms and verdicts show, what became of their orders, proofs, and times that are over."""
        told = Conclusion()
        for fact in happened.facts:
            if fact.subject == "alarm" and "signal" in fact.body:
                self._alarm(fact.kind, Alarm.from_dict(dict(fact.body)), now, told)
            elif fact.subject == "order" and "offered" in fact.body:
                self._order(fact, now, told)
        for reading in happened.readings if self._proving else ():
            if reading.point.id in self._proving and trusted(reading):
                self._prove(reading, now, told)
        for entry in [e for e in self._book.values() if e.due <= now.mono]:
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
            before = self._as_of(entry, now)
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
        return min((entry.due for entry in self._book.values() if entry.due != NEVER), default=None)

    def known(self, id: str) -> Hazard | None:
        """An open hazard, or one closed in the last week."""
        entry = self._book.get(id)
        return entry.hazard if entry is not None else self._past.get(id, (None, 0))[0]

    # ---- reports --------------------------------------------------------------------------------------------------

    def _report(self, request: ReportHazard, now: Instant, told: Conclusion) -> _Open:
        if not request.title.zh.strip() and not request.title.en.strip():
            raise Refusal("reason_required", "say what the hazard is")
        seq = self._numbering.next()
        hazard = self._origins.from_report(_seed(seq, now), request, now)
        rule = self._origins.of_report(request)
        known = None if request.separate else self._same(hazard)
        by = None if request.by in {"", HUB} else request.by
        if known is not None:
            after = sources.joined(self._as_of(known, now), hazard)
            self._record(known, after, "hazard.source", now, told, by, request.note, seq)
            if request.suspected and after.grade in {None, "general"}:
                self._grade(known, "suspected_major", now, told, by)
            return known
        entry = self._open(hazard, now, told, by, request.note)
        grade = "suspected_major" if request.suspected else rule.grade if rule else None
        if grade is not None and not request.draft:
            self._grade(entry, grade, now, told, by)
        return entry

    def _same(self, hazard: Hazard) -> _Open | None:
        found = sources.same_thing((entry.hazard for entry in self._book.values()), hazard)
        return None if found is None else self._book[found.id]

    def _open(
        self, hazard: Hazard, now: Instant, told: Conclusion, by: str | None = None, note: str | None = None
    ) -> _Open:
        self._past = {id: past for id, past in self._past.items() if past[1] > now.mono}
        former = sources.same_thing((past for past, _ in self._past.values()), hazard)
        hazard = replace(hazard, repeat_of=None if former is None else former.id)
        hazard = timed(hazard, self._origins.due(hazard).get("grading"))
        entry = self._book[hazard.id] = _Open(hazard)
        self._record(entry, hazard, "hazard.reported", now, told, by, note, hazard.seq)
        return entry

    def _grade(self, entry: _Open, grade: Any, now: Instant, told: Conclusion, by: str | None) -> None:
        """What a rule or a report says of it: at most suspected."""
        hazard = replace(self._as_of(entry, now), grade=grade, graded_at=now.utc, graded_by=by)
        if hazard.state is not HazardState.RECTIFIED:
            hazard = timed(hazard, self._origins.due(hazard).get(grade))
        self._record(entry, hazard, "hazard.graded", now, told, by)

    # ---- alarms and verdicts --------------------------------------------------------------------------------------

    def _alarm(self, kind: str, alarm: Alarm, now: Instant, told: Conclusion) -> None:
        if alarm.purpose is not Purpose.LIVE:
            return
        if kind in _AGAIN and alarm.active and alarm.suppression is None:
            self._in_alarm_again(alarm, now, told)
            if (rule := self._origins.of_alarm("alarm", alarm)) is not None:
                self._shown(alarm, rule, now, told)
        if kind == "alarm.verdict":
            for entry in list(self._book.values()):
                if alarm.verdict is not None and sources.retracts(entry.hazard, alarm):
                    gone = cancelled(self._as_of(entry, now), f"verdict_{alarm.verdict.kind}", now)
                    self._record(entry, gone, "hazard.cancelled", now, told, alarm.verdict.by)
            if (rule := self._origins.of_alarm("verdict", alarm)) is not None:
                self._shown(alarm, rule, now, told)
            self._judged(alarm, now, told)

    def _shown(self, alarm: Alarm, rule: HazardRule, now: Instant, told: Conclusion) -> None:
        """An alarm, or the verdict on one, shows a hazard: a new one, or one more source."""
        if any(each.id == alarm.id for e in self._book.values() for each in e.hazard.sources):
            return
        seq = self._numbering.next()
        hazard = self._origins.from_alarm(_seed(seq, now), alarm, rule, now)
        known = self._same(hazard)
        if known is not None:
            after = sources.joined(self._as_of(known, now), hazard)
            self._record(known, after, "hazard.source", now, told, seq=seq)
            return
        entry = self._open(hazard, now, told)
        if rule.grade is not None and not rule.draft:
            self._grade(entry, rule.grade, now, told, None)
        if rule.order and entry.hazard.grade is not None:
            given = replace(self._as_of(entry, now), state=HazardState.ASSIGNED, assigned_at=now.utc)
            self._record(entry, given, "hazard.assigned", now, told)

    def _in_alarm_again(self, alarm: Alarm, now: Instant, told: Conclusion) -> None:
        """The sensor that was to prove a hazard gone is in alarm: the work was not enough."""
        for entry in list(self._book.values()):
            before = self._as_of(entry, now)
            if before.state is HazardState.RECTIFIED and before.key == alarm.key:
                back = sent_back(before, "in_alarm_again", self._origins.due(before))
                self._record(entry, back, "hazard.sent_back", now, told)
                told.requests += crews.follows(before, back, "hazard.sent_back", "")

    def _judged(self, alarm: Alarm, now: Instant, told: Conclusion) -> None:
        """A false alarm is counted to its device; so many of them are a hazard, and never less of an alarm."""
        case = self._falses.judged(alarm, now)
        if case is None:
            return
        false = alarm.verdict is not None and alarm.verdict.kind == "false"
        if false and self._falses.enough(alarm.device):
            seq = self._numbering.next()
            hazard = self._origins.from_falses(_seed(seq, now), alarm, now)
            known = self._same(hazard)
            if known is None:
                case = self._falses.proposed(alarm.device, hazard.id)
                self._open(hazard, now, told, None)
            elif all(each.id != alarm.id for each in known.hazard.sources):
                after = sources.joined(self._as_of(known, now), hazard)
                self._record(known, after, "hazard.source", now, told, seq=seq)
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
        before = self._as_of(entry, now)
        step = crews.after_order(before, fact, now, self._origins.due(before))
        if step is not None:
            entry.asked = -NEVER
            self._record(entry, *step, now, told, fact.by)

    def _for(self, hazard: str | None, alarm: str | None) -> _Open | None:
        if hazard is not None:
            return self._book.get(hazard)
        if alarm is None:
            return None
        shown = (e for e in self._book.values() if any(s.id == alarm for s in e.hazard.sources))
        return next((e for e in shown if e.hazard.rule != sources.NUISANCE), None)

    def _send_crews(self, now: Instant, told: Conclusion) -> None:
        """A work order for each that is to be rectified by a crew and has none under way."""
        for entry in self._book.values():
            if now.mono < entry.asked or not crews.needs_crew(entry.hazard):
                continue
            if entry.by or not crews.burns(entry.hazard.zone, self._alarms()):
                entry.asked = now.mono + _ASKED
                told.requests.append(crews.order_for(entry.hazard, entry.by))

    # ---- proof ----------------------------------------------------------------------------------------------------

    def _watch_sensors(self) -> None:
        """The points whose readings are waited for."""
        self._proving = {}
        for entry in self._book.values():
            hazard = entry.hazard
            if hazard.state is HazardState.RECTIFIED and hazard.key is not None and not hazard.proved:
                self._proving.setdefault(hazard.key.partition("@")[2], []).append(entry)

    def _prove(self, reading: Reading, now: Instant, told: Conclusion) -> None:
        for entry in list(self._proving.get(reading.point.id, ())):
            hazard = entry.hazard
            rule = self._rules.get((hazard.key or "").partition("@")[0])
            if rule is None or hazard.proof is None or hazard.rectified_at is None:
                continue  # the rule is no more: only a named override is left
            if now.mono - max(0, reading.received - reading.time) < entry.done:
                continue  # however late it comes, it tells of the time before the work was done
            normal = shows_normal(rule, reading.value) and not self._in_alarm(hazard)
            entry.count.take(normal, now.mono, now.utc)
            if entry.count.meets(hazard.proof, now.mono):
                met = replace(
                    hazard.proof, count=entry.count.good, since=entry.count.since_utc, met_at=now.utc
                )
                self._record(entry, replace(self._as_of(entry, now), proof=met), "hazard.proved", now, told)

    def _in_alarm(self, hazard: Hazard) -> bool:
        shown = {each.id for each in hazard.sources}
        return any(a.active and (a.key == hazard.key or a.id in shown) for a in self._alarms())

    # ---- details --------------------------------------------------------------------------------------------------

    def _entry(self, id: str) -> _Open:
        entry = self._book.get(id)
        if entry is None:
            raise Refusal("closed", "the hazard is closed, nothing can be added to it")
        return entry

    def _as_of(self, entry: _Open, now: Instant) -> Hazard:
        """The hazard with what is left of its time now."""
        if entry.due == NEVER or entry.hazard.overdue:
            return entry.hazard
        return replace(entry.hazard, remaining=max(0, entry.due - now.mono))

    def _record(
        self, entry: _Open, hazard: Hazard, kind: str, now: Instant, told: Conclusion,
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
        if hazard.state is not before.state or hazard.proved != before.proved:
            entry.count, entry.done = Count(), now.mono
            if not hazard.open:
                self._close(hazard, now, told)
            self._watch_sensors()

    def _close(self, hazard: Hazard, now: Instant, told: Conclusion) -> None:
        del self._book[hazard.id]
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

    def _wind(self, entry: _Open, now: Instant) -> None:
        hazard = entry.hazard
        if hazard.due_at is None:
            return
        if not hazard.overdue and hazard.remaining is not None:
            entry.due = resumed(hazard.due_at, hazard.remaining, now)
        elif hazard.overdue and (gap := self._climb(hazard)) is not None:
            at = hazard.due_at + _micros(self._policy.climb[hazard.climbed])
            entry.due = resumed(at, gap, now)


def _seed(seq: Seq, now: Instant) -> Hazard:
    return Hazard(
        id=f"hz-{seq.epoch}-{seq.number}", number=seq.number, state=HazardState.REPORTED, opened_at=now.utc,
        title=Text("", ""), category="other", seq=seq,
    )  # fmt: skip


def _micros(seconds: float) -> int:
    return round(seconds * SECOND)
