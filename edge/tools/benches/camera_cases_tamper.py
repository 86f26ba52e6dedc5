"""Cases of the tamper check: cameras that are covered, defocused or turned, and all that only looks like it.

Half of the places are drawn. Any other source of still-camera pictures (a clip) may be given as a `Base` instead: the
same things then happen to it at the same moments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.random import Generator

from drivers.camera.frames import Frame
from edge.tools.benches.camera_cases import Case
from edge.tools.benches.camera_light import LIGHTS
from edge.tools.benches.camera_places import WIDE, Field, Image, night, paste, person, place, texture

FPS: Final = 5.0
AFTER: Final = 9.0  # seconds that a case goes on after its onset
QUIET: Final = 20.0  # seconds of a case in which nothing may be found
DUE: Final = 8.0

Base = Callable[[], Iterator[Image]]
"""Pictures of one place by a camera that stands still, five a second, endless or at least 20 s long."""

Effect = Callable[[Image, float], Image]
"""(picture, seconds since it began, below 0 before) -> the picture as the camera gives it."""

VIEW: Final = (640, 360)


def cases(seed: int, count: int, bases: Sequence[Base] = (), salt: int = 0) -> Iterator[Case]:
    """`count` cases, each family in turn; on drawn places, or on `bases` one after the other.

    salt: of the bases, so that not the same befalls each of them.
    """
    for number in range(count):
        rng = np.random.default_rng((seed, number, salt) if salt else (seed, number))
        family = FAMILIES[number % len(FAMILIES)]
        expect, make = _MAKERS[family]
        base = bases[(number // len(FAMILIES)) % len(bases)] if bases else drawn(rng)
        onset = float(rng.uniform(7, 9)) if expect else 0.0
        name = f"{family}/{seed}-{number}"
        frames = _frames(
            rng, base, make(rng), onset or 7.0, onset + AFTER if expect else QUIET, turned=family in TURNED
        )
        yield Case(name, "tamper", frames, expect, onset, due=DUE)


def drawn(rng: Generator) -> Base:
    """A drawn place with people passing, by day or (one in four) by infra-red."""
    scene = place(rng)
    if rng.random() < 0.25:
        scene = night(rng, scene)
    people = int(rng.integers(0, 3))
    seed = int(rng.integers(1 << 31))

    def pictures() -> Iterator[Image]:
        own = np.random.default_rng(seed)
        walkers = [_Walker(own) for _ in range(people)]
        while True:
            shown = scene.copy()
            for walker in walkers:
                walker.step(shown)
            yield shown

    return pictures


class _Walker:
    """Somebody who crosses the picture again and again."""

    def __init__(self, rng: Generator, size: tuple[int, int] = WIDE) -> None:
        width, tall = size
        self._width = width
        height = int(rng.integers(70, 230) * tall / WIDE[1])
        self._picture, self._opacity = person(rng, height)
        self._y = int(rng.integers(250, 480) * tall / WIDE[1]) - height // 3
        self._x = float(rng.uniform(0, width))
        self._pace = float(rng.uniform(0.15, 0.5)) * height / FPS * float(rng.choice((-1, 1)))

    def step(self, on: Image) -> None:
        self._x += self._pace
        if not -200 < self._x < self._width + 200:
            self._pace = -self._pace
        paste(on, self._picture, self._opacity, round(self._x), self._y)


def _frames(
    rng: Generator, base: Base, effect: Effect, onset: float, seconds: float, *, turned: bool
) -> Iterator[Frame]:
    """The camera's pictures: what it sees, what happens to that, its own noise, and (every other one) JPEG."""
    noise = float(rng.uniform(0.5, 3.0))
    grains = rng.normal(0, 1, (720, 1280)).astype(np.float32)
    quality = int(rng.integers(35, 90)) if rng.random() < 0.5 else None
    for number, wide in enumerate(base()):
        t = number / FPS
        if t > seconds:
            return
        # A case in which the camera is turned needs something to turn to: it looks at the middle part until then.
        seen = effect(wide if turned else _middle(wide), t - onset)
        bgr = grain(seen, grains, noise, rng)
        if quality is not None:
            bgr = squeeze(bgr, quality)
        yield Frame(t, bgr)


def grain(picture: Image, grains: Field, sigma: float, rng: Generator) -> Image:
    """Sensor noise of `sigma` grey levels; grains: a larger field of unit noise."""
    height, width = picture.shape[:2]
    y, x = int(rng.integers(0, 720 - 360)), int(rng.integers(0, 1280 - 640))
    field = grains[y : y + height, x : x + width]
    if field.shape != (height, width):
        field = np.asarray(cv2.resize(grains, (width, height), interpolation=cv2.INTER_NEAREST))
    return np.clip(picture + sigma * field[..., None], 0, 255).astype(np.uint8)


def squeeze(picture: Image, quality: int) -> Image:
    """As it comes out of a JPEG of this quality."""
    _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded: Any = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    return np.asarray(decoded, np.uint8)


