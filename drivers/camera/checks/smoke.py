"""Suspected smoke: a veil over a part of the scene that stirs and stays, while the rest of the picture is quiet.

Figures follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from drivers.camera.frames import Frame, Picture
from drivers.camera.sight import Area, Sight
from drivers.camera.suspects import Suspect, Suspects, Tracks
from drivers.camera.veil import Veil
from drivers.camera.verifier import Verifier

WIDTH: Final = 160  # pixels of the picture worked on; of one that is higher than wide 90
PORTRAIT: Final = 90
SOONEST: Final = 0.12  # s between frames looked at: the figures are of five a second
GAP: Final = 10.0  # s: after a longer pause the light is another one

LEARNING: Final = (
    4.0  # s of which the scene is the median: who passes is not in it, who stands is, and is not smoke
)
SAMPLE: Final = 0.38  # s between its pictures

WINDOW: Final = 12  # frames
NEEDED: Final = 7
STAYS: Final = 0.3
HOLD: Final = 5.0  # s that it stays suspected without a hit


class Smoke:
    """The check. verifier: the site's model, asked before a suspicion is told."""

    def __init__(self, areas: Sequence[Area], *, verifier: Verifier | None = None) -> None:
        self._suspects = Suspects("smoke", areas, HOLD, verifier)
        self._tracks = Tracks(WINDOW, NEEDED, STAYS)
        self._samples: list[Picture] = []
        self._began = self._sampled = self._t = -1e9
        self._veil: Veil | None = None

    @property
    def learning(self) -> bool:
        return self._veil is None

    def forget(self) -> None:
        self._samples = []
        self._veil = None
        self._tracks.clear()
        self._suspects.clear()

    def look(self, frame: Frame) -> Sequence[Sight]:
        return self._suspects.sights(frame, self._lasting(frame))

    def _lasting(self, frame: Frame) -> list[Suspect]:
        since = frame.t - self._t
        if 0 <= since < SOONEST:
            return []
        width, height = frame.size
        picture = frame.colour(WIDTH if width >= height else PORTRAIT)
        if picture.ndim == 2:
            picture = np.repeat(picture[:, :, None], 3, axis=2)
        if self._samples and (picture.shape != self._samples[0].shape or not 0 <= since <= GAP):
            self.forget()
        self._t = frame.t
        if self._veil is None:
            self._learn(picture, frame.t)
            return []
        return self._tracks.follow(self._veil.look(picture))

    def _learn(self, picture: Picture, t: float) -> None:
        if not self._samples:
            self._began = t
        if not self._samples or t - self._sampled >= SAMPLE:
            self._samples.append(picture)
            self._sampled = t
        if t - self._began >= LEARNING:
            self._veil = Veil(np.median(np.stack(self._samples), axis=0).astype(np.uint8))
            self._samples = self._samples[:1]  # its shape
