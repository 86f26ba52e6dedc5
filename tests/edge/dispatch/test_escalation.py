"""Ladders of calls with moved time: nobody sleeps, every step comes at its time, and once."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.dispatch.duty import OnDuty
from edge.dispatch.escalation import Escalation
from edge.dispatch.run import Run
from edge.domain.alarm import Alarm, Suppression, Verdict, VerdictKind
from edge.domain.conclusion import Conclusion, Happened
from edge.domain.device import Signal
from edge.domain.fact import Fact, Numbering, Seq
from edge.domain.instant import DAY, HOUR, MINUTE, SECOND, Instant
from edge.domain.names import Text
from edge.domain.reading import Purpose
from edge.domain.roster import Call, Person, Policy, Quiet, Roster, Step, Tell
from edge.domain.rule import Priority
from tests.chance import examples
from tests.edge.dispatch.test_duty import BERLIN, PATROL, SHANGHAI, roster

START = int(datetime(2026, 2, 17, 2, 14, tzinfo=SHANGHAI).timestamp() * SECOND)  # 春节, at night
W = Text("字", "words")


def call(to: str, *by: str, message: str = "alarm") -> Call:
    return Call(to, by or ("sms",), message)


LADDER = (
    Step(5, (call("post:patrol"), call("channel:wecom", "wecom"))),
    Step(30, (call("person:e", "ring", "sms"),)),
    Step(60, (call("person:f", "ring"), call("post:patrol", "ring"))),
    Step(180, (call("channel:desk", "desk", message="nobody"),)),
)
TELLS = tuple(
    Tell(on, (call("channel:wecom", "wecom", message=on),))
    for on in ("confirmed", "verdict", "cleared", "recovered")
)
VITAL = Policy("vital", LADDER, TELLS, signals=frozenset({Signal.FIRE, Signal.GAS, Signal.SOS}))
QUIET = Policy(
    "quiet", (Step(60, (call("person:e"),)),), TELLS, signals=frozenset({Signal.FAULT}),
    quiet=Quiet(time(22), time(7, 30)),
)  # fmt: skip
ORDERS = Policy(
    "orders",
    (Step(0, (call("assigned", message="order"),)), Step(600, (call("person:f", message="order"),))),
    (Tell("order-overdue", (call("person:f", message="overdue"),)),),
    subject="order",
)
DUTY = Policy("duty", tells=(Tell("handover-missed", (call("person:e", message="handover"),)),))
POLICIES = (VITAL, QUIET, ORDERS, DUTY)


class Stage:
    """A hub's step 4 with this tenant alone; both clocks are moved by hand."""

    def __init__(
        self, policies: Sequence[Policy] = POLICIES, zone: ZoneInfo = SHANGHAI, utc: int = START,
        people: Roster | None = None,
    ) -> None:  # fmt: skip
        self.policies, self.zone = policies, zone
        self.utc, self.mono, self.trusted = utc, 7_000 * SECOND, True
        self.people = people or roster(PATROL)
        self.numbering = Numbering(1, 0)
        self.facts: list[
            tuple[int, Fact]
        ] = []  # seconds since the start on the monotonic clock, which never steps
        self.began = self.mono
        self.rows: dict[str, dict[str, Any]] = {}
        self._boot()

    def _boot(self) -> None:
        duty = OnDuty(self.people, self.zone, {}.get)
        self.tenant = Escalation(self.policies, duty, self.numbering)

    @property
    def now(self) -> Instant:
        return Instant(self.utc, self.mono, self.trusted)

    def took(self, conclusion: Conclusion) -> list[Fact]:
        for fact in conclusion.facts:
            assert fact.subject == "escalation"
            assert Run.from_dict(fact.body).to_dict() == fact.body
            self.rows[fact.body["id"]] = dict(fact.body)
            self.facts.append((self.mono - self.began, fact))
        return conclusion.facts

    def happens(self, *facts: Fact) -> list[Fact]:
        return self.took(self.tenant.conclude(Happened(facts), self.now))

    def passes(self, micros: int) -> None:
        """Time alone, as the line lets it pass: to each due time in turn."""
        end = self.mono + micros
        while (due := self.tenant.next_due()) is not None and due <= end:
            self._to(max(due, self.mono))
            self.took(self.tenant.conclude(Happened(), self.now))
        self._to(end)

    def _to(self, mono: int) -> None:
        self.utc += mono - self.mono
        self.mono = mono

    def restarts(self, away: int = 0, *, trusted: bool = True) -> None:
        """A crash: what the journal has is what there is. The monotonic clock begins anew."""
        self.utc += away
        self.trusted = trusted
        self.began -= self.mono + away - 50 * SECOND
        self.mono = 50 * SECOND
        self._boot()
        self.took(self.tenant.restore(sorted(self.rows.values(), key=lambda r: r["opened_at"]), self.now))

    def steps(self) -> list[tuple[float, list[tuple[str, str]]]]:
        """(seconds, [(person, first channel)]) of each step."""
        return [
            ((at / SECOND), [(c["person"], c["channels"][0]) for c in fact.body["calls"]])
            for at, fact in self.facts
            if fact.kind == "escalation.step"
        ]

    def kinds(self) -> list[str]:
        return [fact.kind.removeprefix("escalation.") for _, fact in self.facts]

    def tells(self) -> list[tuple[str, str]]:
        return [
            (f.body["event"], f.body["calls"][0]["message"])
            for _, f in self.facts
            if f.kind.endswith(".tell")
        ]

    # ---- facts of others

    def alarm(self, id: str = "al-1", signal: Signal = Signal.FIRE, **more: Any) -> Alarm:
        alarm = Alarm(
            id, f"r@{id}", "r", "d", "d.p", "b3/s1", W, signal, 0, Priority.URGENT, active=True, acked=False,
            latched=True, value=True, limit=None, unit="", received_at=self.utc, raised_at=self.utc,
            annunciated_at=self.utc, last_report_at=self.utc, title=W, response=W, purpose=Purpose.LIVE,
            seq=Seq(1, 1),
        )  # fmt: skip
        return replace(alarm, **more)

    def fact(self, kind: str, alarm: Alarm) -> Fact:
        return Fact(self.numbering.next(), f"alarm.{kind}", self.utc, None, "alarm", alarm.to_dict())

    def incident(self, kind: str, **more: Any) -> Fact:
        body = {
            "id": "inc-1", "alarm": None, "triggers": [], "zone": "b3/s1", "signal": "fire", "priority": "urgent",
            "purpose": "live", "drill": None,
        } | more  # fmt: skip
        return Fact(self.numbering.next(), f"incident.{kind}", self.utc, None, "incident", body)

    def order(self, kind: str, **more: Any) -> Fact:
        body = {
            "id": "wo-1", "open": True, "state": "notified", "alarm": None, "zone": "b3", "priority": "medium",
            "offered": ["a"], "opened_at": self.utc,
        } | more  # fmt: skip
        return Fact(self.numbering.next(), f"order.{kind}", self.utc, None, "order", body)


