"""Places drawn from a seed for the tamper cases: wider than a camera's view, so that a camera can be turned in them."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Field = NDArray[np.float32]
Colour = tuple[int, int, int]

WIDE: Final = (1120, 720)
"""Width and height of a drawn place; a view of 640 x 360 looks at its middle."""


def texture(
    rng: Generator, size: tuple[int, int], coarse: int, octaves: int = 4, fall: float = 0.55
) -> Field:
    """Smooth random values around 0, about -1 to 1: (height, width). coarse: pixels of the largest features."""
    width, height = size
    total = np.zeros((height, width), np.float32)
    strength = 1.0
    for octave in range(octaves):
        step = max(1.0, coarse / 2**octave)
        grid = rng.uniform(-1, 1, (round(height / step) + 2, round(width / step) + 2)).astype(np.float32)
        total += strength * np.asarray(cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC))
        strength *= fall
    return np.asarray(total / 1.6, np.float32)


def place(rng: Generator) -> Image:
    """A room, a corridor, a yard or a garage, by chance: (720, 1120, 3) BGR."""
    drawn = _PLACES[int(rng.integers(len(_PLACES)))](rng)
    # Light falls unevenly, and no lens is perfectly sharp.
    light = 1 + 0.25 * texture(rng, WIDE, 500, 2)
    lit = np.clip(drawn * light[..., None], 4, 250).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(lit, (0, 0), float(rng.uniform(0.6, 0.9))), np.uint8)


def night(rng: Generator, drawn: Image) -> Image:
    """The place by infra-red light: grey, of little contrast, a bright middle and dark corners."""
    grey = np.asarray(cv2.cvtColor(drawn, cv2.COLOR_BGR2GRAY), np.float32)
    height, width = grey.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    spot = np.exp(-(((x / width - 0.5) / 0.45) ** 2 + ((y / height - 0.5) / 0.45) ** 2))
    contrast = float(rng.uniform(0.3, 0.55))
    dim = (60 + contrast * (grey - 110)) * (0.45 + 0.75 * spot)
    return np.asarray(cv2.cvtColor(np.clip(dim, 3, 250).astype(np.uint8), cv2.COLOR_GRAY2BGR), np.uint8)


def person(rng: Generator, height: int) -> tuple[Image, Field]:
    """Somebody seen from afar: picture and opacity, (height, about 0.42 height)."""
    width = max(6, round(0.42 * height))
    picture = np.zeros((height, width, 3), np.uint8)
    opacity = np.zeros((height, width), np.float32)
    coat, trousers, skin = _colour(rng, 30, 200), _colour(rng, 20, 110), (120, 150, 200)

    def at(x: float, y: float) -> tuple[int, int]:
        return round(x * width), round(y * height)

    stride = float(rng.uniform(0.1, 0.3))
    for on, colours in ((picture, (trousers, coat, skin)), (opacity, (1.0, 1.0, 1.0))):
        legs, body, head = (colour if isinstance(colour, tuple) else (colour,) for colour in colours)
        for foot in (0.5 - stride, 0.5 + stride):
            cv2.line(on, at(0.5, 0.55), at(foot, 0.98), legs, max(2, width // 6))
        cv2.ellipse(on, (at(0.5, 0.38), at(0.56, 0.46), 0), body, -1)
        cv2.circle(on, at(0.5, 0.09), max(2, height // 13), head, -1)
    return picture, np.asarray(cv2.GaussianBlur(opacity, (0, 0), max(0.6, height / 150)), np.float32)


def paste(on: Image, picture: Image, opacity: Field, left: int, top: int) -> None:
    """Lay `picture` over `on` in place; what reaches beyond the edge is cut off."""
    height, width = opacity.shape
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(on.shape[1], left + width), min(on.shape[0], top + height)
    if x1 <= x0 or y1 <= y0:
        return
    part = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
    share = opacity[part][..., None]
    on[y0:y1, x0:x1] = (on[y0:y1, x0:x1] * (1 - share) + picture[part] * share).astype(np.uint8)


def _colour(rng: Generator, low: int = 40, high: int = 210) -> Colour:
    grey = rng.uniform(low, high)
    blue, green, red = np.clip(grey + rng.uniform(-35, 35, 3), 0, 255)
    return int(blue), int(green), int(red)


def _surface(rng: Generator, colour: Colour, rough: float, coarse: int = 60) -> Image:
    made = np.array(colour, np.float32) + rough * texture(rng, WIDE, coarse, 5)[..., None]
    return np.clip(made, 0, 255).astype(np.uint8)


def _fill(on: Image, corners: Any, surface: Image) -> None:
    within = np.zeros(on.shape[:2], np.uint8)
    cv2.fillPoly(within, [np.array(corners, np.int32)], 255)
    cv2.copyTo(surface, within, on)


def _things(rng: Generator, on: Image, count: int, rows: tuple[int, int], sizes: tuple[int, int]) -> None:
    """Boxes, posters, doors, signs: rectangles with an edge, some with letters."""
    for _ in range(count):
        w, h = (int(rng.integers(*sizes)) for _ in range(2))
        x, y = (
            int(rng.integers(-w // 2, WIDE[0] - w // 2)),
            int(rng.integers(rows[0], max(rows[0] + 1, rows[1] - h))),
        )
        cv2.rectangle(on, (x, y), (x + w, y + h), _colour(rng), -1)
        cv2.rectangle(on, (x, y), (x + w, y + h), _colour(rng, 20, 120), 2)
        if rng.random() < 0.5:
            for line in range(y + 10, y + h - 6, 14):
                length = int(rng.integers(8, max(9, w)))
                cv2.line(on, (x + 5, line), (x + length, line), _colour(rng, 10, 90), 2)
        if rng.random() < 0.3:
            word = "".join(chr(rng.integers(65, 91)) for _ in range(4))
            cv2.putText(on, word, (x + 4, y + h // 2), cv2.FONT_HERSHEY_SIMPLEX, w / 110, (20, 20, 200), 2)


def _floor(rng: Generator, drawn: Image, top: int, rough: float, low: int, high: int) -> None:
    width, height = WIDE
    corners = [(0, top), (width, top - 20), (width, height), (0, height)]
    _fill(drawn, corners, _surface(rng, _colour(rng, low, high), rough, 20))


def _room(rng: Generator) -> Image:
    width, height = WIDE
    floor = int(rng.integers(380, 520))
    drawn = _surface(rng, _colour(rng, 110, 200), 6)
    _things(rng, drawn, int(rng.integers(14, 26)), (0, floor), (40, 190))
    _floor(rng, drawn, floor, 14, 60, 150)
    for x in range(-400, width + 400, int(rng.integers(70, 130))):  # boards or tiles towards the eye
        cv2.line(
            drawn, (width // 2 + (x - width // 2) // 2, floor - 10), (x, height), _colour(rng, 40, 90), 1
        )
    _things(rng, drawn, int(rng.integers(5, 10)), (floor - 90, height), (50, 170))
    return drawn


def _corridor(rng: Generator) -> Image:
    width, height = WIDE
    x, y = int(width * rng.uniform(0.4, 0.6)), int(height * rng.uniform(0.35, 0.5))
    near, far = 90, 70
    drawn = _surface(rng, _colour(rng, 120, 190), 5)
    _things(rng, drawn, 12, (60, height - 220), (50, 130))
    end = [(x - near, y - far), (x + near, y - far), (x + near, y + far), (x - near, y + far)]
    _fill(drawn, [(0, height), (width, height), end[2], end[3]], _surface(rng, _colour(rng, 70, 130), 12, 25))
    _fill(drawn, [(0, 0), (width, 0), end[1], end[0]], _surface(rng, _colour(rng, 170, 225), 4))
    _fill(drawn, end, _surface(rng, _colour(rng, 80, 160), 8))
    for corner, edge in zip(end, [(0, 0), (width, 0), (width, height), (0, height)], strict=True):
        cv2.line(drawn, corner, edge, (50, 50, 55), 3)
    for step in (0.25, 0.45, 0.7):  # doors of both sides
        for side in (-1, 1):
            foot, tall = int(x + side * (near + step * (width / 2 - near))), int(far + step * 260)
            corners = (foot - int(50 * step), y - tall // 2), (foot + int(50 * step), y + tall)
            cv2.rectangle(drawn, *corners, _colour(rng), -1)
            cv2.rectangle(drawn, *corners, (40, 40, 40), 2)
    return drawn


def _yard(rng: Generator) -> Image:
    width, height = WIDE
    ground = int(rng.integers(320, 420))
    drawn = _surface(rng, (215, 195, 175), 8, 300)
    x = -40
    while x < width:  # houses with windows
        w, top = int(rng.integers(120, 320)), int(rng.integers(20, 220))
        _fill(
            drawn,
            [(x, top), (x + w, top), (x + w, ground), (x, ground)],
            _surface(rng, _colour(rng, 90, 190), 7),
        )
        for wx in range(x + 12, x + w - 20, int(rng.integers(30, 48))):
            for wy in range(top + 14, ground - 30, int(rng.integers(34, 52))):
                cv2.rectangle(drawn, (wx, wy), (wx + 16, wy + 22), _colour(rng, 30, 110), -1)
        x += w + int(rng.integers(-10, 60))
    _floor(rng, drawn, ground, 16, 70, 130)
    for _ in range(int(rng.integers(3, 9))):  # bushes and trees
        cx, cy = int(rng.integers(0, width)), int(rng.integers(ground - 60, height - 40))
        size = int(rng.integers(30, 95))
        leaves = np.clip(np.array((50, 90, 60)) + 45 * texture(rng, WIDE, 14, 3)[..., None], 0, 255).astype(
            np.uint8
        )
        within = np.zeros((height, width), np.uint8)
        cv2.ellipse(within, ((cx, cy), (2 * size, int(1.5 * size)), 0), (255,), -1)
        cv2.copyTo(leaves, within, drawn)
    for lane in (0.25, 0.6):
        y = int(ground + lane * (height - ground))
        for dash in range(0, width, 130):
            cv2.line(drawn, (dash, y), (dash + 70, y), (200, 205, 205), 5)
    for _ in range(int(rng.integers(1, 6))):  # parked cars
        cx, cy = int(rng.integers(0, width - 160)), int(rng.integers(ground + 10, height - 90))
        cv2.rectangle(drawn, (cx, cy + 22), (cx + 150, cy + 62), _colour(rng, 40, 220), -1)
        cv2.rectangle(drawn, (cx + 28, cy), (cx + 118, cy + 26), (60, 55, 50), -1)
        for wheel in (cx + 32, cx + 118):
            cv2.circle(drawn, (wheel, cy + 62), 15, (25, 25, 25), -1)
    return drawn


def _garage(rng: Generator) -> Image:
    width, height = WIDE
    drawn = _surface(rng, _colour(rng, 60, 110), 8)
    top, floor = int(rng.integers(140, 220)), int(rng.integers(360, 440))
    _floor(rng, drawn, floor, 14, 70, 120)
    for y in range(20, top, 40):
        cv2.line(drawn, (0, y), (width, y + int(rng.integers(-12, 12))), _colour(rng, 30, 90), 4)
    for x in range(
        int(rng.integers(0, 160)), width, int(rng.integers(190, 300))
    ):  # pillars, striped at the foot
        cv2.rectangle(drawn, (x, top - 60), (x + 46, floor + 80), _colour(rng, 90, 170), -1)
        for y in range(floor - 20, floor + 80, 24):
            cv2.rectangle(drawn, (x, y), (x + 46, y + 11), (30, 190, 210), -1)
    for x in range(-200, width + 200, int(rng.integers(130, 180))):
        cv2.line(drawn, (x, floor + 60), (x + (x - width // 2) // 3, height), (190, 195, 195), 4)
    _things(rng, drawn, int(rng.integers(4, 10)), (floor - 130, height), (60, 170))
    return drawn


_PLACES: Final = (_room, _corridor, _yard, _garage)
