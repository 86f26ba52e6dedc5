"""Zones of a picture: which pixels are theirs, and what stands in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from drivers.camera.frames import Picture
from drivers.camera.sight import Area, Box, Polygon

WHOLE: Final = Area("", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))
"""The whole picture, as the zone of a check that the site asks for without one."""

_SUB: Final = 4  # bits of a fraction of a pixel in cv2.fillPoly


def mask(polygons: Sequence[Polygon], size: tuple[int, int]) -> Picture:
    """255 inside any of the polygons, 0 elsewhere: (height, width) uint8. size: (width, height) in pixels.

    A pixel belongs to a polygon that covers its centre, or the thin line of its edge: a zone narrower than a pixel
    keeps one.
    """
    width, height = size
    drawn: Picture = np.zeros((height, width), np.uint8)
    for polygon in polygons:
        # Relative 0 is the left edge of the first pixel, whose centre OpenCV calls 0.
        corners = (np.array(polygon, np.float64) * (width, height) - 0.5) * (1 << _SUB)
        cv2.fillPoly(drawn, [np.round(corners).astype(np.int32)], 255, cv2.LINE_8, _SUB)
    return drawn


def inside(polygon: Polygon, x: float, y: float) -> bool:
    """Whether a point (relative) lies in a polygon, by the even-odd rule; a point on an edge may fall either way."""
    within = False
    before_x, before_y = polygon[-1]
    for at_x, at_y in polygon:
        if (at_y > y) != (before_y > y) and x < at_x + (y - at_y) * (before_x - at_x) / (before_y - at_y):
            within = not within
        before_x, before_y = at_x, at_y
    return within


def stands_in(box: Box, polygon: Polygon) -> bool:
    """The rule of the bottom centre: a thing is where its feet or wheels are, whatever its top hides behind it.

    Practice of video analysis. A foot below the picture's edge counts as on it.
    """
    x, y, width, height = box
    return inside(polygon, min(max(x + width / 2, 0.0), 1.0 - 1e-9), min(max(y + height, 0.0), 1.0 - 1e-9))
