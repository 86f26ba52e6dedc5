"""The light of whole pictures: exposure is followed, another picture is told."""

from __future__ import annotations

import numpy as np
import pytest

from drivers.camera.frames import Frame, Picture
from drivers.camera.lighting import Light, Lighting

RNG = np.random.default_rng(3)
SCENE = np.repeat(np.repeat(RNG.integers(40, 160, (18, 32, 3)), 10, axis=0), 10, axis=1).astype(np.uint8)


def learnt() -> Lighting:
    lighting = Lighting()
    for t in range(5):
        lighting.look(Frame(t, SCENE))
        lighting.sample()
    lighting.learn()
    return lighting


def after(lighting: Lighting, picture: Picture) -> Light:
    return lighting.look(Frame(9.0, picture))


def test_exposure_and_tint_are_measured_and_are_no_change() -> None:
    lit = np.clip(SCENE * np.array([1.2, 1.4, 1.5]), 0, 255).astype(np.uint8)
    light = after(learnt(), lit)
    assert light.gains == pytest.approx((1.2, 1.4, 1.5), abs=0.03)
    assert not light.upset
    assert light.changed < 0.05


def test_something_large_in_the_picture_is_not_another_picture() -> None:
    van = SCENE.copy()
    van[60:170, 20:180] = 220
    light = after(learnt(), van)
    assert light.gains == pytest.approx((1, 1, 1), abs=0.05)
    assert not light.upset


def test_a_camera_that_was_turned_sees_another_picture() -> None:
    light = after(learnt(), np.roll(SCENE, 55, axis=1))
    assert light.upset
    assert not light.calm


def test_a_light_that_stays_becomes_the_usual_one() -> None:
    lighting, lit = learnt(), (SCENE * 0.7).astype(np.uint8)
    lighting.rebase(after(lighting, lit).gains)
    assert after(lighting, lit).gains == pytest.approx((1, 1, 1), abs=0.02)


def test_before_a_scene_is_learnt_only_unrest_is_known() -> None:
    lighting = Lighting()
    assert not lighting.look(Frame(0.0, SCENE)).calm
    assert lighting.look(Frame(0.2, SCENE)) == Light((1.0, 1.0, 1.0), False, 0.0, 0.0, 0.0)
    lighting.learn()  # without a sample
    assert not lighting.look(Frame(0.4, SCENE[:90])).upset
