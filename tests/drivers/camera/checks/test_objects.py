"""Objects in a zone, with a detector that answers what the test says."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from drivers.camera.checks.e_bike import EBike
from drivers.camera.checks.objects import Objects, People
from drivers.camera.detector import Local, Seen
from drivers.camera.frames import Frame
from drivers.camera.models import Detection
from drivers.camera.sight import Area, Box, Sight
from drivers.camera.watching import Watching, WatchSettings
from edge.domain.names import Text
from tests.drivers.camera.tiny import model, painted

FEET: Box = (0.45, 0.3, 0.1, 0.4)  # stands at (0.5, 0.7)
LOW = Area("low", ((0.0, 0.6), (1.0, 0.6), (1.0, 1.0), (0.0, 1.0)))
HIGH = Area("high", ((0.0, 0.0), (1.0, 0.0), (1.0, 0.5), (0.0, 0.5)))


class Told:
    """A detector that sees what it is told to, and counts its questions."""

    problem: Text | None = None

    def __init__(self) -> None:
        self.sees: list[Detection] = []
        self.asked = 0
        self.deaf = False
        self._t: float | None = None

    @property
    def busy(self) -> bool:
        return False

    def ask(self, frame: Frame, around: Box | None = None) -> None:
        self.asked += 1
        self._t = frame.t

    def answer(self) -> Seen | None:
        t, self._t = self._t, None
        return None if t is None or self.deaf else Seen(t, tuple(self.sees))


def still(t: float) -> Frame:
    return Frame(t, np.full((36, 64, 3), 90, np.uint8))


def active(sights: list[Sight]) -> set[tuple[str, str]]:
    return {(sight.kind, sight.zone) for sight in sights if sight.active}


def run(check: Objects | EBike, since: float, seconds: float, *, moving: bool = True) -> set[tuple[str, str]]:
    seen: list[Sight] = []
    for index in range(round(seconds * 5)):
        t = since + index / 5
        seen = list(check.look(painted(t) if moving else still(t)))
    return active(seen)


def test_it_is_in_the_zone_where_its_feet_are() -> None:
    told = Told()
    check = Objects([LOW, HIGH], told)
    told.sees = [Detection("person", 0.8, FEET), Detection("truck", 0.9, FEET)]
    assert run(check, 0, 3) == {("person", "low"), ("car", "low")}
    told.sees = [Detection("person", 0.8, (0.45, 0.1, 0.1, 0.3))]
    assert run(check, 3, 4) == {("person", "high")}


def test_one_answer_is_none_and_a_gap_is_no_end() -> None:
    told = Told()
    check = Objects([LOW], told)
    told.sees = [Detection("person", 0.8, FEET)]
    assert run(check, 0, 0.6) == set()
    assert run(check, 0.6, 2) == {("person", "low")}
    told.sees = []
    assert run(check, 2.6, 1) == {("person", "low")}
    assert run(check, 3.6, 4) == set()


def test_a_low_score_and_other_things_do_not_count() -> None:
    told = Told()
    check = Objects([LOW], told)
    told.sees = [Detection("person", 0.3, FEET), Detection("dog", 0.9, FEET)]
    assert run(check, 0, 5) == set()


def test_nobody_is_asked_while_nothing_moves() -> None:
    told = Told()
    check = Objects([LOW], told)
    run(check, 0, 50, moving=False)
    assert told.asked <= 10  # the first look round
    before = told.asked
    run(check, 50, 10)
    assert told.asked - before >= 20
    told.sees = [Detection("car", 0.8, FEET)]
    run(check, 60, 3)
    before = told.asked
    assert run(check, 63, 60, moving=False) == {("car", "low")}  # it parks
    assert 8 <= told.asked - before <= 25


def test_a_detector_that_falls_silent_ends_what_it_saw() -> None:
    told = Told()
    check = Objects([LOW], told)
    told.sees = [Detection("person", 0.8, FEET)]
    assert run(check, 0, 3)
    told.deaf = True
    assert run(check, 3, 20) == {("person", "low")}
    assert run(check, 23, 20) == set()


def test_why_has_its_numbers() -> None:
    told = Told()
    check = Objects([LOW], told)
    told.sees = [Detection("person", 0.8, FEET)]
    run(check, 0, 3)
    (person,) = [sight for sight in check.look(painted(3.0)) if sight.active]
    assert person.score == 0.8
    assert person.box == FEET
    assert person.why["seen"] == person.why["answers"] == 5
    assert not check.learning


def test_an_e_bike_is_a_bicycle_or_motorcycle_for_a_second() -> None:
    told = Told()
    check = EBike([LOW], told)
    told.sees = [Detection("motorcycle", 0.7, FEET)]
    assert run(check, 0, 0.8) == set()
    assert run(check, 0.8, 2) == {("e-bike", "low")}
    told.sees = [Detection("person", 0.9, FEET)]
    assert run(check, 3, 4) == set()
    assert not check.learning


def test_people_about_a_thing_are_asked_for() -> None:
    told = Told()
    people = People(told)
    told.sees = [Detection("person", 0.9, (0.4, 0.3, 0.1, 0.5))]
    assert people(still(0.0), (0.45, 0.6, 0.05, 0.1))
    told.sees = []
    assert not people(still(1.0), (0.45, 0.6, 0.05, 0.1))
    told.deaf = True
    assert people(still(2.0), (0.45, 0.6, 0.05, 0.1))  # for the time of an answer
    assert not people(still(5.0), (0.45, 0.6, 0.05, 0.1))


def test_a_real_model_in_a_film(tmp_path: Path) -> None:
    check = Objects([LOW], Local(model(tmp_path)))
    seen: list[Sight] = []
    for index in range(15):
        seen = list(check.look(painted(index / 5, "person", (640, 360))))
    assert active(seen) == {("person", "low")}


def test_the_site_asks_for_it_in_a_zone(tmp_path: Path) -> None:
    zone = Area("lift", LOW.polygon, checks=("object", "e-bike", "left-object"))
    watching = Watching(WatchSettings(zones=(zone,), detector=model(tmp_path)))
    told = [
        finding
        for index in range(20)
        for finding in watching.look(painted(index / 5, "bicycle", (640, 360)), index * 200_000)
    ]
    assert [(one.check, one.kind, one.zone, one.state) for one in told] == [
        ("object", "bicycle", "lift", "start"),
        ("e-bike", "e-bike", "lift", "start"),
    ]
    assert told[0].why["seen"] >= 3


def test_it_survives_another_size() -> None:
    told = Told()
    check = Objects([LOW], told)
    for index, size in enumerate(((640, 360), (64, 36), (1, 1), (320, 240))):
        check.look(painted(index, None, size))
    check.forget()
    check.look(painted(9, None, (640, 360)))
