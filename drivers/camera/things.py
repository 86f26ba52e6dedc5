"""Something that has stayed in the picture: whether it is a thing or only light, left or taken, and still there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.camera.frames import Picture
from drivers.camera.middles import median, quantiles

Floats = NDArray[np.float32]

TEXTURE: Final = 1.5  # grey levels of fine structure that are more than noise
KEPT: Final = 0.55  # correlation of the ground's fine structure, above which only the light changed
KNOWN: Final = 0.6  # share of the ground's differences in brightness that one light leaves as they were
EVEN: Final = 0.12  # spread of the logarithm of the change that one light makes over a flat ground
SAME_LIGHT: Final = 0.12  # logarithm by which a thing and the ground about it change together
EVENEST: Final = 0.02  # no thing as large as `LARGE` is as even as this
LARGE: Final = 500  # pixels
COLOUR: Final = 0.05  # what the change may differ by between the channels
OWN: Final = 0.015  # spread of the ground's brightness (logarithm) that is more than noise
ALIKE: Final = 0.4  # correlation of the fine structure around one pixel, below which it is another
LIT: Final = 0.6  # share of a large change in which the ground must still be seen for it to be a light
NEAR: Final = (9, 9)  # pixels around one
EDGE: Final = np.ones((13, 13), np.uint8)  # what the edge of a light is wide, with the surroundings looked at
SPREADS: Final = ((25, 25), (75, 75))  # pixels over which a cloud's or a lamp's light is the same
REACHED: Final = 0.1  # of them known ground
SOFT: Final = 0.45  # of the step at the edge within one pixel: the edge of a thing is sharper
GONE: Final = 2.0  # seconds the ground must show before a thing counts as taken away
REPLACED: Final = 60.0  # seconds without the thing or the ground, after which something else is there
APART: Final = 0.25  # of an outline that must be its own to be measured alone
RING: Final = 4  # pixels around a thing whose light is compared

_CROSS: Final = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class Judgement:
    """light: only the light changed there. left: it was put there; else it was taken away.

    kept: correlation of fine structure before and after; known: share of the ground's own differences of brightness
    that is still there; even: spread of the change; edges: contrast of its outline
    now over that before (more than one: it came; less: it went).
    """

    light: bool
    left: bool
    kept: float
    known: float
    even: float
    edges: float

    def numbers(self) -> dict[str, float]:
        """What it was judged by."""
        return {"edges": self.edges, "kept": self.kept, "known": self.known, "even": self.even}


def judge(before: Picture, after: Picture, shape: Picture, known: Picture | None = None) -> Judgement:
    """What happened where `shape` is marked. before, after: (height, width, 3) in BGR of the same place and light.

    known: marked where things are of which this may be a further part: what it has in common with one is no outline.
    """
    was = cv2.GaussianBlur(before, (3, 3), 0)
    seen = after.copy()
    cv2.copyTo(before, cv2.bitwise_not(shape), seen)  # whoever walks around it now is no part of its outline
    now = cv2.GaussianBlur(seen, (3, 3), 0)
    band = _band(shape)
    free = band if known is None else band & (known == 0)
    band = free if np.count_nonzero(free) > APART * np.count_nonzero(band) else band
    outline_now, outline_was = _outline(now, band), _outline(was, band)
    edges = (outline_now + 2.0) / (outline_was + 2.0)
    kept, there, even, tinted = _change(before, after, shape)
    step = abs(float(median(_log(after)[shape > 0]) - median(_log(before)[shape > 0])))
    soft = _steepest(before, seen, band) < SOFT * max(step, 0.05)
    flat = (kept == 0.0 and even < EVEN and soft) or (even < EVENEST and cv2.countNonZero(shape) > LARGE)
    light = kept > KEPT or (tinted < COLOUR and (there > KNOWN or flat))
    return Judgement(light, edges >= 0.95, kept, there, even, edges)


def under_light(before: Picture, after: Picture, shape: Picture, newer: Picture) -> tuple[Picture, Picture]:
    """(the ground in the light that has come, where something may lie on it): a bag in a shadow is no shadow.

    Where the ground's fine structure is no more to be seen there may be something else; the new light is measured on
    the rest. The edge of the light itself is none. newer: marked where something else is already known to be.
    """
    seen = before.copy()
    cv2.copyTo(after, shape, seen)
    alien = np.where(_alien(before, seen) & (shape > 0), 255, 0).astype(np.uint8)
    count, labels = cv2.connectedComponents(alien)
    deep = np.zeros(count, np.bool_)
    deep[np.asarray(labels)[(np.asarray(cv2.erode(shape, EDGE)) > 0) & (alien > 0)]] = True
    deep[0] = False
    covered = deep[np.asarray(labels)] | (newer > 0)
    weight = np.where(covered, 0.0, 1.0).astype(np.float32)
    change = (_log(seen) - _log(before)) * weight
    light = np.zeros_like(change)
    for size in reversed(SPREADS):  # the narrowest that reaches known ground
        total, counted = np.asarray(cv2.blur(change, size)), np.asarray(cv2.blur(weight, size))
        light = np.where(counted > REACHED, total / np.maximum(counted, REACHED), light)
    ground = np.clip((before + 4.0) * np.exp(light)[:, :, None] - 4.0, 0, 255).astype(np.uint8)
    return ground, np.where(covered, 255, 0).astype(np.uint8)


def in_other_light(ground: Picture, known: Picture, now: Picture, shape: Picture) -> bool:
    """Whether `now` shows the `known` thing where `shape` is marked, in the light that has come over the ground, too.

    A cloud changes both alike; somebody who stands before the thing changes neither alike nor evenly.
    """
    around = cv2.subtract(cv2.dilate(shape, EDGE), cv2.dilate(shape, np.ones((5, 5), np.uint8)))
    inside = np.asarray(cv2.erode(shape, _CROSS)) > 0
    inside = inside if np.count_nonzero(inside) >= 9 else shape > 0
    if cv2.countNonZero(around) < 9:
        return False
    own, outer = _ratio(known, now)[inside], _ratio(ground, now)[np.asarray(around) > 0]
    middle, there = median(own), median(outer)
    alike = float(np.abs(middle - there).max()) < SAME_LIGHT
    quiet = np.median(np.abs(own - middle)) < EVEN / 2 and np.median(np.abs(outer - there)) < EVEN / 2
    return bool(alike and quiet)


def _ratio(before: Picture, after: Picture) -> Floats:
    """Logarithm of what each pixel's channels were multiplied by."""
    was, now = (cv2.blur(one, (3, 3)).astype(np.float32) + 4.0 for one in (before, after))
    made: Floats = np.log(now / was)
    return made