def _middle(wide: Image) -> Image:
    """What a camera sees of a drawn place; of a clip it is all there is."""
    if (wide.shape[1], wide.shape[0]) != WIDE:
        return wide
    x, y = (WIDE[0] - VIEW[0]) // 2, (WIDE[1] - VIEW[1]) // 2
    return wide[y : y + VIEW[1], x : x + VIEW[0]]


def _covered(
    overlay: Callable[[Generator, tuple[int, int]], Image], spared: tuple[float, float] = (0.0, 0.12)
) -> Callable[[Generator], Effect]:
    """Something is put before the lens within half a second or so; a strip of the edge may stay free.

    spared: width of that strip as part of the picture's; from 0 on, every other time there is none.
    """

    def make(rng: Generator) -> Effect:
        within = float(rng.uniform(0.2, 0.8))
        free = float(rng.uniform(*spared)) if spared[0] or rng.random() < 0.5 else 0.0
        side = int(rng.integers(4))
        tremble = int(rng.integers(0, 5))
        cover: list[Image] = []

        def effect(picture: Image, since: float) -> Image:
            if since < -within:
                return picture
            height, width = picture.shape[:2]
            if not cover:
                cover.append(overlay(rng, (width, height)))
            moved = tuple(int(step) for step in rng.integers(-tremble, tremble + 1, 2))
            shown = np.roll(cover[0], moved, (0, 1))
            reach = min(1.0, 1 + since / within) * (1 - free)
            part = np.s_[:, : round(reach * width)] if side < 2 else np.s_[: round(reach * height), :]
            if side % 2:
                part = (
                    np.s_[:, width - round(reach * width) :]
                    if side == 1
                    else np.s_[height - round(reach * height) :, :]
                )
            made = picture.copy()
            made[part] = shown[part]
            return made

        return effect

    return make


def _plain(rng: Generator, size: tuple[int, int]) -> Image:
    """A cap, tape, paint: one colour, from black to white, unevenly lit."""
    level = float(rng.choice((rng.uniform(0, 15), rng.uniform(15, 235))))
    tint = rng.uniform(-20, 20, 3) if level > 15 else np.zeros(3)
    shade = 0.15 * level * texture(rng, size, max(size), 1)
    return np.clip(level + tint + shade[..., None], 0, 255).astype(np.uint8)


