from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from drivers.camera.checks.tamper import Tamper
from drivers.camera.frames import Frame
from edge.tools.benches.camera_cases import Case, play
from edge.tools.benches.camera_cases_tamper import FAMILIES, cases
from tests.drivers.camera.checks.drawing import wide

SEED = 20


left: dict[int, dict[str, Case]] = {}  # by seed and family: drawn in turn with the others, and not yet played


def case_of(family: str, seed: int = SEED) -> Case:
    mine = left.setdefault(seed, {})
    if family not in mine:
        mine.update(zip(FAMILIES[: FAMILIES.index(family) + 1], cases(seed, len(FAMILIES)), strict=False))
    return mine.pop(family)


@pytest.fixture(autouse=True)
def _one_thread():
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    yield
    cv2.setNumThreads(before)


@pytest.mark.parametrize("family", [family for family in FAMILIES if not family.startswith("quiet")])
def test_tampering_is_found_in_time(family):
    case = case_of(family)
    outcome = play(case, Tamper())
    assert outcome.delay is not None
    assert outcome.delay <= 4


AT_ONCE = ("quiet-nothing", "quiet-switched", "quiet-clouds", "quiet-passer", "quiet-exposure")


@pytest.mark.parametrize(
    "family",
    [
        pytest.param(family, marks=() if family in AT_ONCE else pytest.mark.long)
        for family in FAMILIES
        if family.startswith("quiet")
    ],
)
def test_light_weather_and_passers_by_are_no_tampering(family):
    assert play(case_of(family), Tamper()).false == ()


class Camera:
    """A still camera, whose pictures are made by hand, five a second."""

    def __init__(self) -> None:
        self.check = Tamper()
        self.rng = np.random.default_rng(3)
        self.scene = cv2.resize(wide(5)[180:540, 240:880], (320, 180), interpolation=cv2.INTER_AREA)
        self.other = cv2.resize(wide(5)[180:540, 400:1040], (320, 180), interpolation=cv2.INTER_AREA)
        self.noise = self.rng.normal(0, 1.5, (8, 180, 320, 1)).astype(np.float32)
        self.number = 0

    def see(self, picture, seconds: float):
        """Show it for so long; the kinds that stand at the end, and the sights."""
        active: list[str] = []
        for _ in range(round(seconds * 5)):
            noisy = picture + self.noise[self.number % 8]
            frame = Frame(self.number / 5, np.clip(noisy, 0, 255).astype(np.uint8))
            self.number += 1
            self.sights = self.check.look(frame)
            active = [sight.kind for sight in self.sights if sight.active]
        return active


def test_it_says_when_it_has_learnt():
    camera = Camera()
    assert camera.check.learning
    camera.see(camera.scene, 4)
    assert not camera.check.learning
    assert [sight.kind for sight in camera.sights] == ["covered", "defocused", "moved"]


def test_it_is_over_when_the_hand_goes_and_the_scene_has_not_been_forgotten():
    camera = Camera()
    camera.see(camera.scene, 4)
    black = np.zeros_like(camera.scene)
    assert camera.see(black, 1) == []
    assert camera.see(black, 40) == ["covered"]
    assert camera.see(camera.scene, 3) == []


def test_a_camera_that_was_turned_stays_turned_until_it_is_to_forget():
    camera = Camera()
    camera.see(camera.scene, 4)
    assert camera.see(camera.other, 5) == ["moved"]
    moved = next(sight for sight in camera.sights if sight.active)
    assert moved.why["shift"] == pytest.approx(160 / 640, abs=0.02)
    assert camera.see(camera.other, 40) == ["moved"]
    camera.check.forget()
    assert camera.check.learning
    assert camera.see(camera.other, 10) == []
    assert camera.see(camera.scene, 5) == ["moved"]


