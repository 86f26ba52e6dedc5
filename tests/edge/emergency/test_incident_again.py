"""What comes after: another fire, a verdict that was corrected, a value that wavers, a clock that was lost."""

from __future__ import annotations

from typing import Any

import pytest

from edge.domain.alarm import Suppression, VerdictKind
from edge.domain.incident import AddReportPhoto, AllClear, FileReport, Incident, Muster, ReportPhoto
from edge.domain.request import Refusal
from edge.emergency.asked import ALL_PHOTOS, PHOTOS
from tests.edge.emergency.scene import Scene

HELD = Suppression("shelved", "li", "work", None)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def stages(scene: Scene) -> list[tuple[str, int]]:
    return [(incident.state, incident.stage) for incident in scene.all()]


def newest(scene: Scene) -> Incident:
    return scene.all()[-1]


class TestAnotherFire:
    def test_after_the_all_clear_is_another_incident_with_its_own_stage_two(self, scene: Scene) -> None:
        first = scene.judged(scene.raised("al-1"), "real")
        scene.reset(scene.quiet(first))
        scene.ask(AllClear(scene.one().id, "li", confirm=True))
        again = scene.raised("al-2")
        assert stages(scene) == [("all_clear", 2), ("stage1", 1)]
        assert [step.how for step in newest(scene).steps] == [None, None, None]
        scene.judged(again, "real")
        assert (newest(scene).state, newest(scene).triggers) == ("stage2", ("al-2",))
        assert scene.kinds().count("confirmed") == 2

    def test_a_detector_that_fires_again_after_the_all_clear_begins_anew(self, scene: Scene) -> None:
        fire = scene.quiet(scene.judged(scene.raised("al-1"), "real"))
        scene.ask(AllClear(scene.one().id, "li", confirm=True))
        again = scene.changed("alarm.reannunciated", fire, active=True)
        assert stages(scene) == [("all_clear", 2), ("stage1", 1)]
        scene.restart()
        scene.judged(again, "real")
        assert stages(scene) == [("all_clear", 2), ("stage2", 2)]

    def test_what_was_over_is_no_second_trigger(self, scene: Scene) -> None:
        scene.quiet(scene.judged(scene.raised("al-1"), "real"))
        scene.ask(AllClear(scene.one().id, "li", confirm=True))
        scene.raised("al-2", "smoke-b")
        assert stages(scene) == [("all_clear", 2), ("stage1", 1)]
        scene.raised("al-3", "call")
        assert stages(scene) == [("all_clear", 2), ("stage2", 2)]

    @pytest.mark.parametrize("reset", [True, False])
    def test_a_week_later_one_detector_is_not_certain(self, scene: Scene, reset: bool) -> None:
        fire = scene.quiet(scene.judged(scene.raised("al-1"), "real"))
        if reset:
            scene.reset(fire)
        scene.wait(7 * 86400)
        scene.raised("al-2", "smoke-b")
        assert stages(scene) == [("stage2", 2), ("stage1", 1)]

    def test_while_it_goes_on_it_takes_in_what_comes(self, scene: Scene) -> None:
        scene.judged(scene.raised("al-1"), "real")
        scene.wait(7200)
        scene.raised("al-2", "smoke-b")
        assert scene.one().count == 2

    def test_a_verdict_that_was_corrected_makes_the_next_one_certain_of_nothing(self, scene: Scene) -> None:
        fire = scene.judged(scene.judged(scene.raised("al-1"), "real"), "false")
        scene.reset(scene.quiet(fire))
        scene.restart()
        scene.raised("al-2", "smoke-b")
        assert stages(scene) == [("stage2", 2), ("stage1", 1)]

    def test_one_fire_is_one_incident(self, scene: Scene) -> None:
        first = scene.quiet(scene.raised("al-1"))
        scene.wait(2000)
        scene.raised("al-2", "smoke-b")
        scene.changed("alarm.reannunciated", first, active=True)
        assert stages(scene) == [("closed", 1), ("stage2", 2)]
        assert newest(scene).alarms == ("al-2", "al-1")


class TestByHand:
    def test_it_goes_on_after_a_false_alarm_that_joined_it(self, scene: Scene) -> None:
        scene.open("p2-fire", "b3/s1")
        alarm = scene.judged(scene.raised("al-1"), "false")
        scene.reset(scene.quiet(alarm))
        assert scene.one().state == "stage1"

    def test_who_opens_what_is_open_is_shown_it_and_their_words_are_kept(self, scene: Scene) -> None:
        first = scene.open("p2-fire", "b3/s1")
        assert scene.open("p2-fire", "b3/s1").id == first.id
        assert (scene.kinds(), scene.facts[-1].by) == (["opened", "joined"], "li")
        assert scene.open("p2-fire", "b1/u2").id != first.id

    def test_an_alarm_opened_it_before(self, scene: Scene) -> None:
        scene.raised("al-1")
        assert scene.open("p2-fire", "b3/s1").alarm == "al-1"


class TestForgotten:
    def test_people_are_reminded_every_day_of_what_only_they_can_end(self, scene: Scene) -> None:
        fire = scene.quiet(scene.judged(scene.raised("al-1"), "real"))
        scene.wait(3600)
        scene.reset(fire)
        assert "unclosed" not in scene.wait(86399)
        assert scene.wait(1) == ["unclosed"]
        scene.restart(3600)
        assert scene.wait(86400) == ["unclosed"]
        scene.ask(AllClear(scene.one().id, "li", confirm=True))
        assert scene.wait(86401) == ["unclosed"]

    def test_not_while_its_alarm_is_open(self, scene: Scene) -> None:
        scene.judged(scene.raised("al-1"), "real")
        assert "unclosed" not in scene.wait(3 * 86400)


