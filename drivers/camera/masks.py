"""Privacy masks: what is under them is black before anything looks at the picture or keeps it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from drivers.camera.frames import Picture
from drivers.camera.sight import Polygon


class Masks:
    """The masks of a camera."""

    def __init__(self, polygons: Sequence[Polygon] = ()) -> None:
        self.polygons = tuple(polygons)
        self._size = (0, 0)
        self._corners: list[np.ndarray[tuple[int, ...], np.dtype[np.int32]]] = []

    def paint(self, picture: Picture) -> None:
        """Blacken `picture` (height, width, 3) in place, a pixel more than the polygons on every side."""
        if not self.polygons:
            return
        height, width = picture.shape[:2]
        if (width, height) != self._size:
            self._size = (width, height)
            scale = np.array([width - 1, height - 1])
            self._corners = [np.rint(np.array(polygon) * scale).astype(np.int32) for polygon in self.polygons]
        for corners in self._corners:  # in one call, what lies in two of them would be left
            cv2.fillPoly(picture, [corners], (0, 0, 0))
        cv2.polylines(picture, self._corners, isClosed=True, color=(0, 0, 0), thickness=3)
