"""What is one hazard, and what one more source means for it."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest

import tests.edge.hazards.hazard_desk as around
from edge.domain.conclusion import Happened
from edge.domain.device import Signal
from edge.domain.hazard import ENDS, CancelHazard, HazardState
from edge.domain.hazard_rules import HazardRule
from edge.domain.names import Text
from edge.domain.order import Advance, OpenOrder, OrderState
from tests.edge.hazards.hazard_desk import HOUR, HazardDesk, a_smoke, an_alarm

CABINET: dict[str, Any] = {"signal": Signal.PROCESS, "device": "tc-eb", "zone": "out/eb"}
CURRENT: dict[str, Any] = {**CABINET, "rule": "residual", "point": "ma"}
HEAT: dict[str, Any] = {**CABINET, "rule": "cable", "point": "t1"}


@pytest.fixture
def desk() -> HazardDesk:
    return HazardDesk()


@pytest.fixture
def heat(monkeypatch: pytest.MonkeyPatch) -> HazardDesk:
    """A desk with a rule for hot cables too."""
    hot = HazardRule("heat", "alarm", "practice", "electrical", Text("电缆过热", "Hot"), rules=("cable",),
                     grade="suspected_major", proof=(3, 60.0))  # fmt: skip
    monkeypatch.setattr(around, "POLICY", replace(around.POLICY, rules=(*around.POLICY.rules, hot)))
    return HazardDesk()


class TestWhatIsTheSame:
    def test_another_spot_of_the_zone_is_another_hazard_and_no_relapse(self, desk: HazardDesk) -> None:
        first = desk.report(place=Text("室外 北门", "Outdoors north"))
        exit_ = desk.report(place=Text("室外 西门", "Outdoors west"), title=Text("疏散门锁闭", "Locked"))
        assert exit_.id != first.id
        assert desk.report(place=Text("室外", "Outdoors")).id in {
            first.id,
            exit_.id,
        }  # who names none may mean either
        for each in (first, exit_):
            desk.ask(CancelHazard(each.id, "li", "mistaken"))
        struck = desk.pass_(desk.rectified(place=Text("室外 北门", "Outdoors north")))
        assert desk.report(place=Text("室外 西门", "Outdoors west")).repeat_of is None
        assert desk.report(place=Text("室外 北门", "Outdoors north")).repeat_of == struck.id

    def test_two_entries_of_a_register_are_two_hazards(self, desk: HazardDesk) -> None:
        one = desk.report(
            source="round", source_id="fe-04", title=Text("4号灭火器压力不足", "Extinguisher 4")
        )
        other = desk.report(source="round", source_id="hy-09", title=Text("9号消火栓无水", "Hydrant 9"))
        assert one.id != other.id
        assert desk.report(source="round", source_id="fe-04", title=one.title).id == one.id

    def test_what_one_walk_finds_twice_is_two_and_what_two_find_is_one(self, desk: HazardDesk) -> None:
        one = desk.report(source="round", source_id="rd-night-1", title=Text("灯不亮", "Dark"))
        other = desk.report(source="round", source_id="rd-night-1", title=Text("杂物堆放", "Litter"))
        assert one.id != other.id
        assert (
            desk.report(source="round", source_id="rd-night-2", title=Text("杂物", "Litter")).id == other.id
        )

    def test_two_devices_are_two_hazards(self, desk: HazardDesk) -> None:
        desk.alarm("g-1", device="gs-1")
        desk.alarm("g-2", device="gs-2")
        assert [hazard.device for hazard in desk.all()] == ["gs-1", "gs-2"]

    def test_the_words_of_a_second_source_are_kept(self, desk: HazardDesk) -> None:
        desk.report()
        known = desk.report(
            title=Text("疏散门锁闭", "Exit locked"), place=Text("室外 西门", "Outdoors, west")
        )
        assert known.title.zh == "消火栓被遮挡"
        assert [each.title.zh for each in known.sources] == ["", "疏散门锁闭"]
        assert known.sources[1].place.zh == "室外 西门"

    def test_that_somebody_reported_the_burning_alarm_does_not_hold_back_its_cause(
        self, desk: HazardDesk
    ) -> None:
        desk.happens("alarm.raised", a_smoke("f-1"))
        desk.report(alarm="f-1", source_id="f-1", device="sm-302k", zone="b3/s1/3f")
        desk.judged("f-1", "real")
        assert [hazard.rule for hazard in desk.all()] == [None, "after-fire"]
        desk.judged("f-1", "real", by="wang")
        assert len(desk.all()) == 2


class TestOneMoreSource:
    def test_it_brings_its_grade_and_its_crew(self, desk: HazardDesk) -> None:
        loose = desk.report(category="electrical", zone="out/eb", place=Text("车库", "Shed"))
        assert desk.alarm("r-1", **CURRENT) == ["hazard.source", "hazard.graded", "hazard.assigned"]
        known = desk.only()
        assert (known.id, known.grade, known.state) == (loose.id, "general", HazardState.ASSIGNED)
        assert known.measures.zh == "查绝缘"
        (order,) = desk.asked
        assert isinstance(order, OpenOrder)
        assert order.skill == "electric"

    def test_it_makes_it_graver_and_has_to_prove_it_as_well(self, heat: HazardDesk) -> None:
        heat.alarm("r-1", **CURRENT)
        heat.alarm("c-1", **HEAT)
        known = heat.only()
        assert (known.grade, known.key) == ("suspected_major", "residual@tc-eb.ma")
        assert [sensor.key for sensor in known.sensors] == ["residual@tc-eb.ma", "cable@tc-eb.t1"]
        shown = known.shown_by("residual@tc-eb.ma", met_at=1)
        assert not shown.proved
        assert shown.shown_by("cable@tc-eb.t1", met_at=1).proved
        assert not shown.unproved.shown_by("cable@tc-eb.t1", met_at=1).proved

    def test_a_hazard_of_an_earlier_version_is_read(self, desk: HazardDesk) -> None:
        row = desk.report().to_dict()
        del row["others"], row["dropped"]
        assert type(desk.only()).from_dict(row) == desk.only()

    def test_reported_again_it_goes_back_and_so_does_its_order(self, desk: HazardDesk) -> None:
        hazard = desk.rectified()
        again = desk.report(title=Text("又堵了", "again"))
        assert (again.id, again.state, again.sent_back) == (hazard.id, HazardState.ASSIGNED, 1)
        assert again.reason == "reported_again"
        assert [fact.kind for fact in desk.facts[-2:]] == ["hazard.sent_back", "hazard.source"]
        desk.alarm()
        desk.order(OrderState.NOTIFIED, alarm="a-1")
        desk.returns()
        desk.order(OrderState.DONE, alarm="a-1")
        desk.report(category="gas", zone="b3/s1/3f")
        assert Advance("wo-1", "", "redo", reason="reported_again") in desk.asked

    def test_a_flapping_sensor_writes_no_growing_bodies(self, desk: HazardDesk) -> None:
        for number in range(2000):
            desk.alarm(f"a-{number}")
            desk.alarms.pop(f"a-{number}")
        assert len(desk.facts) <= ENDS + 2
        known = desk.report(category="gas", zone="b3/s1/3f", source="resident")
        assert (len(known.sources), known.dropped) == (2 * ENDS, 2001 - 2 * ENDS)
        assert (known.sources[0].id, known.sources[-1].kind) == ("a-0", "resident")
        assert len(json.dumps(known.to_dict())) < 8000
        desk.alarms["a-9"] = an_alarm("a-9")
        assert desk.judged("a-9", "false") == ["nuisance.counted"]  # 1999 others speak for it

    def test_an_order_about_one_of_very_many_alarms_is_its_order(self, desk: HazardDesk) -> None:
        for number in range(3 * ENDS):
            desk.alarm(f"a-{number}")
        assert desk.order(OrderState.NOTIFIED, alarm=f"a-{ENDS + 2}") == ["hazard.assigned"]

    def test_a_verdict_takes_the_order_back_with_the_hazard(self, desk: HazardDesk) -> None:
        desk.alarm("r-1", **CURRENT)
        desk.order(OrderState.NOTIFIED, desk.only().id)
        desk.asked.clear()
        desk.judged("r-1", "fault")
        assert desk.only().state is HazardState.CANCELLED
        assert desk.asked == [Advance("wo-1", "li", "cancel", reason="mistaken")]


def test_only_detectors_have_false_alarms(desk: HazardDesk) -> None:
    for number in range(5):
        desk.alarm(f"k-{number}", rule="disk", signal=Signal.SUPERVISORY, device="hub", point="disk")
        assert desk.judged(f"k-{number}", "false") == []
    assert desk.all() == []


def test_a_step_costs_the_same_with_many_hazards(desk: HazardDesk) -> None:
    def cost() -> float:
        began = time.process_time()
        for _ in range(200):
            desk.hazards.conclude(Happened(), desk.now)
            desk.hazards.next_due()
        return time.process_time() - began

    few = min(cost() for _ in range(5))
    for number in range(1500):
        desk.report(zone=f"z{number}", place=Text(f"{number}", f"{number}"))
    assert min(cost() for _ in range(5)) < 10 * few + 0.01
    desk.later(24 * HOUR)
    assert sum(fact.kind == "hazard.overdue" for fact in desk.facts) == 1500
