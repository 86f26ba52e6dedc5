"""Whether what a camera sends can be believed: told by when pictures come and whether they change, never by "ok".

**Frozen** is a picture that comes again and again bit by bit. A quiet scene never does that: a sensor's noise changes
some pixel of every picture, and does so after the codec too, at the latest with the next keyframe. So only exact
repeats count, of pictures that came in time (a stalled stream also repeats its last one, but late), for `FREEZE`
seconds, and no picture of that time may be new: one that was seen `MEMORY` seconds ago at most is not, because an
encoder with a frozen source repeats itself from keyframe to keyframe; but few may take turns, or it is a short clip
that is played over and over. What this cannot tell apart is a source without
any noise whose scene stands still, such as a drawn test picture or a screen: it counts as frozen, and rightly so in
front of a gate. Give a drawn scene a little noise, or a clock. A camera with a "smart" codec that sends nothing but
skips for seconds on end at night looks the same: lengthen its bit rate, or shorten its keyframe interval.

**Blackout** is a picture in which nothing can be told: dark everywhere, or of one colour, but for a clock drawn in it.
"""

from __future__ import annotations

import threading
import zlib
from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from drivers.camera.frames import Picture
from drivers.camera.middles import median

BURST: Final = 1.0
"""Seconds after opening in which a stream sends what it had in store: faster than real, and no reading."""

LOST: Final = 2.6  # seconds without a picture; a garbled H.264 stream goes on for two more before it stops
WINDOW: Final = 3.0  # seconds over which the rate is told
JUDGED: Final = 2.0  # seconds of it that are enough after opening
FRESH: Final = 1.0
LOW: Final = 0.4  # of the wanted rate: fewer pictures than that, and checks of movement tell nothing
FREEZE: Final = 3.0
MEMORY: Final = 4.0
TURNS: Final = 0.25  # of the pictures of a freeze may differ: keyframes, and what follows them
THAWED: Final = 3  # new pictures within two seconds end a freeze: one may be a keyframe
DARK_FOR: Final = 2.5  # before a freeze: what is black seldom changes
LIGHT_FOR: Final = 1.0
SETTLE: Final = 0.5  # seconds of pictures after the burst, before all is well (again)

_DARK: Final = 32  # of 255: an unlit picture with its noise
_FLAT: Final = 6  # levels from the middle one: a colour with the codec's traces
_OVERLAY: Final = 0.03  # of the picture: what a clock and a name drawn into it cover


@dataclass(frozen=True, slots=True)
class Pulse:
    """age: seconds since the newest picture, None before the first. fault: "frozen", "blackout", "low-rate" or "".

    settled: pictures have come for long enough to say so. rate: pictures looked at, a second.
    """

    age: float | None
    settled: bool
    fault: str
    rate: float


class Pictures:
    """What is known of the pictures of one camera. Any thread may tell and ask; times are monotonic seconds.

    fps: the pictures a second that are wanted.
    """

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._lock = threading.Lock()
        self._newest: float | None = None
        self._steady: float | None = None  # since when what comes is a reading
        self._came: deque[float] = deque()
        self._looked: deque[float] = deque()
        self._marks: deque[tuple[float, int, bool]] = deque()  # when, of which picture, whether it was new
        self._slow = False
        self._frozen = False
        self._dark = False
        self._dark_turned: float | None = None  # since when the pictures say otherwise

    def opened(self, now: float) -> None:
        """A connection stands; what it sends first is no reading."""
        with self._lock:
            self._steady = None
            self._came.clear()
            self._marks.clear()
            self._dark_turned = None

    def came(self, now: float) -> None:
        """A picture has come."""
        with self._lock:
            if self._steady is None:
                self._steady = now + BURST
            self._newest = now
            self._came.append(now)
            _forget(self._came, now - WINDOW)

    def looked(self, now: float, picture: Picture) -> None:
        """This picture was decoded. Nothing is kept of it but a checksum."""
        mark = zlib.crc32(picture[::4].tobytes())
        nothing = _shows_nothing(picture)
        with self._lock:
            self._looked.append(now)
            new = all(mark != known for _, known, _ in self._marks)
            self._marks.append((now, mark, new))
            while self._marks[0][0] < now - MEMORY:
                self._marks.popleft()
            self._judge_freeze(now)
            self._judge_dark(now, nothing)

    def read(self, now: float) -> Pulse:
        """How things stand."""
        with self._lock:
            _forget(self._looked, now - WINDOW)
            _forget(self._came, now - WINDOW)
            age = None if self._newest is None else now - self._newest
            steady = 0.0 if self._steady is None else now - self._steady
            fault = ""
            span = min(WINDOW, steady)
            if age is not None and age < FRESH:  # else it is a stall, which has a name of its own
                few = sum(t >= now - span for t in self._came) < LOW * self._fps * span
                self._slow = span >= JUDGED and few
            if self._slow:
                fault = "low-rate"
            elif self._dark:  # though it may not change either
                fault = "blackout"
            elif self._frozen:
                fault = "frozen"
            rate = len(self._looked) / span if span > 0 else 0.0
            return Pulse(age, steady >= SETTLE, fault, rate)

    def _judge_freeze(self, now: float) -> None:
        if self._frozen:
            self._frozen = sum(new for t, _, new in self._marks if t > now - 2.0) < THAWED
            return
        lately = [(mark, new) for t, mark, new in self._marks if t > now - FREEZE]
        full = now - self._marks[0][0] >= FREEZE and len(lately) >= FREEZE * LOW * self._fps
        few = len({mark for mark, _ in lately}) <= 1 + len(lately) * TURNS
        self._frozen = full and few and not any(new for _, new in lately)

    def _judge_dark(self, now: float, nothing: bool) -> None:
        if nothing == self._dark:
            self._dark_turned = None
            return
        if self._dark_turned is None:
            self._dark_turned = now
        if now - self._dark_turned >= (LIGHT_FOR if self._dark else DARK_FOR):
            self._dark = nothing
            self._dark_turned = None


def _forget(times: deque[float], before: float) -> None:
    while times and times[0] < before:
        times.popleft()


def _shows_nothing(picture: Picture) -> bool:
    sample = picture[::8, ::8]
    pixels = sample.shape[0] * sample.shape[1]
    if np.count_nonzero(sample.max(axis=2) > _DARK) < _OVERLAY * pixels:
        return True
    away = np.abs(sample.astype(np.int16) - median(sample.reshape(-1, 3)).astype(np.int16)).max(axis=2)
    return bool(np.count_nonzero(away > _FLAT) < _OVERLAY * pixels)
