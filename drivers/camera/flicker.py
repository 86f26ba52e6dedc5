"""Where a picture flickers in a fire's colours: maps of what each pixel did in the last two seconds, and their blobs.

Two looks. A flame's edge turns brighter and darker again and again, which a thing that moves or blinks does once or
with one shape: that finds most fires, also those already burning at the first frame. A large fire near the camera is a
blinding white with a warm glow round it, new to the scene, and hardly turns anywhere: that is the second.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np

from drivers.camera.frames import Picture
from drivers.camera.suspects import Suspect

STEP: Final = 18  # of 255 in green: a change; green tells a flame's red tip from its yellow foot
FADE: Final = 0.12  # per frame, of what a pixel did: about the last 1.6 s
TURNS: Final = 0.12 * 255  # of the frames a pixel turns from brighter to darker or back
OWN: Final = 0.2 * 255  # of the frames it has a flame's colour
HOT: Final = 225  # of 255 in every colour: the sensor is blinded

AREA: Final = 25 / (320 * 180)  # of the picture: a blob
BLOBS: Final = 4  # looked at per frame, the largest first
NOW: Final = 0.2  # of a blob has the colours in this very frame
RESTLESS: Final = 0.16  # turns of a blob as a whole
SPREAD: Final = 15.0  # of green: a painted thing has one shade, a flame goes from red to white
RED: Final = 190.0  # its reddest pixels: a fire shines by itself
NOVEL: Final = (
    0.15  # of its shape is new against each of the last ones: a lamp comes back, a car stays the same
)
SHAPES: Final = 9  # the last ones and this

FILLED: Final = (
    0.85  # of a blob and its surroundings is of a fire's colours: what is brighter is its shape then
)

GLARE: Final = 0.004  # of the picture
GLARE_NOVEL: Final = 0.06
AROUND: Final = 0.4  # of the ring about it has a flame's colours, and had not before
USUAL: Final = 0.4 * 255  # of the time a pixel is bright or warm: a window, a lamp, a red wall
USUAL_EVERY: Final = 5  # frames
USUAL_FADE: Final = 0.05  # per so many frames: half a minute

GREY: Final = 4.0  # levels between a pixel's colours, on average: a camera without colours, by infra-red
GREY_EVERY: Final = 25  # frames
DARK: Final = 130.0  # of 255: by day such a camera has a hundred bright things
GREY_NOVEL: Final = 0.12
EDGES: Final = 200  # pixels of edges, in half size, that tell whether the camera moves
EDGE: Final = 40

_NEAR: Final = np.ones((7, 7), np.uint8)
_CLOSE: Final = np.ones((5, 5), np.uint8)
_GRADIENT: Final = np.ones((3, 3), np.uint8)
_RING: Final = np.ones((15, 15), np.uint8)
_PAD: Final = 3
_COMPARED: Final = (2, 3, 4, 6, 9)  # counted back from this shape, which is 1: a second and a half
_RING_PAD: Final = 8
_LARGE: Final = 10_000  # pixels of a blob that is compared with its past at half size


class Flicker:
    """Fed pictures of one shape (height, width), five a second.

    moving: share of the scene's edges that are gone since the frame before. lit: levels by which the picture as a whole
    is brighter or darker. grey: whether the camera sees no colours.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.moving = 0.0
        self.lit = 0.0
        self.grey = False
        self._frames = 0
        self._level: float | None = None
        self._usual_level = 0.0
        self._before: Any = None
        self._gradient: Any = None
        self._usual: Any = None
        self._unusual: Any = None
        self._nothing: Any = np.zeros(shape, np.uint8)
        self._green: Any = self._nothing
        self._red: Any = self._green
        self._hot: Any = self._green
        self._coloured: Any = self._green
        self._rising: Any = np.zeros(shape, np.uint8)
        self._falling: Any = np.zeros(shape, np.uint8)
        self._turns: Any = np.zeros(shape, np.float32)
        self._own: Any = np.zeros(shape, np.float32)
        self._shapes: deque[Any] = deque(maxlen=SHAPES)
        self._greens: deque[Any] = deque(maxlen=SHAPES)
        self._glares: deque[Any] = deque(maxlen=SHAPES)

    def take(self, picture: Picture) -> None:
        """Add a frame: (height, width, 3) BGR, or grey (height, width)."""
        bgr: Any = picture if picture.ndim == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
        _, green, red = cv2.split(bgr)
        hot = cv2.inRange(bgr, (HOT, HOT, HOT), (255, 255, 255))
        if self._frames % GREY_EVERY == 0:
            self.grey = _is_grey(bgr)
        coloured = (
            cv2.bitwise_and(_above(green, 150), cv2.dilate(hot, _NEAR))
            if self.grey
            else _fiery(bgr, green, red)
        )
        shape = cv2.bitwise_or(coloured, cv2.bitwise_and(hot, cv2.dilate(coloured, _NEAR)))
        self._green, self._red, self._hot, self._coloured = green, red, hot, coloured
        self._accustom(cv2.bitwise_or(shape, hot))
        self._shapes.append(self._held(shape))
        self._greens.append(green)
        self._glares.append(self._held(cv2.bitwise_and(hot, self._unusual)))
        half = cv2.resize(
            green, (max(1, green.shape[1] // 2), max(1, green.shape[0] // 2)), interpolation=cv2.INTER_AREA
        )
        gradient = cv2.morphologyEx(half, cv2.MORPH_GRADIENT, _GRADIENT)
        level = cv2.mean(green)[0]
        if self._before is not None and self._level is not None:
            self.moving = _edges_gone(gradient, self._gradient, shape)
            self._turn(green, level - self._level)
            cv2.accumulateWeighted(shape, self._own, FADE)
        self._before, self._gradient, self._level = green, gradient, level
        self._frames += 1

    def flames(self) -> list[Suspect]:
        """Blobs of the last frame that flicker in a fire's colours. A camera without colours has none."""
        least = AREA * self._green.size
        if self.grey:
            return []
        lively: Any = ((self._turns > TURNS) & (self._own > OWN)).view(np.uint8)
        if cv2.countNonZero(lively) < least / 2:
            return []
        lively = cv2.morphologyEx(lively, cv2.MORPH_CLOSE, _CLOSE)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(lively, connectivity=8)
        largest = 1 + np.argsort(-stats[1:count, cv2.CC_STAT_AREA])[:BLOBS]
        blobs = (self._flame(labels, int(label), stats[label]) for label in largest)
        return [blob for blob in blobs if blob is not None]

    def glares(self) -> list[Suspect]:
        """The largest blinding blob of the last frame that is new, ringed by a fire's colours, and never the same."""
        glare = self._glares[-1] if self._glares else None
        if glare is None or cv2.countNonZero(glare) < GLARE * glare.size:
            return []
        if self.grey and self._usual_level > DARK:
            return []
        count, labels, stats, _ = cv2.connectedComponentsWithStats(glare, connectivity=8)
        label = 1 + int(np.argmax(stats[1:count, cv2.CC_STAT_AREA]))
        area = float(stats[label][cv2.CC_STAT_AREA]) / glare.size
        if area < GLARE:
            return []
        part = self._around(stats[label], _RING_PAD)
        own = (labels[part] == label).astype(np.uint8)
        ring = (cv2.dilate(own, _RING) > 0) & (self._hot[part] == 0)
        fresh = cv2.bitwise_and(self._coloured[part], self._unusual[part])
        around = _share(fresh[ring])
        novel = _novelty([past[part] for past in self._glares])
        if around < AROUND or novel < (GREY_NOVEL if self.grey else GLARE_NOVEL):
            return []
        score = 0.35 if self.grey else min(0.95, 0.3 + 0.5 * around + 0.5 * novel)
        return [Suspect(self._box(stats[label]), score, {"area": area, "around": around, "novel": novel})]

    def _flame(self, labels: Any, label: int, stats: Any) -> Suspect | None:
        area = float(stats[cv2.CC_STAT_AREA]) / labels.size
        if area < AREA:
            return None
        part = self._around(stats, _PAD)
        own = labels[part] == label
        shape = self._shapes[-1][part] > 0
        now, turns = _share(shape[own]), float(self._turns[part][own].mean()) / 255
        if now < NOW or turns < RESTLESS:
            return None
        spread = float(self._green[part][shape].std())
        red = _high(self._red[part])
        if spread < SPREAD or red < RED:
            return None
        shapes = [past[part] for past in self._shapes]
        if _share(shapes[-1]) > FILLED:
            level = float(self._green[part].mean())
            shapes = [_above(past[part], level) for past in self._greens]
        novel = _novelty(shapes)
        if novel < NOVEL:
            return None
        hot = _share(self._hot[part])
        score = min(0.95, 0.3 + 0.8 * (turns - RESTLESS) + 0.3 * novel + hot + 0.004 * (spread - SPREAD))
        why = {"area": area, "turns": turns, "spread": spread, "red": red, "novel": novel, "hot": hot}
        return Suspect(self._box(stats), score, why)

    def _turn(self, green: Any, common: float) -> None:
        """Which pixels turned. What the whole picture did (exposure, a lamp elsewhere) is none of a flame's doing."""
        self.lit = abs(common)
        up = _above(cv2.subtract(green, self._before), STEP + max(0.0, common))
        down = _above(cv2.subtract(self._before, green), STEP + max(0.0, -common))
        turned = cv2.bitwise_or(cv2.bitwise_and(up, self._falling), cv2.bitwise_and(down, self._rising))
        self._rising = cv2.bitwise_or(up, cv2.subtract(self._rising, down))
        self._falling = cv2.bitwise_or(down, cv2.subtract(self._falling, up))
        cv2.accumulateWeighted(turned, self._turns, FADE)

    def _accustom(self, bright: Any) -> None:
        """Follow where the picture is bright or warm as a rule."""
        if self._frames % USUAL_EVERY:
            return
        level = cv2.mean(self._green)[0]
        if self._usual is None:
            self._usual, self._usual_level = bright.astype(np.float32), level
        else:
            cv2.accumulateWeighted(bright, self._usual, USUAL_FADE)
            self._usual_level += USUAL_FADE * (level - self._usual_level)
        self._unusual = cv2.bitwise_not(_above(self._usual, USUAL))

    def _held(self, marked: Any) -> Any:
        """`marked`, not to be written to; where nothing is marked always the same one: half a megabyte less."""
        return marked if cv2.countNonZero(marked) else self._nothing

    def _around(self, stats: Any, pad: int) -> Any:
        x, y, width, height = (int(value) for value in stats[:4])
        return np.s_[max(0, y - pad) : y + height + pad, max(0, x - pad) : x + width + pad]

    def _box(self, stats: Any) -> tuple[float, float, float, float]:
        rows, columns = self.shape
        x, y, width, height = (int(value) for value in stats[:4])
        return x / columns, y / rows, width / columns, height / rows


def _above(values: Any, level: float) -> Any:
    """255 where `values` are more than `level`, else 0; of bytes or floats."""
    return cv2.threshold(values, level, 255, cv2.THRESH_BINARY)[1].astype(np.uint8, copy=False)


def _is_grey(bgr: Any) -> bool:
    few = bgr[::4, ::4].astype(np.int16)
    return float((few.max(axis=2) - few.min(axis=2)).mean()) < GREY


def _fiery(bgr: Any, green: Any, red: Any) -> Any:
    """Where a pixel has a flame's colours: red before green, redder than blue, and bright enough."""
    _, cr, cb = cv2.split(cv2.cvtColor(bgr, cv2.COLOR_BGR2YCrCb))
    warm = cv2.bitwise_and(_above(red, 140), _above(cv2.subtract(red, green), 7))
    ruddy = cv2.bitwise_and(_above(cr, 145), _above(cv2.subtract(cr, cb), 18))
    return cv2.bitwise_and(warm, ruddy)


def _edges_gone(now: Any, before: Any, shape: Any) -> float:
    """The share of the scene's edges, flames apart, that are no more where they were; light does not move them."""
    edges = _above(before, EDGE)
    small = cv2.resize(shape, (edges.shape[1], edges.shape[0]), interpolation=cv2.INTER_NEAREST)
    edges = cv2.subtract(edges, cv2.dilate(small, _NEAR))
    strong = cv2.countNonZero(edges)
    if strong < EDGES:
        return 0.0
    gone = cv2.compare(now, cv2.convertScaleAbs(before, alpha=0.5), cv2.CMP_LT)
    return cv2.countNonZero(cv2.bitwise_and(edges, gone)) / strong


def _novelty(shapes: Sequence[Any]) -> float:
    """How far the last shape is from the nearest of those before, laid upon it: 0 the same, 1 nothing in common."""
    step = 2 if shapes[-1].size > _LARGE else 1
    now = np.ascontiguousarray(shapes[-1][::step, ::step])
    middle = _middle(now)
    if middle is None:
        return 0.0
    nearest = 1.0
    for past in [shapes[-back] for back in _COMPARED if back <= len(shapes)]:
        was = np.ascontiguousarray(past[::step, ::step])
        at = _middle(was)
        if at is None:
            continue
        down, right = round(middle[0] - at[0]), round(middle[1] - at[1])
        laid = np.roll(was, (down, right), (0, 1)) if down or right else was
        apart, either = cv2.bitwise_xor(laid, now), cv2.bitwise_or(laid, now)
        nearest = min(nearest, cv2.countNonZero(apart) / cv2.countNonZero(either))
    return nearest


def _middle(shape: Any) -> tuple[float, float] | None:
    """The centre (row, column) of what is marked."""
    found = cv2.moments(shape, binaryImage=True)
    return (found["m01"] / found["m00"], found["m10"] / found["m00"]) if found["m00"] else None


def _high(values: Any) -> float:
    """The level that one in twenty is above."""
    flat = values.ravel()
    place = int(0.95 * (flat.size - 1))
    return float(np.partition(flat, place)[place])


def _share(marked: Any) -> float:
    return float(np.count_nonzero(marked)) / marked.size if marked.size else 0.0
