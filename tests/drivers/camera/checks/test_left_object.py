"""Things left and taken, in short drawn scenes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from drivers.camera.checks.left_object import LeftObject
from drivers.camera.frames import Frame, Picture
from drivers.camera.sight import Area, Box, Sight
from edge.tools.benches.camera_cases import play
from edge.tools.benches.camera_cases_objects import cases
from tests.chance import examples

LANE = Area("lane", ((0.1, 0.3), (0.9, 0.3), (0.9, 0.95), (0.1, 0.95)), 10.0)
LEARNT = 13.0
RNG = np.random.default_rng(7)
GROUND = np.clip(
    cv2.GaussianBlur(RNG.normal(110, 40, (180, 320, 3)), (0, 0), 1.0) + RNG.normal(0, 2, (180, 320, 3)),
    0,
    255,
).astype(np.uint8)
GRAIN = [RNG.normal(0, 2, (180, 320, 3)) for _ in range(8)]

Draw = Callable[[Picture, float], None]


def film(draw: Draw, seconds: float, since: float = 0.0, fps: float = 2.5) -> Iterator[Frame]:
    for index in range(round(seconds * fps)):
        t = since + index / fps
        picture = GROUND.copy()
        draw(picture, t)
        noisy = np.clip(picture + GRAIN[index % len(GRAIN)], 0, 255).astype(np.uint8)
        yield Frame(t, noisy)


def crate(picture: Picture, x: int = 150, y: int = 100, size: int = 24) -> None:
    cv2.rectangle(picture, (x, y), (x + size, y + size), (30, 60, 190), -1)
    cv2.rectangle(picture, (x, y), (x + size, y + size // 3), (50, 100, 235), -1)


def nothing(picture: Picture, t: float) -> None:
    """The scene alone."""


def walker(picture: Picture, x: float, y: int = 70) -> None:
    cv2.rectangle(picture, (round(x), y), (round(x) + 18, y + 60), (35, 30, 30), -1)


def said(check: LeftObject, frames: Iterator[Frame]) -> list[tuple[str, float, Sight]]:
    """(kind, time, sight) where something starts, and ("end …", …) where it ends."""
    told = []
    before: set[str] = set()
    for frame in frames:
        active = {sight.kind: sight for sight in check.look(frame) if sight.active}
        told += [(kind, frame.t, sight) for kind, sight in active.items() if kind not in before]
        told += [(f"end {kind}", frame.t, Sight(kind, False)) for kind in before - active.keys()]
        before = set(active)
    return told


def kinds(told: list[tuple[str, float, Sight]]) -> list[str]:
    return [kind for kind, _, _ in told]


def test_a_crate_is_told_after_its_dwell_and_ends_when_it_is_taken_away() -> None:
    def draw(picture: Picture, t: float) -> None:
        if 16 <= t < 34:
            crate(picture)

    told = said(LeftObject([LANE]), film(draw, 44))
    assert kinds(told) == ["left-object", "end left-object"]
    (_, found, sight), (_, ended, _) = told
    assert 26 <= found <= 28
    assert 34 <= ended <= 38
    assert sight.zone == "lane"
    assert sight.box == pytest.approx((150 / 320, 100 / 180, 25 / 320, 25 / 180), abs=0.02)
    assert {"seconds", "area", "edges", "kept", "unrest", "still"} <= sight.why.keys()
    assert 0 < sight.score <= 1


def test_people_before_it_delay_nothing_and_are_nothing() -> None:
    def draw(picture: Picture, t: float) -> None:
        if t >= 16:
            crate(picture)
        walker(picture, (t * 70) % 700 - 100)
        walker(picture, 320 - (t * 55) % 600, 60)

    told = said(LeftObject([LANE]), film(draw, 32))
    assert kinds(told) == ["left-object"]
    assert told[0][1] <= 28


def test_what_stood_there_from_the_start_is_removed_not_left() -> None:
    def draw(picture: Picture, t: float) -> None:
        if t < 16:
            crate(picture, size=40)

    told = said(LeftObject([LANE]), film(draw, 32))
    assert kinds(told) == ["removed-object"]


def test_what_is_put_back_ends_the_removal() -> None:
    def draw(picture: Picture, t: float) -> None:
        if not 16 <= t < 32:
            crate(picture, size=40)

    assert kinds(said(LeftObject([LANE]), film(draw, 40))) == ["removed-object", "end removed-object"]


def test_the_ghost_of_who_stood_there_while_it_was_learnt_is_nothing() -> None:
    def draw(picture: Picture, t: float) -> None:
        if t < 18:
            walker(picture, 150 + 8 * np.sin(t))

    assert not said(LeftObject([LANE]), film(draw, 40))


def test_a_shadow_that_stays_is_no_thing_and_exposure_is_absorbed() -> None:
    shadow = np.ones((180, 320, 1))
    shadow[70:140, 90:230] = 0.6
    shadow = np.asarray(cv2.GaussianBlur(shadow, (0, 0), 3))[:, :, None]

    def draw(picture: Picture, t: float) -> None:
        light = shadow if t >= 15 else 1.0
        picture[:] = np.clip(picture * light * (1.35 if t >= 20 else 1.0), 0, 255)

    check = LeftObject([LANE])
    assert not said(check, film(draw, 40))

    def later(picture: Picture, t: float) -> None:
        draw(picture, t)
        crate(picture)

    assert kinds(said(check, film(later, 15, since=40))) == ["left-object"]


def test_a_panning_camera_says_nothing_and_learns() -> None:
    def draw(picture: Picture, t: float) -> None:
        if 15 <= t < 30:
            picture[:] = np.roll(picture, round((t - 15) * 12), axis=1)

    check = LeftObject([LANE])
    frames = list(film(draw, 50))
    assert not said(check, iter(frames[:60]))
    assert check.learning
    assert not said(check, iter(frames[60:]))
    assert not check.learning


def test_outside_the_zone_and_too_small_are_nothing() -> None:
    def draw(picture: Picture, t: float) -> None:
        if t >= 15:
            crate(picture, 150, 10)
            crate(picture, 200, 120, 4)

    assert not said(LeftObject([LANE]), film(draw, 30))


def test_each_zone_has_its_dwell() -> None:
    slow = Area("slow", LANE.polygon, 15.0)

    def draw(picture: Picture, t: float) -> None:
        if t >= 14:
            crate(picture)

    starts: dict[str, float] = {}
    check = LeftObject([LANE, slow])
    for frame in film(draw, 32):
        for sight in check.look(frame):
            if sight.active:
                starts.setdefault(sight.zone, frame.t)
    assert starts["lane"] == pytest.approx(24, abs=2)
    assert starts["slow"] == pytest.approx(29, abs=2)


def test_a_person_about_it_postpones_it_but_not_for_ever() -> None:
    asked: list[Box] = []

    def occupied(frame: Frame, box: Box) -> bool:
        asked.append(box)
        return True

    def draw(picture: Picture, t: float) -> None:
        if t >= 14:
            crate(picture)

    told = said(LeftObject([LANE], occupied), film(draw, 50))
    assert kinds(told) == ["left-object"]
    assert told[0][1] >= 40
    assert asked


def test_a_second_thing_is_told_when_the_first_is_gone() -> None:
    def draw(picture: Picture, t: float) -> None:
        if 14 <= t < 36:
            crate(picture, 90)
        if t >= 18:
            crate(picture, 220)

    told = said(LeftObject([LANE]), film(draw, 44))
    assert kinds(told) == ["left-object", "end left-object", "left-object"]
    assert told[2][2].box is not None
    assert told[2][2].box[0] > 0.6


def test_while_the_camera_was_away_nothing_has_stayed() -> None:
    def draw(picture: Picture, t: float) -> None:
        if t >= 16:
            crate(picture)

    check = LeftObject([LANE])
    assert not said(check, film(draw, 20))
    told = said(check, film(draw, 20, since=620))
    assert kinds(told) == ["left-object"]
    assert 624 <= told[0][1] <= 630


def test_it_forgets_and_survives_another_size() -> None:
    check = LeftObject([LANE])
    for frame in film(nothing, 14):
        check.look(frame)
    assert not check.learning
    for width, height in ((160, 90), (1, 1), (3, 200), (1280, 720)):
        sights = check.look(Frame(20.0, np.zeros((height, width, 3), np.uint8)))
        assert [sight.kind for sight in sights] == ["left-object", "removed-object"]
        assert check.learning
    check.forget()
    assert check.learning


@examples(20)
@given(
    shape=st.tuples(st.integers(1, 60), st.integers(1, 60), st.just(3)),
    data=st.data(),
    times=st.lists(st.floats(0, 60), min_size=3, max_size=40),
)
def test_any_frames_are_taken(shape: tuple[int, ...], data: st.DataObject, times: list[float]) -> None:
    check = LeftObject([LANE, Area("", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)), 1.0)])
    pictures = data.draw(st.lists(arrays.arrays(np.uint8, shape), min_size=2, max_size=3))
    for index, t in enumerate(sorted(times)):
        for sight in check.look(Frame(t, pictures[index % len(pictures)])):
            assert 0 <= sight.score <= 1
            assert sight.active == (sight.box is not None)


def test_the_cases_of_the_bench_are_the_same_for_the_same_seed() -> None:
    first, again = next(cases(3, 1)), next(cases(3, 1))
    assert first.name == again.name
    assert np.array_equal(next(first.frames).bgr, next(again.frames).bgr)
    outcome = play(first, LeftObject(first.zones))
    assert outcome.right
    assert outcome.false == ()
