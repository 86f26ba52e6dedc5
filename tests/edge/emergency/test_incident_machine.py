"""Whatever alarms, people, time and power cuts do: no alarm lost or doubled, nothing certain without a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge.domain.alarm import Alarm, Suppression, Verdict
from edge.domain.incident import (
    AllClear,
    CloseIncident,
    ConfirmIncident,
    FileReport,
    Incident,
    Muster,
    OpenIncident,
    TickStep,
)
from edge.domain.instant import SECOND
from edge.domain.lifecycle import VITAL
from edge.domain.reading import Purpose
from edge.domain.request import Refusal
from edge.domain.rule import Priority
from edge.emergency.coincidence import LIFE
from tests.chance import examples
from tests.edge.emergency.scene import DEVICES, RULES, Scene

PURPOSES = st.sampled_from([Purpose.LIVE, Purpose.LIVE, Purpose.DRILL, Purpose.TEST])
VERDICTS = st.sampled_from(["real", "false", "fault", "test"])
DETECTORS = st.sampled_from(sorted(DEVICES))
HELD = Suppression("shelved", "li", "work", None)
ASKED: list[Callable[[str], Any]] = [
    lambda id: AllClear(id, "li", confirm=True),
    lambda id: CloseIncident(id, "li", "over"),
    lambda id: ConfirmIncident(id, "li"),
    lambda id: FileReport(id, "li", "final", "words"),
    lambda id: Muster(id, "li", "he"),
    lambda id: Muster(id, "li", "ma"),
    lambda id: TickStep(id, "li", "household", "done"),
    lambda id: TickStep(id, "li", "household", "open"),
    lambda id: TickStep(id, "li", "ack", "skipped", "none"),
]


class Line(RuleBasedStateMachine):
    """Two hubs hear the same; only one of them is cut off now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.scene, self.steady = Scene(), Scene()
        self.count = 0
        self.real: set[str] = set()  # alarms that a person called real
        self.by_hand: set[int] = set()  # incidents that a person confirmed
        self.called: set[str] = set()  # alarms that called for people
        self.quiet: dict[str, int] = {}  # alarm -> µs UTC since when it is not active
        self.again: set[str] = set()  # alarms that called more than once
        self.before: dict[str, Incident] = {}  # as last told of
        self.told = 0

    def both(self, kind: str, alarm: Alarm) -> None:
        if alarm.active:
            self.quiet.pop(alarm.id, None)
        else:
            self.quiet.setdefault(alarm.id, self.scene.now.utc)
        for scene in (self.scene, self.steady):
            scene.happens(kind, alarm)

    def some(self, data: st.DataObject) -> Alarm:
        return self.scene.alarms[data.draw(st.sampled_from(sorted(self.scene.alarms)))]

    def change(self, kind: str, alarm: Alarm, **changes: Any) -> None:
        self.both(kind, Alarm.from_dict({**alarm.to_dict()} | changes))

    @rule(device=DETECTORS, purpose=PURPOSES, held=st.booleans())
    @precondition(lambda self: len(self.scene.alarms) < 8)
    def raises(self, device: str, purpose: Purpose, held: bool) -> None:
        self.count += 1
        more: dict[str, Any] = {"suppression": HELD} if held and self.count % 3 == 0 else {}
        more["priority"] = Priority.URGENT if self.count % 2 else Priority.HIGH
        alarm = self.scene.alarm(f"al-{self.count:03}", device, purpose=purpose, **more)
        if alarm.signal in VITAL and purpose is not Purpose.TEST and "suppression" not in more:
            self.called.add(alarm.id)
        self.both("alarm.raised", alarm)

    @rule(data=st.data())
    @precondition(lambda self: self.scene.alarms)
    def returns(self, data: st.DataObject) -> None:
        alarm = self.some(data)
        if alarm.active:
            self.change("alarm.returned", alarm, active=False, returned_at=self.scene.now.utc)

    @rule(data=st.data())
    @precondition(lambda self: self.scene.alarms)
    def rises(self, data: st.DataObject) -> None:
        alarm = self.some(data)
        if alarm.active and alarm.suppression is None:
            self.again.add(alarm.id)
            self.change("alarm.risen", alarm, priority="urgent", level=1)

    @rule(data=st.data())
    @precondition(lambda self: self.scene.alarms)
    def fires_again(self, data: st.DataObject) -> None:
        alarm = self.some(data)
        if not alarm.active:
            self.again.add(alarm.id)
            verdict = None if alarm.verdict is None or alarm.verdict.kind != "real" else alarm.verdict
            again = replace(alarm, active=True, returned_at=None, acked=False, verdict=verdict)
            self.both("alarm.reannunciated", again)

    @rule(data=st.data())
    @precondition(lambda self: self.scene.alarms)
    def acknowledges(self, data: st.DataObject) -> None:
        self.change("alarm.acked", self.some(data), acked=True)

    @rule(data=st.data())
    @precondition(lambda self: self.scene.alarms)
    def sounds_again(self, data: st.DataObject) -> None:
        alarm = self.some(data)
        if alarm.suppression is not None:
            self.again.add(alarm.id)
            self.called.add(alarm.id) if alarm.purpose is not Purpose.TEST and alarm.signal in VITAL else None
            self.change("alarm.unshelved", alarm, suppression=None)

    @rule(data=st.data(), kind=VERDICTS)
    @precondition(lambda self: self.scene.alarms)
    def judges(self, data: st.DataObject, kind: Any) -> None:
        alarm = self.some(data)
        if kind == "real":
            self.real.add(alarm.id)
        verdict = Verdict(kind, "seen", "li", self.scene.now.utc)
        self.change(
            "alarm.verdict",
            alarm,
            verdict={"kind": verdict.kind, "cause": verdict.cause, "by": "li", "at": verdict.at},
        )

    @rule(data=st.data())
    @precondition(lambda self: self.scene.alarms)
    def resets(self, data: st.DataObject) -> None:
        over = {"active": False, "latched": False, "acked": True, "closed_at": self.scene.now.utc}
        self.change("alarm.reset", self.some(data), **over)

    @rule(plan=st.sampled_from(["p4-lift", "p2-fire", "p5-water"]))
    @precondition(lambda self: len(self.scene.rows) < 6)
    def opens(self, plan: str) -> None:
        for scene in (self.scene, self.steady):
            scene.ask(OpenIncident("li", plan, "b3/s1"))

    @rule(data=st.data(), act=st.sampled_from(range(len(ASKED))))
    @precondition(lambda self: self.scene.rows)
    def asks(self, data: st.DataObject, act: int) -> None:
        number = data.draw(st.sampled_from(sorted(i.number for i in self.scene.all())))
        answers: list[str] = []
        for scene in (self.scene, self.steady):
            incident = next(i for i in scene.all() if i.number == number)
            if act == 2:
                self.by_hand.add(number)
            count = len(scene.facts)
            try:
                answers.append(scene.ask(ASKED[act](incident.id)).state)
            except Refusal as refusal:
                answers.append(refusal.code)
                assert len(scene.facts) == count
        assert answers[0] == answers[1]

    @rule(device=DETECTORS, kind=st.sampled_from(["siren", "valve", "relay"]))
    def reads_back(self, device: str, kind: str) -> None:
        for scene in (self.scene, self.steady):
            scene.told(
                "command.confirmed", "command", kind=kind, act="start", alarm=None, zone=DEVICES[device].zone
            )

    @rule(seconds=st.sampled_from([1, 29, 60, 400, 599, 601, 1801]))
    def waits(self, seconds: int) -> None:
        for scene in (self.scene, self.steady):
            scene.wait(seconds)

    @rule()
    def is_cut_off(self) -> None:
        self.scene.restart()

    @invariant()
    def the_cut_changes_nothing(self) -> None:
        ours, theirs = self.scene.facts[self.told :], self.steady.facts[self.told :]
        assert [(f.kind, f.time, f.by, f.note, _plain(f.body)) for f in ours] == [
            (f.kind, f.time, f.by, f.note, _plain(f.body)) for f in theirs
        ]
        for fact in ours:
            incident = Incident.from_dict(fact.body)
            if fact.kind == "incident.confirmed":
                self.has_a_reason(incident)
            elif (before := self.before.get(incident.id)) is not None and incident.count > before.count:
                self.joins_what_goes_on(before, incident)
            self.before[incident.id] = incident
        self.told = len(self.scene.facts)

    def joins_what_goes_on(self, before: Incident, incident: Incident) -> None:
        """No alarm is in stage 2 for what was over long before it came."""
        assert not before.withdrawn
        assert before.state in {"stage1", "stage2"}
        now = self.scene.now.utc
        known = [self.quiet.get(id, now) for id in before.alarms if id in self.scene.alarms]
        assert any(now - at <= 1801 * SECOND for at in (before.last_at, *known))

    def has_a_reason(self, incident: Incident) -> None:
        if incident.confirmed_why == "person":
            assert set(incident.triggers) & self.real or incident.number in self.by_hand
        elif incident.confirmed_why == "lasting":
            assert incident.family not in LIFE
        else:
            one, two = (self.scene.alarms[id] for id in incident.triggers)
            area = RULES.coincidence.area
            assert one.device != two.device
            assert area(one.zone) == area(two.zone) == incident.area
            assert one.signal is two.signal
            assert one.purpose is two.purpose is incident.purpose
            assert one.signal.value in {"fire", "gas"}
            assert (one.device == "co") is (two.device == "co")
            assert "camera" not in (one.device, two.device)
            for alarm in (one, two):
                assert alarm.suppression is None
                assert alarm.verdict is None or alarm.verdict.kind == "real"
                assert self.scene.now.utc - self.quiet.get(alarm.id, self.scene.now.utc) <= 601 * SECOND

    @invariant()
    def every_call_belongs_to_one_incident(self) -> None:
        named = [alarm for incident in self.scene.all() for alarm in incident.alarms]
        assert {id for id in named if named.count(id) > 1} <= self.again
        assert self.called <= set(named)

    @invariant()
    def what_is_open_waits_for_something(self) -> None:
        for incident in self.scene.all():
            assert incident.stage == 1 or incident.confirmed_at is not None
            if not incident.open and incident.stage == 2:
                assert incident.all_clear_by is not None
                assert incident.reported or incident.closed_by is not None
            alone = incident.opened_by is None and incident.family in LIFE
            if incident.open and incident.stage == 1 and incident.count and alone:
                assert set(incident.alarms) & set(self.scene.alarms)


def _plain(body: Any) -> dict[str, Any]:
    """Without the id, which tells after which start it was opened."""
    return {key: value for key, value in body.items() if key != "id"}


TestIncidents = Line.TestCase
TestIncidents.settings = examples(80, stateful_step_count=40)
