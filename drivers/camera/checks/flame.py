"""Suspected flame: something of a fire's colours that flickers without repeating itself, and stays where it is.

A suspicion for people to look into, never a fire signal. What was measured, at five frames a second:
- 11 clips of fires, footage that lies outside of this project and was in view while the thresholds were set, none of
  which is set by one clip: all found. By the 6 fixed cameras at a median of 2.2 s after the first visible flame, the
  slowest 3.5 s; by the 5 others (by hand, from the air, off a screen) at 1.8 s, the slowest 3.6 s. The one filmed off a
  screen alarmed before its fire too, by a pump's white and red; in its own size one more, 1.3 s before a battery burst,
  by a dog in the smoke. A flame of 10 x 10 pixels in a clip of smoke took 11 s.
- 19 clips without fire: by the 14 fixed cameras false in 1 (a yellow fork lift that works in one place); by the 5
  others in 3 (a drive by night, a runner before a sunset, hands and a helmet in a cut film).
- drawn cases of four seeds not seen before: 75 of 78 fires, median 1.7 s; false in 8 of 234 (balloons that hide each
  other 3, a red car 2, an orange vest 2, neon 1).
- the 11 fires made grey: 2 found in time. By infra-red at night this check is nearly blind, and its score says so.
- 0.5 to 0.9 ms a frame of 640 x 360 where nothing flickers, 1.0 to 1.4 ms before a fire, halving the picture included;
  one core of an x86 machine that was busy otherwise, so the true figures are lower.
What it misses: flames under 25 of 57600 pixels, embers, a flame behind frosted glass, a fire as even as a lamp. What
fools it: what flutters in fire's colours (flags, ribbons, water in a low sun), a screen that shows a fire, somebody in
orange who works in one place, a camera that swings slowly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from drivers.camera.flicker import Flicker
from drivers.camera.frames import Frame
from drivers.camera.sight import Area, Sight
from drivers.camera.suspects import Suspect, Suspects, Tracks

if TYPE_CHECKING:
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
