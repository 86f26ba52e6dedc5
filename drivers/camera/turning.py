"""Where a known scene has gone in a picture: by how much the camera was turned aside or on its axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]

WIDE: Final = 320  # pixels
FEATURES: Final = 500
INLIERS: Final = 14  # features that agree on one shift and rotation: fewer agree by chance
AGREEING: Final = 0.3  # of all that were matched
RATIO: Final = 0.85  # a match must be this much better than the second best (Lowe 2004)


@dataclass(frozen=True, slots=True)
class Turn:
    """shift: how far the middle of the picture went, as part of its width. angle: degrees. agreeing: features."""

    shift: float
    angle: float
    scale: float
    agreeing: int


def find_turn(before: Field, now: Any) -> Turn | None:
    """The turn between two grey pictures of the same size; None where none can be told."""
    orb = cv2.ORB_create(FEATURES, 1.2, 4, fastThreshold=6)
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
    matrix, agree = cv2.estimateAffinePartial2D(source, target, ransacReprojThreshold=3.0, maxIters=500)
    if matrix is None:
        return None
    agreeing = int(agree.sum())
    if agreeing < max(INLIERS, AGREEING * len(good)):
        return None
    width, height = size
    middle = np.array((width / 2, height / 2, 1.0))
    off = matrix @ middle - middle[:2]
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    angle = float(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0])))
    return Turn(float(np.hypot(*off)) / width, abs(angle), scale, agreeing)


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
