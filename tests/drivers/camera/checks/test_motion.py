from __future__ import annotations

import numpy as np
import pytest

from drivers.camera.areas import WHOLE
from drivers.camera.checks.motion import HOLD, Motion
from drivers.camera.frames import Frame
from drivers.camera.sight import Area
from tests.drivers.camera.checks.drawing import scene

LEFT = Area("left", ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))
RIGHT = Area("right", ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)))


class Camera:
    def __init__(self, *areas: Area) -> None:
        self.check = Motion(areas)
        self.rng = np.random.default_rng(3)
        self.scene = scene(6).copy()
        self.number = 0

    def see(self, seconds: float, box=None, gain: float = 1.0) -> list[set[str]]:
        """Seconds of the scene with a box at (x, y, size) of each step; the zones that move, frame by frame."""
        seen = []
        for step in range(round(seconds * 5)):
            picture = self.scene * gain + self.rng.normal(0, 3, (360, 640))[..., None]
            if box is not None:
                x, y, size = box(step)
                picture[y : y + size, x : x + size] = (30, 200, 60)
            frame = Frame(self.number / 5, np.clip(picture, 0, 255).astype(np.uint8))
            self.number += 1
            self.sights = self.check.look(frame)
            seen.append({sight.zone for sight in self.sights if sight.active})
        return seen


@pytest.fixture
def camera():
    camera = Camera(WHOLE, LEFT, RIGHT)
    camera.see(10)
    assert not camera.check.learning
    return camera


def test_noise_is_no_motion(camera):
    assert not any(camera.see(10))


def test_something_that_moves_is_told_of_the_zone_it_is_in(camera):
    seen = camera.see(3, lambda step: (40 + 8 * step, 150, 50))
    assert seen[1] == {"", "left"}
    assert {"", "left"} == set().union(*seen)
    sight = next(sight for sight in camera.sights if sight.zone == "left")
    x, y, width, height = sight.box
    assert (x, y) == pytest.approx((152 / 640, 150 / 360), abs=0.03)
    assert width * height == pytest.approx(50 * 50 / 640 / 360, rel=0.6)


def test_it_is_over_soon_after(camera):
    camera.see(3, lambda step: (40 + 8 * step, 150, 50))
    assert camera.see(1)[-1]
    assert not camera.see(HOLD + 1)[-1]


def test_what_is_tiny_is_no_motion(camera):
    assert not any(camera.see(3, lambda step: (40 + 8 * step, 150, 9)))


def test_a_lamp_is_no_motion(camera):
    seen = [*camera.see(6, gain=0.5), *camera.see(6, gain=1.0)]
    assert not any(seen)


def test_it_sees_again_soon_after_the_light_has_changed(camera):
    camera.see(3, gain=0.6)
    seen = camera.see(3, lambda step: (400 + 8 * step, 150, 50), gain=0.6)
    assert set().union(*seen) == {"", "right"}


def test_to_forget_is_to_learn(camera):
    camera.check.forget()
    assert camera.check.learning
