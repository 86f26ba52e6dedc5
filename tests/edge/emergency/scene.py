"""A stair with detectors, a guard and a clock around the machine of incidents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from edge.domain.alarm import Alarm, Verdict, VerdictKind
from edge.domain.conclusion import Conclusion, Happened
from edge.domain.device import Device, DeviceProfile, Signal
from edge.domain.fact import Fact, Numbering, Seq
from edge.domain.incident import Incident, OpenIncident
from edge.domain.instant import SECOND, Instant
from edge.domain.names import Text
from edge.domain.output import ActSpec, Command, CommandState, Output, OutputKind, OutputSpec, OutputState
from edge.domain.plan import (
    Coincidence,
    EmergencyRules,
    Lasting,
    LinkageZone,
    Plan,
    PlanStep,
    PlanWhen,
)
from edge.domain.reading import Purpose
from edge.domain.rule import Priority
from edge.domain.site import Zone
from edge.emergency.incidents import Incidents

START = 1_790_000_000 * SECOND


def text(words: str) -> Text:
    return Text(words, words)


def device(id: str, zone: str, category: str, *, built_in: bool = False) -> Device:
    profile = DeviceProfile(
        f"p-{id}", "m", "m", category, "test", (), "test", 0.0, text(id), built_in=built_in
    )
    return Device(id, profile, text(id), zone, text(id), text(id), id)


DEVICES = {
    made.id: made
    for made in (
        device("smoke-a", "b3/s1/3f/301", "smoke-detector"),
        device("smoke-b", "b3/s1/4f", "smoke-detector"),
        device("smoke-c", "b3/s2/4f", "smoke-detector"),
        device("call", "b3/s1", "call-point"),
        device("camera", "b3/s1", "camera"),
        device("stranger", "b3/s1", "smoke-detector", built_in=True),
        device("gas-a", "b1/u2/1203", "gas-detector"),
        device("gas-b", "b1/u2/1204", "gas-detector"),
        device("co", "b1/u2/105", "co-detector"),
        device("button-1", "b3/s1/1f/105", "button"),
        device("button-2", "b3/s1/3f/301", "button"),
        device("heat", "out/eb", "heat-detector"),
        device("cable", "out/eb", "meter"),
        device("probe", "ug/pump", "water-probe"),
        device("hatch", "ug/roof", "contact"),
    )
}


def step(id: str, stage: Any = 1, within: float | None = None, *ticks: str) -> PlanStep:
    return PlanStep(id, stage, text(id), "operator", within, ticks)


def plan(id: str, *when: PlanWhen, **more: Any) -> Plan:
    given: dict[str, Any] = {
        "name": text(id), "version": "1", "author": "a", "approver": "b", "review": date(2027, 1, 1),
        "source": "practice", "when": when, "steps": (),
    } | more  # fmt: skip
    return Plan(id, **given)


FIRE_STEPS = (
    step("ack", 1, 30, "acked"),
    step("verify", 1, 180, "verdict"),
    step("household", 1, 60),
    step("sirens", 2, 30, "command:siren"),
    step("roll", 2, 180, "muster:2"),
    step("over", 2, None, "all_clear"),
)
PLANS = (
    plan(
        "p1-gas",
        PlanWhen((Signal.GAS,)),
        steps=(
            step("valve", 1, 30, "command:valve"),
            replace(step("call", 1, 60), priorities=("high",)),
            replace(step("knock", 1, 60), priorities=("urgent",)),
        ),
    ),
    plan("p9-co", PlanWhen((Signal.GAS,), categories=("co-detector",)), steps=(step("windows", 1, 60),)),
    plan("p2-fire", PlanWhen((Signal.FIRE,)), steps=FIRE_STEPS),
    plan(
        "p3-shed",
        PlanWhen((Signal.FIRE,), zones=("out/eb",)),
        PlanWhen((Signal.PROCESS,), zones=("out/eb",), opens=False),
        steps=(step("power", 1, 30, "command:relay"), step("cool", 2, 300)),
    ),
    plan(
        "p5-water",
        PlanWhen((Signal.PROCESS,), categories=("water-probe",)),
        PlanWhen(rules=("opened",), opens=False),
        spread="site",
        lasting=Lasting(2, 600),
        steps=(step("sample", 1, 1800, "order:on_site"), step("notices", 2)),
    ),
    plan("p4-lift", spread="zone", steps=(step("talk", 1, 60), step("freed", 1, 1800))),
    plan("p8-help", PlanWhen((Signal.SOS,)), steps=(step("call", 1, 60),)),
)
ZONES = {
    path: Zone(path, text(path), text(path)) for path in ("b3", "b3/s1", "b3/s1/3f", "b1/u2", "out/eb", "ug")
}
RULES = EmergencyRules(
    PLANS,
    Coincidence((LinkageZone("shed", text("shed"), ("out/eb",)),), window=600.0, group=1800.0),
)


def an_output(id: str, zone: str) -> Output:
    """A siren whose feedback says whether it sounds."""
    acts = (
        ActSpec("start", text("start"), None, confirm=True),
        ActSpec("stop", text("stop"), None, confirm=False),
    )
    return Output(
        f"{id}.sound",
        device(id, zone, "siren"),
        OutputSpec("sound", text("sound"), OutputKind.SIREN, acts),
        None,
        False,
    )


def a_command(id: str, incident: str) -> Command:
    """It was started for `incident`."""
    return Command(
        "cmd-1", f"{id}.sound", id, OutputKind.SIREN, "start", text("start"), text(id), "b3/s1",
        CommandState.CONFIRMED, START, incident=incident,
    )  # fmt: skip


class Scene:
    """Plays the line with this tenant alone, and keeps the last bodies, so that `restart` restores them."""

    def __init__(self, rules: EmergencyRules = RULES) -> None:
        self.rules = rules
        self.now = Instant(START, 5_000 * SECOND)
        self.numbering = Numbering(1, 0)
        self.alarms: dict[str, Alarm] = {}
        self.rows: dict[str, Mapping[str, Any]] = {}
        self.facts: list[Fact] = []
        self.outputs: list[OutputState] = []
        self.hub = self._made()

    def _made(self) -> Incidents:
        return Incidents(
            self.rules, DEVICES, ZONES, self.numbering, self.alarms.values, outputs=lambda: self.outputs
        )

    # ---- what happens ---------------------------------------------------------------------------------------------

    def restart(self, away: float = 0.0, *, trusted: bool = True) -> None:
        """A new machine from the rows; the monotonic clock starts anew."""
        self.now = Instant(self.now.utc + round(away * SECOND), 1_000, trusted)
        self.numbering = Numbering(self.numbering.epoch + 1, self.numbering.last)
        self.hub = self._made()
        self._keep(self.hub.restore([row for row in self.rows.values() if row["open"]], self.now))

    def wait(self, seconds: float, leap: float = 0.0) -> list[str]:
        """Time passes; what falls due meanwhile happens then. leap: seconds only on the civil clock, at its start."""
        self._forward(self.now.mono, round(leap * SECOND))
        end, told = self.now.mono + round(seconds * SECOND), []
        while (due := self.hub.next_due()) is not None and due <= end:
            self._forward(max(due, self.now.mono))
            told += self._step([])
        self._forward(end)
        return told + self._step([])

    def happens(self, kind: str, *alarms: Alarm) -> list[str]:
        """Facts of the alarm engine in one step; the kinds of facts that followed."""
        facts = []
        for alarm in alarms:
            self.alarms[alarm.id] = alarm
            if not alarm.open:
                del self.alarms[alarm.id]
            facts.append(Fact(self.numbering.next(), kind, self.now.utc, None, "alarm", alarm.to_dict()))
        return self._step(facts)

    def told(self, kind: str, subject: str, /, **body: Any) -> list[str]:
        """A fact of another tenant."""
        return self._step([Fact(self.numbering.next(), kind, self.now.utc, None, subject, body)])

    def raised(self, id: str, device: str = "smoke-a", **more: Any) -> Alarm:
        alarm = self.alarm(id, device, **more)
        self.happens("alarm.raised", alarm)
        return alarm

    def changed(self, kind: str, alarm: Alarm, **changes: Any) -> Alarm:
        after = replace(self.alarms.get(alarm.id, alarm), **changes)
        self.happens(kind, after)
        return after

    def quiet(self, alarm: Alarm) -> Alarm:
        return self.changed("alarm.returned", alarm, active=False, returned_at=self.now.utc)

    def judged(self, alarm: Alarm, kind: VerdictKind, by: str = "li") -> Alarm:
        return self.changed("alarm.verdict", alarm, verdict=Verdict(kind, "seen", by, self.now.utc))

    def reset(self, alarm: Alarm) -> Alarm:
        over = {"active": False, "latched": False, "acked": True, "closed_at": self.now.utc}
        return self.changed("alarm.reset", alarm, **over)

    def ask(self, request: Any) -> Incident:
        conclusion = self.hub.act(request, self.now)
        self._keep(conclusion)
        self._step([])
        assert conclusion.subject is not None
        return Incident.from_dict(conclusion.subject)

    def open(self, plan: str = "p4-lift", zone: str = "b1/u2") -> Incident:
        return self.ask(OpenIncident("li", plan, zone))

    # ---- what is to be seen ---------------------------------------------------------------------------------------

    def alarm(self, id: str, device: str = "smoke-a", **more: Any) -> Alarm:
        signal = more.pop("signal", _SIGNALS.get(DEVICES[device].profile.category, Signal.FIRE))
        rule = more.pop("rule", "r")
        made = Alarm(
            id=id, key=f"{rule}@{device}.x", rule=rule, device=device, point=f"{device}.x",
            zone=DEVICES[device].zone, place=text(device), signal=signal, level=0, priority=Priority.URGENT,
            active=True, acked=False, latched=True, value=True, limit=None, unit="", received_at=self.now.utc,
            raised_at=self.now.utc, annunciated_at=self.now.utc, last_report_at=self.now.utc, title=text("t"),
            response=text("r"), purpose=Purpose.LIVE, seq=Seq(1, 1),
        )  # fmt: skip
        return replace(made, **more)

    def all(self) -> list[Incident]:
        return [Incident.from_dict(row) for row in self.rows.values()]

    def one(self) -> Incident:
        (incident,) = self.all()
        return incident

    def step_of(self, id: str) -> Any:
        return next(step for step in self.one().steps if step.id == id)

    def kinds(self) -> list[str]:
        return [fact.kind.removeprefix("incident.") for fact in self.facts]

    # ---- details --------------------------------------------------------------------------------------------------

    def _forward(self, mono: int, leap: int = 0) -> None:
        self.now = Instant(self.now.utc + mono - self.now.mono + leap, mono, self.now.trusted)

    def _step(self, facts: list[Fact]) -> list[str]:
        """As the line does: this tenant first, its second look behind all others."""
        first = self.hub.conclude(Happened(facts), self.now)
        told = self._keep(first)
        return told + self._keep(self.hub.ticking.conclude(Happened([*facts, *first.facts]), self.now))

    def _keep(self, conclusion: Conclusion) -> list[str]:
        for fact in conclusion.facts:
            assert not self.facts or fact.seq.number > self.facts[-1].seq.number
            assert fact.subject == "incident"
            assert Incident.from_dict(fact.body).to_dict() == fact.body
            self.facts.append(fact)
            self.rows[fact.body["id"]] = fact.body
        return [fact.kind.removeprefix("incident.") for fact in conclusion.facts]


_SIGNALS = {
    "gas-detector": Signal.GAS,
    "co-detector": Signal.GAS,
    "button": Signal.SOS,
    "meter": Signal.PROCESS,
    "water-probe": Signal.PROCESS,
    "contact": Signal.SUPERVISORY,
}
