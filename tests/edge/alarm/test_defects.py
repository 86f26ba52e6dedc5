"""A defect of the program at one reading or timer costs that reading or timer, is told, and nothing else."""

from __future__ import annotations

import pytest

from edge.alarm.conditions import StateTracker
from edge.alarm.tracker import Change
from edge.domain.reading import Reading
from tests.edge.alarm.stage import Stage, told


class Broken(StateTracker):
    """A rule at a point that fails at every reading, and whenever its time has come."""

    def take(self, reading: Reading, mono: int) -> Change | None:
        raise ZeroDivisionError("made for the test")

    def tick(self, mono: int) -> Change | None:
        raise KeyError("made for the test")


@pytest.fixture
def stage() -> Stage:
    """`smoke` works; at `head` stands a rule that fails."""
    stage = Stage()
    stage.defects_allowed = True
    watch = stage.engine._watches[stage.points["head"]]
    (works,) = watch.trackers
    watch.trackers = (Broken(works.rule, works.point, works.purpose),)
    return stage


def test_readings_before_and_after_the_failing_one_are_evaluated(stage: Stage) -> None:
    outcome = stage.step(
        stage.reading("door", False),
        stage.reading("head", True),
        stage.reading("smoke", True),
        stage.reading("sos", True),
    )
    assert told(outcome) == "smoke raised unacknowledged, sos raised unacknowledged !"
    (defect,) = outcome.defects
    assert (defect.where, defect.value) == ("sm-1.head", True)
    assert isinstance(defect.error, ZeroDivisionError)


def test_a_failing_timer_is_tried_again_later_and_not_without_end(stage: Stage) -> None:
    (broken,) = stage.engine._watches[stage.points["head"]].trackers
    broken.due = stage.now.mono
    stage.engine._timers.watch(broken)
    (defect,) = stage.step().defects
    assert (defect.where, defect.value) == ("Broken", None)
    due = stage.engine.next_due()
    assert due is not None
    assert due > stage.now.mono
    assert not stage.step().defects
    stage.wait(60)
    assert stage.engine.next_due() is not None
