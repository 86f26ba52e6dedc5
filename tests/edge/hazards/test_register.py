"""Hazards as people meet them: from a report or an alarm until another person strikes them off."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edge.domain.device import Signal
from edge.domain.hazard import (
    AskExtension,
    AssignHazard,
    CancelHazard,
    CommentHazard,
    DecideExtension,
    HazardState,
    InterimControl,
    Rectify,
    Reinspect,
)
from edge.domain.instant import DAY, HOUR, MINUTE, SECOND
from edge.domain.names import Text
from edge.domain.order import Advance, OpenOrder, OrderState
from edge.domain.reading import Arrival, Purpose, Quality
from edge.domain.request import Refusal
from tests.edge.hazards.hazard_desk import HazardDesk, a_smoke, an_alarm


@pytest.fixture
def desk() -> HazardDesk:
    return HazardDesk()


def refused(code: str) -> pytest.RaisesExc[Refusal]:
    return pytest.raises(Refusal, check=lambda refusal: refusal.code == code)


class TestTheWholeWay:
    def test_from_the_report_to_striking_off(self, desk: HazardDesk) -> None:
        hazard = desk.report(note="电动车挡着")
        assert (hazard.state, hazard.unit, hazard.person, hazard.grade) == (
            "reported",
            "property",
            "zhou",
            None,
        )
        with refused("not_graded"):
            desk.ask(AssignHazard(hazard.id, "li", unit="shop-s1"))
        hazard = desk.grade(hazard)
        assert hazard.due_at == desk.now.utc + 72 * HOUR
        hazard = desk.ask(AssignHazard(hazard.id, "li", unit="shop-s1", measures="挪开"))
        assert (hazard.state, hazard.unit, hazard.measures.zh) == (HazardState.ASSIGNED, "shop-s1", "挪开")
        with refused("photo_required"):
            desk.ask(Rectify(hazard.id, "he"))
        desk.photo(hazard, "p-0", "before")
        desk.photo(hazard)
        hazard = desk.ask(Rectify(hazard.id, "he"))
        assert hazard.due_at == desk.now.utc + 48 * HOUR
        with refused("same_person"):
            desk.pass_(hazard, by="he")
        closed = desk.pass_(hazard, by="liu")
        assert (closed.state, closed.open, closed.override) == (HazardState.CLOSED, False, None)
        assert [fact.kind.removeprefix("hazard.") for fact in desk.facts] == [
            "reported", "graded", "assigned", "photo", "photo", "rectified", "closed",
        ]  # fmt: skip
        assert desk.facts[0].note == "电动车挡着"
        assert "电动车" not in str(desk.facts[0].body)
        with refused("closed"):
            desk.ask(CommentHazard(hazard.id, "li", "late"))

    def test_sent_back_it_needs_a_new_photo_and_has_the_time_that_was_left(self, desk: HazardDesk) -> None:
        hazard = desk.grade(desk.report())
        desk.later(70 * HOUR)
        desk.photo(hazard)
        hazard = desk.ask(Rectify(hazard.id, "he"))
        desk.later(HOUR)
        with refused("reason_required"):
            desk.ask(Reinspect(hazard.id, "liu", passed=False))
        back = desk.ask(Reinspect(hazard.id, "liu", passed=False, reason="not_repaired"))
        assert (back.state, back.sent_back, back.reason) == (HazardState.ASSIGNED, 1, "not_repaired")
        assert back.due_at == desk.now.utc + 2 * HOUR
        with refused("photo_required"):
            desk.ask(Rectify(hazard.id, "he"))
        assert desk.later(2 * HOUR) == ["hazard.overdue"]

    def test_what_is_no_hazard_is_struck_out(self, desk: HazardDesk) -> None:
        assert desk.ask(CancelHazard(desk.report().id, "li", "duplicate")).state is HazardState.CANCELLED
        hazard = desk.grade(desk.report(category="waste"))
        with refused("not_manager"):
            desk.ask(CancelHazard(hazard.id, "li", "duplicate"))
        desk.ask(CancelHazard(hazard.id, "chen", "mistaken"))


class TestGrading:
    def test_only_the_fire_manager_says_major_and_never_without_control(self, desk: HazardDesk) -> None:
        hazard = desk.report(suspected=True)
        assert hazard.grade == "suspected_major"
        for person in ("li", "chen"):
            with refused("not_manager"):
                desk.grade(hazard, "major", person, element="lane-blocked", interim="专人看守")
        with refused("not_manager"):
            desk.grade(hazard, "general")
        with refused("element_required"):
            desk.grade(hazard, "major", "zhou", element="nonsense", interim="专人看守")
        with refused("interim_required"):
            desk.grade(hazard, "major", "zhou", element="lane-blocked")
        major = desk.grade(hazard, "major", "zhou", element="lane-blocked", interim="专人看守")
        assert (major.grade, major.element, major.interim_by) == ("major", "lane-blocked", "zhou")
        assert [fact.kind for fact in desk.facts[-2:]] == ["hazard.interim", "hazard.graded"]
        assert desk.facts[-2].note == "专人看守"
        with refused("not_manager"):
            desk.grade(major, "general")
        with refused("not_manager"):
            desk.ask(CancelHazard(hazard.id, "chen", "mistaken"))

    def test_a_suspicion_is_given_to_nobody_before_it_is_settled(self, desk: HazardDesk) -> None:
        hazard = desk.report(suspected=True)
        with refused("not_graded"):
            desk.ask(AssignHazard(hazard.id, "li", person="he"))
        desk.grade(hazard, "general", "zhou")
        assert desk.ask(AssignHazard(hazard.id, "li", person="he")).person == "he"

    def test_where_it_is_has_to_be_said(self, desk: HazardDesk) -> None:
        with refused("place_required"):
            desk.report(zone="", place=Text("", ""))
        assert desk.report(zone="", place=Text("东门外", "East gate")).open

    def test_a_late_verdict_corrects_the_record_and_opens_nothing(self, desk: HazardDesk) -> None:
        desk.happens("alarm.raised", a_smoke("al-9"))
        desk.happens("alarm.reset", replace(desk.alarms["al-9"], active=False, closed_at=desk.now.utc))
        assert desk.judged("al-9", "real") == []

    def test_a_control_that_stands_already_counts(self, desk: HazardDesk) -> None:
        hazard = desk.report()
        desk.ask(InterimControl(hazard.id, "li", "拉警戒线"))
        assert desk.grade(hazard, "major", "zhou", element="lane-blocked").interim_by == "li"

    def test_a_suspicion_is_settled_before_striking_off(self, desk: HazardDesk) -> None:
        hazard = desk.report(suspected=True)
        hazard = desk.ask(Rectify(desk.photo(hazard).id, "he"))
        with refused("not_graded"):
            desk.pass_(hazard)
        desk.grade(hazard, "general", "zhou")
        assert not desk.pass_(hazard).open

    def test_software_says_general_where_its_rule_does(self, desk: HazardDesk) -> None:
        hazard = desk.report(by="hub", source="camera", source_id="cm-01")
        assert (hazard.grade, hazard.graded_by, hazard.sources[0].by) == ("general", None, None)
        assert hazard.due_at == desk.now.utc + 24 * HOUR


class TestOneHazard:
    def test_several_sources_of_one_place_and_category(self, desk: HazardDesk) -> None:
        first = desk.report(by="hub", source="camera", source_id="cm-01")
        second = desk.report(by="hub", source="resident", source_id="A-1047")
        assert second.id == first.id
        assert [each.kind for each in second.sources] == ["camera", "resident"]
        assert desk.report(category="waste").id != first.id
        assert desk.report(zone="b3/s1").id != first.id
        assert desk.report(separate=True).id != first.id

    def test_a_relapse_within_seven_days_is_repeated(self, desk: HazardDesk) -> None:
        first = desk.pass_(desk.rectified())
        desk.restart(away=6 * DAY)
        again = desk.report()
        assert again.repeat_of == first.id
        desk.ask(CancelHazard(again.id, "li", "mistaken"))
        desk.restart(away=2 * DAY)
        assert desk.report().repeat_of is None

    def test_seven_days_pass_without_a_restart_too_whatever_the_clock_on_the_wall_does(
        self, desk: HazardDesk
    ) -> None:
        desk.pass_(desk.rectified())
        desk.later(6 * DAY, step=300 * DAY)
        again = desk.report()
        assert again.repeat_of is not None
        desk.ask(CancelHazard(again.id, "li", "mistaken"))
        desk.later(2 * DAY, step=-300 * DAY)
        assert desk.report().repeat_of is None


class TestDue:
    def test_overdue_climbs_and_survives_restarts(self, desk: HazardDesk) -> None:
        hazard = desk.grade(desk.report())
        desk.restart(away=71 * HOUR)
        assert not desk.last(hazard.id).overdue
        assert desk.later(HOUR) == ["hazard.overdue"]
        desk.photo(hazard)
        desk.restart(away=23 * HOUR)
        assert desk.later(HOUR) == ["hazard.overdue"]
        assert desk.last(hazard.id).climbed == 2
        assert desk.later(2 * DAY - SECOND) == []
        assert desk.later(SECOND) == ["hazard.overdue"]
        assert desk.last(hazard.id).climbed == 3
        assert desk.later(30 * DAY) == []

    def test_what_nobody_grades_is_overdue_as_well(self, desk: HazardDesk) -> None:
        desk.report()
        assert desk.later(24 * HOUR) == ["hazard.overdue"]

    def test_more_time_is_asked_for_and_decided_by_the_manager(self, desk: HazardDesk) -> None:
        hazard = desk.grade(desk.report())
        with refused("reason_required"):
            desk.ask(AskExtension(hazard.id, "he", 2 * 86400, " "))
        desk.ask(AskExtension(hazard.id, "he", 2 * 86400, "待料"))
        with refused("wrong_step"):
            desk.ask(AskExtension(hazard.id, "he", 86400, "待料"))
        with refused("not_manager"):
            desk.ask(DecideExtension(hazard.id, "li", granted=True))
        desk.later(72 * HOUR)
        longer = desk.ask(DecideExtension(hazard.id, "chen", granted=True))
        assert (longer.overdue, longer.due_at) == (False, desk.now.utc + 48 * HOUR)
        desk.ask(AskExtension(hazard.id, "chen", 86400, "还差一点"))
        with refused("same_person"):
            desk.ask(DecideExtension(hazard.id, "chen", granted=True))
        refused_ = desk.ask(DecideExtension(hazard.id, "zhou", granted=False))
        assert refused_.due_at == longer.due_at
        assert [each.granted for each in refused_.extensions] == [True, False]

    def test_nobody_gives_more_time_by_assigning_anew(self, desk: HazardDesk) -> None:
        hazard = desk.grade(desk.report())
        with refused("not_manager"):
            desk.ask(AssignHazard(hazard.id, "li", due=96 * 3600.0))
        assert desk.ask(AssignHazard(hazard.id, "li", due=3600.0)).due_at == desk.now.utc + HOUR
        assert desk.ask(AssignHazard(hazard.id, "chen", due=96 * 3600.0)).due_at == desk.now.utc + 96 * HOUR


class TestWorkOrders:
    def assigned(self, desk: HazardDesk) -> str:
        hazard = desk.grade(desk.report())
        desk.ask(AssignHazard(hazard.id, "li", skill="patrol"))
        (order,) = desk.asked
        assert isinstance(order, OpenOrder)
        assert (order.hazard, order.skill, order.by, order.needs_photos) == (hazard.id, "patrol", "li", True)
        assert order.due == 72 * 3600
        desk.asked.clear()
        desk.order(OrderState.NOTIFIED, hazard.id)
        return hazard.id

    def test_done_it_is_rectified_and_verified_with_it(self, desk: HazardDesk) -> None:
        id = self.assigned(desk)
        with refused("wrong_step"):
            desk.ask(Rectify(id, "he"))
        assert desk.order(OrderState.DONE, id, by="sun") == ["hazard.rectified"]
        assert desk.last(id).rectified_by == "sun"
        with refused("same_person"):
            desk.pass_(desk.last(id), by="sun")
        desk.pass_(desk.last(id), by="liu")
        assert desk.asked == [Advance("wo-1", "liu", "verify")]

    def test_sent_back_the_order_goes_back_and_either_way_once(self, desk: HazardDesk) -> None:
        id = self.assigned(desk)
        desk.order(OrderState.DONE, id)
        desk.ask(Reinspect(id, "liu", passed=False, reason="not_repaired"))
        assert desk.asked == [Advance("wo-1", "liu", "redo", reason="not_repaired")]
        desk.order(OrderState.ACCEPTED, id, kind="order.redone")
        assert desk.last(id).sent_back == 1
        desk.order(OrderState.DONE, id)
        assert desk.order(OrderState.ACCEPTED, id, kind="order.redone") == ["hazard.sent_back"]
        assert desk.last(id).sent_back == 2
        desk.order(OrderState.DONE, id)
        desk.order(OrderState.ON_SITE, id, kind="order.undone")
        assert (desk.last(id).state, desk.last(id).sent_back) == (HazardState.ASSIGNED, 2)

    def test_sent_back_after_it_was_verified_a_new_order_goes_out(self, desk: HazardDesk) -> None:
        id = self.assigned(desk)
        desk.order(OrderState.DONE, id)
        desk.order(OrderState.VERIFIED, id, by="wang")
        desk.ask(Reinspect(id, "liu", passed=False, reason="not_repaired"))
        (order,) = desk.asked
        assert isinstance(order, OpenOrder)

    def test_a_restart_before_the_order_came_asks_again_and_only_then(self, desk: HazardDesk) -> None:
        hazard = desk.grade(desk.report())
        desk.ask(AssignHazard(hazard.id, "li", skill="patrol"))
        desk.asked.clear()
        desk.restart()
        assert len(desk.asked) == 1
        desk.order(OrderState.NOTIFIED, hazard.id)
        desk.asked.clear()
        desk.restart()
        assert desk.asked == []
        desk.order(OrderState.CANCELLED, hazard.id)
        desk.later(DAY)
        assert desk.asked == []

    def test_an_order_that_never_came_is_asked_for_again(self, desk: HazardDesk) -> None:
        hazard = desk.grade(desk.report())
        desk.ask(AssignHazard(hazard.id, "li", skill="patrol"))
        desk.later(4 * MINUTE)
        assert len(desk.asked) == 1
        desk.later(MINUTE)
        assert len(desk.asked) == 2

    def test_what_a_power_cut_kept_from_the_order_is_made_up(self, desk: HazardDesk) -> None:
        id = self.assigned(desk)
        desk.order(OrderState.DONE, id)
        desk.ask(Reinspect(id, "liu", passed=False, reason="half_done"))
        desk.asked.clear()
        desk.restart()
        assert desk.asked == [Advance("wo-1", "liu", "redo", reason="half_done")]
        desk.order(OrderState.ACCEPTED, id, kind="order.redone")
        desk.order(OrderState.DONE, id)
        desk.pass_(desk.last(id), by="liu")
        desk.asked.clear()
        desk.restart()
        assert desk.asked == [Advance("wo-1", "liu", "verify")]

    def test_a_rule_sends_a_crew_but_not_into_gas(self, desk: HazardDesk) -> None:
        desk.alarm("g-1")
        desk.alarm("c-1", rule="residual", device="rc-b3", point="ma", zone="b3/s1", signal=Signal.PROCESS)
        assert not [each for each in desk.asked if isinstance(each, OpenOrder)]
        desk.returns("g-1")
        (order,) = [each for each in desk.asked if isinstance(each, OpenOrder)]
        assert (order.by, order.skill) == ("", "electric")


class TestSensors:
    def waiting(self, desk: HazardDesk) -> str:
        """The order of the alarm is done, its sensor has still to prove it."""
        desk.alarm()
        hazard = desk.only()
        assert (hazard.title.zh, hazard.grade, hazard.key) == ("燃气泄漏", "general", "gas@gs-1.lel")
        assert desk.order(OrderState.NOTIFIED, alarm="a-1") == ["hazard.assigned"]
        desk.returns()
        assert desk.order(OrderState.DONE, alarm="a-1") == ["hazard.rectified"]
        return hazard.id

    def test_who_was_sent_to_look_has_rectified_nothing(self, desk: HazardDesk) -> None:
        desk.alarm()
        for state in (OrderState.NOTIFIED, OrderState.DONE):
            assert desk.order(state, alarm="a-1", id="wo-look", rule=None) == []
        assert desk.only().state is HazardState.REPORTED
        assert desk.order(OrderState.NOTIFIED, alarm="a-1") == ["hazard.assigned"]
        assert desk.order(OrderState.DONE, alarm="a-1") == ["hazard.rectified"]

    def test_an_alarm_that_comes_back_before_its_reset_is_a_repeated_hazard(self, desk: HazardDesk) -> None:
        id = self.waiting(desk)
        for _ in range(3):
            desk.reads(1.0)
        desk.pass_(desk.last(id))
        again = desk.happens("alarm.reannunciated", replace(desk.alarms["a-1"], active=True))
        assert again[0] == "hazard.reported"
        (repeated,) = [hazard for hazard in desk.all() if hazard.open]
        assert repeated.repeat_of == id

    def test_good_readings_over_the_window_prove_it(self, desk: HazardDesk) -> None:
        id = self.waiting(desk)
        with refused("not_proved"):
            desk.pass_(desk.last(id))
        assert desk.reads(1.0) == []
        assert desk.reads(1.0) == []
        assert desk.reads(1.0) == ["hazard.proved"]
        proof = desk.last(id).proof
        assert proof is not None
        assert (proof.count, proof.met_at) == (3, desk.now.utc)
        assert not desk.pass_(desk.last(id)).open

    @pytest.mark.parametrize(
        "doubtful",
        [
            {"quality": Quality.UNCERTAIN},
            {"quality": Quality.BAD},
            {"arrival": Arrival.HISTORY},
            {"arrival": Arrival.RETAINED},
            {"purpose": Purpose.TEST},
            {"purpose": Purpose.DRILL},
        ],
    )
    def test_what_does_not_count(self, desk: HazardDesk, doubtful: dict[str, Any]) -> None:
        id = self.waiting(desk)
        for _ in range(10):
            assert desk.reads(1.0, **doubtful) == []
        assert desk.last(id).proof == desk.only().proof
        with refused("not_proved"):
            desk.pass_(desk.last(id))

    def test_what_a_person_reports_of_a_measured_alarm_is_proved_by_its_sensor(
        self, desk: HazardDesk
    ) -> None:
        desk.happens("alarm.raised", an_alarm("a-9", rule="other"))
        hazard = desk.report(alarm="a-9", source_id="a-9", category="gas")
        assert (hazard.key, hazard.alarm, hazard.proved) == ("other@gs-1.lel", "a-9", False)

    def test_one_over_the_limit_begins_anew_alarm_or_not(self, desk: HazardDesk) -> None:
        id = self.waiting(desk)
        desk.reads(1.0)
        desk.reads(7.5)  # below the limit, not below it by the deadband
        assert desk.reads(1.0) == desk.reads(1.0) == []
        assert desk.reads(1.0) == ["hazard.proved"]
        assert desk.last(id).proved

    def test_an_active_alarm_is_no_proof(self, desk: HazardDesk) -> None:
        desk.alarm()
        desk.order(OrderState.DONE, alarm="a-1")
        for _ in range(5):
            assert desk.reads(1.0) == []

    def test_in_alarm_again_it_goes_back_by_itself(self, desk: HazardDesk) -> None:
        id = self.waiting(desk)
        for _ in range(3):
            desk.reads(1.0)
        assert desk.last(id).proved
        assert desk.alarm("a-2") == ["hazard.sent_back", "hazard.source"]
        back = desk.last(id)
        assert (back.state, back.reason, back.proved) == (HazardState.ASSIGNED, "in_alarm_again", False)
        assert desk.asked == [Advance("wo-1", "", "redo", reason="in_alarm_again")]

    def test_a_person_overrides_by_name_and_reason(self, desk: HazardDesk) -> None:
        id = self.waiting(desk)
        closed = desk.pass_(desk.last(id), override="sensor_removed")
        assert closed.override is not None
        assert (closed.override.by, closed.override.reason) == ("liu", "sensor_removed")

    def test_a_restart_counts_from_the_beginning(self, desk: HazardDesk) -> None:
        self.waiting(desk)
        desk.reads(1.0)
        desk.reads(1.0)
        desk.restart(MINUTE)
        assert desk.reads(1.0) == desk.reads(1.0) == []
        assert desk.reads(1.0) == ["hazard.proved"]

    def test_a_false_alarm_takes_its_hazard_back_unless_somebody_graded_it(self, desk: HazardDesk) -> None:
        desk.alarm()
        assert desk.judged("a-1", "false") == ["hazard.cancelled", "nuisance.counted"]
        desk.alarm("a-2")
        hazard = next(each for each in desk.all() if each.open)
        desk.grade(hazard, "general")
        assert desk.judged("a-2", "false") == ["nuisance.counted"]

    @pytest.mark.parametrize("purpose", [Purpose.DRILL, Purpose.TEST])
    def test_drills_and_tests_are_none(self, desk: HazardDesk, purpose: Purpose) -> None:
        assert desk.happens("alarm.raised", an_alarm("d-1", purpose=purpose)) == []

    def test_a_real_fire_proposes_to_find_its_cause(self, desk: HazardDesk) -> None:
        desk.happens("alarm.raised", a_smoke("f-1"))
        desk.judged("f-1", "real")
        hazard = desk.only()
        assert (hazard.draft, hazard.sources[0].kind, hazard.sources[0].by) == (True, "verdict", "li")
        assert not desk.grade(hazard).draft


class TestFalseAlarms:
    def false(self, desk: HazardDesk, id: str, **more: Any) -> list[str]:
        desk.happens("alarm.raised", a_smoke(id, at=desk.now.utc, **more))
        return desk.judged(id, "false")

    def test_the_third_in_thirty_days_proposes_to_look_at_place_and_kind(self, desk: HazardDesk) -> None:
        self.false(desk, "f-1")
        desk.later(10 * DAY)
        self.false(desk, "f-2")
        self.false(desk, "x-1", device="sm-9")
        desk.restart(DAY)
        assert self.false(desk, "f-3") == ["hazard.reported", "nuisance.counted"]
        hazard = desk.only()
        assert (hazard.title.zh, hazard.draft, hazard.device) == ("探测器位置/类型不当", True, "sm-302k")
        assert (hazard.grade, hazard.proof, hazard.category) == (None, None, "facility")
        assert desk.asked == []  # neither a shelve nor anything else
        assert self.false(desk, "f-4") == ["hazard.source", "nuisance.counted"]
        desk.ask(CancelHazard(hazard.id, "li", "mistaken"))
        assert self.false(desk, "f-5") == ["nuisance.counted"]

    def test_three_in_longer_do_not(self, desk: HazardDesk) -> None:
        for number in range(5):
            self.false(desk, f"f-{number}")
            desk.later(16 * DAY)
        assert desk.all() == []

    def test_a_verdict_taken_back_counts_no_longer(self, desk: HazardDesk) -> None:
        for number in range(2):
            self.false(desk, f"f-{number}")
        assert desk.judged("f-1", "test") == ["nuisance.counted"]
        assert self.false(desk, "f-2") == ["nuisance.counted"]
        assert desk.all() == []
