"""The hub's own alarm about a command without feedback, through the real alarm engine."""

from __future__ import annotations

from edge.alarm.engine import AlarmEngine
from edge.domain.device import Signal
from edge.domain.fact import Numbering
from edge.domain.instant import Instant
from edge.domain.output import OutputKind
from edge.domain.reading import Reading
from edge.domain.rule import Priority
from edge.outputs import rules
from tests.edge.outputs.stage import DEVICES, Stage


def test_every_output_has_its_rule_and_no_other_point_does() -> None:
    made = rules(DEVICES)
    points = Stage().points.values()
    watched = {point.id for point in points for rule in made if rule.applies.fits(point)}
    assert watched == {f"{d.id}.{o.feedback_fault.id}" for d in DEVICES for o in d.profile.outputs}
    assert len({rule.id for rule in made}) == len(made)
    assert {rule.signal for rule in made} == {Signal.FAULT}


def test_it_is_raised_once_and_ends_by_itself() -> None:
    stage = Stage()
    engine = AlarmEngine(stage.points.values(), rules(DEVICES), Numbering(1, 0))
    point = stage.points["valve.valve-feedback"]

    def says(value: bool, at: int) -> list[str]:
        return [f.kind for f in engine.step([Reading(point, value, at, at)], Instant(at, at)).facts]

    assert says(False, 1) == []
    assert says(True, 2) == ["alarm.raised"]
    (alarm,) = engine.open().values()
    assert (alarm.title.zh, alarm.priority) == ("已令关阀·无反馈", Priority.HIGH)
    assert "勿动电器" in alarm.response.zh
    assert "alarm.raised" not in says(True, 3)
    assert says(False, 4) == ["alarm.returned", "alarm.closed"]


def test_the_beacon_has_words_of_its_own() -> None:
    by_kind = {rule.id.split("-")[2]: rule.levels[0] for rule in rules(DEVICES)}
    assert by_kind[OutputKind.SIREN].title.zh == "已启动·无反馈"
    assert by_kind[OutputKind.DESK].priority is Priority.MEDIUM
