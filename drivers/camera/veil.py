"""Where a veil lies over a scene: blocks that lost contrast but keep their drawing, or brightened without new edges.

Behind smoke a block is what it was, weakened, plus the light of the smoke: now = a * before + b. A person, a car or a
box puts another drawing there, with edges of its own; a shadow darkens but adds nothing (b = 0); a lamp strengthens the
contrast (a > 1). What is left could be smoke, and is when it keeps changing while the rest of the picture does not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.camera.frames import Picture
from drivers.camera.suspects import Suspect

Blocks = NDArray[Any]
"""(rows, columns), one value for each block."""

BLOCK: Final = 8  # pixels of the picture worked on, which is 160 wide
TEXTURE: Final = 25.0  # grey levels squared: with less contrast there is nothing to be lost
KEPT: Final = (0.05, 0.88)  # of the contrast: clear beyond, opaque below
ALIKE: Final = 0.72  # correlation of a block with what it was
DARKER_ALIKE: Final = 0.84  # where it darkens: the edge of a shadow is another drawing
AIR: Final = 35.0  # grey levels of the veil itself; a shadow's would be 0
BRIGHTER: Final = 5.0  # grey levels: a veil before something without contrast
DARK: Final = 35.0  # grey level of the darkest thick smoke
EDGES_MORE: Final = (1.3, 1.0)  # times and plus: with more fine detail than that something new is there
DULLER: Final = 4.0  # levels of colour that a veil may add by its own tint
DIFFERENT: Final = 6.0  # grey levels
LEAP: Final = 14.0  # grey levels from frame to frame: a thing passes, smoke does not leap
THING: Final = 0.93  # per frame, of having seen one: three seconds until below `GONE`
GONE: Final = 0.3

SOON: Final = 0.2  # per frame, of being veiled
VEILED: Final = 0.45
RECENT: Final = 10  # frames
TOGETHER: Final = (
    0.97  # of what its blocks change they change alike: the exposure or a cloud's shadow does that
)
STIR: Final = 0.15  # per frame, of the changes from frame to frame
MATCH: Final = 0.1  # of the difference that a clear block's scene follows, every `FOLLOW` frames
FOLLOW: Final = 5
STILL: Final = 75  # frames that a block is another one and at rest: it is the scene now

BLOBS: Final = 4  # looked at per frame
AREA: Final = 5  # blocks
MOST: Final = 0.5  # of the picture, or of what can be judged: fog, a lens that steams up, other light
JUDGED: Final = 15  # blocks with contrast, fewer tell nothing of the whole
STIRRING: Final = (0.35, 8.0)  # grey levels from frame to frame
OWN: Final = 1.5  # times as much as the rest of the picture stirs
FINE: Final = 1.03  # of the fine detail is left at most
EDGED: Final = 0.6  # of a blob's size: blocks in and about it where something with edges was
TINT: Final = 0.6  # levels of colour gained
TINTED: Final = 1.7  # or so many, where most of it has lost contrast: thin smoke is blue before what is dark
HAZY: Final = 0.4  # of a blob
GREY: Final = 0.5  # levels of colour: by infra-red whatever comes near the lamp is brighter
DULL: Final = 3.0  # or so little colour that it does not matter
HAZE: Final = 0.2  # of a blob has lost contrast
BRIGHT: Final = 4.0  # or it is so much brighter
STRANGE: Final = 0.3  # correlation: another drawing
LOST: Final = 0.6  # of what can be judged
LOST_FRAMES: Final = 10
JUMP: Final = 0.05  # of the exposure from frame to frame: nothing is judged

_AROUND: Final = np.ones((3, 3), np.uint8)


class Veil:
    """A scene (height, width, 3) without smoke, and what became of it. `look` at each frame of the same size."""

    def __init__(self, scene: Picture) -> None:
        self._scene: Any = scene.astype(np.float32)
        height, width = scene.shape[:2]
        self._grid = max(1, width // BLOCK), max(1, height // BLOCK)
        shape = self._grid[::-1]
        self._level: Blocks | None = None
        self._gain = 1.0
        self._frames = 0
        self._lost = 0
        self._stir: Blocks = np.zeros(shape, np.float32)
        self._veiled: Blocks = np.zeros(shape, np.float32)
        self._thing: Blocks = np.zeros(shape, np.float32)
        self._edged: Blocks = np.zeros(shape, np.float32)
        self._steps: deque[Blocks] = deque(maxlen=RECENT)
        self._at_rest: Blocks = np.zeros(shape, np.int32)
        self._know()

    @property
    def lost(self) -> bool:
        """Whether this is another scene for good: the camera was moved, or a film was cut."""
        return self._lost > LOST_FRAMES

    def look(self, bgr: Picture) -> list[Suspect]:
        """The veils of this frame. None while the exposure leaps, or where all of the picture is veiled."""
        grey, fine, red, blue = _planes(bgr)
        level = _means(grey, self._grid)
        gain = _middle(level / np.maximum(self._level0, 4.0))
        leapt = self._level is not None and abs(gain - self._gain) > JUMP * max(0.2, self._gain)
        step = np.zeros_like(level) if self._level is None or leapt else level - self._level
        self._steps.append(step)
        stirred = np.abs(step)
        self._level, self._gain = level, gain
        self._stir += STIR * (stirred - self._stir)

        power = np.maximum(_means(cv2.multiply(grey, grey), self._grid) - level**2, 0)
        shared = _means(cv2.multiply(grey, self._grey0), self._grid) - level * self._level0
        kept = shared / np.maximum(self._power0, 1.0)
        alike = shared / np.sqrt(np.maximum(power * self._power0, 1.0))
        air = (level - kept * self._level0) / np.maximum(1 - np.minimum(kept, 0.95), 0.05)
        detail, was = _means(fine, self._grid), self._detail0 * gain
        apart = level - gain * self._level0
        colour = np.hypot(_means(red, self._grid), _means(blue, self._grid))

        textured = self._power0 > TEXTURE
        haze = textured & (kept > KEPT[0]) & (kept < KEPT[1] * gain) & (alike > ALIKE) & (air > AIR)
        haze &= (apart > -DIFFERENT) | (alike > DARKER_ALIKE)
        lit = (apart > BRIGHTER) & (detail < 1.1 * was + 0.6)
        thick = (apart < -BRIGHTER) & (level > DARK) & (self._detail0 > 1.5) & (detail < 0.65 * self._detail0)
        edged = detail > EDGES_MORE[0] * was + EDGES_MORE[1]
        other = textured & (alike < STRANGE) & (detail > 0.8 * was)
        self._edged = np.maximum(0.8 * self._edged, edged)
        self._thing = np.maximum(THING * self._thing, (stirred > LEAP) | edged | other)
        veiled = haze | lit | thick
        veiled &= (detail < 1.15 * was + 0.6) & (colour < self._colour0 + DULLER) & (self._thing <= GONE)
        different = (np.abs(apart) > DIFFERENT) | (textured & ((kept < 0.8 * gain) | (alike < 0.6)))
        self._veiled += SOON * (veiled - self._veiled)
        self._follow(bgr, different)
        judged = np.count_nonzero(textured)
        unknown = np.count_nonzero(textured & (alike < STRANGE)) > LOST * judged
        self._lost = self._lost + 1 if unknown and judged >= JUDGED else 0
        if leapt or (judged >= JUDGED and np.count_nonzero(haze) > MOST * judged):
            return []
        told = {"kept": kept, "alike": alike, "air": air, "brighter": apart}
        return self._blobs(stirred, haze, told, detail / np.maximum(was, 0.8), colour)

    def _blobs(
        self, stirred: Blocks, haze: Blocks, told: dict[str, Blocks], fine: Blocks, colour: Blocks
    ) -> list[Suspect]:
        lasting = (self._veiled > VEILED).astype(np.uint8)
        if np.count_nonzero(lasting) < AREA:
            return []
        count, labels, stats, _ = cv2.connectedComponentsWithStats(lasting, connectivity=8)
        found = []
        for label in 1 + np.argsort(-stats[1:count, cv2.CC_STAT_AREA])[:BLOBS]:
            area = int(stats[label][cv2.CC_STAT_AREA])
            if not AREA <= area < MOST * labels.size:
                continue
            own = labels == label
            near = cv2.dilate(own.astype(np.uint8), _AROUND) > 0
            stir, rest = _middle(self._stir[own]), float(stirred[~own].mean())
            tint, hue = _middle((colour - self._colour0)[own]), _middle(colour[own])
            share, brighter = float(haze[own].mean()), _middle(told["brighter"][own])
            detail = _middle(fine[own])
            drawn = own & (self._power0 > TEXTURE)
            left = _middle(told["kept"][drawn]) / self._gain if np.count_nonzero(drawn) >= 3 else 0.0
            if (
                not STIRRING[0] < stir < STIRRING[1]
                or stir < OWN * rest
                or detail > FINE
                or np.count_nonzero(self._edged[near] > GONE) > EDGED * area
                or (tint > (TINTED if share > HAZY else TINT) and hue > DULL)
                or (share < HAZE and (brighter < BRIGHT or left > KEPT[1] or hue < GREY))
            ):
                continue
            alike = together(self._steps, own)
            if alike > TOGETHER:
                continue
            why = {name: _middle(values[own]) for name, values in told.items()}
            why["together"] = alike
            why |= {"area": area / labels.size, "stir": stir, "rest": rest, "detail": detail, "haze": share}
            score = min(0.8, 0.25 + 0.4 * share + 0.05 * min(4.0, stir / max(rest, 0.1)) + area / labels.size)
            found.append(Suspect(self._box(stats[label]), score, why))
        return found

    def _box(self, stats: Any) -> tuple[float, float, float, float]:
        columns, rows = self._grid
        x, y, width, height = (int(value) for value in stats[:4])
        return x / columns, y / rows, width / columns, height / rows

    def _follow(self, bgr: Picture, different: Blocks) -> None:
        """What is clear follows the day; what is another thing and rests is taken as the scene."""
        resting = different & (self._stir < 1.0)
        self._at_rest = np.where(resting, self._at_rest + 1, 0)
        self._frames += 1
        if self._frames % FOLLOW:
            return
        rate = np.where(~different & (self._veiled < 0.1), MATCH, 0.0)
        rate[self._at_rest > STILL] = 1.0
        height, width = bgr.shape[:2]
        shares = cv2.resize(rate.astype(np.float32), (width, height), interpolation=cv2.INTER_NEAREST)
        self._scene += shares[..., None] * (bgr - self._scene)
        self._know()

    def _know(self) -> None:
        """What the blocks of the scene are."""
        grey, fine, red, blue = _planes(self._scene.astype(np.uint8))
        self._grey0 = grey
        self._level0 = _means(grey, self._grid)
        self._power0 = np.maximum(_means(cv2.multiply(grey, grey), self._grid) - self._level0**2, 0)
        self._detail0 = _means(fine, self._grid)
        self._colour0 = np.hypot(_means(red, self._grid), _means(blue, self._grid))


def _planes(bgr: Picture) -> Sequence[Any]:
    """Grey, fine detail, and the two differences of colour, each (height, width) float32."""
    grey, cr, cb = cv2.split(cv2.cvtColor(bgr, cv2.COLOR_BGR2YCrCb))
    fine = cv2.absdiff(grey, cv2.blur(grey, (3, 3)))
    return (
        grey.astype(np.float32),
        fine.astype(np.float32),
        cr.astype(np.float32) - 128,
        cb.astype(np.float32) - 128,
    )


def _means(values: Any, grid: tuple[int, int]) -> Blocks:
    return np.asarray(cv2.resize(values, grid, interpolation=cv2.INTER_AREA), np.float32)


def together(steps: Sequence[Blocks], own: Blocks) -> float:
    """How much of what blocks change from frame to frame they change alike: near 1 under one lamp, little in smoke."""
    changes = np.stack([step[own] for step in steps])
    alone = float(np.abs(changes).mean(axis=1).sum())
    return float(np.abs(changes.mean(axis=1)).sum()) / alone if alone > 0 else 1.0


def _middle(values: Any) -> float:
    """The median; of an even count the upper one. numpy's own takes ten times as long for so few."""
    flat = values.ravel()
    place = flat.size // 2
    return float(np.partition(flat, place)[place])
