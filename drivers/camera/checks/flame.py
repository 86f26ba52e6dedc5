"""Suspected flame: something of a fire's colours that flickers without repeating itself, and stays where it is.

A suspicion for people to look into, never a fire signal. What was measured, on one core of an x86 machine:
- 11 clips of fires (footage that lies outside of this project; thresholds were set with them in view, so these are
  the tuned half): all 11 found, median 1.8 s after the first visible flame, the slowest 3.6 s (three that were filmed
  by hand or from the air among them). A flame of 10 x 10 pixels in another clip took 11 s.
- 20 clips without fire, 15 of them by fixed cameras: false in 4: a drive at night, a cartoon's sunset, hands and a
  yellow helmet in a cut film, and (the one fixed camera) a yellow fork lift. One fire clip, filmed off a screen,
  alarmed before its fire by the pump's white and red.
- drawn cases: 15 of 18 fires, median 1.6 s; 1 of 54 false (an orange vest that walks to and fro).
- the same 11 clips without colours: 2 found in time. By infra-red at night this check is nearly blind, and says so
  only by a low score.
What it misses: flames under 25 of 57600 pixels, embers, a flame behind frosted glass, a fire that burns as evenly as a
lamp. What fools it: what flutters in fire's colours (flags, ribbons, moving water in a low sun), a screen that shows a
fire, a camera that swings slowly.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from drivers.camera.flicker import Flicker
from drivers.camera.frames import Frame
from drivers.camera.sight import Area, Box, Sight
from drivers.camera.suspects import Suspect, Suspects
from drivers.camera.verifier import Verifier

WIDTH: Final = 320  # pixels of the picture worked on; of one that is higher than wide 180
PORTRAIT: Final = 180
SOONEST: Final = 0.12  # s between frames looked at: the figures are of five a second
GAP: Final = 2.0  # s: what flickers is unknown after a longer pause

MOVING: Final = 0.5  # of the scene's edges are gone: the camera moves
LIT: Final = 18.0  # of 255 brighter or darker as a whole: a lamp was switched
REST: Final = 0.6  # s until it is believed again after either

WINDOW: Final = 10  # frames, two seconds
NEEDED: Final = 6  # of them
STAYS: Final = 0.4  # of the smaller box is common with where it was at its first hit of the window
HOLD: Final = 3.0  # s that it stays suspected without a hit


class Flame:
    """The check. verifier: the site's model, asked before a suspicion is told."""

    learning = False  # what flickers is known after two seconds, and nothing is said before

    def __init__(self, areas: Sequence[Area], *, verifier: Verifier | None = None) -> None:
        self._suspects = Suspects("flame", areas, HOLD, verifier)
        self._flicker: Flicker | None = None
        self._tracks: list[_Track] = []
        self._t = -1e9
        self._rest = -1e9

    def forget(self) -> None:
        self._flicker = None
        self._tracks = []
        self._suspects.clear()

    def look(self, frame: Frame) -> Sequence[Sight]:
        return self._suspects.sights(frame, self._lasting(frame))

    def _lasting(self, frame: Frame) -> list[Suspect]:
        since = frame.t - self._t
        if 0 <= since < SOONEST:
            return []
        width, height = frame.size
        picture = frame.colour(WIDTH if width >= height else PORTRAIT)
        flicker = self._flicker
        if flicker is None or flicker.shape != picture.shape[:2] or not 0 <= since <= GAP:
            flicker = self._flicker = Flicker(picture.shape[:2])
            self._tracks = []
            self._rest = -1e9
        self._t = frame.t
        flicker.take(picture)
        if flicker.moving > MOVING or flicker.lit > LIT:
            self._rest = frame.t + REST
        if frame.t < self._rest:
            return []
        return self._follow([*flicker.flames(), *flicker.glares()])

    def _follow(self, blobs: list[Suspect]) -> list[Suspect]:
        """Those that were there in enough of the last frames, at one place."""
        for track in self._tracks:
            hit = max(blobs, key=lambda blob: common(track.box, blob.box), default=None)
            if hit is not None and common(track.box, hit.box) > 0:
                blobs.remove(hit)
                track.hits.append(hit)
            else:
                track.hits.append(None)
        self._tracks = [track for track in self._tracks if any(track.hits)] + [_Track(blob) for blob in blobs]
        return [lasting for track in self._tracks if (lasting := track.lasting())]


class _Track:
    """One blob over the last frames."""

    def __init__(self, first: Suspect) -> None:
        self.hits: deque[Suspect | None] = deque([first], maxlen=WINDOW)

    @property
    def box(self) -> Box:
        """Where it was seen last."""
        return next(hit.box for hit in reversed(self.hits) if hit)

    def lasting(self) -> Suspect | None:
        """The blob, when it was there often enough and did not walk away."""
        hits = [hit for hit in self.hits if hit]
        if self.hits[-1] is None or len(hits) < NEEDED or common(hits[0].box, hits[-1].box) < STAYS:
            return None
        score = sum(hit.score for hit in hits) / len(hits)
        return Suspect(hits[-1].box, score, {**hits[-1].why, "frames": float(len(hits))})


def common(one: Box, other: Box) -> float:
    """The common part of two boxes, as a share of the smaller; 0 where they do not touch."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / max(1e-9, min(one[2] * one[3], other[2] * other[3]))