def _alien(before: Picture, after: Picture) -> NDArray[np.bool_]:
    """Where the surroundings of a pixel have a structure that is not the one before."""
    was, now = _fine(before), _fine(after)
    product, own, new = (np.asarray(cv2.blur(a * b, NEAR)) for a, b in ((was, now), (was, was), (now, now)))
    alike = product > ALIKE * np.sqrt(own * new)
    structure = np.maximum(own, new) > TEXTURE**2
    marked = np.where(structure & ~alike, 255, 0).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(marked, cv2.MORPH_OPEN, _CROSS)) > 0


def _band(shape: Picture) -> NDArray[np.bool_]:
    ringed = cv2.subtract(cv2.dilate(shape, _CROSS), cv2.erode(shape, _CROSS))
    return np.asarray(ringed) > 0


def _outline(picture: Any, band: NDArray[np.bool_]) -> float:
    steps = np.asarray(cv2.morphologyEx(picture, cv2.MORPH_GRADIENT, _CROSS)).max(axis=2)
    return float(steps[band].mean()) if band.any() else 0.0


def _change(before: Picture, after: Picture, shape: Picture) -> tuple[float, float, float, float]:
    """(correlation of the fine structure, 0 where there is none; what is `known`; spread of the change; its tint)."""
    inner = np.asarray(cv2.erode(shape, np.ones((5, 5), np.uint8))) > 0
    if inner.sum() < 25:
        inner = shape > 0
    elif inner.sum() > LARGE:  # what lies under a light is no word against it
        own = inner & ~_alien(before, after)
        inner = own if own.sum() > LIT * inner.sum() else inner
    fine_before, fine_after = _fine(before)[inner], _fine(after)[inner]
    deep, deep_after = float(fine_before.std()), float(fine_after.std())
    kept = 0.0
    if deep > TEXTURE and deep_after > 0.3:
        product = (fine_before - fine_before.mean()) * (fine_after - fine_after.mean())
        kept = float(product.mean()) / (deep * deep_after)
    was, now = _log(before), _log(after)
    change = now - was
    if (
        inner.sum() > LARGE
    ):  # over so much ground one light is not the same everywhere, only from place to place
        was, change = was - _around(was, inner), change - _around(change, inner)
    even, spread = float(change[inner].std()), float(was[inner].std())
    known = max(0.0, 1.0 - (even / spread) ** 2) if spread > OWN else 0.0
    colours = np.log(after[inner].astype(np.float32) + 4.0) - np.log(before[inner].astype(np.float32) + 4.0)
    middles = median(colours)
    return kept, known, even, float(np.abs(middles - middles.mean()).max())