def test_a_lens_that_is_turned_while_a_van_drives_in_is_out_of_focus_and_not_covered():
    camera = Camera()
    camera.see(camera.scene, 4)
    van = np.ascontiguousarray(camera.scene[::-1, ::-1])
    for step in range(12):
        reach = step * 22  # pixels of the width, three quarters in the end
        picture = camera.scene.copy()
        picture[:, :reach] = van[:, :reach]
        if step > 6:
            picture = cv2.GaussianBlur(picture, (0, 0), 1.5 * (step - 6))
        camera.see(picture, 0.2)
    assert camera.see(picture, 4) == ["defocused"]


def test_a_turn_that_was_found_is_not_forgotten_when_somebody_stands_before_it():
    camera = Camera()
    camera.see(camera.scene, 4)
    assert camera.see(camera.other, 1.6) == []
    hidden = camera.other.copy()
    hidden[:, 30:250] = np.ascontiguousarray(camera.scene[::-1, ::-1])[:, 30:250]
    camera.see(hidden, 1.2)
    moved = [sight for sight in camera.sights if sight.active]
    assert [sight.kind for sight in moved] == ["moved"]
    assert moved[0].why["shift"] == pytest.approx(160 / 640, abs=0.02)


def test_edges_that_are_as_strong_elsewhere_are_not_out_of_focus():
    """A wide, smooth fall of light stays alike wherever the camera looks: only the edges show that it moved."""
    camera = Camera()
    y, x = np.mgrid[0:180, 0:320].astype(np.float32)
    light = 70 * np.exp(-(((x - 160) / 90) ** 2 + ((y - 90) / 60) ** 2))[..., None]
    camera.see(60 + 0.25 * camera.scene + light, 4)
    kinds = set()
    for _ in range(6):
        kinds |= set(camera.see(60 + 0.25 * camera.other + light, 1))
    assert kinds == {"moved"}


def test_another_place_is_no_cover_and_a_dull_cloth_is_no_place():
    camera = Camera()
    camera.see(camera.scene, 4)
    place = cv2.resize(wide(9)[180:540, 240:880], (320, 180), interpolation=cv2.INTER_AREA)
    assert camera.see(0.5 * place + 40, 4) == ["moved"]
    camera.check.forget()
    camera.see(camera.scene, 4)
    cloth = cv2.GaussianBlur(place, (0, 0), 8)
    assert camera.see(0.7 * cloth[::-1] + 40, 4) == ["covered"]


def test_a_clock_that_is_burnt_in_does_not_hide_that_the_camera_looks_elsewhere():
    camera = Camera()

    def shown(picture):
        stamped = np.ascontiguousarray(picture)
        for x, y, text in ((4, 14, "2026-11-23 Mon"), (200, 172, "Camera 01")):
            cv2.putText(stamped, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1)
        return stamped

    place = cv2.resize(wide(9)[180:540, 240:880], (320, 180), interpolation=cv2.INTER_AREA)
    camera.see(shown(camera.scene.copy()), 4)
    assert camera.see(shown(place), 4) == ["moved"]


def test_a_knock_that_hardly_turns_the_camera_is_nothing():
    camera = Camera()
    camera.see(camera.scene, 4)
    view = wide(5)[190:550, 256:896]  # 2.5 % of the width aside
    assert camera.see(cv2.resize(view, (320, 180), interpolation=cv2.INTER_AREA), 10) == []


def test_the_scene_may_change_slowly():
    camera = Camera()
    camera.see(camera.scene, 4)
    for step in range(1, 13):
        mixed = (camera.other * (step / 12) + camera.scene * (1 - step / 12)).astype(np.uint8)
        assert camera.see(mixed, 15) == []


def test_a_camera_that_is_covered_when_it_starts_says_so():
    camera = Camera()
    black = np.full_like(camera.scene, 6)
    assert camera.see(black, 4) == ["covered"]
    assert camera.check.learning
    assert camera.see(camera.scene, 9) == []
    assert not camera.check.learning


def test_a_clip_smaller_than_the_working_size_will_do():
    case = case_of("moved-aside")
    small = (Frame(frame.t, cv2.resize(frame.bgr, (240, 136))) for frame in case.frames)
    assert play(replace(case, frames=small), Tamper()).delay is not None
