"""Cases of the flame and the smoke check: fires and plumes drawn over places, and all that only looks like them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

import numpy as np
from numpy.random import Generator

from drivers.camera.frames import Frame
from edge.tools.benches import camera_light as light
from edge.tools.benches import camera_plumes as plumes
from edge.tools.benches.camera_cases import Case
from edge.tools.benches.camera_cases_tamper import VIEW, Base, drawn, grain, squeeze
from edge.tools.benches.camera_places import WIDE, Image, place
from edge.tools.benches.camera_plumes import Effect

FPS: Final = 5.0
AFTER: Final = 10.0  # seconds that a case goes on after its onset
QUIET: Final = 18.0  # seconds of a case in which nothing may be found
DUE: Final = {"flame": 6.0, "smoke": 8.0}
ALREADY: Final = 12.0  # seconds for which what is there already when the camera starts has been there


def cases(seed: int, count: int, bases: Sequence[Base] = ()) -> Iterator[Case]:
    """`count` cases, each family in turn; on drawn places, or on `bases` one after the other."""
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        family = FAMILIES[number % len(FAMILIES)]
        check, burns, make = _MAKERS[family]
        expect = check if burns else None
        if bases:
            base = bases[(number // len(FAMILIES)) % len(bases)]
        else:
            base = _by_day(rng) if check == "flame" else drawn(rng)
        onset, effect = float(rng.uniform(6.5, 8.5)), make(rng)
        if family.endswith("-already"):
            onset, effect = 0.0, partial(_later, effect)
        frames = _frames(rng, base, effect, onset, onset + AFTER if burns else QUIET)
        yield Case(
            f"{family}/{seed}-{number}", check, frames, expect, onset if burns else 0.0, due=DUE[check]
        )


def _later(effect: Effect, picture: Image, since: float) -> Image:
    """Of something that began before."""
    return effect(picture, since + ALREADY)


def _by_day(rng: Generator) -> Base:
    """A place that the camera sees in colours, by day or in the evening: who sees by infra-red sees no red."""
    scene = place(rng)
    if rng.random() < 0.4:
        scene = np.clip(scene * float(rng.uniform(0.25, 0.6)), 0, 255).astype(np.uint8)

    def pictures() -> Iterator[Image]:
        while True:
            yield scene

    return pictures


def _frames(rng: Generator, base: Base, effect: Effect, onset: float, seconds: float) -> Iterator[Frame]:
    """What the camera sees, with its noise, and every other one through a JPEG."""
    noise = float(rng.uniform(0.5, 3.0))
    grains = rng.normal(0, 1, (720, 1280)).astype(np.float32)
    quality = int(rng.integers(40, 90)) if rng.random() < 0.5 else None
    for number, wide in enumerate(base()):
        t = number / FPS
        if t > seconds:
            return
        seen = grain(effect(_view(wide), t - onset), grains, noise, rng)
        yield Frame(t, seen if quality is None else squeeze(seen, quality))


def _view(wide: Image) -> Image:
    """What a camera sees of a drawn place; of a clip it is all there is."""
    if wide.shape[:2] != (WIDE[1], WIDE[0]):
        return wide
    left, top = (WIDE[0] - VIEW[0]) // 2, (WIDE[1] - VIEW[1]) // 2
    return wide[top : top + VIEW[1], left : left + VIEW[0]]


_MAKERS: Final[dict[str, tuple[str, bool, Callable[[Generator], Effect]]]] = {
    "flame": ("flame", True, plumes.flame),
    "smoke": ("smoke", True, plumes.smoke),
    "flame-small": ("flame", True, partial(plumes.flame, height=(0.07, 0.12))),
    "smoke-dark": ("smoke", True, partial(plumes.smoke, shade=(25, 70))),
    "flame-glaring": ("flame", True, partial(plumes.flame, height=(0.2, 0.5), glow=(0.5, 1.2))),
    "smoke-thin": ("smoke", True, partial(plumes.smoke, thick=(0.2, 0.45))),
    "smoke-already": ("smoke", True, plumes.smoke),
    "unburnt-lamp": ("flame", False, plumes.lamp),
    "unburnt-neon": ("flame", False, plumes.neon),
    "unburnt-vest": ("flame", False, plumes.vest),
    "unburnt-red-car": ("flame", False, plumes.red_car),
    "unburnt-sunset": ("flame", False, plumes.sunset),
    "unburnt-balloons": ("flame", False, plumes.balloons),
    "unburnt-headlights": ("flame", False, light.headlights),
    "unburnt-switched": ("flame", False, light.switched),
    "unburnt-lightning": ("flame", False, light.lightning),
    "clear-fog": ("smoke", False, plumes.fog),
    "clear-dimmed": ("smoke", False, light.dimmed),
    "clear-exposure": ("smoke", False, light.exposure),
    "clear-clouds": ("smoke", False, light.clouds),
    "clear-headlights": ("smoke", False, light.headlights),
    "clear-passer": ("smoke", False, light.passer),
    "clear-vest": ("smoke", False, plumes.vest),
    "clear-rain": ("smoke", False, light.rain),
    "clear-noisy": ("smoke", False, light.noisy),
    "clear-nothing": ("smoke", False, light.nothing),
}
FAMILIES: Final = tuple(_MAKERS)
