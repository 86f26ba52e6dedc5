"""What happened in a place: a thing, light, or a thing that went."""

from __future__ import annotations

import cv2
import numpy as np

from drivers.camera.frames import Picture
from drivers.camera.things import Thing, in_other_light, judge, under_light

RNG = np.random.default_rng(9)
GROUND = np.clip(cv2.GaussianBlur(RNG.normal(120, 45, (80, 100, 3)), (0, 0), 1.0), 0, 255).astype(np.uint8)


def marked(x: int, y: int, width: int, height: int) -> Picture:
    shape = np.zeros(GROUND.shape[:2], np.uint8)
    shape[y : y + height, x : x + width] = 255
    return shape


def with_box(picture: Picture = GROUND) -> Picture:
    changed = picture.copy()
    changed[30:50, 40:64] = (40, 60, 200)
    changed[30:36, 40:64] = (60, 100, 240)
    return changed


BOX = marked(40, 30, 24, 20)


def test_a_thing_came_or_went_by_its_outline() -> None:
    came, went = judge(GROUND, with_box(), BOX), judge(with_box(), GROUND, BOX)
    assert (came.light, came.left) == (False, True)
    assert (went.light, went.left) == (False, False)
    assert came.edges > 1 > went.edges


def test_a_shadow_keeps_the_ground() -> None:
    shaded = GROUND.copy()
    shaded[20:60, 20:80] = (shaded[20:60, 20:80] * 0.6).astype(np.uint8)
    judged = judge(GROUND, shaded, marked(20, 20, 60, 40))
    assert judged.light
    assert judged.kept > 0.9


def test_a_thing_in_a_shadow_is_told_from_it() -> None:
    shaded = with_box(GROUND)
    shaded[10:74, 8:94] = (shaded[10:74, 8:94] * 0.6).astype(np.uint8)
    shape = marked(8, 10, 86, 64)
    assert judge(GROUND, shaded, shape).light
    ground, covered = under_light(GROUND, shaded, shape, np.zeros_like(shape))
    assert covered[40, 52] == 255
    assert np.count_nonzero(covered) < 2.5 * np.count_nonzero(BOX)
    assert abs(float(ground[40, 52].mean()) - 0.6 * float(GROUND[40, 52].mean())) < 12


def test_the_ground_beneath_what_came_into_a_shadow_is_shaded_too() -> None:
    shaded = with_box((GROUND * 0.6).astype(np.uint8))
    around = cv2.subtract(marked(8, 10, 86, 64), BOX)
    ground, covered = under_light(GROUND, shaded, around, BOX)
    assert covered[40, 52] == 255
    assert abs(float(ground[40, 52].mean()) - 0.6 * float(GROUND[40, 52].mean())) < 12
    assert judge(ground, shaded, BOX).left


def test_the_same_thing_in_a_shadow_is_not_somebody_before_it() -> None:
    shaded, person = (with_box() * 0.6).astype(np.uint8), with_box()
    person[10:70, 35:70] = 15
    assert in_other_light(GROUND, with_box(), shaded, BOX)
    assert not in_other_light(GROUND, with_box(), person, BOX)
    assert not in_other_light(GROUND, with_box(), GROUND, BOX)


def test_a_further_part_of_a_thing_came_too() -> None:
    half = GROUND.copy()
    half[40:50, 40:64] = with_box()[40:50, 40:64]
    upper, lower = marked(40, 30, 24, 10), marked(38, 38, 28, 14)
    assert judge(half, with_box(), upper, lower).left


def test_it_is_over_when_the_ground_shows_and_not_when_somebody_stands_before_it() -> None:
    thing = Thing((0, 0), GROUND, with_box(), BOX)
    person = GROUND.copy()
    person[10:70, 35:70] = 15
    dim = (with_box() * 0.5).astype(np.uint8)
    for index in range(40):
        assert not thing.over((with_box(), person, dim)[index % 3], index / 5)
    seen = [thing.over(GROUND, 8 + index / 5) for index in range(15)]
    assert not seen[5]
    assert seen[-1]


def test_something_else_in_its_place_ends_it_after_a_while() -> None:
    thing = Thing((0, 0), GROUND, with_box(), BOX)
    other = GROUND.copy()
    other[28:52, 38:66] = 250
    seen = [thing.over(other, index / 2) for index in range(140)]
    assert not seen[80]
    assert seen[-1]
