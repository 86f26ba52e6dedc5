"""Drills against the real engine, outputs and messages: what they reach, what ends them, what a restart leaves."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.conclusion import Answered, Send, Sent
from edge.domain.drill import Drill, DrillKind, EndDrill, SeeDrillStopped, StartDrill
from edge.domain.incident import AllClear, Muster, OpenIncident
from edge.domain.instant import SECOND
from edge.domain.lifecycle import VITAL
from edge.domain.output import Operate
from edge.domain.reading import Arrival, Purpose, Reading
from edge.domain.request import Acknowledge, Refusal, Shelve
from tests.chance import examples
from tests.edge.emergency import drill_scene
from tests.edge.emergency.drill_scene import POINTS, SMOKE, Scene

SIRENS = ("siren.siren", "mute.siren", "fan.fan")


def begun(request: StartDrill = SMOKE) -> Scene:
    scene = Scene()
    scene.ask(request)
    return scene


def test_a_live_drill_from_its_reading_to_its_end() -> None:
    scene = begun()
    scene.wait(1)
    scene.deliver()
    (alarm,) = scene.drill_alarms()
    (incident,) = scene.open_incidents()
    assert (incident.purpose, incident.drill) == (Purpose.DRILL, scene.drill.id)
    scene.wait(5)
    scene.ask(Acknowledge(alarm.id, "li"))
    scene.wait(10)
    scene.ask(Muster(incident.id, "li", "he"))
    assert {name: round(seconds) for name, seconds in scene.drill.spans().items()} == {
        "reading": 0, "alarm": 0, "message": 0, "answer": 5, "scene": 15
    }  # fmt: skip
    scene.ask(EndDrill(scene.drill.id, "zhou"))
    scene.deliver()
    assert (scene.drill.state, scene.drill.open) == ("finished", False)
    assert scene.drill_alarms() == [] == scene.open_incidents()
    ends = [send for send in scene.said if "演练结束" in send.text]
    assert sorted(send.person for send in ends) == ["he", "ma"]
    assert all(send.text.startswith("【演练】") for send in scene.said)
    assert scene.commands() == [] or all(c.kind == "desk" for c in scene.commands())


def test_what_is_real_ends_it_before_anybody_hears_more_of_it() -> None:
    scene = begun(replace(SMOKE, outputs=("siren.siren",)))
    scene.deliver()
    assert any(c.output == "siren.siren" and c.act == "start" for c in scene.commands())
    scene.wait(3)
    scene.speaks("gas.state", True)
    scene.deliver()
    drill = scene.drill
    assert (drill.state, drill.ended_why, drill.stopped, drill.open) == ("unfinished", "alarm", True, True)
    assert drill.ended_by_alarm in scene.engine.open()
    assert scene.drill_alarms() == []
    assert [incident.purpose for incident in scene.open_incidents()] == [Purpose.LIVE]
    assert sorted(s.person for s in scene.said if "演练终止·真实报警" in s.text) == ["he", "ma"]
    assert [c.act for c in scene.commands() if c.output == "siren.siren"] == ["start", "stop"]
    with pytest.raises(Refusal, match="real_alarm"):
        scene.ask(SMOKE)
    scene.ask(SeeDrillStopped(drill.id, "li"))
    assert not scene.drill.open


def test_a_real_alarm_stops_the_siren_of_a_drill_though_the_journal_is_sick_and_the_rest_follows_later() -> (
    None
):
    scene = begun(replace(SMOKE, outputs=("siren.siren",)))
    scene.deliver()
    scene.sick = True
    scene.speaks("gas.state", True)
    assert scene.drill.ended_why == "alarm"
    assert [c.act for c in scene.commands() if c.output == "siren.siren"] == ["start", "stop"]
    assert any(incident.drill for incident in scene.open_incidents())
    scene.wait(60)
    scene.sick = False
    scene.wait(20)
    assert scene.drill_alarms() == []
    assert [incident.purpose for incident in scene.open_incidents()] == [Purpose.LIVE]


def test_a_person_ends_a_drill_on_the_table_though_the_journal_is_sick_and_its_incident_follows() -> None:
    scene = begun(StartDrill("zhou", "li", "table_top", "p2-fire", zone="b3/s1"))
    scene.sick = True
    scene.ask(EndDrill(scene.drill.id, "zhou"))
    assert scene.drill.state == "finished"
    scene.wait(30)
    scene.sick = False
    scene.wait(20)
    assert scene.open_incidents() == []
    assert scene.drills.next_due() is None


def test_a_siren_that_something_real_has_started_is_not_stopped_with_the_drill() -> None:
    scene = begun(replace(SMOKE, outputs=("siren.siren",)))
    scene.deliver()
    scene.ask(Operate("stop", "li", ("siren.siren",)))
    scene.ask(Operate("start", "li", ("siren.siren",)))
    scene.ask(EndDrill(scene.drill.id, "zhou"))
    assert [c.act for c in scene.commands() if c.output == "siren.siren"][-1] == "start"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (replace(SMOKE, second=None), "second_person"),
        (replace(SMOKE, second="zhou"), "same_person"),
        (replace(SMOKE, plan="p99"), "not_found"),
        (replace(SMOKE, point="nobody.state"), "not_found"),
        (replace(SMOKE, kind="table_top", outputs=("siren.siren",)), "no_outputs"),
        (replace(SMOKE, outputs=("valve.valve",)), "close_only"),
        (replace(SMOKE, outputs=("siren-in-flat.siren",)), "gas_zone"),
        (replace(SMOKE, outputs=("desk.desk",)), "automatic"),
        (replace(SMOKE, outputs=("relay.relay",)), "not_stoppable"),
        (replace(SMOKE, point="siren.state"), "value_required"),
    ],
)
def test_what_is_refused_says_why(request_: StartDrill, code: str) -> None:
    with pytest.raises(Refusal, match=code):
        begun(request_)


def test_a_detector_out_of_service_or_without_a_voice_is_refused() -> None:
    scene = Scene()
    scene.out_of_service.add("smoke")
    with pytest.raises(Refusal, match="out_of_service"):
        scene.ask(SMOKE)
    scene.out_of_service.clear()
    scene.mute.add("smoke")
    with pytest.raises(Refusal, match="cannot_rehearse"):
        scene.ask(SMOKE)


def test_a_call_out_calls_and_one_on_the_table_does_not() -> None:
    table = begun(StartDrill("zhou", "li", "table_top", "p2-fire", zone="b3/s1"))
    table.deliver()
    (incident,) = table.open_incidents()
    table.ask(AllClear(incident.id, "zhou", confirm=True))
    table.ask(EndDrill(table.drill.id, "zhou"))
    table.deliver()
    assert table.said == []
    assert "all_clear" in table.drill.times
    assert table.open_incidents() == []


CALL_OUT = StartDrill("zhou", "li", "call_out", "p2-fire")


@pytest.mark.parametrize("lame", [False, True])
@pytest.mark.parametrize("real", [False, True])
def test_nobody_is_called_out_any_more_once_the_drill_is_over(lame: bool, real: bool) -> None:
    scene = begun(CALL_OUT)
    scene.lame = lame
    scene.deliver()
    scene.wait(1)
    if real:
        scene.speaks("gas.state", True)
    else:
        scene.ask(EndDrill(scene.drill.id, "zhou"))
    called = len([send for send in scene.said if "签到" in send.text])
    assert called
    scene.lame = False
    for _ in range(20):
        scene.deliver()
        scene.wait(10)
    assert len([send for send in scene.said if "签到" in send.text]) == called


def test_a_call_out_still_being_sent_when_something_real_ends_it_is_not_sent_again() -> None:
    scene = begun(CALL_OUT)
    sends = [effect for effect in scene.waiting if isinstance(effect, Send)]
    scene.waiting.clear()
    scene.speaks("gas.state", True)
    scene.step((), [Sent(one.notification, one.attempt, error="no network", again=True) for one in sends])
    for _ in range(20):
        scene.deliver()
        scene.wait(10)
    assert [send for send in scene.said if "签到" in send.text] == []


def test_a_text_that_answers_a_call_out_takes_nothing_real() -> None:
    scene = begun(CALL_OUT)
    scene.deliver()
    scene.wait(5)
    scene.speaks("gas.state", True)
    scene.step((), [Answered("sms", "137", "1", "he", "k")])
    assert "alarm.acked" not in [fact.kind for fact in scene.facts]


def test_a_group_hears_nothing_of_a_drill() -> None:
    scene = Scene(group=True)
    scene.ask(CALL_OUT)
    for _ in range(10):
        scene.deliver()
        scene.wait(10)
    assert {send.person for send in scene.said} == {"he", "ma"}
    scene.speaks("gas.state", True)
    scene.deliver()
    assert {send.person for send in scene.said} == {"he", "ma"}


def test_what_waits_to_become_an_alarm_of_a_drill_becomes_none_after_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    late = tuple(replace(rule, on_delay=30.0) for rule in drill_scene.RULES)
    monkeypatch.setattr(drill_scene, "RULES", late)
    scene = begun()
    scene.deliver()
    scene.wait(5)
    scene.ask(EndDrill(scene.drill.id, "zhou"))
    scene.wait(60)
    scene.deliver()
    assert (scene.drill_alarms(), scene.said) == ([], [])
    scene.ask(SMOKE)
    scene.deliver()
    scene.wait(25)
    assert scene.drill_alarms() == []
    scene.wait(10)
    assert len(scene.drill_alarms()) == 1


@pytest.mark.parametrize("real_first", [False, True])
def test_a_drill_that_speaks_in_the_step_of_something_real_is_told_to_nobody(real_first: bool) -> None:
    scene = begun()
    scene.waiting.clear()
    spoken = [
        Reading(POINTS["gas.state"], True, scene.now.utc, scene.now.utc),
        Reading(POINTS["smoke.state"], True, scene.now.utc, scene.now.utc, purpose=Purpose.DRILL),
    ]
    scene.step(spoken if real_first else spoken[::-1])
    scene.deliver()
    scene.wait(3)
    scene.deliver()
    assert [
        send.text for send in scene.said if send.text.startswith("【演练】") and "终止" not in send.text
    ] == []
    assert scene.drill_alarms() == []
    assert [incident.purpose for incident in scene.open_incidents()] == [Purpose.LIVE]


def test_a_marked_reading_beside_no_drill_is_not_heard() -> None:
    scene = begun()
    scene.speaks("gas.state", True)
    scene.deliver()
    scene.ask(SeeDrillStopped(scene.drill.id, "li"))
    scene.speaks("smoke.state", True, Purpose.DRILL)
    assert scene.drill_alarms() == []
    assert "alarm.raised" not in [f.kind for f in scene.facts if f.body.get("purpose") == Purpose.DRILL]


def test_an_alarm_of_a_drill_cannot_be_shelved_into_the_next_one() -> None:
    scene = begun()
    scene.deliver()
    (alarm,) = scene.drill_alarms()
    with pytest.raises(Refusal, match="not_shelvable"):
        scene.ask(Shelve(alarm.id, "li", scene.now.utc + 3600 * SECOND, "x", "zhou"))


def test_who_is_told_late_takes_nobody_out_of_those_who_were_told() -> None:
    scene = begun()
    scene.deliver()
    told = scene.drill.told
    assert len(told) == 2
    scene.ask(EndDrill(scene.drill.id, "zhou"))
    scene.drills.watching.late = ({"person": "chen", "channels": ["sms"]},)
    scene.step()
    assert ([one["person"] for one in scene.drill.told], [one["person"] for one in scene.drill.late]) == (
        [one["person"] for one in told],
        ["chen"],
    )
    assert Drill.from_dict(scene.drill.to_dict()) == scene.drill


def test_a_state_nobody_has_confirmed_ends_a_drill_and_lets_none_begin() -> None:
    scene = begun()
    scene.deliver()
    retained = Reading(POINTS["gas.state"], True, scene.now.utc, scene.now.utc, arrival=Arrival.RETAINED)
    scene.step([retained])
    assert scene.drill.ended_why == "alarm"
    with pytest.raises(Refusal, match="real_alarm"):
        scene.ask(SMOKE)


def test_an_incident_somebody_reports_ends_a_drill_and_lets_none_begin() -> None:
    scene = begun()
    scene.deliver()
    scene.ask(OpenIncident("zhou", "p4-lift", "b3/s1"))
    assert scene.drill.ended_why == "alarm"
    with pytest.raises(Refusal, match="real_alarm"):
        scene.ask(SMOKE)


def test_a_forgotten_drill_ends_itself() -> None:
    scene = begun()
    scene.deliver()
    scene.wait(4 * 3600 + 1)
    assert (scene.drill.state, scene.drill.ended_why, scene.drill.open) == ("unfinished", "time", False)
    assert scene.drill_alarms() == []


def test_a_kill_before_the_reading_went_out_has_called_nobody_and_begins_again() -> None:
    scene = begun()
    scene.kill()
    assert scene.said == []
    scene.deliver()
    assert scene.drill.alarm is not None
    assert scene.kinds().count("drill.resumed") == 1
    assert len(scene.said) == len({send.person for send in scene.said})


STEPS = st.lists(
    st.sampled_from(["deliver", "kill", "wait", "end", "cut", "real", "again", "ack"]), min_size=1, max_size=9
)
TICKED = st.lists(st.sampled_from(SIRENS), unique=True, max_size=3)


@examples(60)
@given(STEPS, TICKED, st.sampled_from(["live", "call_out"]))
def test_whatever_comes_no_unticked_output_is_reached_and_what_is_real_ends_it(
    steps: list[str], ticked: list[str], kind: DrillKind
) -> None:
    scene = begun(replace(SMOKE, kind=kind, outputs=tuple(ticked)))
    for what in steps:
        drill = scene.drill
        if what == "deliver":
            scene.deliver()
        elif what == "kill":
            scene.kill()
        elif what == "wait":
            scene.wait(2)
        elif what == "end":
            scene.ask(EndDrill(drill.id, "zhou"))
        elif what == "cut":
            scene.ask(EndDrill(drill.id, "zhou"), cut=True)
        elif what == "real":
            scene.speaks("gas.state", True)
            assert not scene.drill.running
        elif what == "again" and not drill.running:
            with suppress(Refusal):
                scene.ask(SMOKE)
        elif what == "ack":
            for alarm in scene.drill_alarms():
                scene.ask(Acknowledge(alarm.id, "li"))
        by_drill = {c.output for c in scene.commands() if (c.cause or "").startswith("dr-")}
        assert by_drill <= set(ticked)
        starts = Counter((c.cause, c.output) for c in scene.commands() if c.cause and c.act == "start")
        assert all(number == 1 for (cause, _), number in starts.items() if str(cause).startswith("dr-"))
        others = {c.output for c in scene.commands() if c.cause is None and c.kind != "desk"}
        assert others == set()
        lit = [c for c in scene.commands() if c.kind == "desk" and c.act == "fire"]
        assert lit == []  # only the gas is real
    scene.deliver()
    scene.wait(30)
    scene.deliver()
    if not scene.drill.running:
        assert scene.drill_alarms() == []
        assert all(incident.purpose is Purpose.LIVE for incident in scene.open_incidents())
        last = {c.output: c.act for c in sorted(scene.commands(), key=lambda c: (c.opened_at, _number(c.id)))}
        assert all(last[output] == "stop" for output in by_drill)
        heard = {send.person for send in scene.said if send.text.startswith("【演练】")}
        ends = {s.person for s in scene.said if "演练结束" in s.text or "演练终止" in s.text}
        assert heard <= ends
    # A call that is repeated says so; apart from that each went out once.
    plain = [send.notification for send in scene.said if not send.repeat]
    assert len(plain) == len(set(plain))
    live = [alarm for alarm in scene.engine.open().values() if alarm.signal in VITAL]
    assert all(alarm.purpose is Purpose.LIVE for alarm in live) or scene.drill.running


def _number(id: str) -> int:
    return int(id.rpartition("-")[2])
