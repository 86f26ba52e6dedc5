"""Change of a zone: it has not looked as it should for longer than its dwell (a bin that overflows)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import cv2
import numpy as np

from drivers.camera.areas import mask
from drivers.camera.frames import Frame
from drivers.camera.likeness import Field, Look, Reference
from drivers.camera.middles import median
from drivers.camera.sight import Area, Box, Sight

EVERY: Final = 2.0  # seconds between two samples: nothing here is in a hurry
SAMPLES: Final = 9  # of which the middle is taken: who passes is not in it
LONGEST: Final = 128  # pixels of a zone's longer side
BLOCK: Final = 8  # pixels
TEXTURED: Final = 2.5  # grey levels of spread within a block: less is noise or a bare wall
ALIKE: Final = 0.45  # correlation of a block with the reference's
CHANGED: Final = 0.3  # of the zone's blocks that can be told apart
MENDED: Final = 0.6  # of CHANGED: less, and it is as it was
FOLLOW: Final = 900.0  # seconds in which the reference follows the sun's shadows
UPSET: Final = (
    0.4  # of the whole picture's structure in its place: with less, the camera has changed, not the zone
)


@dataclass(slots=True)
class _Zone:
    """A zone's rectangle, (height, width) float32 in grey, at most `LONGEST` wide or high."""

    area: Area
    box: Box
    size: tuple[int, int]
    within: Field
    samples: deque[Field] = field(default_factory=lambda: deque(maxlen=SAMPLES))
    reference: Field | None = None
    since: float | None = None
    active: bool = False
    share: float = 0.0


class ZoneChange:
    """Blocks of the zone against the same of a reference by normalised correlation: structure, whatever the light.

    The reference is the middle of the first `SAMPLES` pictures and follows slowly while nothing is changed; an
    episode that has grown too old makes what is there now the reference (`forget`). It does not see a change of
    brightness or colour alone (a wet floor, a bag before a wall of its own texture), nor one of less than about a
    third of the zone: zones are to be drawn tightly.

    Measured on drawn places at 640 x 360: bags heaped over a bin are told at the dwell + 20 s at most (the middle of
    `SAMPLES` must be theirs), people who pass, infra-red, clouds' shadows, 40 % of the light and a covered camera are
    not told. No clip of an overflowing bin was at hand, so that nothing is claimed of real ones. 0.2 ms a frame.
    """

    def __init__(self, areas: Sequence[Area]) -> None:
        self._areas = tuple(areas)
        self.forget()

    @property
    def learning(self) -> bool:
        return self._picture is None or any(zone.reference is None for zone in self._zones)

    def forget(self) -> None:
        self._zones: list[_Zone] = []
        self._looks: list[Look] = []
        self._picture: Reference | None = None
        self._sampled = -1e9
        self._said: list[Sight] = []

    def look(self, frame: Frame) -> Sequence[Sight]:
        if not self._zones:
            self._zones = [_zone(area, frame.size) for area in self._areas]
        if frame.t - self._sampled < EVERY - 0.05:
            return self._said
        self._sampled = frame.t
        look = Look.of(frame)
        if self._picture is None:
            self._looks.append(look)
            if len(self._looks) == SAMPLES:
                self._picture, self._looks = Reference(self._looks), []
        elif self._picture.telling:
            if self._picture.likeness(look.small, look).intact < UPSET:
                return self._said
            self._picture.blend(look, EVERY / FOLLOW)
        for zone in self._zones:
            _sample(zone, frame)
        self._said = [_sight(zone, frame.t) for zone in self._zones if zone.reference is not None]
        return self._said


def _zone(area: Area, size: tuple[int, int]) -> _Zone:
    xs, ys = zip(*area.polygon, strict=True)
    left, top = max(0.0, min(xs)), max(0.0, min(ys))
    box = (left, top, min(1.0, max(xs)) - left, min(1.0, max(ys)) - top)
    width, height = max(BLOCK, box[2] * size[0]), max(BLOCK, box[3] * size[1])
    shrink = min(1.0, LONGEST / max(width, height))
    blocks = tuple(max(1, round(side * shrink / BLOCK)) for side in (width, height))
    small = (blocks[0] * BLOCK, blocks[1] * BLOCK)
    inner = tuple(
        ((x - box[0]) / max(box[2], 1e-6), (y - box[1]) / max(box[3], 1e-6)) for x, y in area.polygon
    )
    part = cv2.resize(mask([inner], small), blocks, interpolation=cv2.INTER_AREA)
    return _Zone(area, box, small, np.asarray(part, np.float32) / np.float32(255))


def _sample(zone: _Zone, frame: Frame) -> None:
    width, height = frame.size
    x, y, across, down = zone.box
    rows, columns = _span(y, down, height), _span(x, across, width)
    grey = cv2.cvtColor(frame.bgr[rows, columns], cv2.COLOR_BGR2GRAY)
    small: Any = cv2.resize(grey, zone.size, interpolation=cv2.INTER_AREA)
    zone.samples.append(np.asarray(cv2.GaussianBlur(small, (3, 3), 0), np.float32))
    if zone.reference is None and len(zone.samples) == SAMPLES:
        zone.reference = median(zone.samples).astype(np.float32)


def _span(start: float, length: float, pixels: int) -> slice:
    """One pixel at least, however thin the zone and at whatever edge."""
    first = min(round(start * pixels), pixels - 1)
    return slice(first, max(first + 1, round((start + length) * pixels)))


def _sight(zone: _Zone, t: float) -> Sight:
    reference = zone.reference
    assert reference is not None  # noqa: S101 - asked for by `look`
    now = median(zone.samples).astype(np.float32)
    zone.share = changed_share(reference, now, zone.within)
    if zone.share >= CHANGED:
        zone.since = t if zone.since is None else zone.since
        zone.active = zone.active or t - zone.since >= zone.area.dwell
    elif zone.share < MENDED * CHANGED:
        zone.since, zone.active = None, False
        cv2.accumulateWeighted(now, reference, EVERY / FOLLOW)
    lasting = 0.0 if zone.since is None else t - zone.since
    why = {"changed": zone.share, "seconds": lasting}
    return Sight("changed", zone.active, min(1.0, zone.share), zone.area.id, zone.box, why)


def changed_share(before: Field, now: Field, within: Field) -> float:
    """Of the blocks that have structure in either picture, the part that is no more alike, 0 to 1."""
    blocks = (within.shape[1], within.shape[0])

    def mean(picture: Field) -> Field:
        return np.asarray(cv2.resize(picture, blocks, interpolation=cv2.INTER_AREA), np.float32).reshape(
            within.shape
        )

    was, is_ = mean(before), mean(now)
    spread_was, spread_is = (np.maximum(mean(p * p) - m * m, 0) for p, m in ((before, was), (now, is_)))
    correlation = (mean(before * now) - was * is_) / np.sqrt(np.maximum(spread_was * spread_is, 1e-3))
    # In dim light the same structure spreads less: what is bare in one and rich in the other has changed.
    told = within * (np.maximum(spread_was, spread_is) > TEXTURED**2)
    whole = float(told.sum())
    return float((told * (correlation < ALIKE)).sum()) / whole if whole >= 1 else 0.0
