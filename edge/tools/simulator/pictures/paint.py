"""Brush and lens: shapes placed in metres before a camera, drawn smoothly, and textures that are no flat colour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH: Final = 640
HEIGHT: Final = 360
FINE: Final = 2  # drawn so many times finer, then reduced: edges are smooth
_BITS: Final = 4  # of a coordinate's fraction, as OpenCV takes it

Picture = NDArray[np.uint8]
Plane = NDArray[np.float32]
Colour = tuple[float, float, float]
"""Blue, green, red; 0 to 255."""
Point = tuple[float, float]
"""Pixels of the picture: x to the right, y down."""
Window = tuple[int, int, int, int]
"""left, top, right, bottom in whole pixels; right and bottom are outside."""


@dataclass(frozen=True, slots=True)
class Lens:
    """A camera that looks level, its picture shifted down. focal: px; height: m above ground; centre, horizon: px."""

    focal: float
    height: float
    centre: float
    horizon: float

    def point(self, across: float, up: float, away: float) -> Point:
        """Where a place appears: metres to the right of the camera, above the ground, away from it (> 0)."""
        return (
            self.centre + self.focal * across / away,
            self.horizon + self.focal * (self.height - up) / away,
        )

    def scale(self, away: float) -> float:
        """Pixels per metre there."""
        return self.focal / away


class Canvas:
    """A window of the picture to draw on. `colours`, and with `alpha` also how far each pixel is covered."""

    def __init__(self, window: Window = (0, 0, WIDTH, HEIGHT), ground: Colour = (0, 0, 0)) -> None:
        left, top, right, bottom = window
        self.window = window
        size = ((bottom - top) * FINE, (right - left) * FINE)
        self._colours: Any = np.full((*size, 3), ground, np.uint8)
        self._cover: Any = np.zeros(size, np.uint8)

    def polygon(self, points: Iterable[Point], colour: Colour) -> None:
        """A filled shape of any outline."""
        corners = self._fixed(points)
        cv2.fillPoly(self._colours, [corners], colour, cv2.LINE_AA, _BITS)
        cv2.fillPoly(self._cover, [corners], (255,), cv2.LINE_AA, _BITS)

    def line(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        """A line from point to point. width: pixels."""
        corners = self._fixed(points)
        thick = max(1, round(width * FINE))
        cv2.polylines(self._colours, [corners], False, colour, thick, cv2.LINE_AA, _BITS)
        cv2.polylines(self._cover, [corners], False, (255,), thick, cv2.LINE_AA, _BITS)

    def ellipse(self, centre: Point, axes: Point, colour: Colour, width: float = 0) -> None:
        """axes: half of width and height, pixels. width: of its line, 0 for a filled one."""
        turns = np.linspace(0, 2 * np.pi, 33)[:-1]
        outline = [(centre[0] + axes[0] * np.cos(a), centre[1] + axes[1] * np.sin(a)) for a in turns]
        if width:
            self.line([*outline, outline[0]], colour, width)
        else:
            self.polygon(outline, colour)

    def texture(self, points: Iterable[Point], grain: Plane, strength: float) -> None:
        """Make a shape lighter and darker by `grain` (the whole picture, -1 to 1) times `strength` grey levels."""
        mask = np.zeros(self._cover.shape, np.uint8)
        cv2.fillPoly(mask, [self._fixed(points)], (255,), cv2.LINE_AA, _BITS)
        rough: Any = cv2.resize(grain, (mask.shape[1], mask.shape[0]), interpolation=cv2.INTER_LINEAR)
        rough *= mask.astype(np.float32) * (strength / 255)
        self._colours = np.clip(self._colours + rough[..., None], 0, 255).astype(np.uint8)

    @property
    def colours(self) -> Picture:
        """What was drawn, at the size of the picture's window."""
        return _reduced(self._colours)

    @property
    def alpha(self) -> Plane:
        """How far each pixel is covered, 0 to 1."""
        return _reduced(self._cover).astype(np.float32) / np.float32(255)

    def _fixed(self, points: Iterable[Point]) -> Any:
        left, top = self.window[:2]
        moved = [((x - left) * FINE - 0.5, (y - top) * FINE - 0.5) for x, y in points]
        return np.round(np.array(moved) * (1 << _BITS)).astype(np.int32)


def grain(chance: np.random.Generator, cells: Sequence[int], size: Point = (WIDTH, HEIGHT)) -> Plane:
    """Cloudy noise, about -1 to 1. cells: sizes in pixels of what it is made of, each as strong as the next."""
    width, height = round(size[0]), round(size[1])
    sum_: Plane = np.zeros((height, width), np.float32)
    for cell in cells:
        few = chance.standard_normal((height // cell + 2, width // cell + 2)).astype(np.float32)
        many: Any = cv2.resize(few, (width, height), interpolation=cv2.INTER_CUBIC)
        sum_ += many
    sum_ /= np.float32(np.abs(sum_).max() or 1)
    return sum_


def within(window: Window) -> Window | None:
    """The part of a window that is in the picture; None when nothing is."""
    left, top, right, bottom = (
        max(0, window[0]),
        max(0, window[1]),
        min(WIDTH, window[2]),
        min(HEIGHT, window[3]),
    )
    return (left, top, right, bottom) if left < right and top < bottom else None


def around(points: Iterable[Point], margin: float = 2.0) -> Window | None:
    """The smallest window around points that is in the picture."""
    xs, ys = zip(*points, strict=True)
    return within(
        (
            int(min(xs) - margin),
            int(min(ys) - margin),
            int(max(xs) + margin) + 1,
            int(max(ys) + margin) + 1,
        )
    )


def smooth(low: float, high: float, value: float) -> float:
    """0 at `low` and before, 1 at `high` and after, without a kink."""
    part = min(1.0, max(0.0, (value - low) / (high - low)))
    return part * part * (3 - 2 * part)


def _reduced(fine: Any) -> Picture:
    height, width = fine.shape[:2]
    made: Any = cv2.resize(fine, (width // FINE, height // FINE), interpolation=cv2.INTER_AREA)
    return made  # type: ignore[no-any-return]