def _hand(rng: Generator, size: tuple[int, int]) -> Image:
    """A palm just before the lens: skin with folds, out of focus more or less."""
    width, height = size
    bright = float(rng.uniform(0.35, 1.1))
    skin = bright * np.array((115, 140, 195), np.float32) + rng.uniform(-15, 15, 3)
    made = skin + (18 * bright * texture(rng, size, width // 4, 5, 0.6))[..., None]
    for _ in range(int(rng.integers(2, 5))):  # between the fingers, and the lines of the palm
        a, b = (tuple(int(v) for v in rng.integers((0, 0), (width, height))) for _ in range(2))
        cv2.line(made, a, b, tuple(float(v) for v in skin * 0.45), max(2, width // int(rng.integers(25, 90))))
    blurred = cv2.GaussianBlur(made, (0, 0), width / 640 * float(rng.uniform(1.5, 14)))
    return _image(blurred)


def _cloth(rng: Generator, size: tuple[int, int]) -> Image:
    """A sack, a coat or a sheet hung over it: folds and a weave that the lens can hardly resolve."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    period, angle = width / float(rng.uniform(30, 120)), float(rng.uniform(0, 3.14))
    weave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 6.28 / period) * np.sin(y * 6.28 / period)
    colour = float(rng.uniform(12, 215)) * rng.uniform(0.75, 1.1, 3)
    made = (
        colour * (1 + 0.35 * texture(rng, size, width // 3, 3)[..., None])
        + float(rng.uniform(2, 9)) * weave[..., None]
    )
    blurred = cv2.GaussianBlur(made, (0, 0), width / 640 * float(rng.uniform(2, 6)))
    return _image(blurred)


def _near(rng: Generator, size: tuple[int, int]) -> Image:
    """A box or a board pushed before the lens: two faces, an edge, print on it, all too near to be sharp."""
    width, height = size
    sides = np.empty((height, width, 3), np.uint8)
    sides[:] = rng.uniform(40, 200, 3)
    sides[:, int(rng.uniform(0.2, 0.8) * width) :] = sides[0, 0] * float(rng.uniform(0.5, 0.9))
    word = "".join(chr(rng.integers(65, 91)) for _ in range(3))
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(sides, word, (width // 6, height // 2), font, width / 150, (30, 30, 30), width // 60)
    made = sides + 6 * texture(rng, size, width // 8, 4)[..., None]
    blurred = cv2.GaussianBlur(made, (0, 0), width / 640 * float(rng.uniform(4, 12)))
    return _image(blurred)


def _any(rng: Generator, size: tuple[int, int]) -> Image:
    """One of these."""
    return (_plain, _hand, _cloth, _near)[int(rng.integers(4))](rng, size)


def _image(made: Any) -> Image:
    drawn: Image = np.clip(made, 0, 255).astype(np.uint8)
    return drawn


def _defocused(strength: tuple[float, float]) -> Callable[[Generator], Effect]:
    """The lens is turned, or grease is on it, within a second: a disc or a bell of so much of the width."""

    def make(rng: Generator) -> Effect:
        spread, disc, within = (
            float(rng.uniform(*strength)),
            rng.random() < 0.5,
            float(rng.uniform(0.1, 1.0)),
        )

        def effect(picture: Image, since: float) -> Image:
            sigma = spread * picture.shape[1] * min(1.0, 1 + since / within)
            if sigma < 0.3:
                return picture
            if not disc:
                return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)
            radius = 2 * sigma  # a disc of this radius spreads as a bell of sigma does
            side = 2 * int(np.ceil(radius)) + 1
            y, x = np.mgrid[0:side, 0:side] - side // 2
            kernel = (x * x + y * y <= radius * radius).astype(np.float32)
            return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), np.uint8)

        return effect

    return make


def _moved(
    *, shift: tuple[float, float], angle: tuple[float, float], seen: float = 0.62
) -> Callable[[Generator], Effect]:
    """The camera is turned aside by part of its view's width, or on its axis (degrees), within a second or two.

    seen: how much of a clip's width it sees; the rest is there to be turned to.
    """

    def make(rng: Generator) -> Effect:
        way = float(rng.choice((0, 180)) + rng.uniform(-35, 35)) * np.pi / 180
        far = float(rng.uniform(*shift))
        turn = float(rng.uniform(*angle)) * float(rng.choice((-1, 1)))
        within = float(rng.uniform(0.2, 1.6))

        def effect(wide: Image, since: float) -> Image:
            height, width = wide.shape[:2]
            view = VIEW if (width, height) == WIDE else (round(seen * width), round(seen * height))
            done = min(1.0, max(0.0, 1 + since / within))
            to = cv2.getRotationMatrix2D((width / 2, height / 2), turn * done, 1.0)
            to[0, 2] += view[0] / 2 - width / 2 - np.cos(way) * far * view[0] * done
            to[1, 2] += view[1] / 2 - height / 2 - np.sin(way) * far * view[0] * done
            return np.asarray(cv2.warpAffine(wide, to, view, borderMode=cv2.BORDER_REFLECT_101), np.uint8)

        return effect

    return make


def _crowd(rng: Generator) -> Effect:
    """Several people cross the picture at once."""
    many = int(rng.integers(3, 7))
    walkers: list[_Walker] = []

    def effect(picture: Image, since: float) -> Image:
        if since < 0:
            return picture
        if not walkers:
            size = picture.shape[1], picture.shape[0]
            walkers.extend(_Walker(rng, size) for _ in range(many))
        shown = picture.copy()
        for walker in walkers:
            walker.step(shown)
        return shown

    return effect


def _away(rng: Generator) -> Effect:
    """It looks at something else altogether."""
    other = place(rng)

    def effect(wide: Image, since: float) -> Image:
        view = _middle(wide)
        return view if since < 0 else _filling(other, view.shape[1], view.shape[0])

    return effect


def _filling(drawn: Image, width: int, height: int) -> Image:
    """The middle of a drawn place in that size and shape, no smaller a part of it than `VIEW` where that will do."""
    scale = max(width / WIDE[0], height / WIDE[1], min(1.0, width / VIEW[0]))
    across, down = round(width / scale), round(height / scale)
    left, top = (WIDE[0] - across) // 2, (WIDE[1] - down) // 2
    return np.asarray(cv2.resize(drawn[top : top + down, left : left + across], (width, height)), np.uint8)


_MAKERS: Final[dict[str, tuple[str | None, Callable[[Generator], Effect]]]] = {
    "covered-plain": ("covered", _covered(_plain)),
    "defocused": ("defocused", _defocused((0.007, 0.022))),
    "moved-aside": ("moved", _moved(shift=(0.15, 0.3), angle=(0, 3))),
    "covered-hand": ("covered", _covered(_hand)),
    "covered-cloth": ("covered", _covered(_cloth)),
    "moved-rotated": ("moved", _moved(shift=(0, 0.1), angle=(12, 40))),
    "defocused-slightly": ("defocused", _defocused((0.004, 0.008))),
    "covered-near": ("covered", _covered(_near)),
    "moved-away": ("moved", _away),
    "covered-mostly": ("covered", _covered(_any, (0.07, 0.13))),
    "nudged-aside": ("moved", _moved(shift=(0.06, 0.14), angle=(0, 2))),
    "quiet-nudged": (None, _moved(shift=(0.005, 0.03), angle=(0, 1), seen=0.94)),
    "quiet-crowd": (None, _crowd),
    **{name: (None, make) for name, make in LIGHTS.items()},
}
FAMILIES: Final = tuple(_MAKERS)
NUDGES: Final = frozenset({"nudged-aside"})
"""Those of a camera that is turned by less than it must be to count."""
TURNED: Final = NUDGES | {"moved-aside", "moved-rotated", "moved-away", "quiet-nudged"}
"""Those in which the camera itself moves."""
