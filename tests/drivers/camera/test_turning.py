from __future__ import annotations

import cv2
import numpy as np
import pytest

from drivers.camera.turning import find_shift, find_turn
from edge.tools.benches.camera_places import texture
from tests.drivers.camera.checks.drawing import wide

GREY = cv2.cvtColor(wide(5), cv2.COLOR_BGR2GRAY).astype(np.float32)


def view(angle: float = 0.0, x: float = 0.0, y: float = 0.0):
    """The middle of the place, 320 x 180, turned by degrees and shifted by parts of its width."""
    to = cv2.getRotationMatrix2D((560, 360), angle, 0.5)
    to[:, 2] += (160 - 560 + 320 * x, 90 - 360 + 320 * y)
    return cv2.warpAffine(GREY, to, (320, 180), flags=cv2.INTER_AREA)


@pytest.mark.parametrize(("angle", "x", "y"), [(0, 0.2, 0), (0, -0.3, 0.1), (15, 0, 0), (-25, 0.1, 0)])
def test_a_turn_is_measured(angle, x, y):
    turn = find_turn(view(), view(angle, x, y))
    assert turn is not None
    assert turn.shift == pytest.approx(np.hypot(x, y), abs=0.03)
    assert turn.angle == pytest.approx(abs(angle), abs=2)


def test_the_same_view_is_not_turned():
    turn = find_turn(view(), 0.4 * view() + 20)
    assert turn is not None
    assert (turn.shift, turn.angle) == pytest.approx((0, 0), abs=0.5)


def test_another_place_is_no_turn():
    other = cv2.cvtColor(wide(11), cv2.COLOR_BGR2GRAY)[180:360, 240:560]
    assert find_turn(view(), other.astype(np.float32)) is None


@pytest.mark.parametrize("level", [0, 128])
def test_a_cover_is_no_turn(level):
    cover = np.full_like(view(), level)
    assert find_turn(view(), cover) is None
    small = cv2.resize(view(), (160, 90))
    assert find_shift(small, cv2.resize(cover, (160, 90))) is None


def test_a_shift_of_few_features_is_measured():
    """Asphalt with soft patches: nothing that a corner could be found on."""
    ground = 120 + 25 * texture(np.random.default_rng(1), (240, 90), 30, 2)
    shift = find_shift(ground[:, 40:200], ground[:, 10:170])
    assert shift is not None
    assert shift.shift == pytest.approx(30 / 160, abs=0.02)


def test_the_same_ground_is_not_shifted():
    ground = 120 + 25 * texture(np.random.default_rng(1), (160, 90), 30, 2)
    shift = find_shift(ground, 0.5 * ground)
    assert shift is None or shift.shift < 0.01
