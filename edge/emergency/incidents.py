"""Incidents as a tenant of step 4: opened by alarms or people, certain by two triggers or a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

from edge.domain.alarm import Alarm
from edge.domain.conclusion import Conclusion, Happened
from edge.domain.device import Device
from edge.domain.fact import Numbering, Seq
from edge.domain.incident import (
    MEMBERS,
    AddReportPhoto,
    AllClear,
    CloseIncident,
    ConfirmIncident,
    FileReport,
    Incident,
    IncidentRequest,
    Muster,
    OpenIncident,
    TickStep,
    still_on,
)
from edge.domain.instant import Instant
from edge.domain.lifecycle import CALLING, VITAL
from edge.domain.names import Text
from edge.domain.output import OutputState
from edge.domain.plan import EmergencyRules, Plan
from edge.domain.reading import Purpose
from edge.domain.request import Refusal
from edge.domain.rule import Priority
from edge.domain.site import Zone
from edge.domain.timers import NEVER
from edge.emergency import lasting, steps
from edge.emergency.asked import asked
from edge.emergency.book import Book, Entry
from edge.emergency.coincidence import LIFE, Triggers, since
from edge.emergency.grouping import Grouping, calls, family_of, judged_real, signal_of
from edge.emergency.tenure import Tenure
from edge.emergency.ticking import Ticking, of_alarm

Why = Literal["two_triggers", "person", "lasting"]
_NO_PLACE: Final = Text("", "")


def _no_drill(alarm: Alarm) -> str | None:
    del alarm
    return None


class Incidents:
    """See `edge.domain.conclusion.Tenant`. alarms: the open ones. drill: id of the drill that an alarm belongs to.

    outputs: as they stand. `ticking` is to stand behind all other tenants.
    """

    kinds: tuple[str, ...] = ("incident",)
    requests: tuple[type[Any], ...] = (
        OpenIncident, ConfirmIncident, TickStep, Muster, FileReport, AddReportPhoto, AllClear, CloseIncident,
    )  # fmt: skip

    def __init__(
        self,
        rules: EmergencyRules,
        devices: Mapping[str, Device],
        zones: Mapping[str, Zone],
        numbering: Numbering,
        alarms: Callable[[], Iterable[Alarm]],
        drill: Callable[[Alarm], str | None] = _no_drill,
        outputs: Callable[[], Iterable[OutputState]] = tuple,
    ) -> None:
        self._zones = zones
        self._alarms = alarms
        self._drill = drill
        self._outputs = outputs
        self._triggers = Triggers(rules.coincidence, devices)
        self._tenure = Tenure(rules.coincidence, self._triggers)
        self._grouping = Grouping(rules.plans, rules.coincidence, devices)
        self._book = Book(numbering)
        self._restored = False
        self._soonest = NEVER  # mono µs before which time alone makes nothing follow
        self.ticking = Ticking(self._book, self._grouping)

    # ---- tenant ---------------------------------------------------------------------------------------------------

    def restore(self, rows: Sequence[Mapping[str, Any]], now: Instant) -> Conclusion:
        """Go on with what remained of each step's time; its alarms are back with what happens first."""
        for incident in sorted(map(Incident.from_dict, rows), key=lambda one: (one.last_at, one.number)):
            self._book.restore(incident, now)
        self._restored = True
        self._soonest = now.mono
        return Conclusion()

    def standing(self) -> list[Incident]:
        """The open incidents."""
        return [entry.incident for entry in self._book.open.values()]

    def conclude(self, happened: Happened, now: Instant) -> Conclusion:
        """Alarms first, then time, then what is over."""
        told = Conclusion()
        facts = [(f.kind, Alarm.from_dict(dict(f.body))) for f in happened.facts if f.subject == "alarm"]
        self._take_up({alarm.id for _, alarm in facts}, now)
        touched: dict[str, Entry] = {}
        for kind, alarm in facts:
            entry = self._book.of.get(alarm.id)
            if entry is not None and self._begins_anew(entry, kind, alarm, now):
                touched[entry.incident.id] = entry
                self._book.leave(alarm)
                entry = None
            self._triggers.note(alarm, now)
            if entry is None and calls(kind, alarm):
                entry = self._taken_in(alarm, now, told)
            if entry is not None:
                touched[entry.incident.id] = entry
                self._alarm(entry, kind, alarm, now, told)
                entry = self._book.of[alarm.id]
                touched[entry.incident.id] = entry
        if late := self._soonest <= now.mono:
            touched, self._soonest = dict(self._book.open), NEVER
        for entry in touched.values():
            self._book.joined(entry, now, told)
            self._by_time(entry, now, told)
            self._over(entry, now, told)
        self._look_ahead(self._book.open.values() if late else touched.values())
        return told

    def act(self, request: IncidentRequest, now: Instant) -> Conclusion:
        """A person's request. Refusal not_found, closed, reason_required, still_active, judge_alarm, not_all_clear,
        too_many.
        """
        self._take_up(set(), now)
        told = Conclusion()
        if isinstance(request, OpenIncident):
            entry = self._by_hand(request, now, told)
        else:
            found = self._book.open.get(request.incident)
            if found is None:
                raise Refusal("closed", "the incident is closed, nothing can be added to it")
            entry = found
            if isinstance(request, ConfirmIncident):
                self._confirm_by_hand(entry, request, now, told)
            else:
                self._carry_out(entry, request, now, told)
                self._over(entry, now, told)
        self._look_ahead((entry,))
        told.subject = entry.incident.to_dict()
        return told

    def next_due(self) -> int | None:
        """When the next step is late, or time alone makes something certain."""
        return None if self._soonest == NEVER else self._soonest

    def _look_ahead(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            limits = entry.due.values() if entry.presses else ()
            self._soonest = min(self._soonest, self._lasts_at(entry), self._tenure.due(entry), *limits)

    # ---- alarms ---------------------------------------------------------------------------------------------------

    def _take_up(self, changing: set[str], now: Instant) -> None:
        """The open alarms, once after a restart. changing: those of which this step tells anyway."""
        if not self._restored:
            return
        self._restored = False
        for alarm in self._alarms():
            entry = self._book.of.get(alarm.id) or self._folded(alarm)
            if entry is not None:
                entry.members[alarm.id] = alarm
                self._book.of[alarm.id] = entry
            if alarm.id not in changing:
                spent = entry is not None and entry.incident.quiet_at is not None
                self._triggers.note(alarm, now, spent=spent)
                if entry is not None:
                    self._lasts(entry, alarm, since(alarm.annunciated_at, now))

    def _folded(self, alarm: Alarm) -> Entry | None:
        """The storm to which an alarm belongs whose body does not name it; it was counted then."""
        return next(
            (
                entry
                for entry in self._book.open.values()
                if entry.incident.count > len(entry.incident.alarms)
                and alarm.raised_at <= entry.incident.last_at
                and self._grouping.belongs(alarm, entry.incident)
            ),
            None,
        )

    def _taken_in(self, alarm: Alarm, now: Instant, told: Conclusion) -> Entry | None:
        """The incident that the alarm joins or opens."""
        if (entry := self._taker(alarm, now)) is not None:
            self._book.join(entry, alarm, now)
            return entry
        plan = self._grouping.plan_for(alarm)
        family = self._grouping.family(alarm, plan)
        return None if family is None else self._opened(alarm, family, plan, now, told)

    def _taker(self, alarm: Alarm, now: Instant) -> Entry | None:
        """The latest of the open incidents that the alarm belongs to."""
        entries = reversed(self._book.open.values())
        suiting = (entry for entry in entries if self._grouping.belongs(alarm, entry.incident))
        return next((entry for entry in suiting if self._tenure.takes_more(entry, now)), None)

    def _begins_anew(self, entry: Entry, kind: str, alarm: Alarm, now: Instant) -> bool:
        """Whether an alarm calls of whose incident that is no more. One that is unverified still waits for it."""
        if kind not in CALLING or not calls(kind, alarm) or self._tenure.takes_more(entry, now):
            return False
        return entry.incident.state != "stage1" or self._taker(alarm, now) is not None

    def _opened(self, alarm: Alarm, family: str, plan: Plan | None, now: Instant, told: Conclusion) -> Entry:
        seq = self._book.numbering.next()
        made = _made(seq, now, plan, family, self._grouping.area(family, plan, alarm.zone))
        made = replace(
            made,
            title=alarm.title,
            place=alarm.place,
            zone=alarm.zone,
            priority=alarm.priority.value,
            purpose=alarm.purpose,
            drill=self._drill(alarm) if alarm.purpose is Purpose.DRILL else None,
        )
        entry = self._book.begin(made, now)
        self._book.join(entry, alarm, now)
        for other in self._alarms():  # what came before it and is of the same cause
            if (
                other.id not in self._book.of
                and other.signal not in VITAL
                and other.suppression is None
                and self._tenure.lately(other.id, now)
                and self._grouping.belongs(other, entry.incident)
            ):
                self._book.join(entry, other, now)
                self._lasts(entry, other, since(other.annunciated_at, now))
        self._begun(entry, plan, seq, None, None, now, told)
        return entry

    def _alarm(self, entry: Entry, kind: str, alarm: Alarm, now: Instant, told: Conclusion) -> None:
        """A fact about one of its alarms."""
        if alarm.open:
            entry.members[alarm.id] = alarm
        else:
            entry.members.pop(alarm.id, None)
        if calls(kind, alarm):
            self._book.again(entry, now)
            self._book.risen(entry, alarm, now, told)
        self._lasts(entry, alarm, now.mono)
        self._book.judged(entry, kind, alarm)
        if judged_real(kind, alarm) and self._grouping.means(alarm, entry.incident):
            self._confirm(
                entry, "person", (alarm.id,), alarm.verdict.by if alarm.verdict else None, now, told
            )
        elif entry.incident.state == "stage1" and (
            partner := self._triggers.partner(alarm, now, self._is_over)
        ):
            entry = self._together(entry, partner, alarm, now, told)
            self._confirm(entry, "two_triggers", (partner, alarm.id), None, now, told)
        self._book.tick(entry, of_alarm(kind, alarm, entry.members.values()), now, told)
        self._book.dismissed(entry, kind, alarm, now, told)

    def _is_over(self, alarm: str) -> bool:
        entry = self._book.of.get(alarm)
        return entry is not None and entry.incident.state == "all_clear"

    def _together(self, entry: Entry, partner: str, alarm: Alarm, now: Instant, told: Conclusion) -> Entry:
        """One fire is one incident: the alarm goes over to that of its partner."""
        other = self._book.of.get(partner)
        if other is None or other is entry:
            return entry
        self._book.joined(entry, now, told)
        self._book.join(other, alarm, now)
        return other

    # ---- stage 2 --------------------------------------------------------------------------------------------------

    def _confirm(
        self, entry: Entry, why: Why, triggers: tuple[str, ...], by: str | None, now: Instant, told: Conclusion,
        note: str | None = None,
    ) -> None:  # fmt: skip
        """Once: a second reason changes nothing."""
        if entry.incident.stage == 2:
            return
        self._book.joined(entry, now, told)
        incident = replace(
            entry.incident,
            stage=2,
            state="stage2",
            triggers=triggers,
            alarms=tuple(dict.fromkeys((*entry.incident.alarms, *triggers))),
            confirmed_at=now.utc,
            confirmed_by=by,
            confirmed_why=why,
            spoken=len(entry.incident.reports),
            all_clear_at=None,
            all_clear_by=None,
        )
        incident = steps.begun(
            incident, self._grouping.plan(incident.plan), 2, entry.due, now, self._grouping.switches
        )
        self._book.record(entry, incident, "incident.confirmed", now, told, by, note)

    def _confirm_by_hand(
        self, entry: Entry, request: ConfirmIncident, now: Instant, told: Conclusion
    ) -> None:
        if any(alarm.signal in VITAL for alarm in entry.members.values()):
            raise Refusal("judge_alarm", "confirm the alarm itself: it is open")
        self._confirm(entry, "person", (), request.by, now, told, request.note)

    def _lasts(self, entry: Entry, alarm: Alarm, mono: int) -> None:
        """Note since when a point is out of bounds."""
        lasting.note(entry.lasting, alarm, mono, meant=self._grouping.opens(alarm, entry.incident))

    def _lasts_at(self, entry: Entry) -> int:
        """Mono µs at which enough points will have been out of bounds for long enough; NEVER for what is vital."""
        plan = self._grouping.plan(entry.incident.plan)
        rule = None if plan is None else plan.lasting
        if rule is None or entry.incident.state != "stage1" or entry.incident.family in LIFE:
            return NEVER
        return lasting.certain_at(entry.lasting, rule)

    # ---- time and the end -----------------------------------------------------------------------------------------

    def _by_time(self, entry: Entry, now: Instant, told: Conclusion) -> None:
        if self._lasts_at(entry) <= now.mono:
            self._confirm(entry, "lasting", tuple(sorted(entry.lasting)[:MEMBERS]), None, now, told)
        if self._tenure.quiet_at(entry) <= now.mono:
            quiet = replace(entry.incident, quiet_at=now.utc)
            self._book.record(entry, quiet, "incident.quiet", now, told)
        if self._tenure.forgotten_at(entry) <= now.mono:
            self._book.record(entry, entry.incident, "incident.unclosed", now, told)
        for id in steps.late(entry.incident, entry.due, now) if entry.presses else ():
            late = steps.overdue(entry.incident, id, entry.due)
            self._book.record(entry, late, "incident.step_overdue", now, told, step=id)

    def _over(self, entry: Entry, now: Instant, told: Conclusion) -> None:
        """It closes by itself when its alarms are closed: certain after all clear and report, else by time."""
        incident = entry.incident
        if entry.members or not incident.open:
            return
        if self._tenure.ends_at(entry) <= now.mono or (incident.state == "all_clear" and incident.reported):
            over = replace(incident, state="closed", closed_at=now.utc)
            self._book.record(entry, over, "incident.closed", now, told)

    # ---- people ---------------------------------------------------------------------------------------------------

    def _by_hand(self, request: OpenIncident, now: Instant, told: Conclusion) -> Entry:
        plan = self._grouping.plan(request.plan)
        if plan is None:
            raise Refusal("not_found", "there is no such plan")
        if request.zone and request.zone not in self._zones:
            raise Refusal("not_found", "there is no such zone")
        family = family_of(plan)
        area = self._grouping.area(family, plan, request.zone)
        if (entry := self._book.standing(plan.id, area, request.drill)) is not None:
            self._book.record(entry, entry.incident, "incident.joined", now, told, request.by, request.note)
            return entry
        seq = self._book.numbering.next()
        made = replace(
            _made(seq, now, plan, family, area),
            title=plan.name,
            place=self._zones[request.zone].full if request.zone else _NO_PLACE,
            zone=request.zone,
            opened_by=request.by,
            drill=request.drill,
            purpose=Purpose.LIVE if request.drill is None else Purpose.DRILL,
        )
        entry = self._book.begin(made, now)
        self._begun(entry, plan, seq, request.by, request.note, now, told)
        return entry

    def _begun(
        self, entry: Entry, plan: Plan | None, seq: Seq, by: str | None, note: str | None, now: Instant,
        told: Conclusion,
    ) -> None:  # fmt: skip
        begun = steps.begun(entry.incident, plan, 1, entry.due, now, self._grouping.switches)
        self._book.record(entry, begun, "incident.opened", now, told, by, note, seq=seq)

    def _carry_out(self, entry: Entry, request: Any, now: Instant, told: Conclusion) -> None:
        members = list(entry.members.values())
        on = still_on(entry.incident, self._outputs()) if isinstance(request, AllClear) else ()
        after = asked(entry.incident, request, entry.due, members, self._book.numbering.last + 1, now, on)
        if after is None:
            return  # it stands so already
        incident, kind, step = after
        note = getattr(request, "note", None)
        self._book.record(entry, incident, kind, now, told, request.by, note, step)
        self._book.tick(entry, steps.standing(entry.incident), now, told)


def _made(seq: Seq, now: Instant, plan: Plan | None, family: str, area: str) -> Incident:
    return Incident(
        id=f"inc-{seq.epoch}-{seq.number}", number=seq.number, opened_at=now.utc, title=_NO_PLACE, place=_NO_PLACE,
        signal=signal_of(family), priority=Priority.HIGH.value, zone="", family=family, area=area,
        last_at=now.utc, plan=None if plan is None else plan.id,
        plan_version=None if plan is None else plan.version,
    )  # fmt: skip
