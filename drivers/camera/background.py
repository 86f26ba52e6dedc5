"""What a part of the picture looks like when nothing is there, and what has come and stays.

Two pictures are kept. The background follows what is always so, a level a second. The candidate holds, pixel by pixel,
the last thing that differed from the background and did not move; it outlasts passers-by for as long as it has been
there itself, so that people walking before a bag do not start its time anew. Its rival is what is there in its place
now: should the candidate not return, the rival is the candidate since it first appeared. What a beam or a passer-by
has displaced so is remembered for some seconds: when it comes back before the ground shows, its time goes on. All
planes of a colour picture lie one below the other in one array, so that a step is one call of OpenCV.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.camera.frames import Picture
from drivers.camera.middles import median

Floats = NDArray[np.float32]

SAMPLE: Final = 0.5  # seconds between two pictures of the learning
LEARNING: Final = (
    12.0  # seconds: the median of 24 pictures is free of whoever passes in less than half of them
)
LONGEST: Final = 30.0  # seconds of it where people never leave the place alone
SAMPLES: Final = 24
BUSY: Final = 0.25  # share of the place that moved while it was learnt, above which more is looked at
LEAST, MOST = (
    18.0,
    45.0,
)  # grey levels of difference that count: below is noise of any camera, above is any thing
NOISE: Final = 6.0  # times the noise of this camera
QUICK: Final = 0.4  # seconds after which a new candidate takes a fresh one's place
OUTLAST: Final = 10.0  # seconds at most that an old candidate outlasts something before it
RECALL: Final = 10.0  # seconds for which one that was displaced is remembered
EMPTY: Final = 5.0  # times as fast is it forgotten where the background shows
GAP: Final = 1.0  # seconds between two pictures that count at most
BROAD: Final = (25, 25)  # pixels
FILLED: Final = 0.5 * 255  # of them that move together: too much to be an outline
CREEP: Final = 1.0  # seconds a level
NEVER: Final = -1e9  # seconds
DAY: Final = 86_400.0  # seconds after which times are counted anew: in 32 bits they lose their fractions


class Background:
    """Of one rectangle of the picture. Pictures given to it are (height, width, 3) in BGR, always of one size."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.width, self.height = size
        self.tolerance = LEAST
        self.unsure: Picture = np.zeros((self.height, self.width), np.uint8)
        self._samples: list[Picture] = []
        self._sampled = -1e9
        self._every = SAMPLE
        self._began: float | None = None
        self._judge_at = 0.0
        self._crept = -1e9
        self._origin = 0.0
        self._last: float | None = None
        self._scene: Picture | None = None
        self._new: Picture = np.zeros((3 * self.height, self.width), np.uint8)
        self._rival: Picture = np.zeros_like(self._new)
        self._rose: Floats = np.zeros((self.height, self.width), np.float32)
        self._since: Floats = np.zeros((self.height, self.width), np.float32)
        self._held: Floats = np.zeros_like(self._since)
        self._doubt: Floats = np.zeros_like(self._since)
        self._former: Picture = np.zeros_like(self._new)
        self._former_since: Floats = np.zeros_like(self._since)
        self._former_held: Floats = np.zeros_like(self._since)
        self._former_until: Floats = np.full_like(self._since, NEVER)
        self._differs: Picture = np.zeros((self.height, self.width), np.uint8)
        self._still: Picture = np.zeros_like(self._differs)
        self._often: Floats = np.zeros_like(self._since)
        self._now = self._new
        self._gains: Sequence[float] = (1.0, 1.0, 1.0)
        self._one: Picture = np.ones_like(self._differs)
        self._zero: Floats = np.zeros_like(self._since)

    @property
    def learning(self) -> bool:
        """Whether the background is not known yet."""
        return self._scene is None

    def learn(self, bgr: Picture, t: float, within: Picture) -> bool:
        """Look at a picture of the scene; True when the background is known with it. within: 255 where it matters."""
        if self._began is None:
            self._began = self._judge_at = t
            self._judge_at += LEARNING
        if t - self._sampled >= self._every - 0.05:
            self._sampled = t
            self._samples.append(_stacked(bgr))
        if t < self._judge_at or len(self._samples) < 5:
            return False
        middle = _middle(self._samples)
        moved = self._moved(middle)
        busy = cv2.countNonZero(cv2.bitwise_and(moved, within)) / max(1, cv2.countNonZero(within))
        if busy > BUSY and t - self._began < LONGEST:
            self._judge_at = t + LEARNING / 2
            if len(self._samples) >= SAMPLES:  # as many as before, over a longer time
                self._samples, self._every = self._samples[::2], 2 * self._every
            return False
        self._scene = middle
        self.unsure = _array(cv2.dilate(moved, np.ones((5, 5), np.uint8)))
        self._new = middle.copy()
        self._rival = middle.copy()
        self._now = middle
        self._origin = self._last = t
        self._since[:] = self._rose[:] = 0.0
        self._former_until[:] = NEVER
        self._samples.clear()
        return True

    def look(self, bgr: Picture, t: float, gains: Sequence[float], memory: float = 10.0) -> None:
        """Take one more picture, in order of time. gains: by channel, of this picture over the background.

        memory: seconds that `unsettled` looks back on.
        """
        assert self._scene is not None and self._last is not None  # noqa: S101, PT018 - the caller asks `learning` first
        passed, self._last = t - self._last, t
        step = min(max(0.0, passed), GAP)
        if passed != step:  # the camera was away: what nobody saw is no time that something has stayed
            self._shift(passed - step)
        if t - self._origin > DAY:
            self._shift(self._origin - t)
            self._origin = t
        self._now, self._gains = now, gains = _stacked(bgr), tuple(gains)
        scene, new = self._lit(self._scene, gains), self._lit(self._new, gains)
        away = self._widest(cv2.absdiff(now, scene))
        differs = _array(cv2.threshold(away, self.tolerance, 255, cv2.THRESH_BINARY)[1])
        far = self._widest(cv2.absdiff(now, new))
        same = cv2.threshold(far, self.tolerance, 255, cv2.THRESH_BINARY_INV)[1]
        still = _array(cv2.bitwise_and(differs, same))
        self._differs, self._still = differs, still
        # A beam or a passer-by fills the place; somebody who sways changes it at his outline only.
        edge = cv2.blur(cv2.bitwise_xor(differs, still), BROAD)
        filled = cv2.threshold(edge, FILLED, 255, cv2.THRESH_BINARY_INV)[1]
        cv2.accumulateWeighted(differs, self._often, 1 - math.exp(-step / memory), mask=_array(filled))
        # 0 the background shows, 1 something else than the candidate, 2 the candidate.
        code = cv2.add(cv2.bitwise_and(differs, self._one), cv2.bitwise_and(still, self._one))
        table = np.zeros((1, 256), np.float32)
        table[0, 2] = step
        cv2.add(self._held, cv2.LUT(code, table), dst=self._held)
        table[0, :3] = (EMPTY * step, step, -step)
        cv2.add(self._doubt, cv2.LUT(code, table), dst=self._doubt)
        cv2.max(self._doubt, self._zero, dst=self._doubt)
        patience = cv2.min(self._held * np.float32(0.7), np.full_like(self._held, OUTLAST))
        over = _array(
            cv2.compare(self._doubt, cv2.add(patience, np.full_like(self._held, QUICK)), cv2.CMP_GT)
        )
        self._rise(self._unlit(now, gains), t)
        if cv2.countNonZero(over):
            self._replace(over, _array(cv2.bitwise_and(over, differs)), t)
        if t - self._crept >= CREEP:
            self._crept = t
            self._creep(self._scene, scene, now, cv2.bitwise_not(differs))
            self._creep(self._new, new, now, still)
            self._settle(away, _array(cv2.bitwise_not(differs)))

    def stayed(self, dwell: float) -> Picture:
        """255 where something else than the background has been for `dwell` seconds, most of it in sight."""
        assert self._last is not None  # noqa: S101 - as in look
        age = cv2.subtract(np.full_like(self._since, self._last - self._origin), self._since)
        old = cv2.compare(age, np.full_like(age, dwell), cv2.CMP_GE)
        seen = cv2.compare(self._held, age * np.float32(0.5), cv2.CMP_GE)
        return _array(cv2.bitwise_and(old, seen))

    def age(self, shape: Picture) -> float:
        """Seconds for which most of `shape` has been there."""
        assert self._last is not None  # noqa: S101 - as in look
        return self._last - self._origin - float(median(self._since[shape > 0]))

    def unsettled(self) -> Picture:
        """255 where the background now shows and now does not: the outline of somebody who stands there."""
        return _array(cv2.inRange(self._often, 0.15 * 255, 0.85 * 255))

    @property
    def differs(self) -> Picture:
        """255 where the last picture was not the background."""
        return self._differs

    @property
    def still(self) -> Picture:
        """255 where it was the candidate."""
        return self._still

    @property
    def scene(self) -> Picture:
        """The background: (height, width, 3) in BGR."""
        assert self._scene is not None  # noqa: S101 - as in look
        return _piled(self._scene)

    @property
    def candidate(self) -> Picture:
        """What has come, where `stayed` says so: (height, width, 3) in BGR, in the light of the background."""
        return _piled(self._new)

    @property
    def now(self) -> Picture:
        """The last picture: (height, width, 3) in BGR, in the light of the background."""
        return _piled(self._unlit(self._now, self._gains))

    def absorb(self, where: Picture, seen: bool = False) -> None:
        """Make the candidate (seen: what the last picture showed) the background, where marked."""
        assert self._scene is not None and self._last is not None  # noqa: S101, PT018 - as in look
        marked = cv2.vconcat([where] * 3)
        cv2.copyTo(self._unlit(self._now, self._gains) if seen else self._new, marked, self._scene)
        cv2.copyTo(self._scene, marked, self._new)
        cv2.copyTo(self._zero, where, self._often)
        cv2.copyTo(np.full_like(self._since, NEVER), where, self._former_until)
        self._start(where, self._last)

    def repaint(self, where: Picture, ground: Picture) -> None:
        """Take `ground` for the background, where marked; what is there now keeps its time."""
        assert self._scene is not None  # noqa: S101 - as in look
        cv2.copyTo(_stacked(ground), cv2.vconcat([where] * 3), self._scene)
        cv2.copyTo(self._zero, where, self._often)

    def rebase(self, gains: Sequence[float]) -> None:
        """Multiply what is known by `gains`: the light has become another for good."""
        assert self._scene is not None  # noqa: S101 - as in look
        self._scene, self._new = self._lit(self._scene, gains), self._lit(self._new, gains)
        self._rival, self._former = self._lit(self._rival, gains), self._lit(self._former, gains)

    def _replace(self, over: Picture, taken: Picture, t: float) -> None:
        """Make the rival the candidate where `over`; taken: where that is not the background."""
        now = np.full_like(self._since, t - self._origin)
        rows = cv2.vconcat([over] * 3)
        if not cv2.countNonZero(taken):
            cv2.copyTo(self._rival, rows, self._new)
            self._start(over, t)
        else:
            remembered = cv2.compare(self._former_until, now - np.float32(RECALL), cv2.CMP_GE)
            apart = self._widest(cv2.absdiff(self._rival, self._former))
            same = cv2.threshold(apart, self.tolerance, 255, cv2.THRESH_BINARY_INV)[1]
            back = _array(cv2.bitwise_and(cv2.bitwise_and(taken, remembered), same))
            since, held = self._former_since.copy(), self._former_held.copy()
            shorter = cv2.bitwise_and(remembered, cv2.compare(self._held, held, cv2.CMP_LT))
            kept = _array(cv2.bitwise_and(taken, cv2.bitwise_not(shorter)))
            cv2.copyTo(self._new, cv2.vconcat([kept] * 3), self._former)
            cv2.copyTo(self._since, kept, self._former_since)
            cv2.copyTo(self._held, kept, self._former_held)
            cv2.copyTo(now, kept, self._former_until)
            cv2.copyTo(self._rival, rows, self._new)
            self._start(over, t)
            cv2.copyTo(self._rose, taken, self._since)
            cv2.copyTo(now - self._rose, taken, self._held)
            cv2.copyTo(since, back, self._since)
            cv2.copyTo(cv2.add(self._held, held), back, self._held)
        # Where the ground shows, what was there has gone.
        cv2.copyTo(np.full_like(now, NEVER), _array(cv2.bitwise_xor(over, taken)), self._former_until)

    def _shift(self, seconds: float) -> None:
        """Move all times."""
        for times in (self._since, self._rose, self._former_since, self._former_until):
            np.add(times, np.float32(seconds), out=times)

    def _rise(self, unlit: Picture, t: float) -> None:
        """Let what is there now be the rival, where it is not yet."""
        far = self._widest(cv2.absdiff(unlit, self._rival))
        other = cv2.threshold(far, self.tolerance, 255, cv2.THRESH_BINARY)[1]
        cv2.copyTo(unlit, cv2.vconcat([other] * 3), self._rival)
        cv2.copyTo(np.full_like(self._rose, t - self._origin), other, self._rose)

    def _start(self, where: Picture, t: float) -> None:
        cv2.copyTo(np.full_like(self._since, t - self._origin), where, self._since)
        cv2.copyTo(self._zero, where, self._held)
        cv2.copyTo(self._zero, where, self._doubt)

    def _moved(self, middle: Picture) -> Picture:
        """255 where more than a sixth of the samples are not like the middle one: people, leaves, a lamp."""
        count = np.zeros((self.height, self.width), np.uint8)
        one = np.ones_like(count)
        for sample in self._samples:
            away = self._widest(cv2.absdiff(sample, middle))
            other = cv2.threshold(away, self.tolerance + 4, 255, cv2.THRESH_BINARY)[1]
            cv2.add(count, cv2.bitwise_and(other, one), dst=count)
        return _array(cv2.threshold(count, len(self._samples) / 6, 255, cv2.THRESH_BINARY)[1])

    def _settle(self, away: Picture, empty: Picture) -> None:
        """Learn how noisy this camera is now: the median difference where nothing is."""
        counts = cv2.calcHist([away], [0], empty, [64], [0, 64]).ravel()
        if (whole := counts.sum()) < 200:
            return
        middle = int(np.searchsorted(np.cumsum(counts), whole / 2)) + 0.5
        wanted = min(max(LEAST, NOISE * middle), MOST)
        self.tolerance += 0.2 * (wanted - self.tolerance)

    def _widest(self, stacked: Any) -> Picture:
        height = self.height
        first = cv2.max(stacked[:height], stacked[height : 2 * height])
        return _array(cv2.max(first, stacked[2 * height :]))

    def _lit(self, stacked: Picture, gains: Sequence[float]) -> Picture:
        if max(abs(gain - 1) for gain in gains) < 0.01:
            return stacked
        lit = np.empty_like(stacked)
        for plane, gain in enumerate(gains):
            rows = slice(plane * self.height, (plane + 1) * self.height)
            cv2.convertScaleAbs(stacked[rows], dst=lit[rows], alpha=gain)
        return lit

    def _unlit(self, stacked: Picture, gains: Sequence[float]) -> Picture:
        return self._lit(stacked, [1 / gain for gain in gains])

    @staticmethod
    def _creep(kept: Picture, lit: Picture, now: Picture, where: Any) -> None:
        """Move `kept` one level towards `now`, where marked."""
        marked = cv2.bitwise_and(cv2.vconcat([where] * 3), np.ones_like(kept))
        up = cv2.bitwise_and(cv2.compare(now, lit, cv2.CMP_GT), marked)
        down = cv2.bitwise_and(cv2.compare(now, lit, cv2.CMP_LT), marked)
        cv2.add(kept, up, dst=kept)
        cv2.subtract(kept, down, dst=kept)


def _middle(samples: Sequence[Picture]) -> Picture:
    """The median of each pixel, some rows at a time: the peak of memory is a camera's for good."""
    middle = np.empty_like(samples[0])
    half = len(samples) // 2
    for top in range(0, len(middle), 64):
        pile = np.stack([sample[top : top + 64] for sample in samples])
        pile.partition(half, axis=0)
        middle[top : top + 64] = pile[half]
    return middle


def _stacked(bgr: Picture) -> Picture:
    return _array(cv2.vconcat(cv2.split(bgr)))


def _piled(stacked: Picture) -> Picture:
    height = stacked.shape[0] // 3
    return _array(cv2.merge([stacked[:height], stacked[height : 2 * height], stacked[2 * height :]]))


def _array(value: Any) -> Picture:
    made: Picture = value
    return made