def test_the_ladder_until_nobody_is_left() -> None:
    stage = Stage()
    started = stage.happens(stage.fact("raised", stage.alarm()))
    assert [(f.kind, f.body["policy"], f.body["zone"]) for f in started] == [
        ("escalation.started", "vital", "b3/s1")
    ]
    stage.passes(HOUR)
    night = "d"  # team 3 of the cycle in the night to 2026-02-17
    assert stage.steps() == [
        (5, [(night, "sms"), ("", "wecom")]),
        (30, [("e", "ring")]),
        (60, [("f", "ring"), (night, "ring")]),
        (180, [("", "desk")]),
    ]
    assert stage.kinds()[-1] == "exhausted"
    assert stage.tenant.next_due() is None
    assert [row["open"] for row in stage.rows.values()] == [False]


def ended(stage: Stage, reason: str) -> Fact:
    alarm = stage.alarm()
    return {
        "acknowledged": stage.fact("acked", replace(alarm, acked=True)),
        "closed": stage.fact("reset", replace(alarm, closed_at=stage.utc)),
        "verdict": stage.fact(
            "verdict", replace(alarm, verdict=Verdict("false", "cooking", "li", stage.utc))
        ),
        "suppressed": stage.fact(
            "shelved", replace(alarm, suppression=Suppression("shelved", "li", "work", None))
        ),
    }[reason]


