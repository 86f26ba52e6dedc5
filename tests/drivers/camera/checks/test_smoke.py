"""Suspected smoke on drawn scenes: plumes, and what only dims, brightens or passes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from drivers.camera.areas import WHOLE
from drivers.camera.checks.smoke import LEARNING, Smoke
from drivers.camera.frames import Frame
from edge.tools.benches import camera_light as light
from edge.tools.benches import camera_plumes as plumes
from tests.chance import examples
from tests.drivers.camera.checks.drawing import ONSET, film, first, scene


def plume(seed: int) -> plumes.Effect:
    return plumes.smoke(np.random.default_rng(seed), thick=(0.6, 0.85), shade=(150, 220))


def test_most_plumes_are_suspected() -> None:
    found = [first(Smoke((WHOLE,)), film(seed, plume(seed), ONSET + 9)) for seed in (1, 2, 3, 4)]
    told = [one for one in found if one is not None]
    assert len(told) >= 3
    for t, sight in told:
        assert ONSET <= t <= ONSET + 8
        assert sight.kind == "smoke"
        assert 0 < sight.score <= 0.8
        assert {"stir", "rest", "area"} <= sight.why.keys()
        assert all(isinstance(value, float) for value in sight.why.values())


@pytest.mark.parametrize(
    "make",
    [
        plumes.fog,
        plumes.lamp,
        plumes.vest,
        light.dimmed,
        light.exposure,
        light.clouds,
        light.headlights,
        light.passer,
        light.rain,
        light.noisy,
        light.nothing,
    ],
    ids=lambda make: make.__name__,
)
def test_what_is_no_smoke_is_not(make) -> None:
    assert first(Smoke((WHOLE,)), film(7, make(np.random.default_rng(7)), ONSET + 9)) is None


def test_a_plume_that_was_there_before_the_camera_is_suspected_too() -> None:
    def there(effect: plumes.Effect) -> plumes.Effect:
        return lambda picture, since: effect(picture, since + 20.0)

    found = [first(Smoke((WHOLE,)), film(seed, there(plume(seed)), 8.0)) for seed in (1, 2, 3, 4)]
    told = [one for one in found if one is not None]
    assert len(told) >= 2
    assert all({"folds", "coarse"} <= sight.why.keys() for _, sight in told)


def test_it_learns_first_and_says_so() -> None:
    check = Smoke((WHOLE,))
    learning = []
    for frame in film(1, light.nothing(np.random.default_rng(1)), LEARNING + 2):
        check.look(frame)
        learning.append(check.learning)
    assert learning[0]
    assert not learning[-1]
    assert abs(learning.index(False) / 5 - LEARNING) <= 0.2
    check.forget()
    assert check.learning


def test_somebody_who_stood_there_while_it_learnt_is_no_smoke() -> None:
    walker = plumes.vest(np.random.default_rng(3))

    def leaves(picture: np.ndarray, since: float) -> np.ndarray:
        return walker(picture, 0.0) if since < 0 else picture

    assert first(Smoke((WHOLE,)), film(3, leaves, ONSET + 12)) is None


pictures = st.tuples(st.integers(1, 60), st.integers(1, 80), st.sampled_from([(), (3,)])).flatmap(
    lambda shape: nps.arrays(np.uint8, (shape[0], shape[1], *shape[2]))
)


@examples(30)
@given(pictures, st.lists(st.tuples(pictures, st.floats(-1, 12)), max_size=6))
def test_any_pictures_at_any_moments_are_borne(scene_learnt, shown) -> None:
    check = Smoke((WHOLE,))
    t = 0.0
    for _ in range(22):
        check.look(Frame(t, scene_learnt))
        t += 0.2
    assert not check.learning
    for picture, after in shown:
        t += after
        (sight,) = check.look(Frame(t, picture))
        assert sight.kind == "smoke"


def test_a_change_of_size_is_learnt_anew() -> None:
    check = Smoke((WHOLE,))
    for frame in film(1, light.nothing(np.random.default_rng(1)), LEARNING + 1):
        check.look(frame)
    assert not check.learning
    check.look(Frame(LEARNING + 1.2, np.ascontiguousarray(scene(1).transpose(1, 0, 2))))
    assert check.learning
