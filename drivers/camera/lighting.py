"""How the light of a whole picture stands against the scene that was learnt: exposure, and changes of everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.camera.frames import Frame
from drivers.camera.middles import median

Floats = NDArray[np.float32]  # of a picture: (3, height, width); planes lie apart, which numpy is quick with
Bools = NDArray[np.bool_]

FROM: Final = 320  # pixels: the copy of the frame that the other checks use too
WIDTH: Final = 80  # pixels: exposure and cuts show in the coarsest picture, noise and leaves do not
TOLERANCE: Final = 25.0  # grey levels that a block may differ by and still be the same
CHANGED: Final = 0.6  # share of the picture; a van before the lens covers half of it
LOST: Final = 0.6  # share of the learnt edges that are no more where they were
STRONG: Final = 6.0  # grey levels of contrast that make an edge
CALM: Final = 0.25  # share of the picture that may change from frame to frame; more is a pan
GAINS: Final = (0.1, 10.0)
FOLLOW: Final = 0.02  # of the difference, a frame: the day's course


@dataclass(frozen=True, slots=True)
class Light:
    """gains: by channel, what the learnt scene is to be multiplied by to look like this frame (auto-exposure, dusk).

    upset: most of the picture is another one: it pans, the lamps went out, the camera was moved. changed, lost: the
    shares that say so. restless: share of the picture that differs from the frame before.
    """

    gains: tuple[float, float, float]
    upset: bool
    changed: float
    lost: float
    restless: float

    @property
    def calm(self) -> bool:
        """Whether the picture as a whole stands still."""
        return self.restless < CALM


class Lighting:
    """Follows the light of a camera's pictures. `look` at every frame; `learn` takes a scene as the known one."""

    def __init__(self) -> None:
        self._scene: Floats | None = None
        self._before: Floats | None = None
        self._gains: Floats = np.ones((3, 1, 1), np.float32)
        self._edges: tuple[Floats, Bools] | None = None
        self._samples: list[Floats] = []

    def sample(self) -> None:
        """Keep the last frame looked at for `learn`."""
        if self._before is not None:
            self._samples.append(self._before)

    def forget_samples(self) -> None:
        """Begin the samples anew."""
        self._samples.clear()

    def learn(self) -> None:
        """Take the middle of the samples as the scene."""
        fitting = [sample for sample in self._samples if sample.shape == self._samples[-1].shape]
        self._scene = median(fitting).astype(np.float32) if fitting else None
        self.forget_samples()
        self._gains = np.ones((3, 1, 1), np.float32)
        self._edges = None

    def rebase(self, gains: Sequence[float]) -> None:
        """The learnt scene is to be multiplied by `gains`: that light is the usual one now."""
        if self._scene is not None:
            factor = np.array(gains, np.float32).reshape(3, 1, 1)
            self._scene = np.minimum(self._scene * factor, 255.0)
            self._gains = self._gains / factor
            self._edges = None

    def look(self, frame: Frame) -> Light:
        """How the light of `frame` is; before a scene is learnt only `restless` is known."""
        now = _coarse(frame)
        before, self._before = self._before, now
        restless = 1.0
        if before is not None and before.shape == now.shape:
            restless = _share(_widest(np.abs(now - before)) > TOLERANCE)
        scene = self._scene
        if scene is None or scene.shape != now.shape:
            return Light((1.0, 1.0, 1.0), False, 0.0, 0.0, restless)
        self._gains = self._measured(scene, now)
        apart = _widest(np.abs(now - np.minimum(scene * self._gains, 255.0))) > TOLERANCE
        changed, lost = _share(apart), self._lost(scene, now)
        upset = changed > CHANGED or lost > LOST
        if not upset:  # what stays as it is follows the day; what differs is left as it was
            scene += FOLLOW * np.where(apart, np.float32(0), now / self._gains - scene)
        blue, green, red = (float(gain) for gain in self._gains.ravel())
        return Light((blue, green, red), upset, changed, lost, restless)

    def _measured(self, scene: Floats, now: Floats) -> Floats:
        """The gains: of the blocks that fit the last ones, or of all where too few do (the exposure has jumped)."""
        scene, now = scene[:, ::2, ::2], now[:, ::2, ::2]
        usable = (scene.min(axis=0) > 12) & (_widest(scene) < 245) & (_widest(now) < 250)
        fits = usable & (_widest(np.abs(now - scene * self._gains)) < TOLERANCE)
        chosen = fits if np.count_nonzero(fits) > 0.4 * np.count_nonzero(usable) else usable
        if np.count_nonzero(chosen) < 20:
            return self._gains
        ratio = median((now[:, chosen] / scene[:, chosen]).T)
        gains: Floats = np.clip(ratio, *GAINS).astype(np.float32).reshape(3, 1, 1)
        return gains

    def _lost(self, scene: Floats, now: Floats) -> float:
        if self._edges is None:
            contrast = _contrast(scene)
            self._edges = contrast, np.abs(contrast) > STRONG
        contrast, strong = self._edges
        was = contrast[strong] * float(self._gains.mean())
        if was.size < 40:
            return 0.0
        return _share(np.abs(_contrast(now)[strong] - was) > 0.8 * np.abs(was))


def _coarse(frame: Frame) -> Floats:
    colour = frame.colour(FROM)
    height, width = colour.shape[:2]
    size = (WIDTH, max(4, round(height * WIDTH / width)))
    return np.stack(cv2.split(cv2.resize(colour, size, interpolation=cv2.INTER_AREA))).astype(np.float32)


def _widest(planes: Floats) -> Floats:
    widest: Floats = np.maximum(np.maximum(planes[0], planes[1]), planes[2])
    return widest


def _contrast(coarse: Floats) -> Floats:
    grey: Any = (coarse[0] + coarse[1] + coarse[2]) / 3
    made: Floats = grey - cv2.blur(grey, (5, 5))
    return made


def _share(marked: Bools) -> float:
    return float(np.count_nonzero(marked)) / max(1, marked.size)
