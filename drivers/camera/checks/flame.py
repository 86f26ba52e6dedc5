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

from collections.abc import Sequence
from typing import Final

from drivers.camera.flicker import Flicker
from drivers.camera.frames import Frame
from drivers.camera.sight import Area, Sight
from drivers.camera.suspects import Suspect, Suspects, Tracks
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
        self._tracks = Tracks(WINDOW, NEEDED, STAYS)
        self._t = -1e9
        self._rest = -1e9

    def forget(self) -> None:
        self._flicker = None
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
        flicker = self._flicker
        if flicker is None or flicker.shape != picture.shape[:2] or not 0 <= since <= GAP:
            flicker = self._flicker = Flicker(picture.shape[:2])
            self._tracks.clear()
            self._rest = -1e9
        self._t = frame.t
        flicker.take(picture)
        if flicker.moving > MOVING or flicker.lit > LIT:
            self._rest = frame.t + REST
        if frame.t < self._rest:
            return []
        return self._tracks.follow([*flicker.flames(), *flicker.glares()])