@pytest.mark.parametrize("reason", ["acknowledged", "closed", "verdict", "suppressed"])
def test_what_ends_it(reason: str) -> None:
    stage = Stage()
    stage.happens(stage.fact("raised", stage.alarm()), stage.fact("raised", stage.alarm("al-2")))
    stage.passes(40 * SECOND)
    stage.happens(ended(stage, reason))
    stopped = [f.body for _, f in stage.facts if f.kind == "escalation.stopped"]
    assert [(body["alarm"], body["reason"], body["open"]) for body in stopped] == [("al-1", reason, False)]
    stage.passes(HOUR)
    assert len([f for _, f in stage.facts if f.kind == "escalation.step" and f.body["alarm"] == "al-1"]) == 2
    assert len([f for _, f in stage.facts if f.kind == "escalation.step" and f.body["alarm"] == "al-2"]) == 4


def test_a_rise_begins_anew_and_a_report_does_not() -> None:
    stage = Stage()
    stage.happens(stage.fact("raised", stage.alarm()))
    stage.passes(40 * SECOND)
    stage.happens(stage.fact("reannunciated", stage.alarm()))
    stage.passes(5 * SECOND)
    assert len(stage.steps()) == 2
    stage.happens(stage.fact("risen", stage.alarm(level=1)))
    stage.passes(5 * SECOND)
    assert [at for at, _ in stage.steps()] == [5, 30, 50]
    assert [f.body["reason"] for _, f in stage.facts if f.kind == "escalation.stopped"] == ["risen"]


def test_called_anew_after_it_was_acknowledged() -> None:
    stage = Stage()
    stage.happens(stage.fact("raised", stage.alarm()))
    stage.happens(stage.fact("acked", stage.alarm(acked=True)))
    stage.passes(MINUTE)
    assert stage.steps() == []
    stage.happens(stage.fact("reannunciated", stage.alarm()))
    stage.passes(MINUTE)
    assert [at for at, _ in stage.steps()] == [65, 90, 120]


@pytest.mark.parametrize(
    "more",
    [
        {"purpose": Purpose.TEST},
        {"purpose": Purpose.DRILL},
        {"suppression": Suppression("shelved", "li", "work", None)},
        {"signal": Signal.PROCESS},
    ],
)
def test_what_calls_nobody(more: dict[str, Any]) -> None:
    stage = Stage()
    assert stage.happens(stage.fact("raised", stage.alarm(**more))) == []
    assert stage.tenant.next_due() is None


def test_a_drill_with_a_policy_of_its_own() -> None:
    stage = Stage([*POLICIES, replace(VITAL, id="drill", purpose=Purpose.DRILL)])
    (started,) = stage.happens(stage.fact("raised", stage.alarm(purpose=Purpose.DRILL)))
    assert (started.body["policy"], started.body["purpose"]) == ("drill", "drill")


@pytest.mark.parametrize(
    ("kind", "verdict", "told"),
    [("false", "false", "verdict"), ("fault", "fault", "verdict"), ("test", "test", "verdict")],
)
def test_a_verdict_is_a_message_of_its_own_though_acknowledged(
    kind: str, verdict: VerdictKind, told: str
) -> None:
    stage = Stage()
    judged = stage.alarm(acked=True, verdict=Verdict(verdict, "x", "li", 1))
    stage.happens(stage.fact("verdict", judged))
    assert stage.tells() == [(told, told)]
    assert [row["open"] for row in stage.rows.values()] == [False]


