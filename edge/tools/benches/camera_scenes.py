"""Drawn scenes for the camera bench: a floor with its structure, things, people, and the light they stand in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.camera.frames import Frame, Picture

WIDTH, HEIGHT, FPS = 640, 360, 5.0

Rng = np.random.Generator
Sprite = NDArray[np.uint8]  # (height, width, 4): BGR and how much of it covers, 0 to 255
Light = Callable[[float, Picture], Picture]  # seconds, picture -> the picture in the light of that moment
Path = Callable[
    [float], tuple[float, float] | None
]  # seconds -> the foot's place, None while it is not there


@dataclass(frozen=True, slots=True)
class Put:
    """A thing in the picture. foot: (x, y) of its bottom centre in pixels, while present(t)."""

    sprite: Sprite
    foot: Path


@dataclass(frozen=True, slots=True)
class Scene:
    """What is drawn, far things first."""

    ground: Picture
    things: Sequence[Put]
    light: Light
    noise: float
    seconds: float
    pan: float = 0.0  # pixels a second
    jpeg: int = 0
    rng: Rng = field(default_factory=np.random.default_rng)


def frames(scene: Scene, fps: float = FPS) -> Iterator[Frame]:
    """The scene as a camera gives it."""
    rng = scene.rng
    size = (6, HEIGHT + 16, WIDTH + 16, 3)
    fields = np.round(rng.standard_normal(size, np.float32) * scene.noise).astype(np.int16)
    for index in range(round(scene.seconds * fps)):
        t = index / fps
        picture = np.roll(scene.ground, round(scene.pan * t), axis=1)
        placed = [(put, foot) for put in scene.things if (foot := put.foot(t)) is not None]
        for put, foot in sorted(placed, key=lambda one: one[1][1]):
            _paste(picture, put.sprite, foot)
        picture = scene.light(t, picture)
        if scene.noise:
            dx, dy = rng.integers(0, 16, 2)
            grain = fields[rng.integers(0, len(fields)), dy : dy + HEIGHT, dx : dx + WIDTH]
            picture = np.asarray(cv2.add(picture, grain, dtype=cv2.CV_8U))
        if scene.jpeg:
            packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, scene.jpeg])[1]
            picture = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR))
        yield Frame(t, picture.astype(np.uint8, copy=False))


# Scenes -------------------------------------------------------------------------------------------------------------


def ground(rng: Rng) -> Picture:
    """A wall above, a floor below, with the structure of asphalt, slabs, tiles or grass."""
    floor = np.array(rng.uniform(70, 175) + rng.uniform(-14, 14, 3))
    picture = np.empty((HEIGHT, WIDTH, 3), np.float32)
    picture[:] = floor
    horizon = round(HEIGHT * rng.uniform(0.25, 0.38))
    picture[:horizon] = rng.uniform(60, 210, 3)
    rough = cv2.resize(rng.normal(0, 1, (90, 160, 1)).astype(np.float32), (WIDTH, HEIGHT))
    fine = rng.normal(0, 1, (HEIGHT, WIDTH)).astype(np.float32)
    picture += (rough * rng.uniform(2, 7) + cv2.GaussianBlur(fine, (0, 0), 1.2) * rng.uniform(4, 18))[
        :, :, None
    ]
    for _ in range(int(rng.integers(3, 9))):  # windows, doors, posters
        x, y = int(rng.integers(0, WIDTH - 60)), int(rng.integers(0, max(1, horizon - 30)))
        size = int(rng.integers(20, 60)), int(rng.integers(20, 60))
        cv2.rectangle(
            picture, (x, y), (x + size[0], min(horizon, y + size[1])), rng.uniform(20, 230, 3).tolist(), -1
        )
    kind = rng.integers(0, 3)
    shade = (floor + rng.choice([-35, 40])).tolist()
    if kind == 0:  # slabs in perspective
        for k in range(-12, 13):
            cv2.line(
                picture, (WIDTH // 2 + k * 22, horizon), (WIDTH // 2 + k * 110, HEIGHT), shade, 1, cv2.LINE_AA
            )
        for k in range(1, 12):
            y = horizon + round((HEIGHT - horizon) * (k / 12) ** 1.8)
            cv2.line(picture, (0, y), (WIDTH, y), shade, 1, cv2.LINE_AA)
    elif kind == 1:  # markings of a lane
        for side in (0.2, 0.8):
            start = (round(WIDTH * (0.5 + (side - 0.5) * 0.4)), horizon)
            cv2.line(picture, start, (round(WIDTH * side), HEIGHT), (60, 190, 220), 3, cv2.LINE_AA)
    return np.clip(picture, 0, 255).astype(np.uint8)


def _paste(picture: Picture, sprite: Sprite, foot: tuple[float, float]) -> None:
    height, width = sprite.shape[:2]
    left, top = round(foot[0] - width / 2), round(foot[1] - height)
    x0, y0, x1, y1 = max(0, left), max(0, top), min(WIDTH, left + width), min(HEIGHT, top + height)
    if x1 <= x0 or y1 <= y0:
        return
    part = sprite[y0 - top : y1 - top, x0 - left : x1 - left]
    cover = part[:, :, 3:].astype(np.float32) / 255
    under = picture[y0:y1, x0:x1]
    under[:] = (part[:, :, :3] * cover + under * (1 - cover)).astype(np.uint8)


# Things -------------------------------------------------------------------------------------------------------------


def _canvas(width: int, height: int) -> Sprite:
    return np.zeros((max(6, height), max(6, width), 4), np.uint8)


def _paint(rng: Rng, ground_shade: float) -> NDArray[np.float64]:
    """A colour that the eye tells from the ground."""
    while True:
        colour = rng.uniform(15, 240, 3)
        if np.abs(colour - ground_shade).max() > 45:
            return colour


def _solid(colour: Any, factor: float = 1.0) -> tuple[float, ...]:
    blue, green, red = (float(min(255, value * factor)) for value in colour)
    return blue, green, red, 255


def box(rng: Rng, scale: float, shade: float) -> Sprite:
    """A carton: front, top and side in their own light."""
    width, height = round(34 * scale * rng.uniform(0.7, 1.4)), round(28 * scale * rng.uniform(0.7, 1.3))
    depth = max(2, round(9 * scale))
    sprite, colour = _canvas(width + depth, height + depth), _paint(rng, shade)
    cv2.rectangle(sprite, (0, depth), (width, height + depth), _solid(colour), -1)
    top = np.array([[0, depth], [depth, 0], [width + depth, 0], [width, depth]])
    cv2.fillPoly(sprite, [top], _solid(colour, 1.25))
    side = np.array([[width, depth], [width + depth, 0], [width + depth, height], [width, height + depth]])
    cv2.fillPoly(sprite, [side], _solid(colour, 0.7))
    cv2.line(sprite, (0, depth + height // 2), (width, depth + height // 2), _solid(colour, 0.6), 1)
    return sprite


def bag(rng: Rng, scale: float, shade: float) -> Sprite:
    """A bag with its handle."""
    width, height = round(26 * scale * rng.uniform(0.8, 1.3)), round(26 * scale * rng.uniform(0.8, 1.3))
    sprite, colour = _canvas(width, height), _paint(rng, shade)
    cv2.ellipse(
        sprite,
        (width // 2, round(height * 0.66)),
        (width // 2 - 1, round(height * 0.33)),
        0,
        0,
        360,
        _solid(colour),
        -1,
    )
    cv2.ellipse(
        sprite,
        (width // 2, round(height * 0.35)),
        (width // 4, round(height * 0.28)),
        0,
        180,
        360,
        _solid(colour, 0.6),
        2,
    )
    return sprite


def bicycle(rng: Rng, scale: float, shade: float) -> Sprite:
    """Two wheels and a frame: mostly the ground between them."""
    width, height = round(82 * scale), round(50 * scale)
    sprite, colour = _canvas(width, height), _paint(rng, shade)
    wheel, thick = round(height * 0.3), max(2, round(3 * scale))
    left, right = (wheel + 1, height - wheel - 2), (width - wheel - 2, height - wheel - 2)
    dark = (25.0, 25.0, 25.0, 255.0) if shade > 90 else (215.0, 215.0, 215.0, 255.0)
    for hub in (left, right):
        cv2.circle(sprite, hub, wheel - 1, dark, thick)
    seat, bar = (round(width * 0.38), round(height * 0.18)), (round(width * 0.7), round(height * 0.12))
    for one, two in ((left, seat), (seat, bar), (bar, right), (left, bar), (left, (width // 2, left[1]))):
        cv2.line(sprite, one, two, _solid(colour), thick)
    return sprite


def bin_(rng: Rng, scale: float, shade: float) -> Sprite:
    """A bin with its lid."""
    width, height = round(30 * scale), round(46 * scale)
    sprite, colour = _canvas(width, height), _paint(rng, shade)
    cv2.rectangle(sprite, (2, height // 6), (width - 3, height - 1), _solid(colour), -1)
    cv2.rectangle(sprite, (0, 0), (width - 1, height // 6), _solid(colour, 0.6), -1)
    return sprite


def van(rng: Rng, scale: float, shade: float) -> Sprite:
    """A van from the side."""
    width, height = round(190 * scale), round(88 * scale)
    sprite, colour = _canvas(width, height), _paint(rng, shade)
    cv2.rectangle(sprite, (0, 0), (round(width * 0.78), round(height * 0.85)), _solid(colour), -1)
    nose = [(0.78, 0.1), (0.92, 0.45), (1.0, 0.5), (1.0, 0.85), (0.78, 0.85)]
    cv2.fillPoly(
        sprite, [np.array([(x * (width - 1), y * height) for x, y in nose], np.int32)], _solid(colour, 0.9)
    )
    glass = [(0.79, 0.18), (0.89, 0.45), (0.79, 0.45)]
    cv2.fillPoly(sprite, [np.array([(x * width, y * height) for x, y in glass], np.int32)], (90, 70, 50, 255))
    for x in (0.2, 0.82):
        cv2.circle(
            sprite, (round(width * x), round(height * 0.84)), round(height * 0.15), (20, 20, 20, 255), -1
        )
    return sprite


def person(rng: Rng, scale: float) -> Sprite:
    """Somebody from the side."""
    width, height = round(30 * scale), round(92 * scale)
    sprite = _canvas(width, height)
    coat, legs = rng.uniform(10, 235, 3), rng.uniform(10, 120, 3)
    cv2.rectangle(
        sprite, (round(width * 0.3), height // 2), (round(width * 0.7), height - 1), _solid(legs), -1
    )
    cv2.ellipse(
        sprite,
        (width // 2, round(height * 0.36)),
        (round(width * 0.4), round(height * 0.21)),
        0,
        0,
        360,
        _solid(coat),
        -1,
    )
    cv2.circle(sprite, (width // 2, round(height * 0.09)), round(height * 0.08), (120, 150, 190, 255), -1)
    return sprite


THINGS: Final = {"box": box, "bag": bag, "bicycle": bicycle, "bin": bin_, "van": van}


# Movements ----------------------------------------------------------------------------------------------------------


def stays(foot: tuple[float, float], since: float = 0.0, until: float = 1e9) -> Path:
    """At one place for a time."""
    return lambda t: foot if since <= t < until else None


def walks(rng: Rng, since: float, seconds: float, y: float) -> Path:
    """Once through the picture."""
    start, end = (-30.0, WIDTH + 30.0) if rng.random() < 0.5 else (WIDTH + 30.0, -30.0)

    def foot(t: float) -> tuple[float, float] | None:
        part = (t - since) / seconds
        return (start + (end - start) * part, y + 2 * np.sin(t * 9)) if 0 <= part <= 1 else None

    return foot


def stands(rng: Rng, foot: tuple[float, float], since: float, until: float) -> Path:
    """Comes, stands as people stand (the weight shifts, a step now and then), and goes."""
    phase, sway = rng.uniform(0, 6), rng.uniform(2.0, 5.0)

    def at(t: float) -> tuple[float, float] | None:
        if not since <= t < until:
            return None
        step = 7 * np.sin(0.23 * t + phase) if np.sin(0.11 * t + phase) > 0 else 0.0
        coming = max(0.0, 2.0 - (t - since)) * 110 + max(0.0, 2.0 - (until - t)) * -110
        return foot[0] + coming + sway * np.sin(0.9 * t + phase) + step, foot[1] + 0.8 * np.sin(1.7 * t)

    return at


def drives_in(foot: tuple[float, float], since: float) -> Path:
    """Drives into the picture and stops at `foot` at `since`."""
    return lambda t: None if t < since - 4 else (foot[0] - max(0.0, since - t) ** 2 * 35, foot[1])


# Light --------------------------------------------------------------------------------------------------------------


def steady(_t: float, picture: Picture) -> Picture:
    """The same light all the time."""
    return picture


def exposure(rng: Rng, learnt: float) -> Light:
    """Steps and ramps of the camera's own exposure, by up to half, from when the scene has been learnt."""
    moments = np.sort(rng.uniform(learnt + 1, learnt + 20, 3))
    levels = rng.uniform(0.6, 1.45, 3)
    ramp = rng.uniform(0.2, 3.0)

    def lit(t: float, picture: Picture) -> Picture:
        gain = float(
            np.interp(
                t,
                np.ravel([(m, m + ramp) for m in moments]),
                [1.0, levels[0], levels[0], levels[1], levels[1], levels[2]],
            )
        )
        return np.asarray(cv2.convertScaleAbs(picture, alpha=gain)).astype(np.uint8, copy=False)

    return lit


