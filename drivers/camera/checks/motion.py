"""Motion: something larger than noise moves in a zone."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import cv2
import numpy as np

from drivers.camera.areas import mask
from drivers.camera.frames import Frame, Picture
from drivers.camera.sight import Area, Box, Sight

WIDTH: Final = 320
LEARN: Final = 4.0  # seconds
FOLLOW: Final = 60.0  # seconds in which what has come to rest becomes part of the scene
LEAST: Final = 0.0012  # of the picture, 8 x 9 pixels of 320 x 180: a person at some 30 m of a 90 degree lens
SUDDEN: Final = 0.5  # of the picture at once is light or the camera, not something that moves
SETTLING: Final = 1.5  # seconds in which such a new scene is learnt
OF_LAST: Final = (2, 3)  # frames in which it must be seen
HOLD: Final = 3.0  # seconds that it is held after it was last seen
_EDGE: Final = np.ones((3, 3), np.uint8)


@dataclass(slots=True)
class _Zone:
    area: Area
    within: Picture | None  # None: the whole picture
    seen: deque[bool] = field(default_factory=lambda: deque(maxlen=OF_LAST[1]))
    until: float = -1e9
    sight: Sight | None = None


class Motion:
    """Blobs that differ from the background (MOG2: Zivkovic, ICPR 2004), at 320 pixels of width in grey.

    Measured on drawn places at 640 x 360 with noise of 3 grey levels: a box of 50 pixels is told at its second frame,
    in its zone only; nothing is told of noise, of a lamp that halves or doubles all light at once, nor of a box of 9
    pixels. 0.9 to 1.0 ms a frame on a busy core of an EPYC. It misses what moves so slowly that it becomes background
    (a minute) and, for `SETTLING`, all that moves when the light changes. Rain, leaves, clouds' shadows and headlights
    are motion to it: it is kept, no alarm is made of it.
    """

    def __init__(self, areas: Sequence[Area]) -> None:
        self._areas = tuple(areas)
        self.forget()

    @property
    def learning(self) -> bool:
        return not self._known

    def forget(self) -> None:
        self._model: Any = cv2.createBackgroundSubtractorMOG2(detectShadows=False, varThreshold=30)
        self._model.setNMixtures(3)
        self._zones: list[_Zone] = []
        self._began: float | None = None
        self._before = 0.0
        self._settling = -1e9
        self._known = False

    def look(self, frame: Frame) -> Sequence[Sight]:
        grey = frame.grey(WIDTH)
        if self._began is None:
            self._began = self._before = frame.t
            height, width = grey.shape
            self._zones = [
                _Zone(area, None if area.id == "" else mask([area.polygon], (width, height)))
                for area in self._areas
            ]
        step, self._before = min(max(0.0, frame.t - self._before), 2.0), frame.t
        self._known = self._known or frame.t - self._began >= LEARN
        new = not self._known or frame.t < self._settling
        rate = min(1.0, step / 0.8) if new else step / FOLLOW
        moving = self._model.apply(grey, learningRate=rate)
        if self._known and cv2.countNonZero(moving) > SUDDEN * moving.size:
            self._settling = frame.t + SETTLING
            new = True
        if new:
            return [Sight("motion", frame.t < zone.until, zone=zone.area.id) for zone in self._zones]
        moving = cv2.morphologyEx(moving, cv2.MORPH_OPEN, _EDGE)
        return [self._of(zone, moving, frame.t) for zone in self._zones]

    def _of(self, zone: _Zone, moving: Any, t: float) -> Sight:
        part = moving if zone.within is None else cv2.bitwise_and(moving, zone.within)
        largest, box = _largest(part)
        zone.seen.append(largest >= LEAST)
        if sum(zone.seen) >= OF_LAST[0] and largest >= LEAST:
            zone.until = t + HOLD
            score = min(1.0, 0.5 + 0.5 * largest / (10 * LEAST))
            zone.sight = Sight("motion", True, score, zone.area.id, box, {"part": largest})
        if t < zone.until and zone.sight is not None:
            return zone.sight
        return Sight("motion", False, zone=zone.area.id)


def _largest(moving: Any) -> tuple[float, Box | None]:
    """The largest blob: its part of the picture, and its box."""
    if cv2.countNonZero(moving) < LEAST * moving.size:
        return 0.0, None
    _, _, stats, _ = cv2.connectedComponentsWithStats(moving, connectivity=8, ltype=cv2.CV_16U)
    x, y, width, height, area = max(stats[1:].tolist(), key=lambda blob: blob[4])
    rows, columns = moving.shape
    return area / moving.size, (x / columns, y / rows, width / columns, height / rows)
