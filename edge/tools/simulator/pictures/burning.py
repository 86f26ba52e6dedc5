"""Flame and smoke: turbulence that rises, by seconds alone, so that any moment can be drawn without those before it."""

from __future__ import annotations

import math
from typing import Any, Final

import cv2
import numpy as np

from edge.tools.simulator.pictures.paint import HEIGHT, WIDTH, Picture, Plane, smooth, within

TILE: Final = 128  # px: size of the turbulence, which repeats
FLAME: Final = 96  # px: a flame is made at this size, then brought to its own
PUFF: Final = 33  # px of one made puff
EVERY: Final = 0.3  # seconds from puff to puff
LASTS: Final = 9.0  # seconds a puff is seen
COARSE: Final = 4  # smoke is made so many times coarser

GLOW: Final = np.array([0.25, 0.62, 1.0], np.float32)


class Burning:
    """Turbulence of one seed."""

    def __init__(self, seed: int) -> None:
        chance = np.random.default_rng(seed)
        self._seed = seed
        self._wild = [_tile(chance, cell) for cell in (32, 16)]
        self._heat = _palette()
        ys, xs = np.mgrid[0:PUFF, 0:PUFF].astype(np.float32) / (PUFF - 1) * 2 - 1
        self._puff: Plane = np.clip(1 - (xs**2 + ys**2), 0, 1).astype(np.float32) ** 1.5

    def flame(self, picture: Picture, foot: tuple[float, float], size: tuple[float, float], t: float) -> None:
        """Lay a flame over the picture. foot: the middle of its base, size: width and height, pixels."""
        ys, xs = np.mgrid[0:FLAME, 0:FLAME].astype(np.float32)
        up = 1 - ys / FLAME  # 0 at the base
        wave = self._rising(0, t, 105.0)
        fine = self._rising(1, t, 190.0)
        sway = 0.16 * up * math.sin(t * 5.1) + 0.1 * up * wave
        aside = np.abs((xs / FLAME - 0.5) * 2 - sway)
        body = 1 - aside / (0.78 * (1 - 0.62 * up) + 0.02)
        flicker = 0.9 + 0.1 * math.sin(t * 23.0) + 0.08 * math.sin(t * 37.7 + 1)
        heat = (
            1.15 * body - 0.95 * (up / flicker) ** 1.4 + 0.55 * wave * (0.35 + up) + 0.4 * fine * (0.2 + up)
        )
        heat = np.clip(heat, 0, 1) * np.clip(up * 14, 0, 1)
        index = (heat * 255).astype(np.uint8)
        colour: Any = self._heat[index]
        cover = np.clip(heat * 4.2, 0, 1)
        width, height = max(6, round(size[0] * 1.5)), max(8, round(size[1] * 1.25))
        left, top = round(foot[0] - width / 2), round(foot[1] - height)
        window = within((left, top, left + width, top + height))
        if window is None:
            return
        w, n, e, s = window
        shown: Any = cv2.resize(colour, (width, height), interpolation=cv2.INTER_AREA)
        alpha: Any = cv2.resize(cover, (width, height), interpolation=cv2.INTER_AREA)
        shown, alpha = (
            shown[n - top : s - top, w - left : e - left],
            alpha[n - top : s - top, w - left : e - left],
        )
        below = picture[n:s, w:e].astype(np.float32)
        picture[n:s, w:e] = np.clip(below + alpha[..., None] * (shown - below), 0, 255).astype(np.uint8)

    def glow(
        self, picture: Picture, centre: tuple[float, float], radius: float, strength: float, t: float
    ) -> None:
        """The flame's light on what is around it."""
        x, y = round(centre[0]), round(centre[1])
        reach = round(radius)
        window = within((x - reach, y - reach, x + reach, y + reach))
        if window is None:
            return
        w, n, e, s = window
        full: Any = cv2.resize(self._puff, (2 * reach, 2 * reach))
        part = full[n - y + reach : s - y + reach, w - x + reach : e - x + reach]
        lively = strength * (1 + 0.12 * math.sin(t * 17.0) + 0.08 * math.sin(t * 29.0))
        gain = 1 + lively * part[..., None] * GLOW
        picture[n:s, w:e] = np.clip(picture[n:s, w:e] * gain, 0, 255).astype(np.uint8)

    def smoke(
        self,
        picture: Picture,
        source: tuple[float, float],
        age: float,
        ceiling: float,
        light: float,
        thick: float = 1.0,
    ) -> None:
        """Smoke that has risen from `source` for `age` seconds and spreads below `ceiling` (y, pixels).

        light: of the place, 0 to 1. thick: how dense it is.
        """
        height, width = HEIGHT // COARSE, WIDTH // COARSE
        dense: Plane = np.zeros((height, width), np.float32)
        newest = int(age / EVERY)
        for number in range(max(0, newest - int(LASTS / EVERY)), newest + 1):
            self._one_puff(dense, source, age, number, ceiling)
        rows = np.flatnonzero(dense.any(axis=1))
        columns = np.flatnonzero(dense.any(axis=0))
        if not rows.size:
            return
        wave = self._rising(0, age, 16.0)
        rough = np.tile(wave, (math.ceil(height / FLAME), math.ceil(width / FLAME)))[:height, :width]
        cover = 1 - np.exp(-thick * dense * (1 + 0.55 * rough))
        n, s = int(rows[0]) * COARSE, min(HEIGHT, (int(rows[-1]) + 1) * COARSE)
        w, e = int(columns[0]) * COARSE, min(WIDTH, (int(columns[-1]) + 1) * COARSE)
        few = cover[n // COARSE : s // COARSE, w // COARSE : e // COARSE]
        alpha: Any = cv2.resize(few, (e - w, s - n), interpolation=cv2.INTER_LINEAR)
        grey = np.float32(60 + 105 * light)
        below = picture[n:s, w:e].astype(np.float32)
        below += alpha[..., None] * (grey - below)
        picture[n:s, w:e] = np.clip(below, 0, 255).astype(np.uint8)

    # ---- details ----------------------------------------------------------------------------------------------------

    def _one_puff(
        self, dense: Plane, source: tuple[float, float], age: float, number: int, ceiling: float
    ) -> None:
        born = number * EVERY
        old = age - born
        if not 0 <= old < LASTS:
            return
        chance = np.random.default_rng((self._seed, number)).uniform(-1, 1, 4)
        size = 11 + 9.5 * old**0.8 * (1 + 0.25 * chance[0])
        free = source[1] - (44 + 8 * chance[1]) * old**0.85
        y = max(free, ceiling + size * 0.35)
        spread = max(0.0, ceiling - free)  # what could not rise goes aside
        x = source[0] + 9 * chance[2] * old + 5 * old + spread * (0.75 if chance[3] > 0 else -0.75)
        faint = 0.5 * smooth(0, 0.5, old) * (1 - old / LASTS)
        span = max(3, round(2 * size / COARSE))
        puff: Any = cv2.resize(self._puff, (span, span))
        left, top = round(x / COARSE - span / 2), round(y / COARSE - span / 2)
        height, width = dense.shape
        w, n, e, s = max(0, left), max(0, top), min(width, left + span), min(height, top + span)
        if w < e and n < s:
            dense[n:s, w:e] += np.float32(faint) * puff[n - top : s - top, w - left : e - left]

    def _rising(self, octave: int, t: float, speed: float) -> Plane:
        """Turbulence that goes up by so many pixels of the tile a second."""
        up, aside = int(t * speed) % TILE, int(t * speed * 0.13) % TILE
        made: Plane = np.roll(self._wild[octave], (-up, aside), (0, 1))[:FLAME, :FLAME]
        return made


def _tile(chance: np.random.Generator, cell: int) -> Plane:
    """Cloudy noise without a seam."""
    few = chance.standard_normal((TILE // cell, TILE // cell)).astype(np.float32)
    wide = np.pad(few, 3, mode="wrap")
    size = TILE // (TILE // cell)
    many: Any = cv2.resize(wide, (wide.shape[1] * size, wide.shape[0] * size), interpolation=cv2.INTER_CUBIC)
    many = many[3 * size : -3 * size, 3 * size : -3 * size]
    made: Plane = cv2.resize(many, (TILE, TILE)) / np.float32(np.abs(many).max())
    return made


def _palette() -> Plane:
    """256 colours from dark red to nearly white, BGR."""
    stops = np.array([0, 0.12, 0.3, 0.55, 0.8, 1.0])
    blue = np.interp(np.linspace(0, 1, 256), stops, [10, 14, 22, 48, 120, 205])
    green = np.interp(np.linspace(0, 1, 256), stops, [20, 52, 110, 178, 228, 248])
    red = np.interp(np.linspace(0, 1, 256), stops, [90, 196, 240, 252, 255, 255])
    return np.stack([blue, green, red], axis=1).astype(np.float32)
