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

Field = NDArray[np.float32]

FINE_WIDTH: Final = 320
SMALL: Final = (160, 90)
BLOCKS: Final = (16, 9)  # of 10 x 10 pixels of the small picture
TINY: Final = (40, 24)

TEXTURED: Final = 1.6  # grey levels of spread within a block: less is noise or compression
IN_PLACE: Final = 0.5  # correlation of a block with the same block of the reference
ENOUGH: Final = 8  # textured blocks without which nothing can be said
EDGES: Final = 0.08  # of the pixels, those of the strongest Laplacian
FLAT: Final = 0.3  # of the pixels, those of the weakest
STEADY: Final = 0.01  # grey levels²: below that a Laplacian is nothing


@dataclass(slots=True)
class Look:
    """A frame at the sizes that are compared.

    fine: grey, 320 wide, uint8. small: 160 x 90, float32. edges: the squared Laplacian of `fine`, float32.
    """

    t: float
    fine: NDArray[np.uint8]
    small: Field
    edges: Field

    @staticmethod
    def of(frame: Frame) -> Look:
        fine = frame.grey(FINE_WIDTH)
        small = _f32(cv2.resize(fine, SMALL, interpolation=cv2.INTER_AREA))
        laplacian = _f32(cv2.Laplacian(fine, cv2.CV_32F, ksize=3))
        return Look(frame.t, fine, small, laplacian * laplacian)


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


class Reference:
    """A scene as a camera usually sees it: the mean of its looks, which fades with `blend`."""

    def __init__(self, looks: list[Look]) -> None:
        self.small = np.median([look.small for look in looks], axis=0).astype(np.float32)
        self.fine = np.median([look.fine for look in looks], axis=0).astype(np.float32)
        self._measure()
        self._sharpness = float(np.median([self._edge_energy(look.edges) for look in looks]))
        self._crispness = float(np.median([_crispness(look.edges) for look in looks]))

    @property
    def telling(self) -> bool:
        """Whether there is structure enough to miss it."""
        return int(self._textured.sum()) >= ENOUGH

    def blend(self, look: Look, share: float) -> None:
        """Let the scene become a little more what it is now."""
        cv2.accumulateWeighted(look.small, self.small, share)
        cv2.accumulateWeighted(look.fine, self.fine, share)
        self._sharpness += share * (self._edge_energy(look.edges) - self._sharpness)
        self._crispness += share * (_crispness(look.edges) - self._crispness)
        self._measure()

    def likeness(self, small: Field, edges: Field) -> Likeness:
        """How the scene is seen in a (mean of a few) small pictures and the squared Laplacian of the newest."""
        mean, spread = _blocks(small)
        both = _mean(small * self.small) - mean * self._mean
        correlation = both / np.sqrt(np.maximum(self._spread * spread, 1e-3))
        matched = float((correlation[self._textured] > IN_PLACE).mean()) if self.telling else 0.0
        tiny = _coarse(small)
        slope = float(np.vdot(tiny, self._tiny)) / max(float(np.vdot(self._tiny, self._tiny)), 1e-6)
        coarse = slope * float(np.sqrt(np.vdot(self._tiny, self._tiny) / max(np.vdot(tiny, tiny), 1e-6)))
        energy = max(0.0, self._edge_energy(edges))
        sharp = float(np.sqrt(energy / max(self._sharpness, STEADY))) / max(abs(slope), 0.02)
        texture = int((spread > TEXTURED**2).sum()) / max(1, int(self._textured.sum()))
        crisp = float(np.sqrt(_crispness(edges) / max(self._crispness, STEADY)))
        return Likeness(matched, sharp, coarse, texture, crisp)

    def _measure(self) -> None:
        self._mean, self._spread = _blocks(self.small)
        self._textured = self._spread > TEXTURED**2
        self._tiny = _coarse(self.small)
        laplacian = np.abs(_f32(cv2.Laplacian(self.fine, cv2.CV_32F, ksize=3)))
        weak, strong = np.quantile(laplacian[::2, ::2], (FLAT, 1 - EDGES))
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


def _coarse(small: Field) -> Field:
    """What is left of a picture in very small, without the slow fall of light over it."""
    tiny = _f32(cv2.resize(small, TINY, interpolation=cv2.INTER_AREA))
    return tiny - _f32(cv2.blur(tiny, (13, 13)))


def _crispness(edges: Field) -> float:
    """The strength of a picture's strongest edges, wherever they are, less its noise."""
    few = edges[::2, ::2]
    return float(np.quantile(few, 0.97) - np.quantile(few, 0.3))