def test_an_incident_that_became_certain_is_told_once_though_acknowledged() -> None:
    stage = Stage()
    judged = stage.alarm(acked=True, verdict=Verdict("real", "x", "li", 1))
    stage.happens(stage.fact("verdict", judged))
    assert stage.tells() == []  # the incident tells it
    stage.happens(stage.incident("confirmed", triggers=["al-1", "al-2"], alarm="al-9"))
    assert stage.tells() == [("confirmed", "confirmed")]
    assert stage.facts[-1][1].body["alarm"] == "al-1"


@pytest.mark.parametrize(
    ("more", "told"), [({}, ["confirmed"]), ({"purpose": "drill"}, []), ({"signal": None}, [])]
)
def test_who_is_told_of_an_incident(more: dict[str, Any], told: list[str]) -> None:
    stage = Stage()
    stage.happens(stage.incident("confirmed", **more), stage.incident("all_clear", **more))
    assert [event for event, _ in stage.tells()] == told


@pytest.mark.parametrize("kind", ["real", "false", "fault"])
def test_a_late_word_about_a_closed_alarm_tells_nobody(kind: VerdictKind) -> None:
    stage = Stage()
    closed = stage.alarm(closed_at=1, verdict=Verdict(kind, "x", "li", 1))
    assert stage.happens(stage.fact("verdict", closed)) == []


def test_a_fire_judged_real_is_called_for_until_somebody_takes_it() -> None:
    stage = Stage()
    stage.happens(stage.fact("raised", stage.alarm()))
    stage.passes(6 * SECOND)
    stage.happens(stage.fact("verdict", stage.alarm(verdict=Verdict("real", "x", "li", 1))))
    stage.passes(HOUR)
    assert [at for at, _ in stage.steps()] == [5, 30, 60, 180]


@pytest.mark.parametrize("kind", ["unshelved", "released"])
@pytest.mark.parametrize(("active", "calls"), [(True, 4), (False, 0)])
def test_what_is_released_while_still_in_alarm_calls(kind: str, active: bool, calls: int) -> None:
    stage = Stage()
    held = stage.alarm(suppression=Suppression("out_of_service", "li", "work", None))
    stage.happens(stage.fact("raised", held))
    stage.passes(HOUR)
    assert stage.steps() == []
    stage.happens(stage.fact(kind, replace(held, suppression=None, active=active, latched=active)))
    stage.passes(HOUR)
    assert len(stage.steps()) == calls


@pytest.mark.parametrize("boots", [False, True])
@pytest.mark.parametrize("told", [False, True])
def test_nobody_is_told_of_the_end_of_what_nobody_was_told_of(told: bool, boots: bool) -> None:
    stage = Stage()
    held = Suppression("shelved", "li", "work", None, second="wang")
    alarm = stage.alarm(suppression=None if told else held)
    stage.happens(stage.fact("raised", alarm))
    stage.passes(HOUR)
    stage.happens(stage.fact("acked", replace(alarm, acked=True)))
    if boots:
        stage.restarts(DAY)
    stage.happens(stage.fact("reset", replace(alarm, acked=True, closed_at=stage.utc)))
    assert stage.tells() == ([("cleared", "cleared")] if told else [])


def test_cleared_and_recovered() -> None:
    stage = Stage(utc=START + 8 * HOUR)
    stage.happens(stage.fact("raised", stage.alarm()))
    stage.passes(MINUTE)
    stage.happens(stage.fact("reset", stage.alarm(closed_at=1)))
    fault = stage.alarm("al-2", Signal.FAULT, latched=False, active=False)
    stage.happens(stage.fact("returned", fault), stage.fact("closed", replace(fault, closed_at=1)))
    hidden = replace(fault, id="al-3", suppression=Suppression("by_design", "hub", "gateway", None))
    stage.happens(stage.fact("returned", hidden))
    assert stage.tells() == [("cleared", "cleared"), ("recovered", "recovered")]


