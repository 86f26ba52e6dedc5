"""Suspected smoke: a veil over a part of the scene that stirs and stays, or a plume that billows, the rest being quiet.

A suspicion for people to look into, and a weak one: it misses much. Two looks: a veil is told by what a scene learnt
before has lost (`drivers.camera.veil`), a plume by its changes alone (`drivers.camera.plume`), so that one that was
there when the camera was started is told as well. What was measured, at five frames a second:
- 4 clips of smoke before a still camera, footage outside of this project in view while this was made: 2 found,
  5.4 and 8.2 s after the first picture, both plumes that were there from the start (a hillside, a thin one outdoors),
  which the veil alone never told. Missed: a puff of 0.6 s, and a battery that smokes for 2 s and bursts.
- 19 clips without smoke: none false.
- drawn cases of two seeds not seen before: 34 of 42 plumes within 8 s of their onset (light 11 of 14, thin 13 of 14,
  dark 10 of 14); there before the camera 6 of 14, of four seeds 16 of 28; false in 0 of 140. Before what changes all
  alike was taken for light, exposure and clouds were told 4 times in 290.
- leaves in the wind, a flag, a screen, a crowd and water, drawn once: the plume told none of 30, and water nearly one.
- 1.0 to 1.2 ms a frame of 640 x 360, halving the picture included; one core of an x86 machine that was busy otherwise.
What it misses: smoke as dark as a shadow, smoke before a bare wall by infra-red, smoke amid much movement, a room that
fills at once (taken for fog), small or far plumes (under 2 % of the picture, or 5 % where they were there before). What
fools it: steam, dust, breath and spray, which are veils as well; insects and rain in the light of an infra-red lamp;
people close to that lamp; a hand that moves close before the lens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from drivers.camera.frames import Frame, Picture
from drivers.camera.middles import median
from drivers.camera.plume import Plume
from drivers.camera.sight import Area, Sight
from drivers.camera.suspects import Suspect, Suspects, Tracks
from drivers.camera.veil import Veil

if TYPE_CHECKING:
    from drivers.camera.verifier import Verifier

WIDTH: Final = 160  # pixels of the picture worked on; of one that is higher than wide 90
PORTRAIT: Final = 90
SOONEST: Final = 0.12  # s between frames looked at: the figures are of five a second
GAP: Final = 10.0  # s: after a longer pause the light is another one

LEARNING: Final = (
    4.0  # s of which the scene is the median: who passes is not in it, who stands is, and is not smoke
)
SAMPLE: Final = 0.38  # s between its pictures

WINDOW: Final = 12  # frames
NEEDED: Final = 7
STAYS: Final = 0.3
BILLOWS: Final = (20, 16)  # likewise of a plume, which nothing else speaks for than that it goes on
HOLD: Final = 5.0  # s that it stays suspected without a hit


class Smoke:
    """The check. verifier: the site's model, asked before a suspicion is told."""

    def __init__(self, areas: Sequence[Area], *, verifier: Verifier | None = None) -> None:
        self._suspects = Suspects("smoke", areas, HOLD, verifier)
        self._tracks = Tracks(WINDOW, NEEDED, STAYS)
        self._plume = Plume()
        self._plumes = Tracks(*BILLOWS, STAYS)
        self._samples: list[Picture] = []
        self._began = self._sampled = self._t = -1e9
        self._veil: Veil | None = None

    @property
    def learning(self) -> bool:
        return self._veil is None

    def forget(self) -> None:
        self._plume = Plume()
        self._plumes.clear()
        self._suspects.clear()
        self._forget_scene()

    def look(self, frame: Frame) -> Sequence[Sight]:
        return self._suspects.sights(frame, self._lasting(frame))

    def _lasting(self, frame: Frame) -> list[Suspect]:
        since = frame.t - self._t
        if 0 <= since < SOONEST:
            return []
        width, height = frame.size
        picture = frame.colour(WIDTH if width >= height else PORTRAIT)
        if picture.ndim == 2:
            picture = np.repeat(picture[:, :, None], 3, axis=2)
        if self._samples and (picture.shape != self._samples[0].shape or not 0 <= since <= GAP):
            self.forget()
        self._t = frame.t
        billowing = self._plumes.follow(self._plume.look(picture))
        if self._veil is None:
            self._learn(picture, frame.t)
            return billowing
        veils = self._veil.look(picture)
        if self._veil.lost:  # a plume needs no scene
            self._forget_scene()
            return billowing
        return [*self._tracks.follow(veils), *billowing]

    def _forget_scene(self) -> None:
        self._samples = []
        self._veil = None
        self._tracks.clear()

    def _learn(self, picture: Picture, t: float) -> None:
        if not self._samples:
            self._began = t
        if not self._samples or t - self._sampled >= SAMPLE:
            self._samples.append(picture)
            self._sampled = t
        if t - self._began >= LEARNING:
            self._veil = Veil(median(self._samples).astype(np.uint8))
            self._samples = self._samples[:1]  # its shape
