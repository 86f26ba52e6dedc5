"""People, bicycles, motorcycles and cars in a zone, by the object detector that the site dropped in.

The check decides when the detector is asked and how many of its answers make a sight; what it is worth depends on the
site's model, so no recall is claimed here. Two models of the COCO classes, seen once on films: persons found in 0.24
to 1.0 of the pictures with people (SSDLite MobileNetV2 at 0.5), and one of them (FastestDet) in every picture of an
empty garden at night. Hence three of five answers, and no question without movement.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2

from drivers.camera.areas import mask, stands_in
from drivers.camera.detector import Finder, Seen
from drivers.camera.frames import Frame, Picture
from drivers.camera.models import Detection
from drivers.camera.sight import Area, Box, Sight
from edge.domain.names import Text

KINDS: Final[Mapping[str, frozenset[str]]] = {
    "person": frozenset({"person", "人", "行人"}),
    "bicycle": frozenset({"bicycle", "bike", "自行车"}),
    "motorcycle": frozenset({"motorcycle", "motorbike", "摩托车"}),
    "car": frozenset({"car", "truck", "bus", "van", "汽车", "卡车", "公交车"}),
}
"""Kind of sight -> the model's labels that are one, in lower case. A lorry in a fire lane is a car in a fire lane."""

SCORE: Final = 0.5
WIDTH: Final = 160  # pixels at which movement is looked for
STEP: Final = 16  # grey levels from picture to picture that are movement
MOVED: Final = 0.002  # share of a zone (and its surroundings): a person far away
EVERY: Final = 0.4  # seconds between two questions while something moves
LOOK_AGAIN: Final = 5.0  # seconds, while something is there: it may stand still, or have gone unseen
LOOK_ROUND: Final = 60.0  # seconds, while nothing is: what stood there before the start, or crept in
LINGER: Final = 3.0  # seconds for which a movement is asked about
DEAF: Final = 30.0  # seconds without an answer, after which what was seen is no news any more
MARGIN: Final = 0.08  # of the picture around the zones, so that whole things are seen


@dataclass(frozen=True, slots=True)
class Rule:
    """When a kind is there: `need` of the last `of` answers, over `seconds` at least. labels: of the model."""

    kind: str
    labels: frozenset[str]
    need: int = 3
    of: int = 5
    seconds: float = 0.0


@dataclass(slots=True)
class _Tally:
    """What the answers said of one kind in one zone."""

    rule: Rule
    area: Area
    hits: deque[tuple[float, Detection | None]] = field(default_factory=deque)
    active: bool = False
    best: Detection | None = None

    def take(self, seen: Seen) -> None:
        fitting = [
            one
            for one in seen.found
            if one.score >= SCORE
            and one.label.strip().lower() in self.rule.labels
            and stands_in(one.box, self.area.polygon)
        ]
        hit = max(fitting, key=lambda one: one.score, default=None)
        self.hits.append((seen.t, hit))
        while len(self.hits) > self.rule.of:
            self.hits.popleft()
        times = [t for t, one in self.hits if one is not None]
        if hit is not None:
            self.best = hit
        if self.active:
            self.active = bool(times)
        else:
            self.active = len(times) >= self.rule.need and times[-1] - times[0] >= self.rule.seconds
        if not self.active and not times:
            self.best = None

    def clear(self) -> None:
        self.hits.clear()
        self.active, self.best = False, None

    def sight(self) -> Sight:
        times = [t for t, one in self.hits if one is not None]
        why = {"seen": float(len(times)), "answers": float(len(self.hits))}
        if not self.active or self.best is None:
            return Sight(self.rule.kind, False, zone=self.area.id, why=why)
        why |= {
            "score": round(self.best.score, 3),
            "seconds": round(times[-1] - times[0], 1) if times else 0.0,
        }
        return Sight(self.rule.kind, True, self.best.score, self.area.id, self.best.box, why)