def test_quiet_hours_put_off_and_drop_nothing() -> None:
    stage = Stage()  # 02:14
    fault = stage.alarm("al-2", Signal.FAULT)
    stage.happens(
        stage.fact("raised", fault), stage.fact("returned", replace(fault, id="al-3", active=False))
    )
    stage.passes(5 * HOUR + 15 * MINUTE)
    assert stage.kinds() == ["started", "deferred", "deferred"]
    stage.passes(MINUTE)
    assert stage.kinds()[3:] == ["tell", "step", "exhausted"] or stage.kinds()[3:] == [
        "step",
        "exhausted",
        "tell",
    ]
    morning = (5 * 60 + 16) * 60
    assert {at / SECOND for at, fact in stage.facts[3:]} == {morning}


def test_what_was_put_off_is_not_told_of_an_alarm_acknowledged_meanwhile() -> None:
    stage = Stage()
    stage.happens(stage.fact("raised", stage.alarm("al-2", Signal.FAULT)))
    stage.passes(HOUR)
    stage.happens(stage.fact("acked", stage.alarm("al-2", Signal.FAULT, acked=True)))
    stage.passes(DAY)
    assert stage.kinds() == ["started", "deferred", "stopped"]


@pytest.mark.parametrize(
    ("step", "trusted", "left"), [(6 * HOUR, True, 0), (-HOUR, True, 4 * HOUR), (2 * SECOND, False, 0)]
)
def test_a_set_clock_moves_the_end_of_quiet_hours(step: int, trusted: bool, left: int) -> None:
    stage = Stage()
    stage.happens(stage.fact("raised", stage.alarm("al-2", Signal.FAULT)))
    stage.passes(2 * HOUR + 16 * MINUTE)  # 04:30
    stage.utc += step
    stage.trusted = trusted
    stage.happens()
    assert stage.tenant.next_due() == (stage.mono + left if left else None)
    assert ("step" in stage.kinds()) is (left == 0)


def test_an_untrusted_clock_knows_no_quiet_hours() -> None:
    stage = Stage()
    stage.trusted = False
    stage.happens(stage.fact("raised", stage.alarm("al-2", Signal.FAULT)))
    stage.passes(MINUTE)
    assert stage.kinds() == ["started", "step", "exhausted"]


def test_an_order_that_nobody_accepts() -> None:
    stage = Stage()
    stage.happens(stage.order("opened", offered=[]), stage.order("notified"))
    assert stage.steps() == [(0, [("a", "sms")])]
    stage.passes(HOUR)
    assert stage.steps()[1:] == [(600, [("f", "sms")])]
    stage.happens(stage.order("overdue"))
    assert stage.tells() == [("order-overdue", "overdue")]


def test_an_accepted_order_and_one_handed_on() -> None:
    stage = Stage()
    stage.happens(stage.order("notified"))
    stage.happens(stage.order("notified", offered=["b"]))
    stage.happens(stage.order("accepted", state="accepted"))
    stage.passes(HOUR)
    assert stage.steps() == [(0, [("a", "sms")]), (0, [("b", "sms")])]
    assert [f.body["reason"] for _, f in stage.facts if f.kind == "escalation.stopped"] == [
        "reassigned", "acknowledged",
    ]  # fmt: skip


def test_other_facts_by_their_kind() -> None:
    stage = Stage()
    stage.happens(
        Fact(Seq(1, 900), "handover.missed", stage.utc, None, "handover", {"id": "ho-1", "open": True})
    )
    assert stage.tells() == [("handover-missed", "handover")]


