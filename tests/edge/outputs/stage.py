"""A site with every kind of output, an alarm engine reduced to a list, and time that is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from edge.domain.alarm import Alarm, Desk, Verdict
from edge.domain.conclusion import Conclusion, Happened, Write, Written
from edge.domain.device import LINK, Device, DeviceProfile, Point, PointSpec, Signal
from edge.domain.fact import Fact, Numbering, Seq
from edge.domain.instant import SECOND, Instant
from edge.domain.names import Text
from edge.domain.output import ActSpec, Command, Do, Linkage, OutputKind, OutputSpec, Tone, When
from edge.domain.reading import Purpose, Reading, Value
from edge.domain.request import Request
from edge.domain.rule import Priority
from edge.outputs import Outputs

START = 1_790_000_000 * SECOND


def text(words: str) -> Text:
    return Text(words, words)


def output(kind: OutputKind, *acts: tuple[str, Value | None], feedback: bool = True) -> OutputSpec:
    made = tuple(ActSpec(id, text(id), {"write": id}, confirm if feedback else None) for id, confirm in acts)
    return OutputSpec(kind.value, text(kind.value), kind, made, "state" if feedback else None)


SIREN = output(OutputKind.SIREN, ("start", True), ("stop", False))
MUTE = output(OutputKind.SIREN, ("start", None), ("stop", None), feedback=False)
VALVE = output(OutputKind.VALVE, ("close", "closed"))
FAN = output(OutputKind.FAN, ("start", True), ("stop", False))
RELAY = output(OutputKind.RELAY, ("trip", True))
BEACON = output(OutputKind.DESK, *((tone.value, float(n)) for n, tone in enumerate(Tone)))


def device(
    id: str,
    zone: str,
    *outputs: OutputSpec,
    category: str = "x",
    signal: Signal | None = None,
    ex: bool = False,
    flat: str = "",
) -> Device:
    points = (PointSpec("state", text("state"), signal=signal),)
    profile = DeviceProfile(
        f"p-{id}", "m", "m", category, "test", points, "test", 0.0, text(id), outputs=outputs
    )
    return Device(id, profile, text(id), zone, text(id), text(id), id, ex_proof=ex, flat=flat)


DEVICES = (
    device("smoke", "b3/s1", category="smoke-detector", signal=Signal.FIRE),
    device("gas", "b1/1203", category="gas-detector", signal=Signal.GAS),
    device("valve", "b1/1203", VALVE),
    device("siren-in-flat", "b1/1203/hall", SIREN),
    device("fan", "b1/1203", FAN, ex=True),
    device("gas-kitchen", "b2/1f/101/kitchen", category="gas-detector", signal=Signal.GAS, flat="b2/1f/101"),
    device("siren-in-101", "b2/1f/101", SIREN, flat="b2/1f/101"),
    device("siren-landing", "b2/1f", SIREN),
    device("siren", "b3/s1", SIREN),
    device("mute", "b3/s2", MUTE),
    device("relay", "b3", RELAY),
    device("desk", "b1", BEACON),
)
LINKAGES = (
    Linkage(
        "valve",
        text("valve"),
        When(Signal.GAS, 1, category="gas-detector"),
        (Do("close", kind=OutputKind.VALVE, zone="same"),),
        "practice",
    ),
    Linkage("power", text("power"), When(Signal.FIRE, 1, "b3"), (Do("trip", "relay.relay"),), "practice"),
    Linkage(
        "sirens",
        text("sirens"),
        When(Signal.FIRE, 2, "b3"),
        (Do("start", kind=OutputKind.SIREN, zone="b3"),),
        "practice",
    ),
    # What settings refuse, the tenant refuses again.
    Linkage(
        "wrong",
        text("wrong"),
        When(Signal.GAS, 2),
        (Do("start", "siren-in-flat.siren"), Do("start", "fan.fan")),
        "practice",
    ),
)


def alarm(id: str, signal: Signal = Signal.FIRE, **changes: Any) -> Alarm:
    where = {Signal.FIRE: "smoke", Signal.GAS: "gas"}.get(signal, "smoke")
    zone = next(d.zone for d in DEVICES if d.id == where)
    made = Alarm(
        id=id, key=f"r@{where}.state", rule="r", device=where, point=f"{where}.state", zone=zone, place=text(where),
        signal=signal, level=0, priority=Priority.URGENT, active=True, acked=False, latched=True, value=True,
        limit=None, unit="", received_at=START, raised_at=START, annunciated_at=START, last_report_at=START,
        title=text("t"), response=text("r"), purpose=Purpose.LIVE, seq=Seq(1, 1),
    )  # fmt: skip
    return replace(made, **changes)


def real(of: Alarm) -> Alarm:
    return replace(of, verdict=Verdict("real", "seen", "li", START))


class Stage:
    """Plays the line: numbers, records, carries effects nowhere, and hands built-in readings to nobody but a list."""

    def __init__(self) -> None:
        self.numbering = Numbering(1, 0)
        self.mono = 1_000 * SECOND
        self.utc = START
        self.alarms: dict[str, Alarm] = {}
        self.desk = Desk()
        self.rows: dict[tuple[str, str], Mapping[str, Any]] = {}
        self.facts: list[Fact] = []
        self.writes: list[Write] = []
        self.faults: dict[str, Value | None] = {}
        self.points = {
            point.id: point
            for d in DEVICES
            for spec in (*d.profile.points, LINK, *(o.feedback_fault for o in d.profile.outputs))
            for point in [Point(f"{d.id}.{spec.id}", d, spec)]
        }
        self.devices = {d.id: d for d in DEVICES}
        self.hub = self._made()

    def _made(self) -> Outputs:
        return Outputs(
            self.devices,
            self.points,
            LINKAGES,
            self.numbering,
            self.alarms.values,
            lambda: self.desk,
        )

    def now(self) -> Instant:
        return Instant(self.utc, self.mono)

    def wait(self, seconds: float) -> None:
        """Time passes; whatever falls due meanwhile happens when it is due."""
        end = self.mono + round(seconds * SECOND)
        while (due := self.hub.next_due()) is not None and due <= end:
            self._forward(max(due, self.mono))
            self._take(self.hub.conclude(Happened(), self.now()))
        self._forward(end)
        self._take(self.hub.conclude(Happened(), self.now()))

    def _forward(self, mono: int) -> None:
        self.utc += mono - self.mono
        self.mono = mono

    def happens(self, kind: str, of: Alarm) -> None:
        """The alarm engine's fact."""
        if of.open:
            self.alarms[of.id] = of
        else:
            self.alarms.pop(of.id, None)
        fact = Fact(self.numbering.next(), kind, self.utc, None, "alarm", of.to_dict())
        self._take(self.hub.conclude(Happened([fact]), self.now()))

    def judged(self, of: Alarm) -> None:
        """A person's verdict, and what its incident makes of it."""
        self.happens("alarm.verdict", of)
        self.confirmed(of)

    def confirmed(self, *alarms: Alarm, purpose: Purpose = Purpose.LIVE) -> None:
        """Their incident reaches stage 2."""
        self.alarms |= {alarm.id: alarm for alarm in alarms}
        self.incident("confirmed", purpose=purpose.value, alarms=[alarm.id for alarm in alarms])

    def incident(self, kind: str, **more: Any) -> None:
        """A fact of an incident; without more it is of no alarm, opened by nobody."""
        body = {
            "id": "inc-1", "purpose": "live", "alarms": [], "opened_by": None, "zone": "b3/s1",
            "signal": "fire", "place": ["b3", "b3"],
        } | more  # fmt: skip
        fact = Fact(self.numbering.next(), f"incident.{kind}", self.utc, None, "incident", body)
        self._take(self.hub.conclude(Happened([fact]), self.now()))

    def silence(self, by: str | None) -> None:
        self.desk = Desk(None if by is None else self.utc + 300 * SECOND, by)
        fact = Fact(self.numbering.next(), "desk.silenced", self.utc, by, "desk", {})
        self._take(self.hub.conclude(Happened([fact]), self.now()))

    def reads(self, point: str, value: Value, **more: Any) -> None:
        reading = Reading(self.points[point], value, self.utc, self.utc, **more)
        self._take(self.hub.conclude(Happened(readings=[reading]), self.now()))

    def written(self, command: str, error: str | None = None) -> None:
        self._take(self.hub.conclude(Happened(receipts=[Written(command, 1, error)]), self.now()))

    def ask(self, request: Request) -> Conclusion:
        out = self.hub.act(request, self.now())
        self._take(out)
        return out

    def restart(self, away: float = 0.0) -> None:
        """Killed and started again; the monotonic clock begins anew."""
        self.utc += round(away * SECOND)
        self.mono = 7 * SECOND
        self.hub = self._made()
        kept = Outputs.remembers
        rows = [row for (kind, _), row in self.rows.items() if row["open"] or kind in kept]
        self._take(self.hub.restore(sorted(rows, key=lambda row: (row["opened_at"], row["id"])), self.now()))

    def _take(self, out: Conclusion) -> None:
        for fact in out.facts:
            self.facts.append(fact)
            if fact.subject in Outputs.kinds:
                self.rows[fact.subject, fact.body["id"]] = fact.body
        self.writes += [effect for effect in out.effects if isinstance(effect, Write)]
        for reading in out.readings:
            self.faults[reading.point.id] = reading.value

    def kinds(self) -> list[str]:
        return [fact.kind for fact in self.facts]

    def commands(self, fits: Callable[[Command], bool] = lambda _: True) -> list[Command]:
        every = [Command.from_dict(row) for (kind, _), row in self.rows.items() if kind == "command"]
        return [command for command in every if fits(command)]

    def last(self, output: str) -> Command:
        return self.commands(lambda c: c.output == output)[-1]
