"""Whatever happens, in whatever order: what must always hold.

Two hubs live through the same day. One is killed and started again at random moments; the other runs through, but its
civil clock is set forwards and backwards. Both must do the same.
"""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge.alarm.outcome import Outcome
from edge.domain.alarm import Alarm
from edge.domain.instant import MINUTE, SECOND
from edge.domain.lifecycle import UNCONFIRMED, VITAL
from edge.domain.reading import Arrival, Purpose, Quality, Reading
from edge.domain.request import Acknowledge, AlarmRequest, Comment, Judge, Refusal, Reset, Shelve, Silence
from tests.chance import examples
from tests.edge.alarm.stage import Stage, told

STATES = ("smoke", "sos", "head", "door", "link")
TAIL = 15 * MINUTE

state_reports = st.tuples(st.sampled_from(STATES), st.booleans())
gas = st.tuples(st.just("gas"), st.sampled_from([0.0, 6.9, 7.0, 7.9, 8.0, 19.0, 20.0, 23.0, None]))
tank = st.tuples(st.just("tank"), st.sampled_from([100.0, 140.0, 145.0, 145.1, 200.0, None]))
reports = state_reports | gas | tank
qualities = st.sampled_from([Quality.GOOD, Quality.GOOD, Quality.UNCERTAIN, Quality.BAD])
purposes = st.sampled_from([Purpose.LIVE, Purpose.LIVE, Purpose.LIVE, Purpose.TEST, Purpose.DRILL])
steps_of_time = st.sampled_from([0.5, 1, 5, 9.5, 10, 20, 30, 59, 61, 300, 4000, 90_000])


