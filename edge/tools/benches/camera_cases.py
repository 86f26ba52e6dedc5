"""What a case of the camera bench is: pictures with one known thing in them, or with none; and how one is played.

Cases are made at run time, by drawing or by composing, from a seed: the same seed gives the same pictures on every
machine. `camera_cases_<check>.py` each offer `cases(seed, count) -> Iterator[Case]`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from drivers.camera.frames import Frame
from drivers.camera.sight import Area, Check


@dataclass(frozen=True, slots=True)
class Case:
    """name: `<family>/<what>` ("covered/hand 12"); figures are given by family. frames: in order, read once.

    check: which one it is for. expect: the kind that must be found, None where nothing may be. onset: seconds on the
    frames' own count at which it is there for the eye (0 where expect is None). zones: where it is to be looked
    for, the whole picture when empty. due: seconds after the onset by which it must have been found to count.
    """

    name: str
    check: str
    frames: Iterator[Frame]
    expect: str | None
    onset: float = 0.0
    zones: tuple[Area, ...] = ()
    due: float = 10.0

    @property
    def family(self) -> str:
        """What figures are counted by."""
        return self.name.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check said of a case.

    delay: seconds from the onset until the kind was found, None when it was not in time (or was not to be found).
    false: kinds that were said though they were not there: another than expected, or the expected too early.
    learned: seconds until the check knew the scene. cost: ms of computing per frame on one thread (OpenCV must have no
    others), the making of smaller copies included.
    """

    case: str
    family: str
    expect: str | None
    delay: float | None
    false: tuple[str, ...]
    learned: float
    cost: float

    @property
    def right(self) -> bool:
        """Found in time, or rightly silent."""
        return not self.false if self.expect is None else self.delay is not None


EARLY = 0.5  # seconds: an onset is told by eye, and a hand is near before it covers


def play(case: Case, check: Check) -> Outcome:
    """Show `case` to `check` from its first frame to its last."""
    delay: float | None = None
    false: dict[str, None] = {}
    learned, spent, frames = 0.0, 0.0, 0
    for frame in case.frames:
        begun = time.thread_time()
        sights = check.look(frame)
        spent += time.thread_time() - begun
        frames += 1
        if check.learning:
            learned = frame.t
        for sight in sights:
            if not sight.active:
                continue
            since = frame.t - case.onset
            if sight.kind != case.expect or since < -EARLY:
                false[sight.kind] = None
            elif delay is None and since <= case.due:
                delay = max(0.0, since)
    cost = 1000 * spent / max(1, frames)
    return Outcome(case.name, case.family, case.expect, delay, tuple(false), learned, cost)