def test_rounds() -> None:
    stage = Stage(
        [Policy("p", (Step(10, (call("person:e"),)), Step(30, (call("person:f"),))), rounds=3, pause=60)]
    )
    stage.happens(stage.fact("raised", stage.alarm()))
    stage.passes(HOUR)
    assert [at for at, _ in stage.steps()] == [10, 30, 100, 120, 190, 210]


def test_a_policy_that_is_gone_after_a_restart() -> None:
    stage = Stage()
    stage.happens(stage.fact("raised", stage.alarm()))
    stage.policies = [replace(VITAL, id="new")]
    stage.restarts()
    stage.passes(MINUTE)
    assert len(stage.steps()) == 3
    stage.policies = []
    stage.restarts()
    stage.passes(HOUR)
    assert [f.body["reason"] for _, f in stage.facts][-1] == "no-policy"


def test_a_storm_costs_a_bounded_number_of_facts() -> None:
    stage = Stage()
    for second in range(60):
        stage.happens(*(stage.fact("raised", stage.alarm(f"al-{second}-{n}")) for n in range(17)))
        stage.passes(SECOND)
    stage.passes(HOUR)
    by_alarm: dict[str, int] = {}
    for _, fact in stage.facts:
        by_alarm[fact.body["alarm"]] = by_alarm.get(fact.body["alarm"], 0) + 1
    assert len(by_alarm) == 1020
    assert set(by_alarm.values()) == {6}  # started, four steps, exhausted


@examples(60)
@given(st.integers(0, 2**32), st.booleans())
def test_restarts_and_set_clocks_lose_no_step_and_double_none(seed: int, clock_lies: bool) -> None:
    """Restarts on a clock to be trusted take no longer than the way to the next step; steps of it change nothing."""
    dice = random.Random(seed)
    stage = Stage()
    stage.happens(stage.fact("raised", stage.alarm()))
    while stage.tenant.next_due() is not None:
        stage.passes(dice.randint(0, 20 * SECOND))
        if dice.random() < 0.3 and clock_lies:
            stage.utc += dice.randint(-9, 9) * HOUR
        elif dice.random() < 0.3 and not clock_lies:
            stage.restarts(away=0)
    assert [round(at) for at, _ in stage.steps()] == [5, 30, 60, 180]


@examples(40)
@given(st.integers(0, 2**32))
def test_every_step_comes_once_whatever_boots_and_clocks_do(seed: int) -> None:
    dice = random.Random(seed)
    stage = Stage()
    stage.happens(stage.fact("raised", stage.alarm()))
    for _ in range(200):
        stage.passes(dice.randint(0, 60 * SECOND))
        if dice.random() < 0.2:
            stage.utc += dice.randint(-9, 9) * HOUR
        if dice.random() < 0.1:
            stage.restarts(away=dice.randint(0, HOUR), trusted=dice.random() < 0.6)
    assert [fact.body["done"] for _, fact in stage.facts if fact.kind == "escalation.step"] == [1, 2, 3, 4]
    assert stage.kinds()[-1] == "exhausted"
    gaps = [b[0] - a[0] for a, b in pairwise(stage.steps())]
    assert all(gap >= 0 for gap in gaps)


@pytest.mark.parametrize("zone", [SHANGHAI, BERLIN])
def test_a_year(zone: ZoneInfo) -> None:
    """Two alarms a day at random times: each ladder at its seconds, each call to who has the shift then."""
    dice = random.Random(4)
    stage = Stage(zone=zone, utc=int(datetime(2026, 1, 1, tzinfo=zone).timestamp()) * SECOND)
    duty = OnDuty(stage.people, zone, {}.get)
    for number in range(730):
        stage.passes(dice.randint(HOUR, 23 * HOUR))
        if dice.random() < 0.1:
            stage.restarts(away=dice.randint(0, HOUR))
        began, known = stage.mono - stage.began, len(stage.facts)
        stage.happens(stage.fact("raised", stage.alarm(f"al-{number}")))
        stage.passes(HOUR)
        new = [(at, f) for at, f in stage.facts[known:] if f.kind == "escalation.step"]
        assert [(at - began) / SECOND for at, _ in new] == [5, 30, 60, 180]
        (expected,) = duty.who("post:patrol", Instant(new[0][1].time, 0))
        assert new[0][1].body["calls"][0]["person"] == expected
    assert {row["open"] for row in stage.rows.values()} == {False}


