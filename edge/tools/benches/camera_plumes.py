"""Flames and smoke drawn from a seed, and things that only look like them, laid over a camera's picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator

from edge.tools.benches.camera_places import Field, Image, paste, person, texture

Effect = Callable[[Image, float], Image]
"""(picture, seconds since it began, below 0 before) -> the picture with it."""

_SCALE: Final = np.array(
    # How hot -> blue, green, red of what glows.
    [(0, 0, 90), (0, 20, 190), (10, 90, 245), (40, 170, 255), (120, 230, 255), (225, 250, 255)],
    np.float32,
)


def flame(
    rng: Generator, *, height: tuple[float, float] = (0.12, 0.35), glow: tuple[float, float] = (0.1, 0.5)
) -> Effect:
    """A fire on the ground, `height` of the picture's, that takes two seconds to grow; its light falls around it."""
    tall = float(rng.uniform(*height))
    wide = tall * float(rng.uniform(0.5, 1.3))
    x, foot = float(rng.uniform(0.15, 0.85)), float(rng.uniform(max(0.5, tall), 0.95))
    pace, light, hot = float(rng.uniform(1.2, 2.6)), float(rng.uniform(*glow)), float(rng.uniform(0.8, 1.25))
    seed = int(rng.integers(1 << 31))
    made: list[Field] = []

    def effect(picture: Image, since: float) -> Image:
        if since < 0:
            return picture
        rows, columns = picture.shape[:2]
        h, w = max(6, round(tall * rows)), max(6, round(wide * rows))
        if not made:
            own = np.random.default_rng(seed)
            made.append(texture(own, (w, 60 * h), max(3, w // 2), 4))
            made.append(texture(own, (w, 60 * h), max(2, w // 5), 3))
            made.append(texture(own, (1, 4096), 3, 3))
        grown = min(1.0, 0.35 + since / 3)
        y, across = np.mgrid[0:h, 0:w].astype(np.float32)
        up = 1 - y / h
        slow, fast = (
            _scrolled(field, h, since * pace * share) for field, share in zip(made, (1, 1.7), strict=False)
        )
        lean = 0.25 * up * made[2][int(since * 40) % 4096, 0]
        middle = np.abs((across / w - 0.5) * 2 + lean + 0.35 * up * slow)
        gust = 1 + 0.25 * made[2][int(since * 70 + 900) % 4096, 0]
        heat = (
            hot * (1.25 - middle / (1.05 - 0.6 * up) - 1.1 * up / (grown * gust))
            + 0.75 * slow * up
            + 0.35 * fast
        )
        heat = np.clip(heat, 0, 1.2) * (grown > up * 0.6)
        return _burnt(picture, heat, (x * columns, foot * rows), light * grown * float(gust))

    return effect


def _burnt(picture: Image, heat: Field, foot: tuple[float, float], light: float) -> Image:
    rows, columns = picture.shape[:2]
    h, w = heat.shape
    colour = np.empty((h, w, 3), np.float32)
    step = np.clip(heat, 0, 1) * (len(_SCALE) - 1)
    for channel in range(3):
        colour[..., channel] = np.interp(step, np.arange(len(_SCALE)), _SCALE[:, channel])
    yy, xx = np.mgrid[0:rows, 0:columns].astype(np.float32)
    away = np.hypot(xx - foot[0], yy - foot[1] + h / 2) / (2.5 * h)
    lit = 1 + light * np.exp(-(away**2))[..., None] * np.array((0.2, 0.7, 1.4), np.float32)
    shown: Image = np.asarray(np.clip(picture * lit, 0, 255), np.uint8)
    opacity = cv2.GaussianBlur(np.clip(2.2 * heat, 0, 1).astype(np.float32), (0, 0), 0.8)
    paste(
        shown,
        colour.astype(np.uint8),
        np.asarray(opacity, np.float32),
        round(foot[0] - w / 2),
        round(foot[1] - h),
    )
    return shown


def _scrolled(field: Field, height: int, heights: float) -> Field:
    """`height` rows of a field that moves up by `heights` of them."""
    top = int(heights * height) % (field.shape[0] - height)
    return field[top : top + height]


def smoke(
    rng: Generator,
    *,
    thick: tuple[float, float] = (0.45, 0.85),
    shade: tuple[float, float] = (110, 225),
    width: tuple[float, float] = (0.08, 0.2),
) -> Effect:
    """A plume that rises from one place, widens and drifts. thick: share of the light it swallows at its middle."""
    x, foot = float(rng.uniform(0.2, 0.8)), float(rng.uniform(0.6, 0.95))
    dense, grey, narrow = float(rng.uniform(*thick)), float(rng.uniform(*shade)), float(rng.uniform(*width))
    pace, wind, spread = (
        float(rng.uniform(0.08, 0.25)),
        float(rng.uniform(-0.5, 0.5)),
        float(rng.uniform(0.3, 0.7)),
    )
    tint = np.array((grey, grey, grey), np.float32) + rng.uniform(-6, 6, 3).astype(np.float32)
    seed = int(rng.integers(1 << 31))
    made: list[Field] = []

    def effect(picture: Image, since: float) -> Image:
        if since < 0:
            return picture
        rows, columns = picture.shape[:2]
        if not made:
            own = np.random.default_rng(seed)
            made.append(texture(own, (columns // 2, 6 * rows), rows // 8, 4))
            made.append(texture(own, (columns // 2, 6 * rows), rows // 5, 3))
        h, w = rows // 2, columns // 2
        y, across = np.mgrid[0:h, 0:w].astype(np.float32)
        up = foot - y / h
        billows = made[0][int(since * pace * h) % (4 * rows) :][:h]
        sway = made[1][int(since * pace * 0.6 * h) % (4 * rows) :][:h]
        centre = x + wind * up + 0.12 * np.clip(up, 0, 1) * sway
        half = narrow / 2 + spread * np.clip(up, 0, 1) * 0.35
        body = np.exp(-(((across / w - centre) / half) ** 2))
        front = np.clip((pace * since * (1 + 0.3 * sway) + 0.06 - up) / 0.12, 0, 1) * np.clip(
            (up + 0.02) / 0.04, 0, 1
        )
        thin = 1 / (1 + 0.8 * np.clip(up, 0, 1))
        opacity = np.clip(dense * body * front * thin * (0.85 + 0.55 * billows), 0, 0.97)
        veil = np.asarray(cv2.resize(opacity.astype(np.float32), (columns, rows)), np.float32)[..., None]
        lit = tint * (1 + 0.1 * np.asarray(cv2.resize(billows, (columns, rows)))[..., None])
        return np.asarray(np.clip(picture * (1 - veil) + lit * veil, 0, 255), np.uint8)

    return effect


# ---- what only looks like it --------------------------------------------------------------------------------------


def lamp(rng: Generator) -> Effect:
    """A warm lamp with its halo, that is lit, or blinks as indicators do, or flickers as a broken tube does."""
    x, y, size = float(rng.uniform(0.1, 0.9)), float(rng.uniform(0.1, 0.8)), float(rng.uniform(0.012, 0.05))
    way, every = int(rng.integers(3)), float(rng.uniform(0.4, 1.3))
    colour = np.array((rng.uniform(40, 140), rng.uniform(120, 215), 255), np.float32)
    own = np.random.default_rng(int(rng.integers(1 << 31)))

    def effect(picture: Image, since: float) -> Image:
        on = (1.0, float(since % every < every / 2), float(own.choice((0.3, 1.0))))[way]
        return _shining(picture, (x, y), size, colour, on) if since >= 0 else picture

    return effect


def _shining(picture: Image, at: tuple[float, float], size: float, colour: Field, on: float) -> Image:
    rows, columns = picture.shape[:2]
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    away = np.hypot(x / columns - at[0], (y / rows - at[1]) * rows / columns) / size
    shine = (
        np.clip(1.6 - away, 0, 1)[..., None] * np.clip(colour * 1.15, 0, 255)
        + 0.35 * np.exp(-(away / 3))[..., None] * colour
    )
    return np.asarray(np.clip(picture + on * shine, 0, 255), np.uint8)


def neon(rng: Generator) -> Effect:
    """A red or orange sign of letters that goes on and off, or runs."""
    x, y, size = float(rng.uniform(0.1, 0.6)), float(rng.uniform(0.15, 0.7)), float(rng.uniform(0.8, 2.5))
    word = "".join(chr(rng.integers(65, 91)) for _ in range(5))
    every, runs = float(rng.uniform(0.5, 2.0)), bool(rng.random() < 0.4)
    colour = (30, int(rng.integers(30, 140)), 255)

    def effect(picture: Image, since: float) -> Image:
        shown = picture.copy()
        letters = word[: 1 + int(since / every * 5) % 5] if runs else word
        if since >= 0 and (runs or since % every < 0.6 * every):
            at = (int(x * picture.shape[1]), int(y * picture.shape[0]))
            cv2.putText(
                shown, letters, at, cv2.FONT_HERSHEY_SIMPLEX, size, colour, max(2, int(2 * size)), cv2.LINE_AA
            )
        return shown

    return effect


def vest(rng: Generator) -> Effect:
    """Somebody in an orange vest walks to and fro, and stops now and then."""
    share, pace, y = (
        float(rng.uniform(0.3, 0.7)),
        float(rng.uniform(0.05, 0.25)),
        float(rng.uniform(0.2, 0.4)),
    )
    made: list[tuple[Image, Field]] = []

    def effect(picture: Image, since: float) -> Image:
        rows, columns = picture.shape[:2]
        if not made:
            figure, opacity = person(rng, round(share * rows))
            tall, wide = opacity.shape
            cv2.rectangle(figure, (wide // 5, tall // 5), (4 * wide // 5, tall // 2), (20, 110, 250), -1)
            cv2.rectangle(
                figure,
                (wide // 5, tall // 3),
                (4 * wide // 5, tall // 3 + max(1, tall // 30)),
                (220, 235, 235),
                -1,
            )
            made.append((figure, opacity))
        shown = picture.copy()
        walked = since - 0.4 * np.sin(2 * since)
        way = abs((walked * pace * 2 + 1.3) % 2 - 1)
        paste(shown, *made[0], round(way * columns - made[0][1].shape[1] / 2), round(y * rows))
        return shown

    return effect


def red_car(rng: Generator) -> Effect:
    """A red or orange car with its tail lamps drives through, stops, drives on."""
    pace, y, size = (
        float(rng.uniform(0.1, 0.35)),
        float(rng.uniform(0.4, 0.75)),
        float(rng.uniform(0.18, 0.4)),
    )
    colour = (int(rng.integers(10, 60)), int(rng.integers(20, 110)), int(rng.integers(190, 250)))

    def effect(picture: Image, since: float) -> Image:
        if since < 0:
            return picture
        rows, columns = picture.shape[:2]
        w, h = int(size * columns), int(size * columns * 0.38)
        way = since * pace if since < 3 else 3 * pace + max(0.0, since - 6) * pace
        left, top = int((way % 1.6 - 0.3) * columns), int(y * rows)
        shown = picture.copy()
        cv2.rectangle(shown, (left, top + h // 3), (left + w, top + int(0.85 * h)), colour, -1, cv2.LINE_AA)
        cv2.rectangle(shown, (left + w // 5, top), (left + 4 * w // 5, top + h // 3), (70, 60, 55), -1)
        cv2.rectangle(
            shown, (left, top + h // 3), (left + w, top + h // 2), tuple(min(255, c + 30) for c in colour), -1
        )
        for wheel in (left + w // 5, left + 4 * w // 5):
            cv2.circle(shown, (wheel, top + int(0.85 * h)), h // 5, (25, 25, 25), -1)
        cv2.circle(shown, (left + 4, top + h // 2), max(2, h // 12), (180, 200, 255), -1)
        return shown

    return effect


def sunset(rng: Generator) -> Effect:
    """The upper part of the picture turns orange and red, slowly, with a low sun and clouds that drift."""
    depth, sun = float(rng.uniform(0.25, 0.5)), float(rng.uniform(0.2, 0.8))
    drift, clouds = float(rng.uniform(0.002, 0.015)), texture(rng, (1400, 200), 160, 4)

    def effect(picture: Image, since: float) -> Image:
        rows, columns = picture.shape[:2]
        high = int(depth * rows)
        y, x = np.mgrid[0:high, 0:columns].astype(np.float32)
        left = int(max(0.0, since + 10) * drift * columns)
        bank = np.asarray(cv2.resize(clouds[:, left : left + 600], (columns, high)))
        warm = (np.array((70, 130, 235), np.float32) * (0.7 + 0.5 * (y / high))[..., None]) * (
            1 + 0.25 * bank[..., None]
        )
        away = np.hypot(x / columns - sun, (y / high - 0.8) * high / columns)
        warm += 200 * np.exp(-((away / 0.05) ** 2))[..., None]
        shown = picture.copy()
        shown[:high] = np.clip(warm, 0, 255).astype(np.uint8)
        return shown

    return effect


def balloons(rng: Generator) -> Effect:
    """Orange balloons, or lanterns, that the wind sways."""
    count = int(rng.integers(1, 5))
    each = [
        (
            rng.uniform(0.1, 0.9),
            rng.uniform(0.15, 0.6),
            rng.uniform(0.02, 0.06),
            rng.uniform(0.3, 1.2),
            rng.uniform(0, 6),
        )
        for _ in range(count)
    ]
    colour = (int(rng.integers(20, 60)), int(rng.integers(90, 150)), 250)

    def effect(picture: Image, since: float) -> Image:
        rows, columns = picture.shape[:2]
        shown = picture.copy()
        for x, y, size, pace, phase in each:
            at = (
                int((x + 0.02 * np.sin(6.28 * pace * since + phase)) * columns),
                int((y + 0.006 * np.sin(9 * pace * since)) * rows),
            )
            radius = max(3, int(size * columns))
            cv2.ellipse(shown, (at, (2 * radius, int(2.3 * radius)), 0), colour, -1, cv2.LINE_AA)
            cv2.circle(
                shown, (at[0] - radius // 3, at[1] - radius // 3), max(1, radius // 5), (150, 210, 255), -1
            )
            cv2.line(shown, at, (at[0], at[1] + 3 * radius), (90, 90, 90), 1)
        return shown

    return effect


def fog(rng: Generator) -> Effect:
    """Fog comes over the whole picture, or its window steams up, within some seconds."""
    dense, grey, pace = (
        float(rng.uniform(0.3, 0.7)),
        float(rng.uniform(150, 210)),
        float(rng.uniform(1.5, 8.0)),
    )

    def effect(picture: Image, since: float) -> Image:
        veil = dense * min(1.0, max(0.0, since / pace))
        return np.asarray(np.clip(picture * (1 - veil) + grey * veil, 0, 255), np.uint8)

    return effect
