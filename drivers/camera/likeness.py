"""How much of a scene that is known is still seen: in its place, as sharp as it was, or elsewhere in the picture.

All of it compares structure, never brightness, so that light may change at once or slowly. Practice; the pieces are
textbook ones: normalised cross-correlation by block, the energy of the Laplacian at edges less that of flat parts
(noise is in both), ORB features with RANSAC (Rublee et al., ICCV 2011) and phase correlation for where it went.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.camera.frames import Frame
from drivers.camera.middles import median, quantiles

Field = NDArray[np.float32]

FINE_WIDTH: Final = 320
SMALL: Final = (160, 90)
BLOCKS: Final = (16, 9)  # of 10 x 10 pixels of the small picture
TINY: Final = (40, 24)
AROUND: Final = (21, 21)  # pixels of the small picture: what varies more slowly is light

TEXTURED: Final = 1.6  # grey levels of spread within a block: less is noise or compression
IN_PLACE: Final = 0.5  # correlation of a block with the same block of the reference
ENOUGH: Final = 8  # textured blocks without which nothing can be said
CRUSHED: Final = 6.0
BLOWN: Final = 246.0  # grey levels: beyond, a block has no structure left to be matched
SEEN: Final = 0.3  # of the textured blocks between the two, without which all of them count
CELLS: Final = (8, 6)  # of a picture, in which corners are looked for
EDGES: Final = 0.08  # of the pixels, those of the strongest Laplacian
FLAT: Final = 0.3  # of the pixels, those of the weakest
REMEASURE: Final = 2.0  # seconds: a reference that is blended in hardly changes in less
STEADY: Final = 0.01  # grey levels²: below that a Laplacian is nothing


@dataclass(slots=True)
class Look:
    """A frame at the sizes that are compared.

    fine: grey, 320 wide, uint8. small: 160 x 90, float32. edges: the squared Laplacian of `fine`, float32.
    crisp: of its strongest edges, wherever they are, less its noise.
    """

    t: float
    fine: NDArray[np.uint8]
    small: Field
    edges: Field
    crisp: float

    @staticmethod
    def of(frame: Frame) -> Look:
        fine = frame.grey(FINE_WIDTH)
        small = _f32(cv2.resize(fine, SMALL, interpolation=cv2.INTER_AREA))
        laplacian = _f32(cv2.Laplacian(fine, cv2.CV_32F, ksize=3))
        edges = laplacian * laplacian
        return Look(frame.t, fine, small, edges, _crispness(edges))


@dataclass(frozen=True, slots=True)
class Likeness:
    """matched: part of the reference's textured blocks that are seen in their place, 0 to 1.

    sharp: 1 where edges are as sharp as the reference's, contrast set aside. coarse: correlation of what stays when
    the picture is made very small. texture: textured blocks now, as part of the reference's. crisp: strength of the
    strongest edges now as part of the reference's, contrast not set aside.
    """

    matched: float
    sharp: float
    coarse: float
    texture: float
    crisp: float

    @property
    def intact(self) -> float:
        """How much of the scene is where it was, in blocks and as a whole: 0 to 1."""
        return (self.matched + max(0.0, self.coarse)) / 2


class Reference:
    """A scene as a camera usually sees it: the mean of its looks, which fades with `blend`."""

    def __init__(self, looks: list[Look]) -> None:
        self.small = median([look.small for look in looks]).astype(np.float32)
        self.fine = median([look.fine for look in looks]).astype(np.float32)
        self._measured = looks[-1].t
        self._measure()
        self._sharpness = float(median([self._edge_energy(look.edges) for look in looks]))
        self._crispness = float(median([look.crisp for look in looks]))

    @property
    def telling(self) -> bool:
        """Whether there is structure enough to miss it."""
        return int(self._textured.sum()) >= ENOUGH

    def blend(self, look: Look, share: float) -> None:
        """Let the scene become a little more what it is now."""
        cv2.accumulateWeighted(look.small, self.small, share)
        cv2.accumulateWeighted(look.fine, self.fine, share)
        self._sharpness += share * (self._edge_energy(look.edges) - self._sharpness)
        self._crispness += share * (look.crisp - self._crispness)
        if look.t - self._measured >= REMEASURE:
            self._measured = look.t
            self._measure()

    def likeness(self, small: Field, look: Look) -> Likeness:
        """How the scene is seen in `small`, the mean of a few looks, and in the newest of them."""
        detail = _detail(small)
        mean, spread = _blocks(detail)
        both = _mean(detail * self._known) - mean * self._mean
        light = _mean(small)
        correlation = both / np.sqrt(np.maximum(self._spread * spread, 1e-3))
        told = self._textured & (light > CRUSHED) & (light < BLOWN)
        if np.count_nonzero(told) < max(ENOUGH, SEEN * np.count_nonzero(self._textured)):
            told = self._textured  # not a lamp's glare or a dark corner, but all of it
        matched = float((correlation[told] > IN_PLACE).mean()) if self.telling else 0.0
        tiny = _coarse(small)
        known, now = float(np.vdot(self._tiny, self._tiny)), float(np.vdot(tiny, tiny))
        slope = float(np.vdot(tiny, self._tiny)) / max(known, 1e-6)
        coarse = slope * float(np.sqrt(known / max(now, 1e-6)))
        energy = max(0.0, self._edge_energy(look.edges))
        sharp = float(np.sqrt(energy / max(self._sharpness, STEADY))) / max(abs(slope), 0.02)
        texture = int((spread > TEXTURED**2).sum()) / max(1, int(self._textured.sum()))
        crisp = float(np.sqrt(max(0.0, look.crisp) / max(self._crispness, STEADY)))
        return Likeness(matched, sharp, coarse, texture, crisp)

    def _measure(self) -> None:
        self._known = _detail(self.small)
        self._mean, self._spread = _blocks(self._known)
        self._textured = self._spread > TEXTURED**2
        self._tiny = _coarse(self.small)
        laplacian = np.abs(_f32(cv2.Laplacian(self.fine, cv2.CV_32F, ksize=3)))
        weak, strong = quantiles(laplacian[::2, ::2], FLAT, 1 - EDGES)
        edges, flat = (laplacian > strong).astype(np.float32), (laplacian <= weak).astype(np.float32)
        # One field whose product with the squared Laplacian is the mean at edges less the mean in flat parts.
        self._contrast = edges / max(1.0, float(edges.sum())) - flat / max(1.0, float(flat.sum()))

    def _edge_energy(self, edges: Field) -> float:
        return float(np.vdot(edges, self._contrast))


def _f32(array: Any) -> Field:
    return np.asarray(array, np.float32)


def _mean(small: Field) -> Field:
    return _f32(cv2.resize(small, BLOCKS, interpolation=cv2.INTER_AREA))


def _blocks(small: Field) -> tuple[Field, Field]:
    """Mean and variance of each block."""
    mean = _mean(small)
    return mean, np.maximum(_mean(small * small) - mean * mean, 0)


def _detail(small: Field) -> Field:
    """A picture without the slow fall of light over it, which is alike anywhere on a wall and changes with lamps."""
    return small - _f32(cv2.blur(small, AROUND))


def _coarse(small: Field) -> Field:
    """What is left of a picture in very small, without the slow fall of light over it."""
    tiny = _f32(cv2.resize(small, TINY, interpolation=cv2.INTER_AREA))
    return tiny - _f32(cv2.blur(tiny, (13, 13)))


def cornered(fine: Field) -> float:
    """In how much of a picture something is seen sharply: cells with a corner, as part of all, 0 to 1.

    A place has corners all over it; what is held before a lens is too near to be sharp, and has none or a few lines.
    fine: the mean of a few looks, or noise is full of corners (FAST: Rosten and Drummond, ECCV 2006).
    """
    height, width = fine.shape
    (across, down), found = CELLS, np.zeros(CELLS, bool)
    for corner in _FAST.detect(np.clip(fine, 0, 255).astype(np.uint8)):
        x, y = corner.pt
        found[int(x * across / width), int(y * down / height)] = True
    return float(found.mean())


_FAST: Final = cv2.FastFeatureDetector.create(15)


def coarsely_alike(before: Field, now: Field) -> float:
    """Correlation of what stays of two small pictures when they are made very small."""
    a, b = _coarse(before), _coarse(now)
    return float(np.vdot(a, b) / max(1e-6, float(np.sqrt(np.vdot(a, a) * np.vdot(b, b)))))


def _crispness(edges: Field) -> float:
    """The strength of a picture's strongest edges, wherever they are, less its noise."""
    few = edges[::3, ::3].ravel()
    low, high = round(0.3 * few.size), round(0.97 * few.size)
    ordered = np.partition(few, (low, min(high, few.size - 1)))
    return float(ordered[high] - ordered[low])