def test_people_stand_in_facts_as_ids_only() -> None:
    named = {"e": Person("e", "王芳", W, phone="19900000012", addresses={"wecom": "WangFang"})}
    stage = Stage(people=roster(PATROL, people=named))
    stage.happens(stage.fact("raised", stage.alarm()))
    stage.passes(HOUR)
    written = str([fact.body for _, fact in stage.facts])
    assert "'e'" in written
    assert not any(word in written for word in ("王芳", "19900000012", "WangFang"))


HAZARDS = (
    Policy(
        "major", tells=(Tell("hazard-major", (call("person:f", message="hazard-major"),)),), subject="hazard"
    ),
    Policy(
        "hazards",
        tells=tuple(
            Tell(on, (call("assigned", message="hazard"),))
            for on in ("hazard-assigned", "hazard-overdue", "hazard-overdue-2", "hazard-extension-asked")
        ),
        subject="hazard",
        quiet=Quiet(time(22), time(7, 30)),
    ),
)


def hazard(stage: Stage, kind: str, **more: Any) -> Fact:
    body = {"id": "hz-1", "zone": "b3", "person": "e", "grade": "general", "climbed": 1} | more
    return Fact(stage.numbering.next(), kind, stage.utc, subject="hazard", body=body)


@pytest.mark.parametrize(
    ("kind", "more", "to"),
    [
        ("hazard.assigned", {}, ("e", "hazard")),
        ("hazard.overdue", {}, ("e", "hazard")),
        ("hazard.overdue", {"climbed": 2}, ("e", "hazard")),
        ("hazard.extension_asked", {}, ("e", "hazard")),
        ("hazard.graded", {"grade": "major"}, ("f", "hazard-major")),
        ("hazard.overdue", {"climbed": 3}, None),
        ("hazard.graded", {}, None),
        ("hazard.closed", {}, None),
    ],
)
def test_hazards_are_told_of_by_grade_and_by_how_late_they_are(
    kind: str, more: dict[str, Any], to: tuple[str, str] | None
) -> None:
    stage = Stage((DUTY, *HAZARDS), utc=START + 8 * HOUR)
    stage.happens(hazard(stage, kind, **more))
    calls = [(c["person"], c["message"]) for _, fact in stage.facts for c in fact.body["calls"]]
    assert calls == ([] if to is None else [to])


def test_a_major_hazard_does_not_wait_for_the_morning() -> None:
    stage = Stage(HAZARDS)
    stage.happens(hazard(stage, "hazard.assigned"), hazard(stage, "hazard.graded", grade="major"))
    assert [fact.kind for _, fact in stage.facts] == ["escalation.deferred", "escalation.tell"]
    stage.restarts(5 * HOUR)
    stage.passes(HOUR)
    assert stage.facts[-1][1].body["hazard"] == "hz-1"


def test_what_was_put_off_is_told_once_though_the_clock_is_set_afterwards() -> None:
    stage = Stage(HAZARDS)
    stage.happens(hazard(stage, "hazard.assigned"), hazard(stage, "hazard.overdue"))
    stage.passes(8 * HOUR)
    assert [fact.kind for _, fact in stage.facts].count("escalation.tell") == 2
    stage.utc += HOUR
    stage.passes(DAY)
    assert [fact.kind for _, fact in stage.facts].count("escalation.tell") == 2