class TwoHubs(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.mortal, self.steady = Stage(), Stage()
        self.tail: list[Reading] = []

    # ---- what happens ---------------------------------------------------------------------------------------------

    @rule(said=st.lists(st.tuples(reports, purposes, qualities), min_size=1, max_size=4))
    def live(self, said) -> None:
        before = self.vital()
        outcomes = []
        for stage in (self.mortal, self.steady):
            readings = [
                stage.reading(point, value, purpose=purpose, quality=quality)
                for (point, value), purpose, quality in said
            ]
            outcomes.append(stage.step(*readings))
            if stage is self.mortal:
                self.remember(*readings)
        self.same(*outcomes)
        assert before <= self.vital(), "no reading ends an alarm of fire, gas or SOS"
        open_now = [alarm for alarm in self.mortal.engine.open().values() if alarm.purpose is Purpose.LIVE]
        for point in ("smoke", "sos"):
            values = [
                value for (said_at, value), purpose, _ in said if (said_at, purpose) == (point, Purpose.LIVE)
            ]
            if True in values:
                assert any(alarm.rule == point for alarm in open_now), (
                    "every alarm report leads to an open alarm"
                )
            if values and values[-1] is True:
                assert any(alarm.rule == point and alarm.active for alarm in open_now)

    @rule(
        said=st.lists(reports, min_size=1, max_size=3),
        arrival=st.sampled_from([Arrival.RETAINED, Arrival.HISTORY]),
        purpose=purposes,
    )
    def not_live(self, said, arrival, purpose) -> None:
        self.quiet()
        before = dict(self.mortal.engine.open())
        outcomes = []
        for stage in (self.mortal, self.steady):
            readings = [stage.reading(*report, arrival=arrival, purpose=purpose) for report in said]
            outcomes.append(stage.step(*readings))
            if stage is self.mortal:
                self.remember(*readings)
        self.same(*outcomes)
        new = [alarm for alarm in outcomes[0].alarms if before.get(alarm.id) != alarm]
        assert all(alarm.rule == UNCONFIRMED and alarm.id not in before for alarm in new)

    @rule(said=st.lists(reports, min_size=1, max_size=3))
    def muted(self, said) -> None:
        self.quiet()
        for stage in (self.mortal, self.steady):
            readings = [stage.reading(*report, evaluate=False) for report in said]
            assert not stage.step(*readings).facts
            if stage is self.mortal:
                self.remember(*readings)

    @rule(seconds=steps_of_time)
    def time_passes(self, seconds) -> None:
        before = self.vital()
        one, other = self.mortal.wait(seconds), self.steady.wait(seconds)
        assert sorted(alarm_facts(one)) == sorted(alarm_facts(other))  # equal times have no order
        assert before <= self.vital(), "silence never clears"
        self.remember(self.mortal.reading("plain", 1.0))

    @rule(seconds=st.integers(-(10**8), 10**8))
    def civil_clock_is_set(self, seconds) -> None:
        self.steady.utc_step += seconds * SECOND

    @precondition(lambda self: all(written(self.mortal, a) for a in self.mortal.engine.open().values()))
    @rule()
    def hub_is_killed(self) -> None:
        self.quiet()
        before = dict(self.mortal.engine.open())
        outcome = self.mortal.restart(tail=[r for r in self.tail if r.received > self.mortal.now.utc - TAIL])
        assert not outcome.facts
        assert dict(self.mortal.engine.open()) == before

    # ---- what people do -------------------------------------------------------------------------------------------

    def alarms(self, which: int) -> tuple[Alarm, Alarm] | None:
        """The same open alarm of both hubs."""
        pairs = list(zip(sorted_rows(self.mortal), sorted_rows(self.steady), strict=True))
        return pairs[which % len(pairs)] if pairs else None

    @precondition(lambda self: self.mortal.engine.open())
    @rule(which=st.integers(0, 20))
    def acknowledge(self, which) -> None:
        before = self.vital()
        self.both(which, lambda alarm, _: Acknowledge(alarm.id, "li"))
        assert before <= self.vital()

    @precondition(lambda self: self.mortal.engine.open())
    @rule(which=st.integers(0, 20))
    def reset(self, which) -> None:
        before = dict(self.mortal.engine.open())
        alarm = self.both(which, lambda alarm, _: Reset(alarm.id, "li"))
        gone = [a for a in before.values() if a.id not in self.mortal.engine.open() and a.signal in VITAL]
        assert all(a.id == alarm and a.acked and not a.active for a in gone)

    @precondition(lambda self: self.mortal.engine.open())
    @rule(which=st.integers(0, 20))
    def force(self, which) -> None:
        pair = self.alarms(which)
        if pair is not None and pair[0].rule not in {"tank", "door"}:
            self.both(
                which, lambda alarm, _: Reset(alarm.id, "li", force=True, reason="broken", second="wang")
            )

    @precondition(lambda self: self.mortal.engine.open())
    @rule(which=st.integers(0, 20), seconds=st.none() | st.integers(-1, 30_000))
    def shelve(self, which, seconds) -> None:
        self.both(
            which,
            lambda alarm, now: Shelve(
                alarm.id, "li", None if seconds is None else now.utc + seconds * SECOND, "known"
            ),
        )
        assert not any(a.suppression for a in self.mortal.rows.values() if a.signal in VITAL)

    @precondition(lambda self: self.mortal.engine.open())
    @rule(which=st.integers(0, 20), said=st.sampled_from(["real", "false", None]))
    def remark(self, which, said) -> None:
        self.both(
            which,
            lambda alarm, _: Judge(alarm.id, "li", said, "") if said else Comment(alarm.id, "li", "seen"),
        )

    @rule()
    def silence_the_desk(self) -> None:
        before = dict(self.mortal.engine.open())
        self.mortal.act(Silence("li"))
        self.steady.act(Silence("li"))
        assert dict(self.mortal.engine.open()) == before

    # ---- what always holds ----------------------------------------------------------------------------------------

    @invariant()
    def both_stand_alike(self) -> None:
        assert [shape(a) for a in sorted_rows(self.mortal)] == [shape(a) for a in sorted_rows(self.steady)]

    @invariant()
    def nobody_sleeps_through_a_timer(self) -> None:
        for stage in (self.mortal, self.steady):
            due = stage.engine.next_due()
            assert due is None or due >= stage.now.mono - 1

    @invariant()
    def what_is_latched_is_vital_and_held(self) -> None:
        for alarm in self.mortal.engine.open().values():
            if alarm.signal in VITAL:
                assert alarm.latched is (alarm.purpose is not Purpose.TEST)
            if alarm.rule == "head":
                assert alarm.active
            assert alarm.state != "normal"

    def teardown(self) -> None:
        fold: dict[str, Alarm] = {}
        for fact in self.mortal.journal:
            if fact.subject == "alarm":
                alarm = Alarm.from_dict(dict(fact.body))
                fold[alarm.id] = alarm
        assert fold == self.mortal.rows

    # ---- helpers --------------------------------------------------------------------------------------------------

    def remember(self, *readings: Reading) -> None:
        self.tail.extend(readings)

    def quiet(self) -> None:
        """Let what is due now be over, so that what follows is the doing of what follows."""
        one, other = self.mortal.wait(0), self.steady.wait(0)
        assert sorted(alarm_facts(one)) == sorted(alarm_facts(other))

    def vital(self) -> set[str]:
        return {
            a.id
            for a in self.mortal.engine.open().values()
            if a.signal in VITAL and a.purpose is not Purpose.TEST
        }

    def same(self, one: Outcome, other: Outcome) -> None:
        assert alarm_facts(one) == alarm_facts(other)
        assert one.annunciated == other.annunciated

    def both(self, which, make) -> str | None:
        pair = self.alarms(which)
        if pair is None:
            return None
        results: list[object] = []
        for stage, alarm in zip((self.mortal, self.steady), pair, strict=True):
            command: AlarmRequest = make(alarm, stage.now)
            try:
                results.append(alarm_facts(stage.act(command)))
            except Refusal as refusal:
                results.append(refusal.code)
        assert results[0] == results[1]
        return pair[0].id


def written(stage: Stage, alarm: Alarm) -> bool:
    """Whether nothing of its hold has passed since its last fact: a restart may lengthen a hold by that much."""
    return alarm.hold is None or stage.engine._trackers[alarm.id].hold(stage.now.mono) == alarm.hold


def alarm_facts(outcome: Outcome) -> list[str]:
    facts = [fact for fact in outcome.facts if fact.subject == "alarm"]
    return told(Outcome(facts, [], outcome.annunciated)).removesuffix(" !").split(", ")


def sorted_rows(stage: Stage) -> list[Alarm]:
    return sorted(stage.engine.open().values(), key=name)


def name(alarm: Alarm) -> tuple[str, str]:
    return alarm.key, alarm.purpose.value


def shape(alarm: Alarm) -> tuple[object, ...]:
    suppression = alarm.suppression
    return (
        alarm.key,
        alarm.state,
        alarm.active,
        alarm.acked,
        alarm.latched,
        alarm.level,
        alarm.reports,
        alarm.value,
        alarm.hold,
        alarm.verdict is None,
        None if suppression is None else (suppression.kind, suppression.remaining),
    )


TwoHubs.TestCase.settings = examples(60, stateful_step_count=40)
test_two_hubs = TwoHubs.TestCase