class TestLasting:
    def probe(self, scene: Scene, id: str, point: str, **more: Any) -> Any:
        rule = more.pop("rule", "r")
        key = f"{rule}@probe.{point}"
        return scene.raised(id, "probe", rule=rule, key=key, point=f"probe.{point}", latched=False, **more)

    @pytest.mark.parametrize("kind", ["false", "fault", "test"])
    def test_what_was_judged_to_be_nothing_lasts_no_longer(self, scene: Scene, kind: VerdictKind) -> None:
        one, two = self.probe(scene, "w1", "ph"), self.probe(scene, "w2", "cl")
        for alarm in (one, two):
            scene.judged(alarm, kind)
        scene.wait(3600)
        assert scene.one().stage == 1

    def test_nor_what_is_held_back(self, scene: Scene) -> None:
        self.probe(scene, "w1", "ph")
        scene.changed("alarm.shelved", self.probe(scene, "w2", "cl"), suppression=HELD)
        scene.wait(3600)
        assert scene.one().stage == 1

    def test_two_rules_of_one_point_are_one_point(self, scene: Scene) -> None:
        self.probe(scene, "w1", "ph")
        other = self.probe(scene, "w2", "ph", rule="r2")
        scene.wait(3600)
        assert scene.one().stage == 1
        self.probe(scene, "w3", "cl")
        scene.changed("alarm.returned", other, active=False, closed_at=scene.now.utc)
        assert "confirmed" in scene.wait(601)

    def test_a_value_that_wavers_is_one_incident(self, scene: Scene) -> None:
        for n in range(20):
            alarm = self.probe(scene, f"w{n}", "ph")
            scene.wait(5)
            scene.changed("alarm.returned", alarm, active=False, closed_at=scene.now.utc)
            scene.wait(30)
        assert (scene.one().count, scene.one().state) == (20, "stage1")
        assert scene.wait(1801) == ["closed"]
        assert scene.hub.next_due() is None


class TestGas:
    def test_carbon_monoxide_has_its_plan_and_is_no_second_trigger_of_a_leak(self, scene: Scene) -> None:
        scene.raised("al-1", "gas-a")
        scene.raised("al-2", "co")
        assert [(one.plan, one.stage, one.signal) for one in scene.all()] == [
            ("p1-gas", 1, "gas"), ("p9-co", 1, "gas"),
        ]  # fmt: skip

    def test_by_hand(self, scene: Scene) -> None:
        opened = scene.open("p9-co", "b1/u2")
        scene.raised("al-1", "gas-a")
        scene.raised("al-2", "co")
        assert opened.signal == "gas"
        assert [one.alarms for one in scene.all()] == [("al-2",), ("al-1",)]


class TestWithoutAClock:
    def test_a_trigger_long_quiet_is_not_fresh_after_a_power_cut(self, scene: Scene) -> None:
        scene.quiet(scene.raised("al-1"))
        scene.wait(5 * 3600)
        scene.restart(60, trusted=False)
        scene.raised("al-2", "smoke-b")
        assert {one.stage for one in scene.all()} == {1}

    def test_nor_after_the_clock_was_set_back(self, scene: Scene) -> None:
        scene.quiet(scene.raised("al-1"))
        scene.wait(3 * 3600, leap=-86400)
        scene.restart(10)
        scene.raised("al-2", "smoke-b")
        assert {one.stage for one in scene.all()} == {1}

    def test_one_of_a_moment_ago_is(self, scene: Scene) -> None:
        scene.quiet(scene.raised("al-1"))
        scene.wait(60)
        scene.restart(60, trusted=False)
        scene.raised("al-2", "smoke-b")
        assert scene.one().stage == 2


class TestRecords:
    def test_stopping_the_siren_does_not_tick_its_start(self, scene: Scene) -> None:
        scene.judged(scene.raised("al-1"), "real")
        scene.told("command.confirmed", "command", kind="siren", act="stop", alarm=None, zone="b3/s1")
        assert scene.step_of("sirens").how is None

    def test_a_final_report_before_the_last_alarm_is_not_the_last_word(self, scene: Scene) -> None:
        first = scene.raised("al-1")
        id = scene.one().id
        scene.ask(FileReport(id, "li", "final", "已处理"))
        scene.judged(first, "real")
        scene.reset(scene.quiet(first))
        scene.ask(AllClear(id, "li", confirm=True))
        assert scene.one().state == "all_clear"
        scene.ask(FileReport(id, "li", "final", "已扑灭"))
        assert scene.one().state == "closed"

    def test_who_was_said_to_be_there_and_comes_is_proved(self, scene: Scene) -> None:
        scene.raised("al-1")
        id = scene.one().id
        scene.ask(Muster(id, "li", "he", "said"))
        assert [one.proof for one in scene.ask(Muster(id, "he", "he", "qr")).roll] == ["qr"]
        assert [one.proof for one in scene.ask(Muster(id, "li", "he", "said")).roll] == ["qr"]

    def test_photos_of_an_incident_end_somewhere(self, scene: Scene) -> None:
        scene.raised("al-1")
        id = scene.one().id
        for report in range(ALL_PHOTOS // PHOTOS):
            photos = tuple(ReportPhoto(f"ph-{report}-{n}", "0" * 64, "li", 1) for n in range(PHOTOS))
            scene.ask(FileReport(id, "li", "scene", None, photos))
        last = scene.ask(FileReport(id, "li", "scene", "门缝有烟")).reports[-1].id
        with pytest.raises(Refusal, match=str(ALL_PHOTOS)):
            scene.ask(AddReportPhoto(id, "li", last, "ph-x", "0" * 64))
