"""A drawn scene: what stands still is drawn once for each light, what moves is laid over it picture by picture."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from edge.tools.simulator.pictures.events import Event
from edge.tools.simulator.pictures.light import Light, light_at
from edge.tools.simulator.pictures.paint import (
    HEIGHT,
    WIDTH,
    Canvas,
    Colour,
    Picture,
    Plane,
    Window,
    grain,
)

KINDS_OF_NOISE: Final = 8  # pictures of sensor noise that follow each other
LIGHT_STEP: Final = 20.0  # seconds after which the light is looked at again
RATE: Final = 10.0  # pictures a second that differ in their noise


@dataclass(slots=True)
class Backdrop:
    """The empty scene in one light. light: what each pixel's colour is multiplied with. lit: without noise.

    noisy: with it; now: the one of these that is being drawn on.
    """

    light: Plane
    lit: Picture
    noisy: Sequence[Picture]
    now: Picture


class Scene(ABC):
    """Pictures of one camera by seconds since its start; the same for the same seed, hour, time and events.

    hour: civil time when t is 0, 0 to 24, or what says it by t. Not for two threads at once.
    """

    def __init__(self, seed: int = 0, hour: float | Callable[[float], float] = 12.0) -> None:
        self._chance = np.random.default_rng(seed)
        self._hour = hour if callable(hour) else lambda t: (hour + t / 3600) % 24
        self._seed = seed
        self._rough = grain(self._chance, (2, 5, 23, 90))
        self._colours = self._draw()
        self._noise = [
            self._chance.standard_normal((HEIGHT, WIDTH, 3)).astype(np.float16) for _ in range(KINDS_OF_NOISE)
        ]
        self._backdrop: Backdrop | None = None
        self._looked = -math.inf

    def at(self, t: float, events: Sequence[Event] = ()) -> Picture:
        """The picture at `t`: (360, 640, 3), BGR."""
        backdrop = self._lit(t)
        number = int(t * RATE + 1e-6)
        backdrop.now = backdrop.noisy[(5 * number + number // KINDS_OF_NOISE) % KINDS_OF_NOISE]
        picture = backdrop.now.copy()
        for event in sorted(events, key=lambda event: (event.kind == "covered", event.start)):
            if event.start <= t:
                self._show(picture, backdrop, t, event)
        return picture

    # ---- what each scene is made of -----------------------------------------------------------------------------

    @abstractmethod
    def _draw(self) -> Picture:
        """The empty scene in plain white light."""

    @abstractmethod
    def _lighting(self, light: Light) -> Plane:
        """(HEIGHT, WIDTH, 3): what each pixel's colour is multiplied with."""

    @abstractmethod
    def _show(self, picture: Picture, backdrop: Backdrop, t: float, event: Event) -> None:
        """Lay an event that has begun over the picture."""

    # ---- what they share ----------------------------------------------------------------------------------------

    def _lit(self, t: float) -> Backdrop:
        step = t // LIGHT_STEP
        if self._backdrop is None or step != self._looked:
            self._looked = step
            light = light_at(self._hour(step * LIGHT_STEP))
            field = self._lighting(light)
            lit = self._colours * field
            noisy = [_seen(lit + noise.astype(np.float32) * np.float32(light.noise)) for noise in self._noise]
            self._backdrop = Backdrop(field, _seen(lit), noisy, noisy[0])
        return self._backdrop

    def _lay(self, picture: Picture, backdrop: Backdrop, canvas: Canvas, strength: float = 1.0) -> None:
        """What is on the canvas, in the scene's light and with the noise of the picture it is laid on."""
        left, top, right, bottom = canvas.window
        part = np.s_[top:bottom, left:right]
        cover = (canvas.alpha * np.float32(strength))[..., None]
        shape = canvas.colours * backdrop.light[part]
        below = picture[part].astype(np.float32)
        noise = backdrop.now[part].astype(np.float32) - backdrop.lit[part]
        picture[part] = _seen(below + cover * (shape + noise - below))

    def _shade(self, picture: Picture, window: Window, strength: float) -> None:
        """A soft shadow that fills the window."""
        left, top, right, bottom = window
        full = _blob(right - left, bottom - top)
        left_, top_, right_, bottom_ = max(0, left), max(0, top), min(WIDTH, right), min(HEIGHT, bottom)
        if left_ >= right_ or top_ >= bottom_:
            return
        dark = full[top_ - top : bottom_ - top, left_ - left : right_ - left]
        part = np.s_[top_:bottom_, left_:right_]
        picture[part] = _seen(picture[part] * (1 - np.float32(strength) * dark[..., None]))

    def _cover(self, picture: Picture, backdrop: Backdrop, t: float, event: Event) -> None:
        """A hand lays a cloth over the lens, and takes it away."""
        here = min(1.0, (t - event.start) / 0.6)
        if event.end is not None:
            here = min(here, max(0.0, 1 - (t - event.end) / 0.6))
        rows = round(HEIGHT * here)
        if rows > 0:
            folds = np.float32(26) + 7 * self._rough[:rows, :, None]
            noise = backdrop.now[:rows].astype(np.float32) - backdrop.lit[:rows]
            picture[:rows] = _seen(folds + noise)


def lamp(centre: tuple[float, float], radii: tuple[float, float]) -> Plane:
    """(HEIGHT, WIDTH) of a lamp's light: 1 at its centre, fading over its radii in pixels."""
    ys, xs = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    far = ((xs - centre[0]) / radii[0]) ** 2 + ((ys - centre[1]) / radii[1]) ** 2
    made: Plane = (1 / (1 + far * np.float32(1.6))).astype(np.float32)
    return made


def tinted(plane: Any, colour: Colour) -> Plane:
    """A plane of light in a colour."""
    made: Plane = plane[..., None] * np.array(colour, np.float32)
    return made


def _blob(width: int, height: int) -> Plane:
    ys = np.linspace(-1, 1, max(1, height), dtype=np.float32)[:, None]
    xs = np.linspace(-1, 1, max(1, width), dtype=np.float32)[None, :]
    made: Plane = np.clip(1.15 - (xs**2 + ys**2), 0, 1).astype(np.float32)
    return made


def _seen(values: Any) -> Picture:
    made: Picture = np.clip(values, 0, 255).astype(np.uint8)
    return made
