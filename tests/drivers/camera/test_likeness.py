from __future__ import annotations

import cv2
import numpy as np
import pytest

from drivers.camera.frames import Frame
from drivers.camera.likeness import Look, Reference, cornered
from tests.drivers.camera.checks.drawing import wide

WIDE = wide(5)
SCENE = WIDE[180:540, 240:880]


def look(picture, t: float = 0.0) -> Look:
    return Look.of(Frame(t, np.clip(picture, 0, 255).astype(np.uint8)))


@pytest.fixture(scope="module")
def reference():
    return Reference([look(SCENE)])


def likeness(reference, picture):
    seen = look(picture)
    return reference.likeness(seen.small, seen)


def test_a_scene_is_like_itself(reference):
    like = likeness(reference, SCENE)
    assert reference.telling
    assert (like.matched, like.intact) == pytest.approx((1, 1), abs=0.01)
    assert (like.sharp, like.crisp, like.texture) == pytest.approx((1, 1, 1), abs=0.01)


@pytest.mark.parametrize("gain", [0.3, 0.6, 1.3])
def test_light_changes_neither_its_place_nor_its_sharpness(reference, gain):
    like = likeness(reference, SCENE * gain + 5)
    assert like.intact > 0.9
    assert like.sharp == pytest.approx(1, abs=0.15)


def test_noise_is_no_sharpness(reference):
    noise = np.random.default_rng(1).normal(0, 10, SCENE.shape[:2])[..., None]
    assert likeness(reference, SCENE + noise).sharp == pytest.approx(1, abs=0.15)
    blurred = cv2.GaussianBlur(SCENE, (0, 0), 5)
    assert likeness(reference, blurred + noise).sharp < 0.4


def test_out_of_focus_is_less_sharp_but_the_same_view(reference):
    like = likeness(reference, cv2.GaussianBlur(SCENE, (0, 0), 5))
    assert like.sharp < 0.3
    assert like.coarse > 0.8


def test_elsewhere_is_not_in_its_place(reference):
    like = likeness(reference, WIDE[180:540, 400:1040])
    assert like.intact < 0.33
    assert like.texture > 0.7
    assert like.crisp > 0.58


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_cover_has_no_structure(reference, level):
    like = likeness(reference, np.full_like(SCENE, level))
    assert like.intact == pytest.approx(0, abs=0.01)
    assert like.texture == 0
    assert like.crisp == pytest.approx(0, abs=0.01)


def test_a_part_that_is_blown_out_is_not_lost(reference):
    glare = SCENE.copy()
    glare[:150, :220] = 255
    assert likeness(reference, glare).matched > 0.9


def test_without_structure_nothing_can_be_missed():
    assert not Reference([look(np.full_like(SCENE, 90))]).telling


def test_it_becomes_what_is_blended_in():
    other = WIDE[180:540, 400:1040]
    reference = Reference([look(SCENE)])
    for number in range(60):
        reference.blend(look(other, number), 0.2)
    assert likeness(reference, other).intact > 0.95
    assert likeness(reference, SCENE).intact < 0.4


def test_who_passes_while_it_is_learnt_is_not_in_it():
    looks = []
    for number in range(9):
        picture = SCENE.copy()
        picture[100:360, 70 * number : 70 * number + 90] = (20, 20, 200)
        looks.append(look(picture))
    assert likeness(Reference(looks), SCENE).intact > 0.97


def test_shading_of_a_wall_is_nothing_that_is_in_its_place(reference):
    y, x = np.mgrid[0:360, 0:640].astype(np.float32)
    wall = (60 + 0.2 * x + 0.1 * y)[..., None] * np.ones(3, np.float32)
    assert not Reference([look(wall)]).telling
    lamp = 1 + 0.5 * np.sin(x / 160)[..., None]
    assert likeness(reference, SCENE * 0.6 * lamp).matched > 0.9


def test_a_place_has_corners_all_over_and_what_is_held_before_a_lens_has_not():
    noise = np.random.default_rng(1).normal(0, 8, (4, *SCENE.shape[:2], 1))

    def seen(picture) -> float:
        """In the mean of a few noisy looks."""
        return cornered(np.mean([look(picture + grain).fine for grain in noise], axis=0))

    assert seen(SCENE) > 0.6
    assert seen(0.4 * SCENE + 20) > 0.3
    palm = np.full_like(SCENE, 110)
    cv2.line(palm, (100, 300), (500, 40), (60, 60, 60), 12)
    palm = cv2.GaussianBlur(palm, (0, 0), 2)
    assert seen(palm) < 0.1
    palm[:40] = SCENE[:40]  # a strip stays free
    assert seen(palm) < 0.3
