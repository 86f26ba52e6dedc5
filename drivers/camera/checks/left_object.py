"""Something left in a zone, or taken from it: a fire lane, a stairwell, the place of the bins.

Measured on 828 drawn cases (camera_cases_objects, three seeds nothing was tuned on; dwell 10 s, the zone two thirds
of the picture), an alarm within dwell + 2 s:

- put down or driven in (box, bag, bicycle, bin, van), people passing, exposure in steps, its owner there: 288 of 288.
  Beams sweeping over a dim scene: 34 of 36, the others seconds late. A cloud's shadow over the thing: 70 of 72 (within
  a second dwell where it came later: the time begins anew with the light), and in 1 a removal was told wrongly.
- taken away what was there from the start: 36 of 36. Median delay 10.2 s, which is the dwell and 0.2 s.
- false, of 396 quiet cases (passers-by, somebody who stands for two dwells, clouds, a patch of sun, exposure, beams,
  ghosts of the learning, a pan, noise, too short, outside the zone): 2, both in a cloud's shadow. On others, before
  the ground beneath what comes into a shadow was shaded too, a sharp patch of sun was told 3 times in 8.

On clips of real cameras, whole picture as the zone, dwell 10 s: all 3 labelled drops (bags and boxes of 8 pixels at
320) at dwell + 0.4 s or less; 13 clips without (several end, or move, before the scene is learnt): something told in
2, where things do stay: people who stand at a desk for longer than these 10 s (with the usual 60 s nothing), and
a bottle that stops on a belt. Most are little longer than the learning; all were seen while this was made.

1.1 ms a frame of 640x360 at the whole picture (x86, one busy core), the smaller copies included; larger pictures cost
more in being made smaller (3 to 4.5 ms at 720p). Not seen: what is like the ground in colour and brightness, or under
0.06 % of the picture; what is put down while the scene is learnt; what comes with a lamp that changes the picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np

from drivers.camera.areas import mask, stands_in
from drivers.camera.background import SAMPLE, Background
from drivers.camera.frames import Frame, Picture
from drivers.camera.lighting import Light, Lighting
from drivers.camera.sight import Area, Asking, Box, Sight
from drivers.camera.things import Floats, Thing, in_other_light, judge, under_light
from edge.domain.names import Text

WIDTH: Final = 320  # pixels: a bag at the far end of a fire lane is ten of them across
LEAST: Final = 0.0006  # of the picture: smaller is a leaf
NARROW: Final = 4  # pixels: a thinner strip is an edge of the scene that the camera's shaking shows
AROUND: Final = 0.08  # of the picture's width that is watched around a zone, so that whole things are seen
EVERY: Final = 0.4  # seconds between two decisions
RIPE: Final = 2.0  # seconds by which the parts of one thing come to rest one after the other
MANY: Final = 5  # things that come to rest at once are the light
UNREST: Final = 0.2  # share of a thing's surroundings that comes and goes: it is somebody who stands there
DISTINCT: Final = 1.5  # times the contrast of the ground: the outline of what is told in another light
WIDE: Final = 1500  # pixels, from which on it may be a cloud's shadow with people in it
OLD: Final = 0.7  # of the dwell, for which most of a thing must have been there
PATIENCE: Final = 3.0  # times the dwell, after which a thing is told in spite of people about it
UPSET: Final = 1.0  # seconds of another picture before it is learnt
REBASE: Final = (0.1, 5.0)  # logarithm of the exposure, and seconds for which it must have stayed away
GHOST: Final = (0.3, 600.0)  # share that moved while it was learnt, and seconds after which that is forgotten
MIDST: Final = (31, 31)  # pixels across which a light is taken to go on
TAKEN: Final = 600.0  # seconds that a removal is shown, where nothing is put back

Occupied = Callable[[Frame, Box], bool | None]
"""Whether a person is about the box in this frame; None where that is not known (yet)."""


@dataclass(eq=False, slots=True)
class _Found:
    """A thing that is told of."""

    kind: str
    thing: Thing
    since: float
    box: Box
    score: float
    why: dict[str, float]


class LeftObject:
    """One sight of each kind in each zone: its oldest thing. Areas' `dwell` seconds must pass first.

    Two-rate background after a median of 12 s (longer where people never leave the place alone). What has changed and
    not moved for the dwell is a thing, unless the ground's own structure shows through it (light, shadow), the whole
    picture changed with it, or it is the ghost of somebody who stood there while the scene was learnt. occupied: a
    detector's word on people, who postpone it to three dwells at most. A second thing in the same zone is told when
    the first is taken away.
    """

    def __init__(self, areas: Sequence[Area], occupied: Occupied | None = None) -> None:
        self._areas = tuple(areas)
        self._occupied = occupied
        self._size: tuple[int, int] | None = None
        self._places: tuple[_Place, ...] = ()
        self._seen = -math.inf
        self.forget()

    @property
    def learning(self) -> bool:
        return self._learned is None

    @property
    def problem(self) -> Text | None:
        """Why nobody says whether there are people about; None also where nobody is asked."""
        asked: object = self._occupied
        return asked.problem if isinstance(asked, Asking) else None

    def forget(self) -> None:
        self._lighting = Lighting()
        self._places = ()
        self._size = None
        self._began_again()

    def look(self, frame: Frame) -> Sequence[Sight]:
        small = frame.colour(WIDTH)
        size = (small.shape[1], small.shape[0])
        if size != self._size or frame.t < self._seen:  # another camera, or another clock
            self.forget()
            self._size = size
            self._places = tuple(_Place(area, size) for area in self._areas)
        self._seen = frame.t
        light = self._lighting.look(frame)
        for place in self._places:
            place.follow(small, frame.t)
        if self._learned is None:
            self._learn(small, frame.t, light)
        else:
            self._watch(frame, small, light)
        return [sight for place in self._places for sight in place.sights()]

    def _began_again(self) -> None:
        self._learned: float | None = None
        self._sampled = -math.inf
        self._upset: float | None = None
        self._astray: float | None = None
        self._decided = -math.inf

    def _learn(self, small: Picture, t: float, light: Light) -> None:
        if not light.calm:  # it pans, or is being mounted
            self._lighting.forget_samples()
            for place in self._places:
                place.begin()
            return
        if t - self._sampled >= SAMPLE - 0.05:
            self._sampled = t
            self._lighting.sample()
        if False not in [place.learn(small, t) for place in self._places]:
            self._lighting.learn()
            self._learned = t

    def _watch(self, frame: Frame, small: Picture, light: Light) -> None:
        t = frame.t
        if light.upset:
            self._upset = t if self._upset is None else self._upset
            if t - self._upset >= UPSET:
                self._began_again()
                for place in self._places:
                    place.begin()
            return
        self._upset = None
        for place in self._places:
            place.background.look(place.cut(small), t, light.gains, max(6.0, place.area.dwell / 2))
        self._follow_light(light, t)
        if t - self._decided >= EVERY:
            self._decided = t
            for place in self._places:
                place.decide(frame, self._learned or 0.0, self._occupied)

    def _follow_light(self, light: Light, t: float) -> None:
        """Take the light for the usual one once it has stayed: what is dim gains precision, what was white is known."""
        if max(abs(math.log(gain)) for gain in light.gains) < REBASE[0]:
            self._astray = None
        elif self._astray is None:
            self._astray = t
        elif t - self._astray >= REBASE[1]:
            self._astray = None
            self._lighting.rebase(light.gains)
            for place in self._places:
                place.background.rebase(light.gains)


class _Place:
    """A zone, and what has been found in it."""

    def __init__(self, area: Area, size: tuple[int, int]) -> None:
        self.area = area
        self.size = width, height = size
        whole = mask([area.polygon], size)
        x, y, across, down = cv2.boundingRect(whole)
        margin = round(AROUND * width)
        self.left, self.top = max(0, x - margin), max(0, y - margin)
        self.right, self.bottom = min(width, x + across + margin), min(height, y + down + margin)
        self.within: Picture = np.ascontiguousarray(whole[self.top : self.bottom, self.left : self.right])
        self.least = max(12.0, LEAST * width * height)
        self.found: list[_Found] = []
        self._told: dict[str, _Found] = {}
        self.begin()

    def begin(self) -> None:
        """Learn the scene anew; what is being told of is followed on."""
        self.background = Background((self.right - self.left, self.bottom - self.top))
        self._guessed: Floats = np.full(self.within.shape, -math.inf, np.float32)
        self.known = False

    def cut(self, small: Picture) -> Picture:
        return small[self.top : self.bottom, self.left : self.right]

    def learn(self, small: Picture, t: float) -> bool:
        self.known = self.known or self.background.learn(self.cut(small), t, self.within)
        return self.known

    def follow(self, small: Picture, t: float) -> None:
        """See what has been taken away (or put back) since."""
        part = self.cut(small)
        for found in list(self.found):
            lasted = found.kind == "removed-object" and t - found.since >= TAKEN + self.area.dwell
            if found.thing.over(part, t) or lasted:
                self.found.remove(found)
                if not lasted:
                    self._restore(found.thing)

    def decide(self, frame: Frame, learned: float, occupied: Occupied | None) -> None:
        """Look at what has stayed for the dwell."""
        background, dwell, t = self.background, self.area.dwell, frame.t
        ripe = background.stayed(dwell)
        if cv2.countNonZero(cv2.bitwise_and(ripe, self.within)) < self.least / 2:
            return
        if t - learned > GHOST[1]:
            background.unsure[:] = 0
        seen = background.stayed(max(dwell - RIPE, dwell / 2))
        fresh = self._shapes(seen)
        # Of a bicycle the spokes must have been there, not what is between them.
        decided = [shape for shape in fresh if _share(ripe, _array(cv2.bitwise_and(shape, seen))) > 0.6]
        if not decided:  # a part of something that goes on changing: that part alone
            decided = self._shapes(background.stayed(dwell + RIPE))
        if len([shape for shape in decided if cv2.countNonZero(shape) >= self.least]) >= MANY:
            for shape in decided:
                self._absorb(shape)
            return
        patient = background.stayed(PATIENCE * dwell)
        for shape in decided:
            self._decide_one(shape, frame, learned, _share(patient, shape) > 0.5, occupied)

    def _decide_one(
        self, shape: Picture, frame: Frame, learned: float, late: bool, occupied: Occupied | None
    ) -> None:
        background = self.background
        unrest = self._unrest(shape)
        if not self._counts(shape):
            if unrest <= UNREST or late:  # else it is an arm of somebody who stands there
                self._absorb(shape)
            return
        own = self._own(shape)
        still, age = _share(background.still, own), background.age(own)
        restless = unrest > UNREST and not late
        if age < OLD * self.area.dwell or (restless and cv2.countNonZero(shape) < WIDE):
            return  # most of it is new, or it is the trunk of somebody who stands there
        before, after = background.scene, background.candidate
        judged = judge(before, after, shape, self._known())
        if still < 0.5 and not (
            judged.edges > DISTINCT and in_other_light(before, after, background.now, shape)
        ):
            return  # somebody is before it
        if judged.light:
            newer = self._newer(shape)
            ground, covered = under_light(before, after, shape, newer)
            self._absorb(_array(cv2.subtract(shape, covered)), covered)
            background.repaint(covered, ground)
            self._guessed[covered > 0] = frame.t
            return  # what lies in that light is found against the ground that it lights
        if restless:
            return
        kind = "left-object" if judged.left else "removed-object"
        unsure = _share(background.unsure, shape)
        guessed = np.where(frame.t - self._guessed < GHOST[1], 255, 0).astype(np.uint8)
        if kind == "removed-object" and _share(guessed, shape) > GHOST[0]:
            self._absorb(shape)  # what went is only what its ground was taken to be in that light
            return
        vague = kind == "removed-object" or judged.edges < DISTINCT or frame.t - age < learned + 2.0
        if unsure > GHOST[0] and vague:
            self._absorb(shape)
            return
        if kind == "removed-object" and (old := self._overlapping(shape)):
            self.found.remove(old)  # it was pushed aside: where it was, it is no more
            self._absorb(shape)
            return
        box = self._box(shape)
        if occupied is not None and not late and occupied(frame, box):
            return
        area = cv2.countNonZero(shape) / (self.size[0] * self.size[1])
        why = {"seconds": age, "area": area, "unrest": unrest, "unsure": unsure, "still": still}
        why = {name: round(value, 4) for name, value in (why | judged.numbers()).items()}
        thing = Thing((self.left, self.top), before, after, shape)
        self.found.append(_Found(kind, thing, frame.t, box, round(0.5 + 0.5 * still, 3), why))
        self._absorb(shape)

    def sights(self) -> list[Sight]:
        """Both kinds, as they stand: the oldest thing of each. Where it has gone, one frame without before the next."""
        return [self._sight(kind) for kind in ("left-object", "removed-object")]

    def _sight(self, kind: str) -> Sight:
        told = self._told.pop(kind, None)
        found = next((found for found in self.found if found.kind == kind), None)
        if found is None or told not in (None, found):
            return Sight(kind, False, zone=self.area.id)
        self._told[kind] = found
        return Sight(kind, True, found.score, self.area.id, found.box, found.why)

    def _shapes(self, stayed: Picture) -> list[Picture]:
        # Thin parts of one thing (a bicycle's) are joined first; what is thin even then is an edge that shook.
        solid = cv2.morphologyEx(stayed, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
        solid = cv2.morphologyEx(solid, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
        order = sorted(range(1, count), key=lambda label: -stats[label][cv2.CC_STAT_AREA])[:20]
        return [np.where(labels == label, 255, 0).astype(np.uint8) for label in order]

    def _counts(self, shape: Picture) -> bool:
        """Whether it is large enough and of this zone: its foot, or half of it, is inside."""
        _, _, across, down = cv2.boundingRect(shape)
        area = cv2.countNonZero(shape)
        if area < self.least or min(across, down) < NARROW or area < 0.2 * across * down:
            return False
        inside = cv2.countNonZero(cv2.bitwise_and(shape, self.within))
        if inside < self.least:
            return False
        return inside >= 0.5 * area or stands_in(self._box(shape), self.area.polygon)

    def _unrest(self, shape: Picture) -> float:
        """Share of its surroundings that is now it and now the background, more than further off: people sway.

        Further off as well is a lamp's beam, or a crowd that passes.
        """
        unsettled = self.background.unsettled()
        near, off, far = (cv2.dilate(shape, np.ones((size, size), np.uint8)) for size in (7, 15, 25))
        around = _share(unsettled, _array(cv2.subtract(near, shape)))
        beyond = _share(unsettled, _array(cv2.subtract(far, off)))
        return max(0.0, around - beyond)

    def _own(self, shape: Picture) -> Picture:
        """Its parts without the gaps between them."""
        own = _array(cv2.bitwise_and(shape, self.background.stayed(self.area.dwell / 2)))
        return own if cv2.countNonZero(own) else shape

    def _known(self) -> Picture:
        """What is told of already."""
        known = np.zeros_like(self.within)
        for found in self.found:
            if found.kind == "left-object":
                part = known[found.thing.rows, found.thing.columns]
                part[:] = cv2.bitwise_or(part, cv2.dilate(found.thing.shape, np.ones((5, 5), np.uint8)))
        return known

    def _newer(self, light: Picture) -> Picture:
        """What is in the midst of a light and has not been there as long."""
        solid = _array(cv2.morphologyEx(light, cv2.MORPH_CLOSE, np.ones(MIDST, np.uint8)))
        outlines, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        cv2.drawContours(solid, outlines, -1, 255, cv2.FILLED)
        return _array(cv2.subtract(cv2.bitwise_and(solid, self.background.differs), light))

    def _absorb(self, shape: Picture, spared: Picture | None = None) -> None:
        rim = cv2.bitwise_and(
            cv2.dilate(shape, np.ones((5, 5), np.uint8)), self.background.stayed(self.area.dwell / 2)
        )
        rim = rim if spared is None else cv2.subtract(rim, spared)
        self.background.absorb(_array(cv2.bitwise_or(shape, rim)))

    def _restore(self, thing: Thing) -> None:
        """The ground that shows again is the background."""
        if self.background.learning:
            return
        where = np.zeros_like(self.within)
        where[thing.rows, thing.columns] = cv2.dilate(thing.shape, np.ones((5, 5), np.uint8))
        self.background.absorb(where, seen=True)

    def _overlapping(self, shape: Picture) -> _Found | None:
        for found in self.found:
            part = shape[found.thing.rows, found.thing.columns]
            if cv2.countNonZero(cv2.bitwise_and(part, found.thing.shape)) > 0.3 * cv2.countNonZero(shape):
                return found
        return None

    def _box(self, shape: Picture) -> Box:
        x, y, across, down = cv2.boundingRect(shape)
        width, height = self.size
        return ((x + self.left) / width, (y + self.top) / height, across / width, down / height)


def _share(marked: Picture, of: Picture) -> float:
    """What part of `of` is marked."""
    return cv2.countNonZero(cv2.bitwise_and(marked, of)) / max(1, cv2.countNonZero(of))


def _array(value: Any) -> Picture:
    made: Picture = value
    return made
