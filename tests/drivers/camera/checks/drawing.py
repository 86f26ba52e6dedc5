"""Drawn fires, plumes and what only looks like them, played to a check."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator

import numpy as np

from drivers.camera.frames import Frame
from drivers.camera.sight import Check, Sight
from edge.tools.benches.camera_light import Effect
from edge.tools.benches.camera_places import place

ONSET = 6.0


@functools.cache
def wide(seed: int) -> np.ndarray:
    """A drawn place, 1280 x 720. Drawing takes longer than most tests do with it: it is drawn once, so change none."""
    return place(np.random.default_rng(seed))


@functools.cache
def scene(seed: int) -> np.ndarray:
    """What a camera of 640 x 360 sees of it."""
    return np.ascontiguousarray(wide(seed)[180:540, 240:880])


def film(seed: int, effect: Effect, seconds: float, *, noise: float = 1.5) -> Iterator[Frame]:
    """`scene` with what `effect` does to it from `ONSET` on, five a second."""
    rng = np.random.default_rng(seed)
    for number in range(int(5 * seconds)):
        shown = effect(scene(seed).copy(), number / 5 - ONSET)
        grain = rng.normal(0, noise, (90, 160, 1)).repeat(4, 0).repeat(4, 1)
        yield Frame(number / 5, np.clip(shown + grain, 0, 255).astype(np.uint8))


def first(check: Check, frames: Iterable[Frame]) -> tuple[float, Sight] | None:
    """When it says something, and what."""
    for frame in frames:
        for sight in check.look(frame):
            if sight.active:
                return frame.t, sight
    return None
