"""Incidents as a guard meets them: what opens one, what makes it certain, what ticks, and when it is over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edge.domain.alarm import Suppression, VerdictKind
from edge.domain.incident import (
    MEMBERS,
    AddReportPhoto,
    AllClear,
    CloseIncident,
    ConfirmIncident,
    FileReport,
    Muster,
    OpenIncident,
    TickStep,
)
from edge.domain.instant import SECOND
from edge.domain.lifecycle import STUCK, UNCONFIRMED
from edge.domain.output import OutputState
from edge.domain.reading import Purpose
from edge.domain.request import Refusal
from edge.domain.rule import Priority
from tests.edge.emergency.scene import Scene, a_command, an_output, text

HELD = Suppression("shelved", "li", "work", None)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def refused(code: str) -> pytest.RaisesExc[Refusal]:
    return pytest.raises(Refusal, check=lambda refusal: refusal.code == code)


class TestOpening:
    def test_a_fire_opens_one_with_the_steps_of_its_plan(self, scene: Scene) -> None:
        fire = scene.raised("al-1")
        incident = scene.one()
        assert (incident.state, incident.stage, incident.plan, incident.plan_version) == (
            "stage1", 1, "p2-fire", "1",
        )  # fmt: skip
        assert (incident.alarm, incident.alarms, incident.count) == (fire.id, (fire.id,), 1)
        assert [step.id for step in incident.steps] == ["ack", "verify", "household"]
        assert (incident.signal, incident.title, incident.place) == ("fire", fire.title, fire.place)

    def test_the_plan_that_says_most_is_taken(self, scene: Scene) -> None:
        scene.raised("al-1", "heat")
        assert scene.one().plan == "p3-shed"

    def test_another_detector_of_the_stair_joins_it(self, scene: Scene) -> None:
        scene.raised("al-1", "smoke-a", priority=Priority.HIGH)
        scene.wait(1000)
        scene.raised("al-2", "smoke-b")
        assert (scene.one().alarms, scene.one().alarm, scene.one().priority) == (
            ("al-1", "al-2"), "al-1", "urgent",
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("device", "more"),
        [("smoke-c", {}), ("gas-a", {}), ("smoke-b", {"purpose": Purpose.DRILL}), ("button-2", {})],
    )
    def test_another_place_kind_or_purpose_is_another_one(
        self, scene: Scene, device: str, more: dict[str, Any]
    ) -> None:
        scene.raised("al-1")
        scene.raised("al-2", device, **more)
        assert len(scene.all()) == 2

    def test_two_flats_that_ask_for_help_are_two(self, scene: Scene) -> None:
        scene.raised("al-1", "button-1")
        scene.raised("al-2", "button-2")
        assert [incident.plan for incident in scene.all()] == ["p8-help", "p8-help"]

    def test_long_after_it_is_another_one(self, scene: Scene) -> None:
        first = scene.raised("al-1")
        scene.quiet(first)
        scene.wait(1801)
        scene.raised("al-2", "smoke-b")
        assert [incident.stage for incident in scene.all()] == [1, 1]

    @pytest.mark.parametrize(
        "more",
        [{"purpose": Purpose.TEST}, {"suppression": HELD}, {"rule": STUCK}, {"rule": UNCONFIRMED}],
    )
    def test_what_opens_none(self, scene: Scene, more: dict[str, Any]) -> None:
        scene.raised("al-1", **more)
        assert scene.all() == []

    def test_what_was_held_opens_one_when_it_sounds_again(self, scene: Scene) -> None:
        fire = scene.raised("al-1", suppression=HELD)
        scene.quiet(fire)
        scene.changed("alarm.released", fire, suppression=None)
        assert scene.one().alarm == "al-1"

    def test_a_cable_that_ran_hot_before_belongs_to_the_fire(self, scene: Scene) -> None:
        scene.raised("al-1", "cable")
        assert scene.all() == []
        scene.wait(20)
        scene.raised("al-2", "heat")
        incident = scene.one()
        assert (incident.alarm, incident.alarms, incident.stage) == ("al-2", ("al-2", "al-1"), 1)

    def test_water_and_the_hatch_opened_before_it_are_one(self, scene: Scene) -> None:
        scene.raised("al-1", "hatch", rule="opened")
        scene.wait(180)
        scene.raised("al-2", "probe")
        assert scene.one().alarms == ("al-2", "al-1")
        scene.raised("al-3", "hatch", rule="opened")
        assert scene.one().count == 3

    def test_a_storm_is_counted_and_told_once_a_step(self, scene: Scene) -> None:
        fires = [scene.alarm(f"al-{n}", "smoke-a") for n in range(200)]
        kinds = scene.happens("alarm.raised", *fires)
        assert (len(scene.one().alarms), scene.one().count) == (MEMBERS, 200)
        assert kinds == ["opened", "joined"]
        scene.restart()
        scene.wait(1)
        for fire in fires[:-1]:
            scene.reset(fire)
        assert scene.one().open
        scene.reset(fires[-1])
        assert not scene.one().open

    def test_by_hand(self, scene: Scene) -> None:
        incident = scene.open()
        assert (incident.opened_by, incident.family, incident.count) == ("li", "plan:p4-lift", 0)
        assert scene.wait(61) == ["step_overdue"]
        with refused("not_found"):
            scene.ask(OpenIncident("li", "p9", "b3"))
        with refused("not_found"):
            scene.ask(OpenIncident("li", "p4-lift", "b9"))

    def test_an_alarm_joins_what_was_opened_by_hand_for_it(self, scene: Scene) -> None:
        scene.open("p2-fire", "b3/s1")
        scene.raised("al-1")
        assert (scene.one().alarm, scene.one().count, scene.one().opened_by) == ("al-1", 1, "li")


class TestTwoTriggers:
    @pytest.mark.parametrize("second", ["smoke-b", "call"])
    def test_two_devices_of_a_linkage_zone_are_certain(self, scene: Scene, second: str) -> None:
        scene.raised("al-1")
        scene.wait(20)
        scene.raised("al-2", second)
        incident = scene.one()
        assert (incident.stage, incident.state, incident.confirmed_why) == (2, "stage2", "two_triggers")
        assert (incident.triggers, incident.confirmed_by) == (("al-1", "al-2"), None)
        assert [step.id for step in incident.steps][3:] == ["sirens", "roll", "over"]
        assert scene.kinds() == ["opened", "joined", "confirmed"]

    @pytest.mark.parametrize(
        ("device", "more"),
        [
            ("camera", {}),
            ("stranger", {}),
            ("smoke-a", {"point": "smoke-a.heat"}),
            ("smoke-c", {}),
            ("smoke-b", {"purpose": Purpose.DRILL}),
            ("smoke-b", {"purpose": Purpose.TEST}),
            ("smoke-b", {"suppression": HELD}),
            ("smoke-b", {"rule": UNCONFIRMED}),
            ("gas-a", {"zone": "b3/s1"}),
        ],
    )
    def test_what_is_no_second_trigger(self, scene: Scene, device: str, more: dict[str, Any]) -> None:
        scene.raised("al-1")
        scene.raised("al-2", device, **more)
        assert {incident.stage for incident in scene.all()} == {1}

    @pytest.mark.parametrize("kind", ["false", "fault", "test"])
    def test_what_was_judged_to_be_nothing_is_none(self, scene: Scene, kind: VerdictKind) -> None:
        scene.judged(scene.raised("al-1"), kind)
        scene.raised("al-2", "smoke-b")
        assert scene.one().stage == 1

    def test_a_latched_one_counts_for_ten_minutes_after_it_went_quiet(self, scene: Scene) -> None:
        early, late = Scene(), scene
        for played, pause in ((early, 599), (late, 601)):
            fire = played.raised("al-1")
            played.wait(5000)
            played.quiet(fire)
            played.wait(pause)
            played.raised("al-2", "smoke-b")
        assert (early.one().stage, late.one().stage) == (2, 1)

    @pytest.mark.parametrize("leap", [-86400.0, 86400.0])
    def test_the_civil_clock_may_step(self, scene: Scene, leap: float) -> None:
        fire = scene.raised("al-1")
        scene.quiet(fire)
        scene.wait(300, leap)
        scene.raised("al-2", "smoke-b")
        assert scene.one().stage == 2

    def test_a_restart_keeps_the_first_trigger(self, scene: Scene) -> None:
        fire = scene.raised("al-1")
        scene.quiet(fire)
        scene.restart(500)
        scene.raised("al-2", "smoke-b")
        assert scene.one().stage == 2

    def test_a_restart_that_took_too_long_does_not(self, scene: Scene) -> None:
        fire = scene.raised("al-1")
        scene.quiet(fire)
        scene.restart(700)
        scene.raised("al-2", "smoke-b")
        assert scene.one().stage == 1

    def test_gas_of_two_flats_of_a_stair(self, scene: Scene) -> None:
        scene.raised("al-1", "gas-a")
        scene.raised("al-2", "gas-b")
        assert scene.one().confirmed_why == "two_triggers"

    def test_a_drill_becomes_certain_by_itself(self, scene: Scene) -> None:
        scene.raised("al-1", purpose=Purpose.DRILL)
        scene.raised("al-2", "smoke-b", purpose=Purpose.DRILL)
        assert (scene.one().purpose, scene.one().stage) == (Purpose.DRILL, 2)


class TestAPersonsWord:
    def test_real_is_stage_two_once(self, scene: Scene) -> None:
        fire = scene.raised("al-1")
        scene.judged(fire, "real", "wang")
        assert (scene.one().confirmed_why, scene.one().confirmed_by) == ("person", "wang")
        scene.raised("al-2", "smoke-b")
        scene.judged(fire, "real")
        assert scene.kinds().count("confirmed") == 1

    def test_real_counts_though_it_was_held(self, scene: Scene) -> None:
        fire = scene.raised("al-1", suppression=HELD)
        scene.judged(fire, "real")
        assert scene.kinds()[:2] == ["opened", "confirmed"]

    def test_a_word_about_what_is_closed_corrects_the_record(self, scene: Scene) -> None:
        one, two = scene.raised("al-1"), scene.raised("al-2", "smoke-a", point="smoke-a.heat")
        closed = scene.reset(one)
        scene.judged(closed, "real")
        assert (scene.one().stage, scene.step_of("verify").how) == (1, "fact")
        scene.judged(two, "real")
        assert scene.one().stage == 2

    def test_a_hot_cable_judged_real_is_no_confirmed_fire(self, scene: Scene) -> None:
        cable = scene.raised("al-1", "cable")
        scene.raised("al-2", "heat")
        scene.judged(cable, "real")
        assert scene.one().stage == 1

    def test_by_hand_only_where_there_is_nothing_to_judge(self, scene: Scene) -> None:
        scene.raised("al-1")
        with refused("judge_alarm"):
            scene.ask(ConfirmIncident(scene.one().id, "li"))
        other = scene.open("p5-water", "ug")
        assert scene.ask(ConfirmIncident(other.id, "li", "lab")).confirmed_by == "li"

    def test_water_out_of_bounds_for_ten_minutes(self, scene: Scene) -> None:
        scene.raised("al-1", "probe", point="probe.turbidity")
        scene.raised("al-0", "hatch", rule="opened")
        scene.wait(300)
        scene.raised("al-2", "probe", point="probe.chlorine")
        assert "confirmed" not in scene.wait(599)
        scene.restart()
        assert scene.wait(2) == ["confirmed"]
        assert scene.one().confirmed_why == "lasting"


class TestSteps:
    def test_facts_tick_them(self, scene: Scene) -> None:
        fire = scene.raised("al-1")
        scene.changed("alarm.acked", fire, acked=True)
        assert (scene.step_of("ack").how, scene.step_of("ack").done_by) == ("fact", None)
        scene.judged(fire, "real")
        assert scene.step_of("verify").how == "fact"
        scene.told("command.confirmed", "command", kind="siren", act="start", alarm="al-1", zone="b3/s1")
        assert scene.step_of("sirens").how == "fact"
        assert [row["step"] for row in (f.body for f in scene.facts) if row["step"]] == [
            "ack",
            "verify",
            "sirens",
        ]

    def test_a_siren_started_by_hand_in_its_stair_ticks_as_well(self, scene: Scene) -> None:
        scene.judged(scene.raised("al-1"), "real")
        scene.told("command.confirmed", "command", kind="siren", act="start", alarm=None, zone="b3/s2")
        assert scene.step_of("sirens").how is None
        scene.told("command.confirmed", "command", kind="siren", act="start", alarm=None, zone="b3/s1/2f")
        assert scene.step_of("sirens").how == "fact"

    def test_an_order_on_site_ticks(self, scene: Scene) -> None:
        scene.raised("al-1", "probe")
        scene.told("order.on_site", "order", alarm="al-1")
        assert scene.step_of("sample").how == "fact"

    def test_people_tick_leave_out_and_take_back(self, scene: Scene) -> None:
        scene.raised("al-1")
        id = scene.one().id
        assert scene.ask(TickStep(id, "li", "household", "done")).steps[2].done_by == "li"
        count = len(scene.facts)
        scene.ask(TickStep(id, "wang", "household", "done"))
        assert len(scene.facts) == count  # who did it first did it
        assert scene.ask(TickStep(id, "li", "household", "open")).steps[2].how is None
        with refused("reason_required"):
            scene.ask(TickStep(id, "li", "household", "skipped"))
        scene.ask(TickStep(id, "li", "household", "skipped", "无电话"))
        assert (scene.step_of("household").how, scene.facts[-1].note) == ("skipped", "无电话")
        with refused("not_found"):
            scene.ask(TickStep(id, "li", "dance", "done"))

    def test_a_person_ticks_nothing_that_the_hub_sees_for_itself(self, scene: Scene) -> None:
        scene.raised("al-1")
        id = scene.one().id
        for step in ("ack", "verify"):
            with refused("by_fact"):
                scene.ask(TickStep(id, "li", step, "done"))
        assert scene.ask(TickStep(id, "li", "ack", "skipped", "台账")).steps[0].how == "skipped"
        scene.judged(scene.alarms["al-1"], "real")
        sirens = TickStep(id, "li", "sirens", "done")
        assert scene.ask(sirens).steps[3].how == "person"  # no siren stands there that could show it

    def test_by_hand_there_is_no_alarm_to_show_it(self, scene: Scene) -> None:
        incident = scene.open("p2-fire", "b3/s1")
        assert scene.ask(TickStep(incident.id, "li", "ack", "done")).steps[0].how == "person"

    def test_judged_to_be_nothing_the_rest_is_not_needed_until_it_calls_again(self, scene: Scene) -> None:
        one, two = scene.raised("al-1"), scene.raised("al-2", "smoke-c")
        scene.judged(two, "false")
        assert [incident.steps[2].how for incident in scene.all()] == [None, "not_needed"]
        scene.judged(one, "test")
        assert scene.facts[-1].kind == "incident.stood_down"
        steps = {step.id: step.how for step in scene.all()[0].steps}
        assert steps == {"ack": None, "verify": "fact", "household": "not_needed"}
        scene.changed("alarm.reannunciated", one)
        household = scene.all()[0].steps[2]
        assert (household.how, household.due_at) == (None, scene.now.utc + 60 * SECOND)

    def test_what_is_graver_gives_the_name(self, scene: Scene) -> None:
        fire = scene.raised("al-1", priority=Priority.HIGH, title=text("smoke"))
        scene.raised("al-2", "smoke-b", priority=Priority.URGENT, title=text("much smoke"))
        assert (scene.one().title, scene.one().priority) == (text("much smoke"), "urgent")
        other = scene.raised("al-3", "gas-a", priority=Priority.HIGH, title=text("low"))
        scene.changed("alarm.risen", other, priority=Priority.URGENT, title=text("high"))
        assert [one.title for one in scene.all()] == [text("much smoke"), text("high")]
        assert scene.all()[0].alarm == fire.id

    def test_late_is_said_once_and_time_goes_on_over_a_restart(self, scene: Scene) -> None:
        scene.raised("al-1")
        assert scene.wait(29) == []
        scene.restart(0.5)
        assert scene.wait(0.4) == []
        assert scene.wait(0.2) == ["step_overdue"]
        assert (scene.step_of("ack").overdue, scene.facts[-1].body["step"]) == (True, "ack")
        scene.restart()
        assert scene.wait(31) == ["step_overdue"]
        assert scene.one().step == "household"

    def test_what_is_for_the_high_level_has_time_from_there_on(self, scene: Scene) -> None:
        leak = scene.raised("al-1", "gas-a", priority=Priority.HIGH)
        scene.wait(40)
        scene.changed("alarm.risen", leak, priority=Priority.URGENT, level=1)
        assert (scene.one().priority, scene.facts[-1].kind) == ("urgent", "incident.risen")
        assert scene.wait(59) == []
        scene.restart()
        assert scene.wait(2) == ["step_overdue"]
        assert (scene.step_of("knock").overdue, scene.step_of("call").overdue) == (True, False)

    def test_a_clock_nobody_set_takes_no_time_away(self, scene: Scene) -> None:
        scene.raised("al-1")
        scene.restart(3600, trusted=False)
        assert scene.wait(29) == []

    def test_the_record_keeps_the_words_of_the_plan_of_then(self, scene: Scene) -> None:
        scene.raised("al-1")
        scene.rules = type(scene.rules)((), scene.rules.coincidence)
        scene.restart()
        scene.wait(31)
        assert [step.title.zh for step in scene.one().steps] == ["ack", "verify", "household"]
        assert scene.step_of("ack").overdue

    def test_roll_call(self, scene: Scene) -> None:
        scene.judged(scene.raised("al-1"), "real")
        id = scene.one().id
        scene.ask(Muster(id, "li", "he", "qr"))
        scene.ask(Muster(id, "li", "he"))
        assert [(one.person, one.proof) for one in scene.one().roll] == [("he", "qr")]
        scene.ask(Muster(id, "li", "ma"))
        assert scene.step_of("roll").how == "fact"


class TestTheEnd:
    def test_false_closes_by_itself_with_its_alarms(self, scene: Scene) -> None:
        one, two = scene.raised("al-1"), scene.raised("al-2", "smoke-a", point="smoke-a.heat")
        for fire in (one, two):
            scene.judged(fire, "false")
        scene.reset(one)
        assert scene.one().open
        scene.reset(two)
        assert (scene.one().state, scene.one().closed_by) == ("closed", None)
        assert scene.wait(181) == []
        assert scene.hub.next_due() is None

    def test_a_certain_one_needs_all_clear_and_a_report(self, scene: Scene) -> None:
        fire = scene.judged(scene.raised("al-1"), "real")
        id = scene.one().id
        with refused("still_active"):
            scene.ask(AllClear(id, "li", confirm=True))
        with refused("not_all_clear"):
            scene.ask(CloseIncident(id, "li", "x"))
        scene.reset(scene.quiet(fire))
        assert scene.one().state == "stage2"
        scene.ask(AllClear(id, "zhou", "已扑灭", confirm=True))
        assert (scene.one().all_clear_by, scene.step_of("over").how) == ("zhou", "fact")
        assert scene.wait(3600) == []  # no step is late any more
        with refused("reason_required"):
            scene.ask(CloseIncident(id, "zhou"))
        scene.ask(FileReport(id, "zhou", "final", "原因:电饭煲"))
        assert scene.kinds()[-2:] == ["report", "closed"]
        with refused("closed"):
            scene.ask(FileReport(id, "zhou", "final", "again"))

    def test_the_all_clear_asks_once_what_is_left(self, scene: Scene) -> None:
        incident = scene.open("p2-fire", "b3/s1")
        siren = OutputState(an_output("sr-1", "b3/s1"), a_command("sr-1", incident.id), None, None)
        scene.outputs.append(siren)
        with refused("still_sounding"):
            scene.ask(AllClear(incident.id, "li"))
        scene.outputs[0] = replace(siren, seen=False)  # read back as silent
        with refused("steps_open"):
            scene.ask(AllClear(incident.id, "li"))
        for step in ("ack", "verify", "household"):
            scene.ask(TickStep(incident.id, "li", step, "done"))
        assert scene.ask(AllClear(incident.id, "li")).state == "all_clear"

    def test_closed_by_hand_without_a_report(self, scene: Scene) -> None:
        id = scene.open().id
        scene.ask(AllClear(id, "li", confirm=True))
        assert scene.ask(CloseIncident(id, "li", "人员已救出")).closed_by == "li"

    def test_reports_take_words_or_photos(self, scene: Scene) -> None:
        scene.raised("al-1")
        id = scene.one().id
        with refused("reason_required"):
            scene.ask(FileReport(id, "he", "scene", "  "))
        report = scene.ask(FileReport(id, "he", "scene", "门缝有烟")).reports[0]
        scene.ask(AddReportPhoto(id, "he", report.id, "ph-1", "0" * 64))
        scene.ask(AddReportPhoto(id, "he", report.id, "ph-1", "0" * 64))
        assert [photo.id for photo in scene.one().reports[0].photos] == ["ph-1"]
        assert "门缝有烟" not in str(scene.one().to_dict())
        with refused("not_found"):
            scene.ask(AddReportPhoto(id, "he", "rp-0", "ph-1", "0" * 64))
