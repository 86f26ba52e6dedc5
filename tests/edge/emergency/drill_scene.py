"""A real alarm engine, incidents, drills, outputs and calls around a stair, played step by step, killed at will."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC
from typing import Any

from edge.alarm.engine import AlarmEngine
from edge.conclude import Conclude, Drawn
from edge.dispatch.channel import Proof
from edge.dispatch.escalation import Escalation
from edge.dispatch.messages import Words
from edge.dispatch.notifications import Notifications
from edge.dispatch.pending import Route
from edge.domain.alarm import Alarm, Suppression
from edge.domain.conclusion import Effect, Receipt, Rehearse, Send, Sent
from edge.domain.device import Device, Point, Signal
from edge.domain.drill import Drill, StartDrill
from edge.domain.fact import Fact, Numbering
from edge.domain.incident import Incident
from edge.domain.instant import SECOND, Instant
from edge.domain.output import Command
from edge.domain.reading import ProtocolError, Purpose, Reading, Value
from edge.domain.request import AlarmRequest, Refusal
from edge.domain.roster import Call, Policy, Step
from edge.domain.rule import AlarmRule, Selector
from edge.emergency.drill_checks import Ground
from edge.emergency.drills import Drills
from edge.emergency.incidents import Incidents
from edge.outputs import Outputs
from edge.store.case_rows import Case
from tests.edge.alarm.stage import level
from tests.edge.emergency.scene import RULES as PLANS
from tests.edge.emergency.scene import START, ZONES
from tests.edge.outputs.stage import DEVICES as OUTPUT_DEVICES
from tests.edge.outputs.stage import LINKAGES

PEOPLE = ("he", "ma")
EMERGENCY = replace(PLANS, plans=tuple(replace(plan, responders=("crew:all",)) for plan in PLANS.plans))
POINTS = {
    f"{device.id}.{spec.id}": Point(f"{device.id}.{spec.id}", device, spec)
    for device in OUTPUT_DEVICES
    for spec in (*device.profile.points, *(out.feedback_fault for out in device.profile.outputs))
}
RULES = tuple(
    AlarmRule(f"{signal}-alarm", Selector(signal=signal), "state", (level(signal),), signal, True, "practice")
    for signal in (Signal.FIRE, Signal.GAS)
)
POLICIES = tuple(
    Policy(id, (Step(0.0, (Call("crew:all", ("sms",), "alarm"),)),), purpose=purpose)
    for id, purpose in (("real", Purpose.LIVE), ("drill", Purpose.DRILL))
)
SMOKE = StartDrill("zhou", "li", "live", "p2-fire", "smoke.state")


class _Duty:
    """Everybody, always."""

    def who(self, target: str, now: Instant, place: str = "") -> tuple[str, ...]:
        return PEOPLE

    def quiet_left(self, *_: Any) -> int:
        return 0


class Scene:
    """The line in small: what a step makes is on record before its effects go out. `kill` leaves the record alone."""

    def __init__(self, *, group: bool = False) -> None:
        """group: the second channel reaches nobody but the group behind it."""
        self.now = Instant(START, 5_000 * SECOND)
        self.numbering = Numbering(1, 0)
        self.facts: list[Fact] = []
        self.rows: dict[tuple[str, str], Mapping[str, Any]] = {}
        self.waiting: list[Effect] = []
        self.said: list[Send] = []
        self.out_of_service: set[str] = set()
        self.mute: set[str] = set()
        self.routes = {
            "sms": Route("sms", Proof(delivered=True, answered=True), 2, PEOPLE.__contains__),
            "wecom": Route("wecom", Proof(), 2, "".__eq__ if group else PEOPLE.__contains__),
        }
        self.lame = False  # no text can be sent
        self.sick = False  # the journal cannot be written
        self._build()

    def _build(self) -> None:
        devices: dict[str, Device] = {device.id: device for device in OUTPUT_DEVICES}
        self.engine = AlarmEngine(POINTS.values(), RULES, self.numbering)

        def alarms() -> Any:
            return list(self.engine.open().values())

        ground = Ground(
            EMERGENCY.plan, devices, POINTS, ZONES, self._suppression, alarms, self._rehearse, _Duty().who,
            lambda drill: self.outputs.started_by(drill),  # noqa: PLW0108 - made below
            lambda: self.incidents.standing(),  # noqa: PLW0108 - made below
            lambda on: self.engine.rehearse(on=on),
        )  # fmt: skip
        self.drills = Drills(ground, self.numbering, frozenset({"ring"}))
        incidents = Incidents(EMERGENCY, devices, ZONES, self.numbering, alarms, self.drills.of)
        self.incidents = incidents
        outputs = Outputs(devices, POINTS, LINKAGES, self.numbering, alarms, lambda: self.engine.desk)
        self.outputs = outputs
        self.conclude = Conclude(
            [
                incidents,
                self.drills,
                outputs,
                Escalation(
                    POLICIES,
                    _Duty(),  # type: ignore[arg-type]
                    self.numbering,
                    lambda: self.drills.running is not None,
                ),
                Notifications(
                    self.routes,
                    Words(UTC),
                    self.numbering,
                    lambda _: "zh",
                    alarms,
                ),
                incidents.ticking,
                self.drills.watching,
            ]
        )

    def _suppression(self, device: str) -> Suppression | None:
        held = device in self.out_of_service
        return Suppression("out_of_service", "zhou", "repair", None, None) if held else None

    def _rehearse(self, point: Point, value: Value, now: Instant) -> None:
        if point.device.id in self.mute:
            raise ProtocolError("nothing can speak in its place")

    # ---- what happens ---------------------------------------------------------------------------------------------

    def ask(self, request: Any, *, cut: bool = False) -> None:
        """A person's request; raises Refusal. What follows from it is done in a step of its own, as on the line.

        cut: the power fails between the two.
        """
        if self.sick and not getattr(request, "FAILS_OPEN", False):
            raise Refusal("not_saved", "the journal cannot be written")
        if cut:
            drawn = self.conclude.act(request, self.now)
            self._record(drawn.facts)
            self.kill()
            return
        self._apply(
            self.conclude.act(request, self.now) if not isinstance(request, AlarmRequest) else None, request
        )

    def speaks(self, point: str, value: Value, purpose: Purpose = Purpose.LIVE) -> None:
        """A reading comes in."""
        self.step([Reading(POINTS[point], value, self.now.utc, self.now.utc, purpose=purpose)])

    def step(self, readings: Sequence[Reading] = (), receipts: Sequence[Receipt] = ()) -> None:
        """One step of the line: what follows by itself is on record with what led to it."""
        outcome = self.engine.step(readings, self.now)
        drawn = self.conclude.draw(outcome.facts, self.now, readings, receipts)
        assert not drawn.defects, drawn.defects
        follows, drawn.requests = drawn.requests, []
        facts = [*outcome.facts, *drawn.facts]
        while follows:
            asked, follows = follows, []
            for request in asked:
                done = self._carried_out(request)
                facts += [] if done is None else done.facts
                drawn.effects += [] if done is None else done.effects
                follows += [] if done is None else done.requests
        self._record(facts)
        self.waiting += drawn.effects

    def wait(self, seconds: float) -> None:
        """Time passes; nothing of it is missed."""
        end = self.now.mono + round(seconds * SECOND)
        for _ in range(200):
            due = [
                d for d in (self.conclude.next_due(), self.engine.next_due()) if d is not None and d <= end
            ]
            if not due:
                break
            self._forward(max(min(due), self.now.mono + 1))
            self.step()
        self._forward(end)
        self.step()

    def deliver(self) -> None:
        """The world outside does what it was told."""
        while self.waiting:
            effect = self.waiting.pop(0)
            if isinstance(effect, Rehearse):
                self.speaks(effect.point, effect.value, Purpose.DRILL)
            elif isinstance(effect, Send):
                self.said.append(effect)
                error = "no network" if self.lame else None
                self.step((), [Sent(effect.notification, effect.attempt, error=error, again=self.lame)])

    def kill(self, away: float = 1.0) -> None:
        """Power off before what waits has gone out; on again."""
        self.waiting.clear()
        self._forward(self.now.mono + round(away * SECOND))
        self.now = Instant(self.now.utc, 1_000_000)
        self.numbering = Numbering(self.numbering.epoch + 1, self.numbering.last)
        alarms = [Alarm.from_dict(dict(row)) for (kind, _), row in self.rows.items() if kind == "alarm"]
        self._build()
        outcome = self.engine.restore([alarm for alarm in alarms if alarm.open], self.now)
        remembered = self.conclude.remembered()
        cases = [
            Case(kind, id, row)
            for (kind, id), row in self.rows.items()
            if kind != "alarm" and (row["open"] or kind in remembered)
        ]
        resumed = self.conclude.restore(sorted(cases, key=lambda c: (c.body["opened_at"], c.id)), self.now)
        drawn = self.conclude.draw([*outcome.facts, *resumed.facts], self.now)
        assert not [*resumed.defects, *drawn.defects]
        self._record([*outcome.facts, *resumed.facts, *drawn.facts])
        for part in (resumed, drawn):
            self._follow(part)

    # ---- what came of it ------------------------------------------------------------------------------------------

    @property
    def drill(self) -> Drill:
        """The last one."""
        return max(
            (Drill.from_dict(r) for (k, _), r in self.rows.items() if k == "drill"), key=lambda d: d.number
        )

    def commands(self) -> list[Command]:
        """All there ever were."""
        return [Command.from_dict(row) for (kind, _), row in self.rows.items() if kind == "command"]

    def drill_alarms(self) -> list[Alarm]:
        """Open ones."""
        return [alarm for alarm in self.engine.open().values() if alarm.purpose is Purpose.DRILL]

    def open_incidents(self) -> list[Incident]:
        """Live ones and drills."""
        rows = (row for (kind, _), row in self.rows.items() if kind == "incident" and row["open"])
        return [Incident.from_dict(row) for row in rows]

    def kinds(self, prefix: str = "drill.") -> list[str]:
        """Of all facts, in order."""
        return [fact.kind for fact in self.facts if fact.kind.startswith(prefix)]

    # ---- the line -------------------------------------------------------------------------------------------------

    def _apply(self, drawn: Drawn | None, request: Any) -> None:
        if drawn is None:
            outcome = self.engine.act(request, self.now)
            drawn = self.conclude.draw(outcome.facts, self.now)
            self._record(outcome.facts)
        assert not drawn.defects, drawn.defects
        self._record(drawn.facts)
        self._follow(drawn)

    def _follow(self, drawn: Drawn) -> None:
        self.waiting += drawn.effects
        for request in drawn.requests:
            with suppress(Refusal):
                self.ask(request)

    def _carried_out(self, request: Any) -> Drawn | None:
        if self.sick and not getattr(request, "FAILS_OPEN", False):
            return None
        try:
            if not isinstance(request, AlarmRequest):
                return self.conclude.act(request, self.now)
            outcome = self.engine.act(request, self.now)
        except Refusal:
            return None
        drawn = self.conclude.draw(outcome.facts, self.now)
        drawn.facts = [*outcome.facts, *drawn.facts]
        return drawn

    def _record(self, facts: Sequence[Fact]) -> None:
        self.facts += facts
        for fact in facts:
            if "id" in fact.body:
                self.rows[fact.subject, fact.body["id"]] = fact.body

    def _forward(self, mono: int) -> None:
        self.now = Instant(self.now.utc + mono - self.now.mono, mono)
