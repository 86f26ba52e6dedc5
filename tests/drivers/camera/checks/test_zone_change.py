from __future__ import annotations

import cv2
import numpy as np
import pytest

from drivers.camera.checks.zone_change import ZoneChange
from drivers.camera.frames import Frame
from drivers.camera.sight import Area
from edge.tools.benches.camera_light import clouds, infrared
from edge.tools.benches.camera_places import texture
from tests.drivers.camera.checks import drawing

BIN = Area("bin", ((0.3, 0.4), (0.55, 0.4), (0.55, 0.8), (0.3, 0.8)), dwell=60)
DOOR = Area("door", ((0.7, 0.3), (0.9, 0.3), (0.9, 0.8), (0.7, 0.8)), dwell=20)


class Camera:
    def __init__(self, *areas: Area, scene: int = 8) -> None:
        self.check = ZoneChange(areas)
        self.noise = np.random.default_rng(3).normal(0, 2, (4, 360, 640, 1)).astype(np.float32)
        self.scene = drawing.scene(scene).copy()
        self.number = 0

    def see(self, seconds: float, change=lambda picture, _t: picture):
        for step in range(round(seconds)):
            picture = change(self.scene.copy(), float(step)) + self.noise[step % 4]
            frame = Frame(float(self.number), np.clip(picture, 0, 255).astype(np.uint8))
            self.number += 1
            self.sights = self.check.look(frame)
        return {sight.zone for sight in self.sights if sight.active}


def bags(picture, _t):
    """Bin bags lie before and upon the bin."""
    rng = np.random.default_rng(1)
    heap = 60 + 50 * texture(rng, (140, 130), 25, 4)
    picture[150:280, 205:345] = np.clip(heap, 0, 255)[..., None]
    return picture


def passer(picture, t):
    x = int(180 + (t * 60) % 200)
    cv2.rectangle(picture, (x, 130), (x + 50, 300), (40, 40, 160), -1)
    return picture


@pytest.fixture
def camera():
    camera = Camera(BIN, DOOR)
    assert camera.check.learning
    camera.see(30)
    assert not camera.check.learning
    return camera


def test_what_stays_changed_for_its_dwell_is_told(camera):
    assert camera.see(50, bags) == set()
    assert camera.see(30, bags) == {"bin"}
    sight = next(sight for sight in camera.sights if sight.active)
    assert sight.why["seconds"] >= 60
    assert sight.box == pytest.approx((0.3, 0.4, 0.25, 0.4))


def test_it_ends_when_all_is_as_it_was(camera):
    camera.see(90, bags)
    assert camera.see(40) == set()


def test_people_who_pass_do_not_count(camera):
    assert camera.see(120, passer) == set()


@pytest.mark.parametrize("light", [clouds, infrared])
def test_light_does_not_count(camera, light):
    effect = light(np.random.default_rng(2))
    assert camera.see(120, effect) == set()
    assert camera.see(120, lambda picture, _t: (picture * 0.4).astype(np.uint8)) == set()


def test_a_covered_camera_is_no_change_of_a_zone(camera):
    assert camera.see(120, lambda picture, _t: picture * 0) == set()


def test_to_forget_makes_what_is_there_the_reference(camera):
    camera.see(90, bags)
    camera.check.forget()
    assert camera.see(100, bags) == set()
    assert camera.see(100) == {"bin"}


def test_a_zone_of_few_pixels_will_do():
    camera = Camera(Area("lamp", ((0.5, 0.5), (0.505, 0.5), (0.505, 0.51)), dwell=5))
    assert camera.see(40) == set()
