"""Where a known scene has gone in a picture: by how much the camera was turned aside or on its axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]

WIDE: Final = 320  # pixels
CELLS: Final = (8, 6)  # of the picture, in which features agree
FEATURES: Final = 500
INLIERS: Final = 14  # features that agree on one shift and rotation: fewer agree by chance
AGREEING: Final = 0.3  # of all that were matched
STAYS: Final = 2.5  # pixels of the wide picture that a feature may shiver in its place
OUTVOTE: Final = 1.5  # times as many must have gone as stayed (a burnt-in clock stays too)
ZOOM: Final = 1.35  # a turned camera sees the same size: another is a chance agreement
STEEP: Final = 75.0  # degrees, likewise
PEAK: Final = 0.05  # of phase correlation
FAR: Final = 0.5  # of the picture: beyond, what is left in common is too little to be believed
TOGETHER: Final = 0.5  # correlation of what a shift brings together
BETTER: Final = 0.25  # than what stands in place
RATIO: Final = 0.85  # a match must be this much better than the second best (Lowe 2004)


@dataclass(frozen=True, slots=True)
class Turn:
    """shift: how far the middle of the picture went, as part of its width. angle: degrees. agreeing: features.

    spread: cells of the picture without its margin in which features agree, 0 to 1. In the margin a clock is burnt in.
    """

    shift: float
    angle: float
    scale: float
    agreeing: int
    spread: float

    def near(self, other: Turn, shift: float, angle: float) -> bool:
        """Whether the two differ by less than that."""
        return abs(self.shift - other.shift) < shift and abs(self.angle - other.angle) < angle


def find_turn(before: Field, now: Any) -> Turn | None:
    """The turn between two grey pictures of the same size; None where none can be told."""
    orb = cv2.ORB.create(FEATURES, 1.2, 4, fastThreshold=6)
    size = _size(before)
    here, there = (orb.detectAndCompute(_levelled(picture, size), None) for picture in (before, now))
    if here[1] is None or there[1] is None or len(here[0]) < INLIERS or len(there[0]) < INLIERS:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(here[1], there[1], k=2)
    good = [pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < RATIO * pair[1].distance]
    if len(good) < INLIERS:
        return None
    source = np.array([here[0][match.queryIdx].pt for match in good], np.float32)
    target = np.array([there[0][match.trainIdx].pt for match in good], np.float32)
    matrix: Any
    matrix, agree = cv2.estimateAffinePartial2D(source, target, ransacReprojThreshold=3.0, maxIters=500)
    if matrix is None:
        return None
    agreeing = int(agree.sum())
    staying = int((np.linalg.norm(target - source, axis=1) < STAYS).sum())
    if agreeing < max(INLIERS, AGREEING * len(good)):
        return None
    width, height = size
    middle = np.array((width / 2, height / 2, 1.0))
    off = matrix @ middle - middle[:2]
    if np.hypot(*off) > STAYS and agreeing < OUTVOTE * staying:  # a car has moved, and the camera has not
        return None
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    angle = float(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0])))
    if not 1 / ZOOM < scale < ZOOM or abs(angle) > STEEP:
        return None
    if not _better(before, now, matrix, size):
        return None
    spread = _spread(target[agree.ravel() == 1], size)
    return Turn(float(np.hypot(*off)) / width, abs(angle), scale, agreeing, spread)


def _spread(points: Any, size: tuple[int, int]) -> float:
    found = np.zeros(CELLS, bool)
    column, row = (points * np.array(CELLS) / size).astype(int).clip(0, np.array(CELLS) - 1).T
    found[column, row] = True
    return float(found[1:-1, 1:-1].mean())


def _better(before: Field, now: Any, matrix: Any, size: tuple[int, int]) -> bool:
    """Whether the picture as a whole fits the turn better than none: not only a car that has moved in it."""
    was, is_ = (cv2.resize(np.asarray(picture, np.float32), size) for picture in (before, now))
    moved = cv2.warpAffine(was, matrix, size)
    common = cv2.erode(cv2.warpAffine(np.ones_like(was), matrix, size), np.ones((9, 9), np.uint8)) > 0.99
    blank = np.where(common, is_, 0)
    return _alike(blank, np.where(common, moved, 0)) >= _alike(blank, np.where(common, was, 0))


def find_shift(before: Field, now: Field) -> Turn | None:
    """The shift between two small grey pictures of the same size where features are too few; None where none is sure.

    By phase correlation of their edges; it is believed where what the shift brings together is alike indeed, and
    what stands in place is not.
    """
    edges = [_edges(picture) for picture in (before, now)]
    height, width = before.shape
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    (x, y), response = cv2.phaseCorrelate(edges[0], edges[1], window)
    if response < PEAK or abs(x) > FAR * width or abs(y) > FAR * height:
        return None
    at = np.array(((1, 0, x), (0, 1, y)), np.float32)
    moved = cv2.warpAffine(before, at, (width, height), flags=cv2.INTER_LINEAR)
    left, top = max(0, int(np.ceil(x))), max(0, int(np.ceil(y)))
    right, bottom = min(width, int(width + x)), min(height, int(height + y))
    common = np.s_[top:bottom, left:right]
    apart = _alike(now[common], before[common])
    together = _alike(now[common], moved[common])
    if together < TOGETHER or together - apart < BETTER:
        return None
    return Turn(float(np.hypot(x, y)) / width, 0.0, 1.0, round(100 * together), 1.0)


def _edges(picture: Field) -> Field:
    x, y = (cv2.Sobel(picture, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    return np.asarray(cv2.magnitude(x, y), np.float32)


def _alike(a: Any, b: Any) -> float:
    """Correlation of two pictures without the slow fall of light over them."""
    a, b = (picture - cv2.blur(picture, (21, 21)) for picture in (a, b))
    return float(np.vdot(a, b) / max(1e-6, np.sqrt(np.vdot(a, a) * np.vdot(b, b))))


def _size(picture: Field) -> tuple[int, int]:
    """At least `WIDE`: a feature needs 31 pixels around it."""
    height, width = picture.shape
    larger = max(1.0, WIDE / width)
    return round(width * larger), round(height * larger)


def _levelled(picture: Any, size: tuple[int, int]) -> Any:
    """Its contrast stretched part by part: features are found in the dark corners of a night picture too."""
    levelled = _CLAHE.apply(np.clip(picture, 0, 255).astype(np.uint8))
    return cv2.resize(levelled, size, interpolation=cv2.INTER_LINEAR)


_CLAHE: Final = cv2.createCLAHE(3.0, (4, 4))
