from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from drivers.camera import watching
from drivers.camera.frames import Frame
from drivers.camera.sight import KINDS, Area, Sight
from drivers.camera.watching import CHECKS, Watching, WatchSettings
from edge.domain.polygons import flaw

SQUARE = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5))


class Bright:
    """Sees something in each of its zones while the picture is bright; learns for two frames."""

    made: list[Bright]

    def __init__(self, kind: str, areas: Sequence[Area]) -> None:
        self.kind, self.areas = kind, areas
        self.forgotten = 0
        self.frames = 0
        self.made.append(self)

    @property
    def learning(self) -> bool:
        return self.frames < 2

    def look(self, frame: Frame) -> list[Sight]:
        self.frames += 1
        if self.learning:
            return []
        here = bool(frame.bgr.mean() > 100)
        return [Sight(self.kind, here, 0.7, area.id, (float(bool(area.id)), 0, 1, 1)) for area in self.areas]

    def forget(self) -> None:
        self.forgotten += 1
        self.frames = 0


@pytest.fixture
def made(monkeypatch):
    Bright.made = []
    kinds = {"tamper": "covered", "flame": "flame"}
    makers = {name: lambda areas, _, kind=kind: Bright(kind, areas) for name, kind in kinds.items()}
    monkeypatch.setattr(watching, "CHECKS", makers)
    return Bright.made


def play(on: Watching, levels: str, start: int = 0, size: tuple[int, int] = (90, 160)):
    """A frame for each letter: b bright, d dark; what is told, by (seconds, state, zone)."""
    told = []
    for number, letter in enumerate(levels, start):
        frame = Frame(float(number), np.full((*size, 3), 200 if letter == "b" else 20, np.uint8))
        told += [(number, finding.state, finding.zone) for finding in on.look(frame, number * 1_000_000)]
    return told


def test_every_check_that_is_known_can_say_what_it_sees():
    assert set(CHECKS) <= set(KINDS)


def test_checks_of_the_picture_and_of_zones(made):
    on = Watching(WatchSettings(("flame",), (Area("gate", SQUARE, checks=("flame",)), Area("lane", SQUARE))))
    assert on.learning == ("flame",)
    assert play(on, "ddbbd") == [(2, "start", ""), (2, "start", "gate"), (4, "end", ""), (4, "end", "gate")]
    assert on.learning == ()
    assert set(on.cost) == {"flame"}


def test_only_what_is_asked_for_is_made(made):
    Watching(WatchSettings())
    assert made == []


def test_tampering_is_of_the_whole_picture_even_when_a_zone_asks(made):
    Watching(WatchSettings(zones=(Area("gate", SQUARE, checks=("tamper",)),)))
    assert [area.id for area in made[0].areas] == [""]


def test_new_zones_end_what_was_in_the_old_and_leave_other_checks_alone(made):
    on = Watching(WatchSettings(("tamper",), (Area("gate", SQUARE, checks=("flame",)),)))
    assert play(on, "dddb") == [(3, "start", ""), (3, "start", "gate")]
    on.rezone([Area("lane", SQUARE, checks=("flame",))])
    assert len(made) == 3
    assert on.learning == ("flame",)
    assert play(on, "bb", 4) == [(4, "end", "gate"), (5, "start", "lane")]
    on.rezone([])
    assert play(on, "b", 6) == [(6, "end", "lane")]


def test_the_same_zones_again_change_nothing(made):
    zones = (Area("gate", SQUARE, checks=("flame",)),)
    on = Watching(WatchSettings(zones=zones))
    play(on, "ddd")
    on.rezone(list(zones))
    assert on.learning == ()
    assert len(made) == 1


def test_an_episode_that_is_too_old_makes_its_check_learn_anew(made):
    on = Watching(WatchSettings(("flame",), ages={"flame": 3}))
    assert play(on, "ddbbbbbb") == [(2, "start", ""), (5, "aged", ""), (7, "start", "")]
    assert made[0].forgotten == 1
    assert on.active == ("flame",)


def test_forgetting_waits_with_what_is_open(made):
    on = Watching(WatchSettings(("flame",)))
    play(on, "ddb")
    on.forget()
    assert on.learning == ("flame",)
    assert play(on, "bbb", 3) == []
    assert play(on, "d", 6) == [(6, "end", "")]


def test_pictures_of_another_shape_are_learnt_anew(made):
    on = Watching(WatchSettings(("flame",)))
    play(on, "ddd", size=(180, 320))
    play(on, "d", 3, (360, 640))
    assert len(made) == 1
    play(on, "d", 4, (240, 320))
    assert len(made) == 2
    assert on.learning == ("flame",)


def test_a_check_that_fails_blinds_no_other_and_is_made_anew(made, capsys):
    on = Watching(WatchSettings(("tamper", "flame")))
    assert play(on, "ddb") == [(2, "start", ""), (2, "start", "")]
    flame = made[1]
    flame.look = lambda _: 1 / 0
    assert play(on, "d", 3) == [(3, "end", "")]
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert on.problem is not None
    assert "flame" in on.problem.en
    assert on.active == ("flame",)  # what stood, stands until it is looked at again
    assert play(on, "dd", 62) == []
    assert (len(made), on.problem, on.learning) == (3, None, ("flame",))
    assert play(on, "d", 64) == []  # held: it may be there, and only not be seen again yet
    assert play(on, "d", 124) == [(124, "end", "")]
    assert capsys.readouterr().err == ""


def test_zones_that_are_drawn_anew_wait_for_no_failed_check(made):
    on = Watching(WatchSettings(zones=(Area("gate", SQUARE, checks=("flame",)),)))
    made[0].look = lambda _: 1 / 0
    play(on, "d")
    on.rezone([Area("lane", SQUARE, checks=("flame",))])
    assert on.problem is None
    assert play(on, "ddb", 1) == [(3, "start", "lane")]


def test_a_detector_that_cannot_be_asked_is_said():
    on = Watching(WatchSettings(("object",)))
    assert on.problem is not None
    assert "no object detector" in on.problem.en
    assert (on.undetected is None, on.unverified) == (False, None)


def test_a_detector_that_left_object_cannot_ask_is_said(tmp_path):
    lane = Area("lane", SQUARE, checks=("left-object",))
    on = Watching(WatchSettings(zones=(lane,), detector=tmp_path / "gone.onnx"))
    assert on.undetected is not None
    assert on.undetected.en == "there is no model file gone.onnx"
    assert Watching(WatchSettings(zones=(lane,))).undetected is None


@pytest.mark.parametrize(
    "thin",
    [
        ((0.0, 0.0), (1.0, 0.0), (1.0, 0.0002), (0.0, 0.0002)),
        ((0.0, 0.9998), (1.0, 0.9998), (1.0, 1.0), (0.0, 1.0)),
        ((0.9998, 0.0), (1.0, 0.0), (1.0, 1.0), (0.9998, 1.0)),
        ((0.0, 0.0), (1.0, 1.0), (1.0, 0.9997)),
    ],
)
def test_the_thinnest_zone_that_can_be_drawn_breaks_no_check(thin):
    assert flaw(thin) is None
    checks = tuple(name for name in CHECKS if name not in ("tamper", "object", "e-bike"))
    on = Watching(WatchSettings(zones=(Area("thin", thin, 2.0, checks),)))
    noise = np.random.default_rng(1)
    for number in range(70):
        frame = Frame(number / 5, noise.integers(90, 100, (90, 160, 3), dtype=np.uint8))
        on.look(frame, number * 200_000)
    assert on.problem is None
