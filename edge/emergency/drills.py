"""Drills as a tenant of step 4: begun by two persons, measured by facts, ended by a person or by what is real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from edge.domain.alarm import Alarm
from edge.domain.conclusion import Conclusion, Happened, Rehearse
from edge.domain.drill import Drill, DrillRequest, EndDrill, EndedWhy, SeeDrillStopped, StartDrill
from edge.domain.fact import Fact, Numbering
from edge.domain.incident import AllClear, CloseIncident, Incident, OpenIncident
from edge.domain.instant import DAY, HOUR, SECOND, Instant
from edge.domain.lifecycle import CALLING, VITAL
from edge.domain.output import START, STOP, Operate
from edge.domain.reading import Purpose
from edge.domain.request import Refusal, Request, Reset
from edge.emergency.coincidence import since
from edge.emergency.drill_checks import Cast, Ground, by_hand, checked, real, vital
from edge.emergency.drill_watch import Watching

HUB: Final = "hub"
LONGEST: Final = 4 * HOUR
"""After which a drill that nobody has ended ends itself, unfinished; practice."""
REMEMBERED: Final = 800 * DAY
"""Half-yearly drills of the same plan can be compared with the last ones."""
CALL: Final = ("sms", "wecom")
_SWEEP: Final = 10 * SECOND
_OVER: Final = "演练结束 drill over"


class Drills:
    """See `edge.domain.conclusion.Tenant`. To stand behind incidents and before all who tell people.

    `watching` is to stand behind all other tenants: it measures.
    """

    kinds: tuple[str, ...] = ("drill",)
    requests: tuple[type[Any], ...] = (StartDrill, EndDrill, SeeDrillStopped)
    remembers: Mapping[str, int] = {"drill": REMEMBERED}

    def __init__(self, ground: Ground, numbering: Numbering, rings: frozenset[str] = frozenset()) -> None:
        """rings: ids of channels that cannot carry words well, tried last when the end is told."""
        self._ground = ground
        self._numbering = numbering
        self._rings = rings
        self._past: list[Drill] = []
        self._unread: dict[str, Drill] = {}
        self._untidy: dict[
            str, int
        ] = {}  # drills that are over -> mono µs when what they left is asked for again
        self._left: dict[str, int] = {}  # drill alarms beside no drill -> mono µs when asked for again
        self._began = 0
        self.running: Drill | None = None
        self.watching = Watching(self)
        ground.hear(False)

    # ---- what it knows --------------------------------------------------------------------------------------------

    def of(self, alarm: Alarm) -> str | None:
        """Id of the drill that an alarm belongs to."""
        return self.running.id if self.running is not None and alarm.purpose is Purpose.DRILL else None

    def standing(self) -> Sequence[Drill]:
        """The one under way, and those that a real alarm ended which nobody has read on a wall yet."""
        return [*self._unread.values(), *([self.running] if self.running else [])]

    def next_due(self) -> int | None:
        """Mono µs at which a forgotten drill ends, or what is left of one is asked for again."""
        due = [*self._left.values(), *self._untidy.values()]
        if self.running is not None:
            due.append(self._began + LONGEST)
        if self.watching.late:
            due.append(0)
        return min(due, default=None)

    # ---- the tenant -----------------------------------------------------------------------------------------------

    def restore(self, rows: Sequence[Mapping[str, Any]], now: Instant) -> Conclusion:
        """A drill under way goes on and says so. What is on record as called is not called again.

        Its marked reading is sent again only where no alarm came of it: then nobody has been called yet.
        """
        told = Conclusion()
        for drill in map(Drill.from_dict, rows):
            if drill.running:
                self.running, self._began = drill, since(drill.opened_at, now)
                self._ground.hear(True)
                self.record("drill.resumed", drill, now, told)
                if drill.kind == "live" and drill.alarm is None:
                    self._speak(drill, told)
                elif drill.kind != "table_top":
                    self._start_outputs(drill, told)
                if drill.kind != "live" and drill.incident is None:
                    told.requests.append(_incident(drill))
            elif drill.stopped:
                self._unread[drill.id] = drill
            if not drill.running:
                self._past.append(drill)
        self._left = {a.id: now.mono for a in self._ground.alarms() if self._astray(a)}
        if self._past:  # the stop may have come between its end and what follows from that
            self._past.sort(key=lambda drill: drill.opened_at)
            self._untidy[self._past[-1].id] = now.mono
        return told

    def conclude(self, happened: Happened, now: Instant) -> Conclusion:
        """What is real comes first: it ends the drill before anybody is told anything more of it."""
        told = Conclusion()
        for fact in happened.facts:
            if self.running is not None and (cause := _reality(fact)) is not None:
                self._end(self.running, "alarm", None, now, told, **cause)
            elif self.running is not None:
                self._notice(self.running, fact, now, told)
            elif fact.kind == "incident.opened" and fact.body["drill"] is not None:
                self._too_late(fact, now, told)
            if fact.subject == "alarm":
                alarm = Alarm.from_dict(dict(fact.body))
                if self._astray(alarm):
                    self._left.setdefault(alarm.id, now.mono)
                else:
                    self._left.pop(alarm.id, None)
        if self.running is not None and now.mono >= self._began + LONGEST:
            self._end(self.running, "time", None, now, told)
        self._tell_late(now, told)
        self._sweep(now, told)
        return told

    def act(self, request: DrillRequest, now: Instant) -> Conclusion:
        """Refusal drill_running, closed, and those of `drill_checks.checked`."""
        told = Conclusion()
        match request:
            case StartDrill():
                drill = self._start(request, now, told)
            case EndDrill():
                drill = self._found(request.drill)
                if drill.running:
                    drill = self._end(drill, "person", request, now, told)
            case SeeDrillStopped():
                drill = self._found(request.drill)
                if drill.stopped:
                    drill = replace(drill, seen_at=now.utc, seen_by=request.by)
                    self.record("drill.seen", drill, now, told, request.by)
        told.subject = drill.to_dict()
        return told

    # ---- begin ----------------------------------------------------------------------------------------------------

    def _start(self, request: StartDrill, now: Instant, told: Conclusion) -> Drill:
        if self.running is not None:
            raise Refusal("drill_running", "another drill is under way: end it first")
        cast = checked(request, self._ground, now)
        drill = self._made(request, cast, now)
        self.running, self._began = drill, now.mono
        self._ground.hear(True)
        self.record("drill.started", drill, now, told, request.by, request.note)
        if drill.kind == "live":
            self._speak(drill, told)
        else:
            self._start_outputs(drill, told)
            told.requests.append(_incident(drill))
        return drill

    def _made(self, request: StartDrill, cast: Cast, now: Instant) -> Drill:
        number = self._numbering.last + 1
        zone = cast.point.device.zone if cast.point is not None else request.zone
        place = self._ground.zones[zone].full if zone in self._ground.zones else cast.plan.name
        calls: list[Mapping[str, Any]] = []
        if request.kind == "call_out":
            people = [p for who in cast.plan.responders for p in self._ground.who(who, now, zone)]
            calls = [{"person": p, "channels": list(CALL), "message": "drill"} for p in dict.fromkeys(people)]
        return Drill(
            id=f"dr-{self._numbering.epoch}-{number}", number=number, kind=request.kind, plan=cast.plan.id,
            plan_version=cast.plan.version, title=cast.plan.name, zone=zone,
            place=cast.point.device.place if cast.point is not None else place,
            by=request.by, second=request.second or "", opened_at=now.utc,
            device=None if cast.point is None else cast.point.device.id,
            point=None if cast.point is None else cast.point.id, value=cast.value, outputs=cast.outputs,
            calls=tuple(calls),
        )  # fmt: skip

    def _speak(self, drill: Drill, told: Conclusion) -> None:
        if drill.point is not None and drill.value is not None:
            told.effects.append(Rehearse(drill.id, drill.point, drill.value))

    def _start_outputs(self, drill: Drill, told: Conclusion) -> None:
        """Each through the one door of all outputs, which refuses what must never be switched."""
        for output in drill.outputs:
            if output not in drill.operated:
                told.requests.append(Operate(START, drill.by, (output,), reason=drill.id, drill=drill.id))

    # ---- on the way -----------------------------------------------------------------------------------------------

    def _notice(self, drill: Drill, fact: Fact, now: Instant, told: Conclusion) -> None:
        """Its first alarm starts what was ticked; its incident is known by the drill's id."""
        if fact.subject == "alarm" and fact.body["purpose"] == Purpose.DRILL and drill.alarm is None:
            drill = replace(drill, alarm=fact.body["id"])
            self.measure(drill, "alarm", now.utc, told, now)
            self._start_outputs(drill, told)
        elif fact.subject == "incident" and fact.body["drill"] == drill.id and drill.incident is None:
            self.record("drill.time", replace(drill, incident=fact.body["id"]), now, told)

    def measure(
        self, drill: Drill, what: str, at: int, told: Conclusion, now: Instant, **changes: Any
    ) -> None:
        """The first of its kind is the one that counts."""
        times = {**drill.times, what: drill.times.get(what, at)}
        self.record("drill.time", replace(drill, times=times, last=what, **changes), now, told)

    def record(
        self, kind: str, drill: Drill, now: Instant, told: Conclusion, by: str | None = None,
        note: str | None = None,
    ) -> None:  # fmt: skip
        """Number the fact and keep the drill as it now stands."""
        fact = Fact(self._numbering.next(), kind, now.utc, by, "drill", drill.to_dict(), note)
        told.facts.append(fact)
        if drill.running:
            self.running = drill
            return
        self._past = [one for one in self._past if one.id != drill.id] + [drill]
        self._unread.pop(drill.id, None)
        if drill.stopped:
            self._unread[drill.id] = drill

    # ---- the end --------------------------------------------------------------------------------------------------

    def _end(
        self, drill: Drill, why: EndedWhy, request: EndDrill | None, now: Instant, told: Conclusion,
        alarm: str | None = None, incident: str | None = None,
    ) -> Drill:  # fmt: skip
        """All told of it hear of its end, its outputs stop, its alarms and incident are closed."""
        by = None if request is None else request.by
        ended = replace(
            drill,
            state="finished" if why == "person" else "unfinished",
            closed_at=now.utc,
            closed_by=by,
            ended_why=why,
            ended_by_alarm=alarm,
            ended_by_incident=incident,
            last=None,
            told=tuple(self._by_words_first(drill.told)),
        )
        self.running = None
        self._ground.hear(False)
        kind = "drill.ended" if why == "alarm" else "drill.finished"
        self.record(kind, ended, now, told, by, None if request is None else request.note)
        hand = by or HUB
        agreed = ended.second if hand != ended.second else ended.by
        for left in self._ground.alarms():
            if self._astray(left):
                told.requests.append(Reset(left.id, hand, True, _OVER, agreed))
                self._left[left.id] = now.mono + _SWEEP
        told.requests += _tidying(ended, hand)
        self._untidy[ended.id] = now.mono + _SWEEP
        return ended

    def _by_words_first(self, told: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        return [{**one, "channels": sorted(one["channels"], key=lambda c: c in self._rings)} for one in told]

    def _tell_late(self, now: Instant, told: Conclusion) -> None:
        """A message of a drill that was on its way when it ended: its reader hears of the end as well."""
        late, self.watching.late = self.watching.late, ()
        if late and self.running is None and self._past:
            self.record("drill.retold", replace(self._past[-1], late=tuple(late)), now, told)

    def _too_late(self, opened: Fact, now: Instant, told: Conclusion) -> None:
        """An incident that was opened in the same step as its drill's end: it is closed like any other of a drill."""
        drill = next((one for one in self._past if one.id == opened.body["drill"]), None)
        if drill is not None and drill.incident is None:
            self.record("drill.time", replace(drill, incident=opened.body["id"]), now, told)
            self._untidy[drill.id] = now.mono

    def _sweep(self, now: Instant, told: Conclusion) -> None:
        """A drill alarm beside no drill is closed, whatever kept that from happening at the end."""
        for id, at in self._left.items():
            if at <= now.mono and self.running is None:
                agreed = self._past[-1].second if self._past else _OVER
                told.requests.append(Reset(id, HUB, True, _OVER, agreed))
                self._left[id] = now.mono + _SWEEP
        for id in [id for id, at in self._untidy.items() if at <= now.mono]:
            self._tidy(self._found(id), now, told)

    def _tidy(self, drill: Drill, now: Instant, told: Conclusion) -> None:
        """What it has left running is asked for again, as nothing stops while the journal is sick, until it stops."""
        started = set(self._ground.started(drill.id))
        standing = (
            drill.incident
            if drill.incident and drill.incident in {one.id for one in self._ground.incidents()}
            else None
        )
        if started or standing:
            outputs = tuple(output for output in drill.outputs if output in started)
            told.requests += _tidying(replace(drill, outputs=outputs, incident=standing), HUB)
            self._untidy[drill.id] = now.mono + _SWEEP
        else:
            del self._untidy[drill.id]

    def _astray(self, alarm: Alarm) -> bool:
        return alarm.purpose is Purpose.DRILL and alarm.open and self.running is None

    def _found(self, id: str) -> Drill:
        known = [*self._past, *([self.running] if self.running else [])]
        drill = next((drill for drill in known if drill.id == id), None)
        if drill is None:
            raise Refusal("not_found", "there is no such drill")
        return drill


def _reality(fact: Fact) -> dict[str, str] | None:
    """What ends a drill at once: a real alarm about life that calls or is judged real, or an incident by hand."""
    body = fact.body
    if fact.subject == "alarm" and body["purpose"] == Purpose.LIVE:
        alarm = Alarm.from_dict(dict(body))
        if not vital(alarm):
            return None
        judged = fact.kind == "alarm.verdict" and alarm.verdict is not None and alarm.verdict.kind == "real"
        if (fact.kind in CALLING and real(alarm)) or (judged and alarm.open):
            return {"alarm": alarm.id}
    elif fact.kind == "incident.opened":
        incident = Incident.from_dict(body)
        if by_hand(incident) or (incident.purpose is Purpose.LIVE and incident.signal in VITAL):
            return {"incident": incident.id}
    return None


def _tidying(drill: Drill, hand: str) -> list[Request]:
    """What stops its outputs and closes its incident; refused where that is so already."""
    stops: list[Request] = [
        Operate(STOP, hand, (output,), reason=drill.id, drill=drill.id) for output in drill.outputs
    ]
    if drill.incident is None:
        return stops
    return [
        *stops,
        AllClear(drill.incident, hand, _OVER, confirm=True),
        CloseIncident(drill.incident, hand, _OVER),
    ]


def _incident(drill: Drill) -> OpenIncident:
    return OpenIncident(drill.by, drill.plan, drill.zone, drill=drill.id)
