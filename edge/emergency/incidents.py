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
)
from edge.domain.instant import SECOND, Instant
from edge.domain.lifecycle import VITAL
from edge.domain.names import Text
from edge.domain.plan import EmergencyRules, Plan
from edge.domain.reading import Purpose
from edge.domain.request import Refusal
from edge.domain.rule import Priority
from edge.domain.site import Zone
from edge.domain.timers import NEVER
from edge.emergency import steps
from edge.emergency.asked import asked
from edge.emergency.book import Book, Entry
from edge.emergency.coincidence import Triggers, since
from edge.emergency.grouping import Grouping, calls, judged_real
from edge.emergency.ticking import Ticking, of_alarm

Why = Literal["two_triggers", "person", "lasting"]
_NO_PLACE: Final = Text("", "")


def _no_drill(alarm: Alarm) -> str | None:
    del alarm
    return None


class Incidents:
    """See `edge.domain.conclusion.Tenant`. alarms: the open ones. drill: id of the drill that an alarm belongs to.

    `ticking` is to stand behind all other tenants.
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
    ) -> None:
        self._zones = zones
        self._alarms = alarms
        self._drill = drill
        self._group = round(rules.coincidence.group * SECOND)
        self._triggers = Triggers(rules.coincidence, devices)
        self._grouping = Grouping(rules.plans, rules.coincidence, lambda id: _category(devices.get(id)))
        self._book = Book(numbering)
        self._restored = False
        self._soonest = NEVER  # mono µs before which time alone makes nothing follow
        self.ticking = Ticking(self._book, self._grouping)

    # ---- tenant ---------------------------------------------------------------------------------------------------

    def restore(self, rows: Sequence[Mapping[str, Any]], now: Instant) -> Conclusion:
        """Go on with what remained of each step's time; its alarms are back with what happens first."""
        for row in rows:
            self._book.restore(Incident.from_dict(row), now)
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
            self._triggers.note(alarm, now)
            entry = self._book.of.get(alarm.id)
            if entry is None and calls(kind, alarm):
                entry = self._taken_in(alarm, now, told)
            if entry is not None:
                touched[entry.incident.id] = entry
                self._alarm(entry, kind, alarm, now, told)
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
            limits = entry.due.values() if entry.running else ()
            self._soonest = min(self._soonest, self._lasts_at(entry), *limits)

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
                self._triggers.note(alarm, now)
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
        for entry in self._book.open.values():
            if self._grouping.belongs(alarm, entry.incident) and self._takes_more(entry, now):
                self._book.join(entry, alarm, now)
                return entry
        plan = self._grouping.plan_for(alarm)
        family = self._grouping.family(alarm, plan)
        return None if family is None else self._opened(alarm, family, plan, now, told)

    def _takes_more(self, entry: Entry, now: Instant) -> bool:
        """A certain one takes all that comes; another one while its alarms are not long past."""
        return (
            entry.incident.stage == 2
            or now.mono - entry.joined <= self._group
            or any(self._triggers.recent(id, now, self._group) for id in entry.members)
        )

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
                and self._triggers.recent(other.id, now, self._group)
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
            self._book.again(entry)
            self._book.risen(entry, alarm, now, told)
        self._lasts(entry, alarm, now.mono)
        family = entry.incident.family
        if judged_real(kind, alarm) and (family not in VITAL or family == alarm.signal.value):
            self._confirm(
                entry, "person", (alarm.id,), alarm.verdict.by if alarm.verdict else None, now, told
            )
        elif entry.incident.stage == 1 and (partner := self._triggers.partner(alarm, now)) is not None:
            self._confirm(entry, "two_triggers", (partner, alarm.id), None, now, told)
        self._book.tick(entry, of_alarm(kind, alarm, entry.members.values()), now, told)

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
            all_clear_at=None,
            all_clear_by=None,
        )
        incident = steps.begun(incident, self._grouping.plan(incident.plan), 2, entry.due, now)
        self._book.record(entry, incident, "incident.confirmed", now, told, by, note)

    def _confirm_by_hand(
        self, entry: Entry, request: ConfirmIncident, now: Instant, told: Conclusion
    ) -> None:
        if any(alarm.signal in VITAL for alarm in entry.members.values()):
            raise Refusal("judge_alarm", "confirm the alarm itself: it is open")
        self._confirm(entry, "person", (), request.by, now, told, request.note)

    def _lasts(self, entry: Entry, alarm: Alarm, mono: int) -> None:
        """Note since when a point is out of bounds."""
        if alarm.active and alarm.open and self._grouping.opens(alarm, entry.incident):
            entry.lasting.setdefault(alarm.point, mono)
        else:
            entry.lasting.pop(alarm.point, None)

    def _lasts_at(self, entry: Entry) -> int:
        """Mono µs at which enough points will have been out of bounds for long enough; NEVER for what is vital."""
        plan = self._grouping.plan(entry.incident.plan)
        rule = None if plan is None else plan.lasting
        if rule is None or not entry.running or entry.incident.stage == 2 or entry.incident.family in VITAL:
            return NEVER
        starts = sorted(entry.lasting.values())
        return NEVER if len(starts) < rule.points else starts[rule.points - 1] + round(rule.seconds * SECOND)

    # ---- time and the end -----------------------------------------------------------------------------------------

    def _by_time(self, entry: Entry, now: Instant, told: Conclusion) -> None:
        if self._lasts_at(entry) <= now.mono:
            meant = [alarm.id for alarm in entry.members.values() if alarm.point in entry.lasting]
            self._confirm(entry, "lasting", tuple(sorted(meant)[:MEMBERS]), None, now, told)
        for id in steps.late(entry.incident, entry.due, now):
            late = steps.overdue(entry.incident, id, entry.due)
            self._book.record(entry, late, "incident.step_overdue", now, told, step=id)

    def _over(self, entry: Entry, now: Instant, told: Conclusion) -> None:
        """It closes by itself when its alarms are closed: unverified at once, certain after all clear and report."""
        incident = entry.incident
        if entry.members or not incident.open:
            return
        unverified = incident.stage == 1 and incident.count > 0
        if unverified or (incident.state == "all_clear" and incident.reported):
            over = replace(incident, state="closed", closed_at=now.utc)
            self._book.record(entry, over, "incident.closed", now, told)

    # ---- people ---------------------------------------------------------------------------------------------------

    def _by_hand(self, request: OpenIncident, now: Instant, told: Conclusion) -> Entry:
        plan = self._grouping.plan(request.plan)
        if plan is None:
            raise Refusal("not_found", "there is no such plan")
        if request.zone and request.zone not in self._zones:
            raise Refusal("not_found", "there is no such zone")
        family = _family_of(plan)
        seq = self._book.numbering.next()
        made = replace(
            _made(seq, now, plan, family, self._grouping.area(family, plan, request.zone)),
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
        begun = steps.begun(entry.incident, plan, 1, entry.due, now)
        self._book.record(entry, begun, "incident.opened", now, told, by, note, seq=seq)

    def _carry_out(self, entry: Entry, request: Any, now: Instant, told: Conclusion) -> None:
        members = list(entry.members.values())
        after = asked(entry.incident, request, entry.due, members, self._book.numbering.last + 1, now)
        if after is None:
            return  # it stands so already
        incident, kind, step = after
        note = getattr(request, "note", None)
        self._book.record(entry, incident, kind, now, told, request.by, note, step)
        self._book.tick(entry, steps.standing(entry.incident), now, told)


def _made(seq: Seq, now: Instant, plan: Plan | None, family: str, area: str) -> Incident:
    return Incident(
        id=f"inc-{seq.epoch}-{seq.number}", number=seq.number, opened_at=now.utc, title=_NO_PLACE, place=_NO_PLACE,
        signal=family if family in VITAL else None, priority=Priority.HIGH.value, zone="", family=family, area=area,
        last_at=now.utc, plan=None if plan is None else plan.id,
        plan_version=None if plan is None else plan.version,
    )  # fmt: skip


def _family_of(plan: Plan) -> str:
    """What an incident opened by hand is of: the vital signal its plan is for, else the plan itself."""
    signals = {signal for when in plan.when if when.opens for signal in when.signals}
    vital = [signal for signal in signals if signal in VITAL]
    return vital[0].value if len(signals) == 1 and vital else f"plan:{plan.id}"


def _category(device: Device | None) -> str:
    return "" if device is None else device.profile.category
