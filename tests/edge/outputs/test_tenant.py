"""Outputs as a whole: commands, linkages, people, the beacon, restarts."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.alarm import Suppression, Verdict
from edge.domain.conclusion import Happened
from edge.domain.device import Signal
from edge.domain.instant import DAY, HOUR
from edge.domain.output import CommandState, Operate, OutputKind, SetLinkage, StartHeld
from edge.domain.reading import Arrival, Purpose, Quality, Reading
from edge.domain.request import Refusal
from tests.chance import examples
from tests.edge.outputs.stage import DEVICES, START, Stage, alarm, real


@pytest.fixture
def stage() -> Stage:
    made = Stage()
    made.restart()
    made.wait(30)  # the beacon's first command has had its time
    return made


def start(stage: Stage, output: str = "siren.siren", act: str = "start") -> str:
    out = stage.ask(Operate(act, "li", (output,), reason="seen"))
    assert out.subject is not None
    return str(out.subject["commands"][0]["id"])


class TestCommand:
    def test_it_is_queued_and_sent_at_once_and_only_its_feedback_confirms_it(self, stage: Stage) -> None:
        id = start(stage)
        assert stage.last("siren.siren").state is CommandState.SENT
        stage.written(id)
        assert stage.last("siren.siren").state is CommandState.WRITTEN
        stage.wait(1)
        stage.reads("siren.state", True)
        command = stage.last("siren.siren")
        assert (command.state, command.open, command.late) == (CommandState.CONFIRMED, False, False)
        assert command.confirmed_at == stage.utc

    @pytest.mark.parametrize(
        "more",
        [
            {"arrival": Arrival.RETAINED},
            {"arrival": Arrival.HISTORY},
            {"quality": Quality.UNCERTAIN},
            {"purpose": Purpose.TEST},
        ],
    )
    def test_what_is_not_live_and_good_proves_nothing(self, stage: Stage, more: dict[str, object]) -> None:
        start(stage)
        stage.reads("siren.state", True, **more)
        assert stage.last("siren.siren").open

    def test_a_reading_from_before_proves_nothing(self, stage: Stage) -> None:
        start(stage)
        reading_time = stage.utc - 1
        stage.utc += 1
        point = stage.points["siren.state"]
        stage.hub.conclude(Happened(readings=[Reading(point, True, reading_time, reading_time)]), stage.now())
        assert stage.last("siren.siren").open

    def test_it_is_tried_again_and_its_silence_is_an_alarm_after_five_seconds(self, stage: Stage) -> None:
        start(stage)
        stage.wait(4.9)
        assert [w.attempt for w in stage.writes if w.device == "siren"] == [1, 2, 3]
        assert stage.faults["siren.siren-feedback"] is False
        stage.wait(0.2)
        assert stage.last("siren.siren").state is CommandState.UNCONFIRMED
        assert stage.faults["siren.siren-feedback"] is True

    def test_a_late_feedback_ends_the_alarm_and_says_it_was_late(self, stage: Stage) -> None:
        start(stage)
        stage.wait(60)
        stage.reads("siren.state", True)
        command = stage.last("siren.siren")
        assert (command.state, command.late, command.open) == (CommandState.CONFIRMED, True, False)
        assert stage.faults["siren.siren-feedback"] is False

    def test_feedback_of_something_else_is_noted_and_confirms_nothing(self, stage: Stage) -> None:
        start(stage)
        stage.reads("siren.state", False)
        stage.wait(6)
        command = stage.last("siren.siren")
        assert (command.state, command.seen) == (CommandState.UNCONFIRMED, False)

    def test_a_failed_write_says_why_and_is_tried_again(self, stage: Stage) -> None:
        id = start(stage)
        stage.written(id, "bus-1 is down")
        assert stage.last("siren.siren").error == "bus-1 is down"
        stage.wait(2)
        assert stage.last("siren.siren").attempts == 2

    def test_without_feedback_the_word_of_the_bus_ends_it(self, stage: Stage) -> None:
        stage.written(start(stage, "mute.siren"))
        command = stage.last("mute.siren")
        assert (command.state, command.open) == (CommandState.WRITTEN, False)

    def test_another_act_supersedes_it_the_same_is_not_sent_twice(self, stage: Stage) -> None:
        first = start(stage)
        assert start(stage) == first
        second = start(stage, act="stop")
        states = {c.id: c.state for c in stage.commands(lambda c: c.output == "siren.siren")}
        assert states == {first: CommandState.SUPERSEDED, second: CommandState.SENT}

    def test_a_device_that_is_back_is_told_again_but_not_hours_later(self, stage: Stage) -> None:
        def sent() -> int:
            return len([write for write in stage.writes if write.device == "siren"])

        start(stage)
        stage.wait(60)
        before = sent()
        stage.reads("siren.link", False)
        assert sent() == before + 1
        stage.wait(3600)
        stage.reads("siren.link", False)
        assert sent() == before + 1

    def test_a_valve_is_closed_however_long_its_device_keeps_silent(self, stage: Stage) -> None:
        stage.happens("alarm.raised", alarm("al-1", Signal.GAS))
        stage.wait(6)
        assert stage.last("valve.valve").state is CommandState.UNCONFIRMED

        def sent() -> int:
            return len([write for write in stage.writes if write.device == "valve"])

        before = sent()
        stage.reads("valve.state", "open")  # the bus is well again, and the contact was never lost
        stage.wait(30)
        assert sent() == before + 1
        stage.wait(2 * 3600)
        before = sent()
        stage.wait(60)
        assert sent() == before + 1
        stage.restart(24 * 3600)
        assert sent() == before + 2
        stage.reads("valve.state", "closed")
        assert (stage.last("valve.valve").state, stage.last("valve.valve").late) == (
            CommandState.CONFIRMED,
            True,
        )
        stage.wait(600)
        assert sent() == before + 2

    def test_a_siren_is_tried_again_while_the_alarm_it_is_for_is_open(self, stage: Stage) -> None:
        def sent() -> int:
            return len([write for write in stage.writes if write.device == "siren"])

        fire = alarm("al-1")
        stage.happens("alarm.raised", fire)
        stage.judged(real(fire))
        stage.wait(6)
        before = sent()
        stage.wait(60)
        assert sent() == before + 2
        stage.happens("alarm.closed", replace(real(fire), closed_at=stage.utc))
        stage.wait(600)
        assert sent() == before + 3  # the one that was due already

    @pytest.mark.parametrize("leap", [-3650 * DAY, 8 * HOUR, 3650 * DAY])
    def test_a_clock_that_is_set_meanwhile_makes_no_siren_old(self, stage: Stage, leap: int) -> None:
        """After a power cut a time server is heard minutes after the fire."""
        fire = alarm("al-1")
        stage.happens("alarm.raised", fire)
        stage.judged(real(fire))
        stage.wait(6)
        stage.utc += leap
        before = len([write for write in stage.writes if write.device == "siren"])
        stage.wait(60)
        assert len([write for write in stage.writes if write.device == "siren"]) == before + 2

    def test_what_an_output_was_told_last_is_known_after_a_restart(self, stage: Stage) -> None:
        stage.written(start(stage, "mute.siren"))
        stage.restart(3600)
        (mute,) = (known for known in stage.hub.standing() if known.output.id == "mute.siren")
        assert mute.command is not None
        assert (mute.command.act, mute.command.state) == ("start", CommandState.WRITTEN)
        stage.written(start(stage, "mute.siren", "stop"))
        stage.restart()
        (mute,) = (known for known in stage.hub.standing() if known.output.id == "mute.siren")
        assert mute.command is not None
        assert mute.command.act == "stop"

    def test_a_change_nobody_asked_for_is_noted(self, stage: Stage) -> None:
        stage.reads("valve.state", "closed")
        stage.reads("valve.state", "open")
        assert stage.facts[-1].kind == "output.changed"
        assert stage.facts[-1].body["value"] == "open"


class TestLinkage:
    def test_gas_closes_the_valve_of_its_flat_and_nothing_else(self, stage: Stage) -> None:
        stage.happens("alarm.raised", alarm("al-1", Signal.GAS))
        switched = {w.device for w in stage.writes if w.device != "desk"}
        assert switched == {"valve"}
        assert stage.last("valve.valve").cause == "valve"

    def test_fire_is_stage_1_until_a_person_says_it_is_real(self, stage: Stage) -> None:
        fire = alarm("al-1")
        stage.happens("alarm.raised", fire)
        assert {w.device for w in stage.writes} - {"desk"} == {"relay"}
        stage.judged(real(fire))
        assert {w.device for w in stage.writes} - {"desk"} == {"relay", "siren", "mute"}

    def test_a_second_verdict_does_not_start_what_a_person_stopped(self, stage: Stage) -> None:
        fire = real(alarm("al-1"))
        stage.judged(fire)
        start(stage, act="stop")
        stage.restart()
        stage.judged(fire)
        assert stage.last("siren.siren").act == "stop"

    def test_two_triggers_start_stage_2_once(self, stage: Stage) -> None:
        stage.confirmed(alarm("al-1"), alarm("al-2"))
        assert sorted(w.device for w in stage.writes if w.device != "desk") == ["mute", "siren"]
        stage.confirmed(alarm("al-1"), alarm("al-2"))
        assert sorted(w.device for w in stage.writes if w.device != "desk") == ["mute", "siren"]

    def test_another_incident_of_the_same_alarm_starts_them_again(self, stage: Stage) -> None:
        stage.judged(real(alarm("al-1")))
        start(stage, act="stop")
        stage.restart()
        stage.incident("confirmed", id="inc-2", alarms=["al-1"])
        assert stage.last("siren.siren").act == "start"

    def test_a_persons_word_starts_them_without_an_alarm(self, stage: Stage) -> None:
        stage.incident("confirmed", opened_by="li", zone="b1/u1")
        stage.incident("confirmed", opened_by="li", signal=None)
        assert not stage.commands(lambda c: c.kind is not OutputKind.DESK)
        stage.incident("confirmed", opened_by="li")
        stage.restart()
        stage.incident("confirmed", opened_by="li")
        assert sorted(c.output for c in stage.commands(lambda c: c.kind is OutputKind.SIREN)) == [
            "mute.siren", "siren.siren",
        ]  # fmt: skip
        attempts = stage.last("siren.siren").attempts
        stage.wait(60)
        assert stage.last("siren.siren").attempts > attempts
        stage.incident("all_clear", opened_by="li")
        assert stage.hub.starts() == []

    def test_held_in_manual_it_is_offered_until_it_is_over(self, stage: Stage) -> None:
        stage.ask(SetLinkage("manual", "li", "maintenance"))
        stage.incident("confirmed", opened_by="li")
        assert [held.state for held in stage.hub.starts()] == ["held"]
        stage.ask(SetLinkage("auto", "li", "done"))
        assert stage.last("siren.siren").by == "li"

    def test_what_was_judged_or_rehearsed_starts_nothing(self, stage: Stage) -> None:
        judged = replace(alarm("al-1"), verdict=Verdict("false", "cooking", "li", START))
        stage.confirmed(judged)
        stage.confirmed(alarm("al-2"), purpose=Purpose.DRILL)
        assert not stage.commands(lambda c: c.kind is not OutputKind.DESK)

    def test_the_end_of_the_alarm_stops_nothing(self, stage: Stage) -> None:
        fire = real(alarm("al-1"))
        stage.judged(fire)
        stage.happens("alarm.reset", alarm("al-1", closed_at=stage.utc, closed_by="li", active=False))
        assert not stage.commands(lambda c: c.act == "stop")
        assert stage.hub.starts() == []

    @pytest.mark.parametrize(
        "changes",
        [
            {"purpose": Purpose.DRILL},
            {"purpose": Purpose.TEST},
            {"suppression": Suppression("shelved", "li", "dust", None)},
            {"active": False},
        ],
    )
    def test_drills_tests_and_what_is_suppressed_start_nothing(
        self, stage: Stage, changes: dict[str, object]
    ) -> None:
        stage.happens("alarm.raised", alarm("al-1", Signal.GAS, **changes))
        assert not stage.commands(lambda c: c.kind is not OutputKind.DESK)

    def test_in_manual_it_is_held_offered_and_started_by_a_person_once(self, stage: Stage) -> None:
        with pytest.raises(Refusal, match="reason"):
            stage.ask(SetLinkage("manual", "li", " "))
        stage.ask(SetLinkage("manual", "li", "maintenance"))
        stage.restart()
        stage.happens("alarm.raised", alarm("al-1", Signal.GAS))
        assert not stage.commands(lambda c: c.kind is OutputKind.VALVE)
        (held,) = stage.hub.starts()
        assert held.state == "held"
        stage.ask(StartHeld(held.id, "li"))
        assert stage.last("valve.valve").by == "li"
        with pytest.raises(Refusal) as refused:
            stage.ask(StartHeld(held.id, "li"))
        assert refused.value.code == "closed"

    def test_back_in_automatic_what_was_held_starts_where_its_alarm_still_stands(self, stage: Stage) -> None:
        stage.ask(SetLinkage("manual", "li", "maintenance"))
        stage.happens("alarm.raised", alarm("al-1", Signal.GAS))
        stage.happens("alarm.raised", alarm("al-2"))
        stage.happens("alarm.returned", alarm("al-2", active=False))
        stage.ask(SetLinkage("auto", "li", "done"))
        assert stage.last("valve.valve").by == "li"
        assert not stage.commands(lambda c: c.kind is OutputKind.RELAY)
        stage.happens("alarm.reannunciated", alarm("al-2"))  # what was not started then is started now
        assert stage.last("relay.relay").cause == "power"

    def test_what_a_verdict_ended_is_not_started_by_the_switch(self, stage: Stage) -> None:
        stage.ask(SetLinkage("manual", "li", "maintenance"))
        fire = alarm("al-1")
        stage.happens("alarm.raised", fire)
        stage.happens("alarm.verdict", replace(fire, verdict=Verdict("false", "steam", "li", START)))
        stage.ask(SetLinkage("auto", "li", "done"))
        assert not stage.commands(lambda c: c.kind is OutputKind.RELAY)

    def test_what_must_not_be_is_refused_again_while_running(self, stage: Stage) -> None:
        stage.judged(real(alarm("al-1", Signal.GAS)))
        refused = stage.last("siren-in-flat.siren")
        assert (refused.state, refused.error, refused.open) == (CommandState.REFUSED, "gas_zone", False)
        assert stage.last("fan.fan").state is CommandState.SENT  # explosion-proof


class TestGas:
    def test_a_detector_in_the_kitchen_bars_its_flat_and_not_the_landing(self, stage: Stage) -> None:
        barriers = {known.output.id: known.barrier for known in stage.hub.standing()}
        assert barriers["siren-in-101.siren"] == "gas_zone"
        assert barriers["siren-landing.siren"] is None

    def test_a_detector_that_comes_later_is_seen(self, stage: Stage) -> None:
        start(stage)
        late = replace(next(d for d in DEVICES if d.id == "gas"), id="late", zone="b3/s1")
        stage.devices["late"] = late
        with pytest.raises(Refusal) as refused:
            start(stage, act="stop")
        assert refused.value.code == "gas_zone"


class TestPeople:
    @pytest.mark.parametrize(
        ("request_", "code"),
        [
            (Operate("start", "li", ("nothing.siren",)), "not_found"),
            (Operate("jump", "li", ("siren.siren",)), "not_found"),
            (Operate("open", "li", ("valve.valve",)), "close_only"),
            (Operate("start", "li", ("siren-in-flat.siren",)), "gas_zone"),
            (Operate("off", "li", ("desk.desk",)), "automatic"),
            (Operate("start", "li", kind=OutputKind.SIREN, zone="b1"), "gas_zone"),
            (Operate("start", "li", kind=OutputKind.BUZZER), "not_found"),
        ],
    )
    def test_refusals(self, stage: Stage, request_: Operate, code: str) -> None:
        with pytest.raises(Refusal) as refused:
            stage.ask(request_)
        assert refused.value.code == code

    def test_a_building_at_once_without_what_is_barred(self, stage: Stage) -> None:
        before = len(stage.writes)
        stage.ask(Operate("start", "li", kind=OutputKind.SIREN, reason="fire"))
        assert [w.device for w in stage.writes[before:]] == ["siren-landing", "siren", "mute"]
        queued = next(f for f in reversed(stage.facts) if f.kind == "command.queued")
        assert (queued.by, queued.note) == ("li", "fire")


class TestBeacon:
    def test_it_follows_the_alarms_as_the_wall_sounds(self, stage: Stage) -> None:
        def shown() -> str:
            return stage.last("desk.desk").act

        assert shown() == "off"
        stage.happens("alarm.raised", alarm("al-1", Signal.FAULT))
        assert shown() == "fault"
        stage.happens("alarm.raised", alarm("al-2", Signal.GAS))
        assert shown() == "gas"
        stage.happens("alarm.raised", alarm("al-3"))
        assert shown() == "fire"
        stage.silence("li")
        assert shown() == "silent"
        stage.silence(None)
        assert shown() == "fire"
        for id, signal in (("al-3", Signal.FIRE), ("al-2", Signal.GAS), ("al-1", Signal.FAULT)):
            stage.happens("alarm.acked", alarm(id, signal, acked=True))
        assert shown() == "silent"
        for id in ("al-1", "al-2", "al-3"):
            stage.happens("alarm.closed", alarm(id, closed_at=stage.utc))
        assert shown() == "off"

    def test_it_is_told_again_when_it_shows_something_else(self, stage: Stage) -> None:
        stage.reads("desk.state", 6.0)  # off, late
        assert stage.last("desk.desk").state is CommandState.CONFIRMED
        stage.reads("desk.state", 0.0)
        assert (stage.last("desk.desk").act, stage.last("desk.desk").state) == ("off", CommandState.SENT)


class TestRestart:
    def test_an_open_command_is_sent_again(self, stage: Stage) -> None:
        start(stage)
        stage.restart(away=2)
        assert stage.last("siren.siren").attempts == 2
        stage.reads("siren.state", True)
        assert stage.last("siren.siren").state is CommandState.CONFIRMED

    def test_a_siren_does_not_start_hours_late_but_a_valve_closes(self, stage: Stage) -> None:
        start(stage)
        start(stage, "valve.valve", "close")
        before = len(stage.writes)
        stage.restart(away=7200)
        assert [w.device for w in stage.writes[before:] if w.device != "desk"] == ["valve"]
        assert stage.last("siren.siren").state is CommandState.UNCONFIRMED
        assert stage.faults["siren.siren-feedback"] is True

    def test_a_fault_that_the_crash_swallowed_is_told_again(self, stage: Stage) -> None:
        start(stage)
        stage.wait(6)
        stage.faults.clear()
        stage.restart()
        assert stage.faults["siren.siren-feedback"] is True
        assert stage.faults["valve.valve-feedback"] is False


ACTS = st.sampled_from(["start", "stop", "close", "open", "trip", "off"])
OUTPUTS = st.sampled_from([f"{d.id}.{o.id}" for d in DEVICES for o in d.profile.outputs])
STEPS = st.one_of(
    st.tuples(st.just("ask"), OUTPUTS, ACTS),
    st.tuples(st.just("all"), st.sampled_from(list(OutputKind)), ACTS),
    st.tuples(st.just("alarm"), st.sampled_from([Signal.FIRE, Signal.GAS, Signal.SOS]), st.booleans()),
    st.tuples(
        st.just("read"),
        st.sampled_from(["siren", "valve", "fan", "relay", "desk"]),
        st.sampled_from([True, "closed", 1.0]),
    ),
    st.tuples(st.just("written"), OUTPUTS, st.booleans()),
    st.tuples(st.just("wait"), st.floats(0, 8), st.none()),
    st.tuples(st.just("restart"), st.sampled_from([0, 3, 3600]), st.none()),
    st.tuples(st.just("mode"), st.sampled_from(["auto", "manual"]), st.none()),
)  # fmt: skip


def play(stage: Stage, step: tuple[object, ...], number: int) -> None:
    match step:
        case ("ask", str(output), str(act)):
            stage.ask(Operate(act, "li", (output,)))
        case ("all", OutputKind() as kind, str(act)):
            stage.ask(Operate(act, "li", kind=kind))
        case ("alarm", Signal() as signal, bool(is_real)):
            raised = alarm(f"al-{number}", signal)
            stage.happens("alarm.raised", raised)
            if is_real:
                stage.judged(real(raised))
        case ("read", str(device), value):
            stage.reads(f"{device}.state", value)  # type: ignore[arg-type]
        case ("written", str(output), bool(fine)):
            for command in stage.commands(lambda c: c.output == output)[-1:]:
                stage.written(command.id, None if fine else "no answer")
        case ("wait", float(seconds), None):
            stage.wait(seconds)
        case ("restart", int(away), None):
            stage.restart(away)
        case ("mode", mode, None):
            stage.ask(SetLinkage(mode, "li", "because"))  # type: ignore[arg-type]


@examples(150)
@given(st.lists(STEPS, max_size=25))
def test_whatever_happens(steps: list[tuple[object, ...]]) -> None:
    """In a gas zone only valves close and explosion-proof outputs run; every command comes to an end or an alarm."""
    stage = Stage()
    stage.restart()
    for number, step in enumerate(steps):
        with contextlib.suppress(Refusal):
            play(stage, step, number)
    stage.wait(10)
    for write in stage.writes:
        assert write.device not in {"siren-in-flat", "smoke", "gas"}
        if write.device == "valve":
            assert write.body == {"write": "close"}
    for command in stage.commands():
        assert not command.open or command.state is CommandState.UNCONFIRMED
        if command.state is CommandState.UNCONFIRMED:
            assert stage.faults[f"{command.output}-feedback"] is True
    opened = [c.output for c in stage.commands(lambda c: c.open)]
    assert len(opened) == len(set(opened))


@examples(60)
@given(st.lists(STEPS, max_size=12), st.integers(0, 11))
def test_a_restart_changes_nothing_but_repeats(steps: list[tuple[object, ...]], at: int) -> None:
    def end(restart: bool) -> list[tuple[str, str, str]]:
        stage = Stage()
        stage.restart()
        for number, step in enumerate(steps):
            if restart and number == at:
                stage.restart()
            with contextlib.suppress(Refusal):
                play(stage, step, number)
        stage.wait(30)
        # What starts in one step starts together: its order says nothing.
        return sorted(
            (c.output, c.act, str(c.cause)) for c in stage.commands() if c.kind is not OutputKind.DESK
        )

    assert end(restart=True) == end(restart=False)