class Watch:
    """Asks about the zones when something moves in them, and counts the answers by rules; there is nothing to learn."""

    learning = False

    def __init__(self, areas: Sequence[Area], finder: Finder, rules: Sequence[Rule]) -> None:
        self._areas = tuple(areas)
        self._finder = finder
        self._tallies = [_Tally(rule, area) for area in self._areas for rule in rules]
        self._around = _around([area.polygon for area in self._areas])
        self._within: Picture | None = None
        self._before: Picture | None = None
        self._moved_at = float("-inf")
        self._asked_at = float("-inf")
        self._heard_at: float | None = None

    @property
    def problem(self) -> Text | None:
        """Why there are no answers; see `sight.Asking`."""
        return self._finder.problem

    def look(self, frame: Frame) -> list[Sight]:
        """Every kind in every zone, as the newest answer leaves it."""
        if self._moved(frame.grey(WIDTH)):
            self._moved_at = frame.t
        if (seen := self._finder.answer()) is not None:
            self._heard(seen, frame.t)
        if self._heard_at is not None and frame.t - self._heard_at > DEAF and self._open():
            self.forget()
        if self._due(frame.t) and not self._finder.busy:
            self._asked_at = frame.t
            self._finder.ask(frame, self._around)
            if (seen := self._finder.answer()) is not None:  # of a detector in this process
                self._heard(seen, frame.t)
        return [tally.sight() for tally in self._tallies]

    def forget(self) -> None:
        """Nothing has been seen."""
        self._heard_at = None
        self._before = None
        for tally in self._tallies:
            tally.clear()

    def _heard(self, seen: Seen, t: float) -> None:
        self._heard_at = t
        for tally in self._tallies:
            tally.take(seen)

    def _open(self) -> bool:
        return any(one is not None for tally in self._tallies for _, one in tally.hits)

    def _due(self, t: float) -> bool:
        since = t - self._asked_at
        if t - self._moved_at <= LINGER:
            return since >= EVERY
        return since >= (LOOK_AGAIN if self._open() else LOOK_ROUND)

    def _moved(self, grey: Picture) -> bool:
        before, self._before = self._before, grey
        if before is None or before.shape != grey.shape:
            self._within = mask([_corners(self._around)], (grey.shape[1], grey.shape[0]))
            return True
        changed = cv2.threshold(cv2.absdiff(grey, before), STEP, 255, cv2.THRESH_BINARY)[1]
        assert self._within is not None  # noqa: S101 - made with the first picture
        share = cv2.countNonZero(cv2.bitwise_and(changed, self._within)) / max(
            1, cv2.countNonZero(self._within)
        )
        return share >= MOVED


class Objects(Watch):
    """A sight of each kind in each zone, by the rule of the bottom centre. An area's dwell has no part in it.

    It starts with three of five answers of at least 0.5, and ends when five in a row see nothing, or none has come
    for half a minute. finder: the way to the detector.
    """

    def __init__(self, areas: Sequence[Area], finder: Finder) -> None:
        super().__init__(areas, finder, [Rule(kind, labels) for kind, labels in KINDS.items()])


class People:
    """Whether somebody is about a thing: the detector's word for `left_object`, which waits for it a little."""

    WAIT: Final = 2.0  # seconds for an answer; without one nobody is there

    def __init__(self, finder: Finder) -> None:
        self._finder = finder
        self._asked_at: float | None = None
        self._box: Box | None = None

    @property
    def problem(self) -> Text | None:
        """Why there are no answers; see `sight.Asking`."""
        return self._finder.problem

    def __call__(self, frame: Frame, box: Box) -> bool:
        if self._box != box:
            self._asked_at, self._box = None, box
        if self._asked_at is None:
            self._finder.answer()  # of a question before
            if not self._finder.busy:
                self._finder.ask(frame, _grown(box))
            self._asked_at = frame.t
        seen = self._finder.answer()
        if seen is None:
            waited = frame.t - self._asked_at
            if waited > self.WAIT:
                self._asked_at = None
            return waited <= self.WAIT and self._finder.problem is None
        self._asked_at = None
        return any(
            one.score >= SCORE and one.label.strip().lower() in KINDS["person"] and _overlap(one.box, box)
            for one in seen.found
        )


def _around(polygons: Sequence[Sequence[tuple[float, float]]]) -> Box:
    """The rectangle about all zones and a margin, inside the picture."""
    xs = [x for polygon in polygons for x, _ in polygon]
    ys = [y for polygon in polygons for _, y in polygon]
    left, top = (
        max(0.0, min(xs) - MARGIN),
        max(0.0, min(ys) - 2 * MARGIN),
    )  # people are taller than where they stand
    return left, top, min(1.0, max(xs) + MARGIN) - left, min(1.0, max(ys) + MARGIN) - top


def _corners(box: Box) -> tuple[tuple[float, float], ...]:
    x, y, width, height = box
    return (x, y), (x + width, y), (x + width, y + height), (x, y + height)


def _grown(box: Box) -> Box:
    """A thing and whoever may stand about it."""
    x, y, width, height = box
    side = max(3 * max(width, height), 0.3)
    left, top = max(0.0, x + width / 2 - side / 2), max(0.0, y + height / 2 - side / 2)
    return left, top, min(1.0 - left, side), min(1.0 - top, side)


def _overlap(one: Box, two: Box) -> bool:
    across = min(one[0] + one[2], two[0] + two[2]) - max(one[0], two[0])
    down = min(one[1] + one[3], two[1] + two[3]) - max(one[1], two[1])
    return across > 0 and down > 0