def cloud(rng: Rng, learnt: float) -> Light:
    """A soft shadow that comes over a part of the picture, and stays."""
    x, y = rng.uniform(0.2, 0.8) * WIDTH, rng.uniform(0.5, 0.9) * HEIGHT
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    dark = np.exp(
        -((((columns - x) / rng.uniform(90, 220)) ** 2 + ((rows - y) / rng.uniform(60, 140)) ** 2) ** 2)
    )
    deep, since, over = rng.uniform(0.25, 0.5), learnt + rng.uniform(1, 3), rng.uniform(0.5, 2)

    def lit(t: float, picture: Picture) -> Picture:
        depth = deep * float(np.clip((t - since) / over, 0, 1))
        return _clipped(picture * (1 - depth * dark)[:, :, None])

    return lit


def sunlight(rng: Rng, learnt: float) -> Light:
    """A sharp patch of light on the floor (a door was opened, the sun is round the corner), that stays."""
    patch = np.zeros((HEIGHT, WIDTH), np.float32)
    x, y = rng.uniform(0.25, 0.6) * WIDTH, rng.uniform(0.5, 0.7) * HEIGHT
    wide, high, lean = rng.uniform(60, 160), rng.uniform(40, 90), rng.uniform(-40, 40)
    corners = [(x, y), (x + wide, y), (x + wide + lean, y + high), (x + lean, y + high)]
    cv2.fillPoly(patch, [np.array(corners, np.int32)], 1.0)
    patch = np.asarray(cv2.GaussianBlur(patch, (0, 0), 1.5))
    gain, since = rng.uniform(1.3, 1.6), learnt + rng.uniform(1, 6)
    more = (1 + (gain - 1) * patch)[:, :, None]
    return lambda t, picture: picture if t < since else _clipped(picture * more)


def headlights(rng: Rng, _learnt: float) -> Light:
    """Beams that sweep over a dim scene, and one that stops for some seconds."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    y, speed = rng.uniform(0.55, 0.85) * HEIGHT, rng.uniform(60, 200)

    def lit(t: float, picture: Picture) -> Picture:
        x = (t * speed) % (2.2 * WIDTH) - 100
        beam = np.exp(-(((columns - x) / 70) ** 2 + ((rows - y) / 45) ** 2))
        return _clipped(picture * 0.5 + 130 * beam[:, :, None])

    return lit


def _clipped(levels: Any) -> Picture:
    picture: Picture = np.clip(levels, 0, 255).astype(np.uint8)
    return picture
