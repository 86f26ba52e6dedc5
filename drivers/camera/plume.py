"""Where a picture billows: large soft patches that brighten and darken on and on while the rest of it is quiet.

Needs no scene to compare with, so it also sees a plume that was there when the camera was started. Smoke moves whole
blocks of the picture at once, a little in every frame, and has folds of its own in them. Leaves and noise change pixels
without their block; people and cars bring sharp edges and go on; a shadow, a lamp or what is out of focus changes a
block all over alike. Where most of the picture stirs, the camera or the light does.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.camera.frames import Picture
from drivers.camera.middles import median, quantiles
from drivers.camera.suspects import Suspect
from drivers.camera.veil import together

Blocks = NDArray[Any]
"""(rows, columns), one value for each block."""

BLOCK: Final = 8  # pixels of the picture worked on, which is 160 wide
MEMORY: Final = 0.08  # per frame: the mean of about the last 2.5 s
SETTLED: Final = 10  # frames before anything is said
STIRS: Final = 0.6  # grey levels from frame to frame, of a block
STEP: Final = 1.0  # grey levels that are more than noise, of a block
OFTEN: Final = 0.4  # of the frames have such a step
COARSE: Final = 0.4  # of what its pixels change is common to the block
SHARP: Final = 25.0  # grey levels from frame to frame: an edge has passed
EDGED: Final = 0.02  # of a block's pixels have that: it is a thing that moves
VIVID: Final = 40.0  # levels of colour: a sign, a screen, a flame
FOLDED: Final = (
    1.25,
    3.0,
)  # steps from pixel to pixel of the change, over its size: as even as light, as ragged as leaves
AREA: Final = (0.045, 0.5)  # of the picture
TOGETHER: Final = 0.6  # of what its blocks change they change alike: that is a lamp, a glow, or a shadow
QUIET: Final = 0.6  # as much as the patch may nine tenths of the rest of the picture stir at most

_NEAR: Final = np.ones((3, 3), np.uint8)


class Plume:
    """Fed pictures (height, width, 3) of one size, five a second."""

    def __init__(self) -> None:
        self._frames = 0
        self._grey: Any = None
        self._level: Any = None
        self._means: Any = None
        self._steps: deque[Blocks] = deque(maxlen=SETTLED)

    def look(self, bgr: Picture) -> list[Suspect]:
        """The largest patch that billows; none while little is known."""
        height, width = bgr.shape[:2]
        grid = max(1, width // BLOCK), max(1, height // BLOCK)
        luma, red, blue = cv2.split(cv2.cvtColor(bgr, cv2.COLOR_BGR2YCrCb))
        grey: Any = luma.astype(np.float32)
        level = _blocks(grey, grid)
        before, was, self._grey, self._level = self._grey, self._level, grey, level
        if before is None or before.shape != grey.shape:
            self._frames, self._means = 0, None
            self._steps.clear()
            return []
        step = level - was
        common = float(median(step.ravel()))  # the exposure's
        change = grey - before - np.float32(common)
        size = np.abs(change)
        sharp = cv2.threshold(size, SHARP, 1.0, cv2.THRESH_BINARY)[1]
        folds = cv2.morphologyEx(change, cv2.MORPH_GRADIENT, _NEAR)
        self._steps.append(step - common)
        step = np.abs(self._steps[-1])
        now = np.stack(
            [step, step > STEP, *(_blocks(values, grid) for values in (size, sharp, folds))], dtype=np.float32
        )
        self._means = now if self._means is None else self._means + MEMORY * (now - self._means)
        self._frames += 1
        if self._frames < SETTLED:
            return []
        stir, often, size, sharp, _ = self._means
        marked = (stir > STIRS) & (often > OFTEN) & (stir > COARSE * (size + 0.3)) & (sharp < EDGED)
        if np.count_nonzero(marked) < AREA[0] * marked.size:
            return []
        colour = np.hypot(_blocks(red, grid) - 128.0, _blocks(blue, grid) - 128.0)
        return self._patch(self._means, marked & (colour < VIVID))

    def _patch(self, means: Blocks, marked: Blocks) -> list[Suspect]:
        stir, _, size, _, folds = means
        least, most = AREA[0] * stir.size, AREA[1] * stir.size
        count, labels, stats, _ = cv2.connectedComponentsWithStats(marked.astype(np.uint8), connectivity=8)
        label = 1 + int(np.argmax(stats[1:count, cv2.CC_STAT_AREA])) if count > 1 else 0
        area = int(stats[label][cv2.CC_STAT_AREA])
        if count < 2 or not least <= area <= most:
            return []
        own = labels == label
        moves, rest = float(median(stir[own])), quantiles(stir[~own], 0.9)[0]
        folded = float(median((folds / (size + 0.5))[own]))
        if rest > QUIET * moves or not FOLDED[0] < folded < FOLDED[1]:
            return []
        alike = together(self._steps, own)
        if alike > TOGETHER:
            return []
        rows, columns = stir.shape
        x, y, across, down = (int(value) for value in stats[label][:4])
        why = {"area": area / stir.size, "stir": moves, "rest": rest, "folds": folded, "together": alike}
        why["coarse"] = float(median((stir / (size + 0.3))[own]))
        score = min(0.7, 0.25 + 0.1 * min(3.0, moves / max(rest, 0.3)) + area / stir.size)
        return [Suspect((x / columns, y / rows, across / columns, down / rows), score, why)]


def _blocks(values: Any, grid: tuple[int, int]) -> Blocks:
    return np.asarray(cv2.resize(values, grid, interpolation=cv2.INTER_AREA), np.float32)
