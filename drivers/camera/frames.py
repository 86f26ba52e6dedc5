"""A picture as the checks see it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""(height, width, 3) in BGR, or (height, width) in grey."""


class Frame:
    """One decoded picture of a camera, privacy masks applied already. Smaller copies are made once for all checks.

    t: seconds on the source's own count (monotonic; of a clip: from its start). bgr: (height, width, 3) uint8.
    """

    __slots__ = ("_made", "bgr", "t")

    def __init__(self, t: float, bgr: Picture) -> None:
        self.t = t
        self.bgr = bgr
        self._made: dict[tuple[str, int], Picture] = {}

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        height, width = self.bgr.shape[:2]
        return width, height

    def colour(self, width: int) -> Picture:
        """BGR at `width` pixels, the height in proportion; never enlarged. Not to be written to."""
        return self._at("colour", width)

    def grey(self, width: int) -> Picture:
        """Grey at `width` pixels, likewise."""
        return self._at("grey", width)

    def _at(self, kind: str, width: int) -> Picture:
        key = (kind, width)
        if (made := self._made.get(key)) is None:
            if kind == "grey":
                made = _array(cv2.cvtColor(self.colour(width), cv2.COLOR_BGR2GRAY))
            else:
                full_width, full_height = self.size
                made = self.bgr
                if full_width > width:
                    height = max(1, round(full_height * width / full_width))
                    made = _array(cv2.resize(self.bgr, (width, height), interpolation=cv2.INTER_AREA))
            self._made[key] = made
        return made


def _array(value: Any) -> Picture:
    made: Picture = value
    return made
