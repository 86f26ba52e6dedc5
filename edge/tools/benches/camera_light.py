"""What light, weather, people and the camera's own electronics do to a picture that nobody has tampered with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import cv2
import numpy as np
from numpy.random import Generator

from edge.tools.benches.camera_places import Field, Image, paste, person, texture

Effect = Callable[[Image, float], Image]


def _size(picture: Image) -> tuple[int, int]:
    return picture.shape[1], picture.shape[0]


def _times(picture: Any, gain: Any, plus: Any = 0.0) -> Image:
    lit: Image = np.clip(picture * gain + plus, 0, 255).astype(np.uint8)
    return lit


class _Once:
    """A field that is made at the first picture, whose size it needs."""

    def __init__(self, make: Callable[[tuple[int, int]], Field]) -> None:
        self._make = make
        self._made: Field | None = None

    def of(self, picture: Image) -> Field:
        if self._made is None:
            self._made = self._make(_size(picture))
        return self._made


def nothing(_rng: Generator) -> Effect:
    """Nothing happens."""
    return lambda picture, _since: picture


def dimmed(rng: Generator) -> Effect:
    """Lamps go out, others stay: all is darker at once, and perhaps bright again later."""
    gain = float(rng.uniform(0.2, 0.6))
    until = float(rng.choice((4.0, 99.0)))
    return lambda picture, since: _times(picture, gain) if 0 <= since < until else picture


def dusk(rng: Generator) -> Effect:
    """It grows dark, or light, within some ten seconds: a shutter, a thunder cloud, a dimmer."""
    gain = float(rng.choice((rng.uniform(0.25, 0.6), rng.uniform(1.4, 2.0))))
    within = float(rng.uniform(5, 12))

    def effect(picture: Image, since: float) -> Image:
        return _times(picture, gain ** min(1.0, since / within)) if since >= 0 else picture

    return effect


def brighter(rng: Generator) -> Effect:
    """Lamps go on: one and a half to two times as bright, some of it blown out."""
    gain = float(rng.uniform(1.4, 2.0))
    return lambda picture, since: _times(picture, gain) if since >= 0 else picture


def switched(rng: Generator) -> Effect:
    """Other lamps at other places: each part of the picture changes by a factor of its own."""
    strength = float(rng.uniform(0.3, 0.6))
    field = _Once(lambda size: 1 + strength * texture(rng, size, size[0] // 2, 2))
    gain = float(rng.uniform(0.7, 1.3))
    return lambda picture, since: (
        _times(picture, gain * field.of(picture)[..., None]) if since >= 0 else picture
    )


def gamma(rng: Generator) -> Effect:
    """Its electronics lift or press the shadows."""
    power = float(rng.choice((rng.uniform(0.5, 0.75), rng.uniform(1.4, 2.0))))
    table = (255 * (np.arange(256) / 255) ** power).astype(np.uint8)
    return lambda picture, since: np.asarray(cv2.LUT(picture, table), np.uint8) if since >= 0 else picture


def exposure(rng: Generator) -> Effect:
    """A door opens: glare, and then the automatic exposure finds its way, and back again."""
    peak, pace = float(rng.uniform(1.6, 2.4)), float(rng.uniform(0.8, 2.0))

    def effect(picture: Image, since: float) -> Image:
        if since < 0:
            return picture
        closed = since - 6.0
        gain = 1 + (peak - 1) * np.exp(-since / pace)
        if closed > 0:
            gain *= 1 - 0.5 * np.exp(-closed / pace)
        return _times(picture, gain)

    return effect


def clouds(rng: Generator) -> Effect:
    """Shadows of clouds travel over the ground."""
    field = _Once(lambda size: 0.75 + 0.3 * texture(rng, (size[0] * 2, size[1]), size[0] // 2, 2))
    pace = float(rng.uniform(0.02, 0.08))

    def effect(picture: Image, since: float) -> Image:
        width, _ = _size(picture)
        left = int((since + 20) * pace * width) % width
        return _times(picture, field.of(picture)[:, left : left + width, None])

    return effect


def headlights(rng: Generator) -> Effect:
    """A car turns in: two glaring lamps and their halo sweep over the picture, everything else is exposed less."""
    pace, y, reach = (
        float(rng.uniform(0.15, 0.4)),
        float(rng.uniform(0.4, 0.8)),
        float(rng.uniform(0.1, 0.25)),
    )

    def effect(picture: Image, since: float) -> Image:
        at = since * pace - 0.1
        if not -0.2 < at < 1.2:
            return picture
        width, height = _size(picture)
        rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
        glare = np.zeros((height, width), np.float32)
        for lamp in (at - 0.03, at + 0.03):
            away = np.hypot(columns / width - lamp, (rows / height - y) * height / width)
            glare += 160 * np.exp(-((away / 0.03) ** 2)) + 90 * np.exp(-((away / reach) ** 2))
        return _plus(picture, glare)

    return effect


def _plus(picture: Image, glare: Field) -> Image:
    return _times(picture, 0.75, glare[..., None])


def noisy(rng: Generator) -> Effect:
    """The gain goes up in the dark: much more noise."""
    sigma = float(rng.uniform(6, 18))
    dark = float(rng.uniform(0.5, 1.0))

    def effect(picture: Image, since: float) -> Image:
        if since < 0:
            return picture
        width, height = _size(picture)
        noise = sigma * rng.standard_normal((height, width), np.float32)
        return np.clip(dark * picture + noise[..., None], 0, 255).astype(np.uint8)

    return effect


def starved(rng: Generator) -> Effect:
    """The link is thin: the encoder throws away what is fine, now more, now less."""
    low = int(rng.integers(6, 16))

    def effect(picture: Image, since: float) -> Image:
        if since < 0:
            return picture
        quality = low if int(since) % 2 else 25
        _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        decoded: Any = cv2.imdecode(coded, cv2.IMREAD_COLOR)
        return np.asarray(decoded, np.uint8)

    return effect


def rain(rng: Generator) -> Effect:
    """Streaks of rain or snow near the lens, others each time."""
    drops, slant = int(rng.integers(60, 260)), float(rng.uniform(-0.4, 0.4))

    def effect(picture: Image, since: float) -> Image:
        if since < 0:
            return picture
        width, height = _size(picture)
        wet = _times(picture, 0.85, 12)
        for x, y, length in zip(
            rng.integers(0, width, drops),
            rng.integers(0, height, drops),
            rng.integers(6, 30, drops),
            strict=True,
        ):
            end = (int(x + slant * length), int(y + length))
            cv2.line(wet, (int(x), int(y)), end, (200, 200, 200), 1, cv2.LINE_AA)
        return wet

    return effect


def passer(rng: Generator) -> Effect:
    """Somebody walks by close to the camera: a third of the width and more, for a second or two."""
    left = bool(rng.random() < 0.5)
    pace, share = float(rng.uniform(0.5, 0.9)), float(rng.uniform(1.1, 1.7))
    made: list[tuple[Image, Field]] = []

    def effect(picture: Image, since: float) -> Image:
        if since < 0:
            return picture
        width, height = _size(picture)
        if not made:
            made.append(person(rng, round(share * height)))
        shown = picture.copy()
        figure = made[0][1].shape[1]
        way = since * pace * width
        x = way - figure if left else width - way
        paste(shown, *made[0], round(x), round(0.15 * height))
        return shown

    return effect


def infrared(rng: Generator) -> Effect:
    """At dusk the filter moves away, the lamps go on: grey at once, leaves and cloth bright, a spot in the middle."""
    mix = rng.dirichlet((2, 2, 2)).astype(np.float32)

    def effect(picture: Image, since: float) -> Image:
        if since < 0:
            return picture
        width, height = _size(picture)
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        spot = 0.5 + 0.6 * np.exp(-(((x / width - 0.5) / 0.5) ** 2 + ((y / height - 0.5) / 0.5) ** 2))
        grey = _times((picture @ mix * 0.7 + 20), spot)
        return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)

    return effect


def lightning(rng: Generator) -> Effect:
    """Flashes, or a lamp that flickers."""
    every = float(rng.uniform(0.3, 1.5))

    def effect(picture: Image, since: float) -> Image:
        flash = since >= 0 and since % (2 * every) < 0.3
        return _times(picture, 2.5, 25) if flash else picture

    return effect


def shaken(rng: Generator) -> Effect:
    """Wind shakes the mast: some pixels to and fro."""
    reach = float(rng.uniform(0.002, 0.006))

    def effect(picture: Image, since: float) -> Image:
        if since < 0:
            return picture
        width, height = _size(picture)
        x, y = rng.uniform(-reach * width, reach * width, 2)
        to = np.array(((1, 0, x), (0, 1, y)), np.float32)
        return np.asarray(
            cv2.warpAffine(picture, to, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8
        )

    return effect


LIGHTS: Final[dict[str, Callable[[Generator], Effect]]] = {
    "quiet-nothing": nothing,
    "quiet-dimmed": dimmed,
    "quiet-dusk": dusk,
    "quiet-brighter": brighter,
    "quiet-switched": switched,
    "quiet-gamma": gamma,
    "quiet-exposure": exposure,
    "quiet-clouds": clouds,
    "quiet-headlights": headlights,
    "quiet-noisy": noisy,
    "quiet-starved": starved,
    "quiet-rain": rain,
    "quiet-passer": passer,
    "quiet-infrared": infrared,
    "quiet-lightning": lightning,
    "quiet-shaken": shaken,
}
"""Family of cases -> what happens in it. None of it is tampering."""
