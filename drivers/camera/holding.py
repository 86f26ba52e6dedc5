"""What was found before a check began to learn anew: whether it is still there, by the picture of its place.

A check that has just begun takes what stands there for its scene. Of a finding that was open then its place is watched
instead: it is over when that has looked otherwise for `LASTS`, not when nobody can say.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import cv2
import numpy as np

from drivers.camera.checks.zone_change import changed_share
from drivers.camera.frames import Frame, Picture
from drivers.camera.likeness import Field
from drivers.camera.middles import median
from drivers.camera.sight import KINDS, Box

WIDTH: Final = 320  # pixels of the picture
SIDE: Final = 64  # pixels of the place and of the picture, as they are compared
BLOCKS: Final = 8  # a side
MARGIN: Final = 0.1  # of the box's size around it: the outline of a plain thing before a plain ground
EVERY: Final = 0.5  # seconds between two samples
FIRST: Final = 10  # samples whose middle is how it looked: who walks by is not in it
RECENT: Final = 5  # samples whose middle is how it looks now
CHANGED: Final = 0.5  # of the place's blocks
ELSEWHERE: Final = 0.6  # of the blocks around: with more, the camera has changed, not the place
SHARPER: Final = 1.5  # times the edges, from which a blurred picture is sharp again
RICHER: Final = 1.2  # likewise, from which what covered it is gone
LASTS: Final = 30.0  # seconds: a car that waits before the place takes less

_TAMPERED: Final = frozenset(KINDS["tamper"])


class Place:
    """The place of one finding. box: None for the whole picture."""

    def __init__(self, kind: str, box: Box | None) -> None:
        self._kind = kind
        self._box = None if kind in _TAMPERED else box
        self._near: deque[Field] = deque(maxlen=FIRST)
        self._far: deque[Field] = deque(maxlen=FIRST)
        self._edges: deque[float] = deque(maxlen=FIRST)
        self._before: tuple[Field, Field, float] | None = None
        self._sampled = -1e9
        self._since: float | None = None

    def look(self, frame: Frame) -> bool:
        """Whether it is over by this frame."""
        if frame.t - self._sampled < EVERY - 0.05:
            return False
        self._sampled = frame.t
        grey = frame.grey(WIDTH)
        self._near.append(
            _small(grey[_span(self._box, 1, grey.shape[0]), _span(self._box, 0, grey.shape[1])])
        )
        self._far.append(_small(grey))
        self._edges.append(
            float(np.mean(np.abs(cv2.Laplacian(cv2.GaussianBlur(grey, (3, 3), 0), cv2.CV_32F))))
        )
        if self._before is None:
            if len(self._near) == FIRST:
                self._before = (
                    _middle(self._near, FIRST),
                    _middle(self._far, FIRST),
                    float(median(self._edges)),
                )
            return False
        if not self._differs(*self._before):
            self._since = None
            return False
        self._since = frame.t if self._since is None else self._since
        return frame.t - self._since >= LASTS

    def _differs(self, near: Field, far: Field, edges: float) -> bool:
        sharp = float(median(list(self._edges)[-RECENT:])) / max(edges, 0.1)
        if self._kind == "defocused":
            return sharp >= SHARPER
        everywhere = np.ones((BLOCKS, BLOCKS), np.float32)
        if changed_share(near, _middle(self._near, RECENT), everywhere) < CHANGED:
            return False
        if self._kind in _TAMPERED:
            return self._kind != "covered" or sharp >= RICHER
        if self._box is not None:
            everywhere[_span(self._box, 1, BLOCKS), _span(self._box, 0, BLOCKS)] = 0
        return changed_share(far, _middle(self._far, RECENT), everywhere) < ELSEWHERE


def _span(box: Box | None, side: int, pixels: int) -> slice:
    """The box with its margin, in pixels of the picture's width (side 0) or height (1)."""
    start, length = (0.0, 1.0) if box is None else (box[side], box[side + 2])
    first = min(max(0, round((start - MARGIN * length) * pixels)), pixels - 1)
    return slice(first, max(first + 1, round((start + length * (1 + MARGIN)) * pixels)))


def _small(grey: Picture) -> Field:
    small = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (3, 3), 0), np.float32)


def _middle(samples: deque[Field], last: int) -> Field:
    return np.asarray(median(list(samples)[-last:]), np.float32)
