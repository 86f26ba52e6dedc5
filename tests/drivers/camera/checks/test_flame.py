"""Suspected flame on drawn scenes: what burns, and what only looks like it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from drivers.camera.areas import WHOLE
from drivers.camera.checks.flame import Flame
from drivers.camera.frames import Frame
from drivers.camera.sight import Area
from edge.tools.benches import camera_light as light
from edge.tools.benches import camera_plumes as plumes
from tests.chance import examples
from tests.drivers.camera.checks.drawing import ONSET, film, first, scene


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_fire_is_suspected_soon(seed) -> None:
    burning = plumes.flame(np.random.default_rng(seed), height=(0.2, 0.35))
    found = first(Flame((WHOLE,)), film(seed, burning, ONSET + 6))
    assert found is not None
    t, sight = found
    assert ONSET <= t <= ONSET + 5
    assert sight.kind == "flame"
    assert 0 < sight.score <= 1
    assert sight.box is not None
    assert {"area", "frames"} <= sight.why.keys()
    assert all(isinstance(value, float) for value in sight.why.values())


def test_a_fire_that_already_burns_is_suspected_without_learning() -> None:
    check = Flame((WHOLE,))
    burning = plumes.flame(np.random.default_rng(5), height=(0.2, 0.35))
    frames = [Frame(frame.t - 9, frame.bgr) for frame in film(5, burning, ONSET + 8) if frame.t >= 9]
    assert not check.learning
    found = first(check, frames)
    assert found is not None
    assert found[0] <= 4


@pytest.mark.parametrize(
    "make",
    [
        plumes.lamp,
        plumes.neon,
        plumes.red_car,
        plumes.sunset,
        plumes.balloons,
        plumes.fog,
        light.headlights,
        light.switched,
        light.lightning,
        light.nothing,
    ],
    ids=lambda make: make.__name__,
)
def test_what_only_looks_like_it_is_not(make) -> None:
    assert first(Flame((WHOLE,)), film(7, make(np.random.default_rng(7)), ONSET + 8)) is None


def test_it_is_held_over_a_lull_and_ends() -> None:
    check = Flame((WHOLE,))
    burning = plumes.flame(np.random.default_rng(2), height=(0.2, 0.35))
    frames = list(film(2, burning, ONSET + 5))
    found = first(check, frames)
    assert found is not None
    t = found[0]
    active = [check.look(Frame(t + step / 5, scene(2)))[0].active for step in range(1, 41)]
    assert active[5]
    assert not active[-1]


def test_each_zone_is_told_for_itself() -> None:
    left = Area("left", ((0, 0), (0.5, 0), (0.5, 1), (0, 1)))
    right = Area("right", ((0.5, 0), (1, 0), (1, 1), (0.5, 1)))
    check = Flame((left, right))
    burning = plumes.flame(np.random.default_rng(2), height=(0.2, 0.35))
    zones: dict[str, bool] = {"left": False, "right": False}
    where = 0.0
    for frame in film(2, burning, ONSET + 5):
        for sight in check.look(frame):
            zones[sight.zone] |= sight.active
            if sight.active and sight.box:
                where = sight.box[0] + sight.box[2] / 2
    assert zones == {"left": where < 0.5, "right": where >= 0.5}


def test_forgetting_ends_what_is_suspected() -> None:
    check = Flame((WHOLE,))
    burning = plumes.flame(np.random.default_rng(2), height=(0.2, 0.35))
    frames = list(film(2, burning, ONSET + 5))
    assert first(check, frames) is not None
    check.forget()
    assert not check.look(Frame(frames[-1].t + 0.2, frames[-1].bgr))[0].active


def test_more_frames_a_second_change_nothing() -> None:
    burning = plumes.flame(np.random.default_rng(2), height=(0.2, 0.35))
    frames = list(film(2, burning, ONSET + 6))
    often = [Frame(frame.t + 0.05 * part, frame.bgr) for frame in frames for part in range(3)]
    seldom_found, often_found = first(Flame((WHOLE,)), frames), first(Flame((WHOLE,)), often)
    assert seldom_found is not None
    assert often_found is not None
    assert seldom_found[0] == pytest.approx(often_found[0], abs=0.2)


pictures = st.tuples(st.integers(1, 60), st.integers(1, 80), st.sampled_from([(), (3,)])).flatmap(
    lambda shape: nps.arrays(np.uint8, (shape[0], shape[1], *shape[2]))
)


@examples(30)
@given(st.lists(st.tuples(pictures, st.floats(-1, 20)), max_size=8))
def test_any_pictures_at_any_moments_are_borne(shown) -> None:
    check = Flame((WHOLE,))
    t = 0.0
    for picture, after in shown:
        t += after
        (sight,) = check.look(Frame(t, picture))
        assert sight.kind == "flame"


def test_a_change_of_size_amid_a_fire_is_survived() -> None:
    check = Flame((WHOLE,))
    burning = plumes.flame(np.random.default_rng(2), height=(0.2, 0.35))
    found = []
    for number, frame in enumerate(film(2, burning, ONSET + 8)):
        bgr = frame.bgr if number < 45 else np.ascontiguousarray(frame.bgr[::2, ::2].transpose(1, 0, 2))
        found.append(check.look(Frame(frame.t, bgr))[0].active)
    assert any(found[:45])
    assert any(found[60:])
