from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from drivers.camera.frames import Picture
from drivers.camera.picture import Pictures

FPS = 5.0
Draw = Callable[[int], Picture]


def noisy(seed: int, level: float = 0.0) -> Picture:
    noise = np.random.default_rng(seed).integers(0, 3, (90, 160, 3), np.uint8)
    slope = np.linspace(level, level + 120, 160, dtype=np.uint8)[None, :, None]
    return slope + noise


def fed(
    draw: Draw, seconds: float, *, rate: float = FPS, pictures: Pictures | None = None, begin: float = 0.0
) -> Pictures:
    """Pictures of so many seconds."""
    if pictures is None:
        pictures = Pictures(FPS)
        pictures.opened(begin)
    for number in range(int(seconds * rate)):
        t = begin + number / rate
        pictures.came(t)
        pictures.looked(t, draw(number))
    return pictures


def named(draw: Draw, seconds: float = 8.0) -> str:
    return fed(draw, seconds).read(seconds - 0.1).fault


def still(_: int) -> Picture:
    return noisy(1)


def test_a_quiet_scene_is_not_frozen_and_a_repeated_picture_is() -> None:
    assert named(noisy) == ""
    assert named(still) == "frozen"


def test_one_pixel_of_noise_is_enough() -> None:
    def one(number: int) -> Picture:
        picture = noisy(1)
        picture[40, 40, 1] = number
        return picture

    assert named(one) == ""


def test_an_encoder_that_repeats_its_keyframes_is_frozen() -> None:
    assert named(lambda number: noisy(0 if number % 5 == 0 else 1)) == "frozen"


def test_a_short_clip_played_over_and_over_is_not_frozen() -> None:
    assert named(lambda number: noisy(number % 10)) == ""


@pytest.mark.parametrize("moment", [0.0, 0.4, 0.9])
def test_a_freeze_is_named_within_five_seconds_and_ends_with_new_pictures(moment: float) -> None:
    pictures = fed(noisy, 6.0)
    fed(still, 4.5, pictures=pictures, begin=6.0 + moment)
    assert pictures.read(6.0 + moment + 4.4).fault == "frozen"
    fed(noisy, 1.0, pictures=pictures, begin=10.5 + moment)
    assert pictures.read(11.4 + moment).fault == ""


def test_repeats_that_come_too_slowly_prove_nothing() -> None:
    assert fed(still, 8.0, rate=0.5).read(6.5).fault == "low-rate"


@pytest.mark.parametrize(
    ("picture", "fault"),
    [
        (np.zeros((90, 160, 3), np.uint8), "blackout"),
        (np.full((90, 160, 3), (200, 30, 30), np.uint8), "blackout"),
        (np.random.default_rng(3).integers(0, 20, (90, 160, 3), np.uint8), "blackout"),
    ],
    ids=["black", "blue", "black with noise"],
)
def test_a_picture_without_anything_in_it_is_a_blackout(picture: Picture, fault: str) -> None:
    assert named(lambda number: np.roll(picture, number, axis=1)) == fault


def test_a_clock_in_the_black_is_still_black_and_a_lit_window_is_not() -> None:
    def with_light(number: int, size: int) -> Picture:
        picture = np.random.default_rng(number).integers(0, 8, (90, 160, 3), np.uint8)
        picture[8 : 8 + size, 8 : 8 + size] = 250
        return picture

    assert named(lambda number: with_light(number, 10)) == "blackout"
    assert named(lambda number: with_light(number, 40)) == ""


def test_a_flicker_of_black_is_none() -> None:
    pictures = fed(noisy, 4.0)
    fed(lambda _: np.zeros((90, 160, 3), np.uint8), 1.0, pictures=pictures, begin=4.0)
    assert pictures.read(4.9).fault == ""


def test_few_pictures_are_named_soon_after_the_opening_and_in_the_middle() -> None:
    assert fed(noisy, 6.0, rate=0.5).read(4.2).fault == "low-rate"
    pictures = fed(noisy, 6.0, rate=15)
    fed(noisy, 5.0, rate=0.5, pictures=pictures, begin=8.0)
    assert pictures.read(10.1).fault == "low-rate"
    assert fed(noisy, 6.0, rate=2.5).read(5.9).fault == ""


def test_the_burst_after_opening_is_no_reading() -> None:
    pictures = Pictures(FPS)
    assert pictures.read(0.0).age is None
    pictures.opened(10.0)
    for number in range(50):  # what was in store, all at once
        pictures.came(10.0 + number / 100)
    pulse = pictures.read(10.5)
    assert (pulse.settled, pulse.fault, pulse.age) == (False, "", pytest.approx(0.01))
    fed(noisy, 3.0, pictures=pictures, begin=10.6)
    assert pictures.read(13.5).settled
    assert pictures.read(13.5).rate == pytest.approx(FPS, abs=1.5)


def test_a_new_connection_begins_anew_but_does_not_heal() -> None:
    pictures = fed(still, 6.0)
    pictures.opened(6.0)
    assert not pictures.read(6.0).settled
    fed(still, 2.0, pictures=pictures, begin=6.5)
    assert pictures.read(8.4).fault == "frozen"
