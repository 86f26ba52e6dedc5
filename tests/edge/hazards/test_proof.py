"""What readings prove after the work, what they take back, and who may not strike off what he did himself."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest

import tests.edge.hazards.hazard_desk as around
from edge.domain.hazard import GradeHazard, HazardState, Rectify, ReportHazard
from edge.domain.instant import HOUR, MINUTE, SECOND
from edge.domain.names import Text
from edge.domain.order import OrderState
from edge.domain.reading import Quality, Reason
from edge.domain.request import Refusal
from edge.domain.rule import Hours
from tests.edge.hazards.hazard_desk import HazardDesk


@pytest.fixture
def desk() -> HazardDesk:
    return HazardDesk()


def refused(code: str) -> pytest.RaisesExc[Refusal]:
    return pytest.raises(Refusal, check=lambda refusal: refusal.code == code)


def waiting(desk: HazardDesk) -> str:
    """The gas is gone and the work done; three readings over a minute are to prove it."""
    desk.alarm()
    desk.photo(desk.only())
    desk.returns()
    desk.alarms.clear()
    return desk.ask(Rectify(desk.only().id, "he")).id


class TestReadings:
    def test_what_was_proved_is_taken_back_by_the_same_sensor(self, desk: HazardDesk) -> None:
        id = waiting(desk)
        assert [desk.reads(0.0) for _ in range(3)][-1] == ["hazard.proved"]
        assert desk.reads(0.0) == []
        assert desk.reads(50.0) == ["hazard.disproved"]
        assert desk.reads(50.0) == []
        with refused("not_proved"):
            desk.pass_(desk.last(id))
        assert [desk.reads(0.0) for _ in range(3)][-1] == ["hazard.proved"]
        assert not desk.pass_(desk.last(id)).open

    def test_also_after_a_restart(self, desk: HazardDesk) -> None:
        waiting(desk)
        for _ in range(3):
            desk.reads(0.0)
        desk.restart(HOUR)
        assert desk.only().proved
        assert desk.reads(50.0) == ["hazard.disproved"]

    def test_outside_of_the_hours_of_its_rule_nothing_is_proved(
        self, desk: HazardDesk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(around, "GAS_RULE", replace(around.GAS_RULE, hours=Hours(time(22), time(6))))
        desk = HazardDesk()  # 04:26 in Shanghai
        desk.later(4 * HOUR)
        waiting(desk)
        for _ in range(10):
            assert desk.reads(0.0) == []
        desk.later(14 * HOUR)
        assert [desk.reads(0.0) for _ in range(3)][-1] == ["hazard.proved"]
        desk.later(10 * HOUR)
        assert desk.reads(50.0) == []  # by day this is nothing

    def test_after_a_silence_it_begins_anew(self, desk: HazardDesk) -> None:
        waiting(desk)
        desk.reads(0.0)
        desk.reads(0.0)
        assert desk.reads(0.0, after=HOUR) == []
        assert desk.reads(0.0) == []
        assert desk.reads(0.0) == ["hazard.proved"]

    def test_a_slow_clock_holds_back_no_proof(self, desk: HazardDesk) -> None:
        waiting(desk)
        told = [desk.reads(0.0, age=HOUR + n % 2 * SECOND) for n in range(6)]
        assert ["hazard.proved"] in told

    def test_what_comes_in_a_burst_is_from_before_the_work(self, desk: HazardDesk) -> None:
        waiting(desk)
        for n in range(60):  # an hour of readings, made good within two minutes
            assert desk.reads(0.0, age=3 * HOUR - n * MINUTE, after=2 * SECOND) == []

    def test_a_clock_that_is_wrong_altogether_is_replaced_by_the_time_of_receipt(
        self, desk: HazardDesk
    ) -> None:
        waiting(desk)
        told = [desk.reads(0.0, quality=Quality.UNCERTAIN, reason=Reason.CLOCK) for _ in range(3)]
        assert told[-1] == ["hazard.proved"]


class TestHands:
    def test_who_did_a_part_of_the_work_does_not_strike_it_off(self, desk: HazardDesk) -> None:
        desk.alarm()
        id = desk.only().id
        for order in ("wo-1", "wo-2"):
            desk.order(OrderState.NOTIFIED, id, id=order)
        desk.order(OrderState.DONE, id, id="wo-1", by="sun")
        desk.order(OrderState.DONE, id, id="wo-2", by="qian")
        assert desk.last(id).state is HazardState.RECTIFIED
        for by in ("sun", "qian"):
            with refused("same_person"):
                desk.pass_(desk.last(id), by=by, override="sensor_removed")
        desk.order(OrderState.ACCEPTED, id, id="wo-1", kind="order.redone")
        desk.order(OrderState.DONE, id, id="wo-1", by="li")
        for by in ("sun", "qian", "li"):
            with refused("same_person"):
                desk.pass_(desk.last(id), by=by, override="sensor_removed")
        assert not desk.pass_(desk.last(id), by="liu", override="sensor_removed").open

    def test_nor_who_took_the_picture_that_shows_it_done(self, desk: HazardDesk) -> None:
        hazard = desk.photo(desk.grade(desk.report()))  # by he
        hazard = desk.ask(Rectify(hazard.id, "sun"))
        for by in ("he", "sun"):
            with refused("same_person"):
                desk.pass_(hazard, by=by)
        assert not desk.pass_(hazard, by="liu").open


class TestTime:
    def test_calling_it_graver_gives_no_more_time(self, desk: HazardDesk) -> None:
        hazard = desk.grade(desk.report())
        desk.later(70 * HOUR)
        assert desk.grade(desk.only(), "suspected_major").due_at == desk.now.utc + 2 * HOUR
        fresh = desk.grade(desk.report(zone="b3", place=Text("3号楼", "Building 3")))
        assert desk.grade(fresh, "suspected_major").due_at == desk.now.utc + 24 * HOUR
        desk.later(2 * HOUR)
        assert desk.last(hazard.id).overdue
        again = desk.ask(GradeHazard(hazard.id, "zhou", "general"))
        assert (again.overdue, again.due_at) == (False, desk.now.utc + 72 * HOUR)  # the manager may

    @pytest.mark.parametrize("how", ["grade", "report"])
    def test_nor_does_it_end_that_it_is_overdue(self, desk: HazardDesk, how: str) -> None:
        hazard = desk.grade(desk.report())
        desk.later(80 * HOUR)
        by_hand = how == "grade"
        late = desk.grade(hazard, "suspected_major") if by_hand else desk.report(suspected=True)
        assert isinstance(late.due_at, int)
        assert (late.id, late.grade, late.overdue, late.climbed) == (hazard.id, "suspected_major", True, 1)
        assert late.due_at < desk.now.utc
        assert desk.later(24 * HOUR) == ["hazard.overdue"]  # and the ladder goes on


def test_a_report_needs_words(desk: HazardDesk) -> None:
    with refused("reason_required"):
        desk.ask(ReportHazard("li", Text(" ", ""), "fire"))