def _around(levels: Floats, inner: NDArray[np.bool_]) -> Floats:
    """The mean of each pixel's surroundings, as far as they are inside."""
    weight = inner.astype(np.float32)
    total, count = cv2.blur(levels * weight, (15, 15)), cv2.blur(weight, (15, 15))
    mean: Floats = (np.asarray(total) / np.maximum(np.asarray(count), 1e-3)).astype(np.float32)
    return mean


def _fine(picture: Picture) -> Floats:
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)).astype(np.float32)
    made: Floats = grey - cv2.blur(grey, (5, 5))
    return made


def _log(picture: Picture) -> Floats:
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)).astype(np.float32)
    made: Floats = np.log(grey + 4.0)
    return made


def _steepest(before: Picture, seen: Picture, band: NDArray[np.bool_]) -> float:
    """The typical step from pixel to pixel of the change, along its outline."""
    change = _log(seen) - _log(before)
    steps = np.asarray(cv2.morphologyEx(change, cv2.MORPH_GRADIENT, _CROSS)) / 2
    return quantiles(steps[band], 0.75)[0] if band.any() else 0.0


class Thing:
    """A thing found in the picture, followed until it is taken away (or, where it was taken, put back)."""

    def __init__(self, corner: tuple[int, int], before: Picture, after: Picture, shape: Picture) -> None:
        """Cut out what is needed. corner, shape: in the pictures' pixels; shape is as large as they are."""
        height, width = shape.shape
        x, y, across, down = cv2.boundingRect(shape)
        self.rows = slice(max(0, y - RING), min(height, y + down + RING))
        self.columns = slice(max(0, x - RING), min(width, x + across + RING))
        self.place = (corner[0] + x, corner[1] + y, across, down)
        self.shape: Picture = shape[self.rows, self.columns].copy()
        self.before: Picture = before[self.rows, self.columns].copy()
        self.after: Picture = self.before.copy()  # around it nothing has changed, whoever walks there now
        cv2.copyTo(after[self.rows, self.columns], self.shape, self.after)
        self._inside = self.shape > 0
        near = np.asarray(cv2.dilate(self.shape, np.ones((2 * RING + 1, 2 * RING + 1), np.uint8))) > 0
        self._around = near & ~(np.asarray(cv2.dilate(self.shape, _CROSS)) > 0)
        self._gone = 0.0
        self._hidden = 0.0
        self._last: float | None = None

    def over(self, bgr: Picture, t: float) -> bool:
        """Whether it is over with this picture of the same place: the ground shows again, or something else does."""
        step, self._last = min(max(0.0, t - (t if self._last is None else self._last)), 1.0), t
        now = bgr[self.rows, self.columns].astype(np.float32)
        there, ground = self._apart(now, self.after), self._apart(now, self.before)
        if ground < 0.6 * there:
            self._gone += step
            self._hidden = 0.0
        elif there <= ground:
            self._gone = self._hidden = 0.0
        else:
            self._gone = max(0.0, self._gone - step)
            self._hidden += step
        return self._gone >= GONE or self._hidden >= REPLACED

    def _apart(self, now: Floats, known: Picture) -> float:
        """Grey levels between now and a known state inside the shape, in the light that falls around it now."""
        then = known.astype(np.float32)
        if self._around.any():
            gains = (now[self._around].mean(axis=0) + 4.0) / (then[self._around].mean(axis=0) + 4.0)
            then = np.minimum(then * np.clip(gains, 0.2, 5.0), 255.0)
        return float(np.abs(now - then)[self._inside].mean())
