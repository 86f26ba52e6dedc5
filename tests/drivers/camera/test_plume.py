"""What billows, without a scene to compare it with: drawn smoke, and what stirs in other ways."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from drivers.camera.frames import Frame
from drivers.camera.plume import SETTLED, Plume
from edge.tools.benches import camera_light as light
from edge.tools.benches import camera_plumes as plumes
from tests.drivers.camera.checks.drawing import film

SECONDS = 8.0


def hits(effect: plumes.Effect, seed: int) -> int:
    """Frames in which something billows, of a film in which it was there from the start."""
    plume = Plume()
    shown = film(seed, lambda picture, since: effect(picture, since + 20.0), SECONDS)
    return sum(bool(plume.look(frame.colour(160))) for frame in shown)


def test_smoke_that_was_always_there_billows() -> None:
    smoke = [plumes.smoke(np.random.default_rng(seed), thick=(0.6, 0.85)) for seed in range(1, 7)]
    assert sum(hits(effect, seed) > 15 for seed, effect in enumerate(smoke, 1)) >= 3


@pytest.mark.parametrize("seed", [7, 9])
@pytest.mark.parametrize(
    "make",
    [
        plumes.lamp,
        plumes.neon,
        plumes.vest,
        plumes.fog,
        light.clouds,
        light.headlights,
        light.rain,
        light.noisy,
    ],
    ids=lambda make: make.__name__,
)
def test_what_stirs_in_another_way_does_not(make, seed: int) -> None:
    assert hits(make(np.random.default_rng(seed)), seed) < 16


def leaves(seed: int) -> Iterator[Frame]:
    """A bush in the wind: a fine texture that goes forth and back."""
    rng = np.random.default_rng(seed)
    ground = np.full((360, 640, 3), 110, np.uint8)
    green = cv2.resize(rng.normal(100, 45, (90, 130)).astype(np.float32), (260, 180))
    for number in range(60):
        sway = round(6 * np.sin(number * 0.9)), round(3 * np.cos(number * 1.3))
        picture = ground.copy()
        picture[80:260, 100:360] = np.clip(np.roll(green, sway, (1, 0)), 0, 255)[:, :, None].astype(np.uint8)
        yield Frame(number / 5, picture)


def test_leaves_in_the_wind_are_no_smoke() -> None:
    plume = Plume()
    assert not any(plume.look(frame.colour(160)) for frame in leaves(1))


def test_nothing_is_said_before_it_has_settled_nor_of_another_size() -> None:
    plume, rng = Plume(), np.random.default_rng(1)
    for size in ((90, 160), (60, 90)):
        for _ in range(SETTLED):
            assert plume.look(rng.integers(0, 255, (*size, 3)).astype(np.uint8)) == []
