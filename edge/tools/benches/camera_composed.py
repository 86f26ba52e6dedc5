"""The camera bench on tampers that are composed over still clips at run time: real places, labelled exactly.

Every family of `camera_cases_tamper` befalls every clip whose camera stands still, by its label and by measurement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from edge.tools.analyse import FPS, frames_of
from edge.tools.benches import camera_made
from edge.tools.benches.camera_cases import Case, play
from edge.tools.benches.camera_cases_tamper import FAMILIES, Base, cases
from edge.tools.benches.camera_footage import Clip
from edge.tools.benches.camera_made import Told
from edge.tools.benches.camera_places import Image

WIDE: Final = 640  # pixels of what is composed at most: a sub-stream's
SPAN: Final = 16.0  # seconds of a clip that are used, forth and back again
SHORTEST: Final = 4.0  # seconds, likewise
WANDERS: Final = (
    0.05  # of the width: a view that does so in that time is no still camera's, whatever its label says
)
EVERY: Final = 4  # pictures from one to the next that are compared for this
CELLS: Final = (8, 6)  # of the picture, in each of which
CORNERS: Final = 3  # are followed, so that no car full of corners outvotes a street of few
RETURNS: Final = 0.5  # pixels of 320 that a corner may miss when it is followed back, or shiver in its place
FOLLOWED: Final = 12  # corners: fewer say nothing
STAY: Final = 0.15  # of the corners in their place: then others move, and not the camera


@dataclass(frozen=True, slots=True)
class Composed:
    """What became of one case over one clip."""

    clip: Clip
    told: Told


def still(clips: Sequence[Clip]) -> tuple[list[Clip], list[Clip]]:
    """Those over which something can be composed, and those labelled so whose view wanders, is cut or is lost.

    Not those that are tampered with in earnest, nor those that are too short.
    """
    good: list[Clip] = []
    wandering: list[Clip] = []
    for clip in clips:
        if clip.fixed and "tamper" not in clip.onsets:
            pictures = _pictures(clip.path)
            if len(pictures) >= SHORTEST * FPS:
                (good if _stands(pictures) else wandering).append(clip)
    return good, wandering


def run(clips: Sequence[Clip], seed: int, jobs: int, progress: Callable[[int, int], None]) -> list[Composed]:
    """All families over all of `clips`, in so many processes. progress: as of `camera_made.run`."""
    parts = [(_play, (clip, seed)) for clip in clips]
    return camera_made.spread(parts, len(clips) * len(FAMILIES), jobs, progress)


def _play(clip: Clip, seed: int) -> Iterator[Composed]:
    for case in composed(clip, seed):
        yield Composed(clip, Told(case.check, play(case, camera_made.check_of(case))))


def composed(clip: Clip, seed: int) -> Iterator[Case]:
    """One case of each family over a clip; others over another, which is told by its content and not by its name."""
    for case in cases(seed, len(FAMILIES), [_base(_pictures(clip.path))], int(clip.digest, 16)):
        yield replace(case, name=f"{case.name} over {clip.path.name}")


def _base(pictures: Sequence[Image]) -> Base:
    """Forth and back without a jump, as long as anybody looks."""
    turns = [*range(len(pictures)), *range(len(pictures) - 2, 0, -1)]

    def shown() -> Iterator[Image]:
        while True:
            for number in turns:
                yield pictures[number]

    return shown


def _pictures(path: Path) -> list[Image]:
    pictures = []
    for frame in frames_of(path):
        if frame.t > SPAN:
            break
        pictures.append(frame.colour(WIDE))
    return pictures


def _stands(pictures: Sequence[Image]) -> bool:
    """Whether the view stays where it is and is not cut, told by none of what is measured here."""
    greys = [_grey(picture) for picture in pictures[::EVERY]]
    before, lost, at = greys[0], False, np.zeros(2)
    for now in greys[1:]:
        step = _step(before, now)
        lost = step is None  # somebody stands before it: the next picture is compared with the same one
        if step is not None:
            before = now
            at += step
            if np.hypot(*at) > WANDERS * now.shape[1]:
                return False
    return not lost


def _grey(picture: Image) -> Any:
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    size = (320, round(grey.shape[0] * 320 / grey.shape[1]))
    return cv2.createCLAHE(3.0, CELLS).apply(cv2.resize(grey, size, interpolation=cv2.INTER_AREA))


def _step(before: Any, now: Any) -> Any:
    """By how many pixels the view moved, (x, y); None where too few corners can be followed."""
    corners = _corners(before)
    if len(corners) < FOLLOWED:
        return None
    there, found, _ = _follow(before, now, corners, None)
    back, again, _ = _follow(now, before, there, None)
    missed = np.linalg.norm((back - corners)[:, 0], axis=1)
    sure = (found.ravel() == 1) & (again.ravel() == 1) & (missed < RETURNS)
    if np.count_nonzero(sure) < FOLLOWED:
        return None
    steps = (there - corners)[sure, 0]
    stay = float((np.linalg.norm(steps, axis=1) < RETURNS).mean())
    return np.zeros(2) if stay > STAY else np.median(steps, axis=0)


_follow: Any = cv2.calcOpticalFlowPyrLK


def _corners(grey: Any) -> Any:
    """(n, 1, 2) float32."""
    (across, down), (height, width) = CELLS, grey.shape
    found = []
    for row in range(down):
        for column in range(across):
            top, left = row * height // down, column * width // across
            cell = grey[top : (row + 1) * height // down, left : (column + 1) * width // across]
            corners: Any = cv2.goodFeaturesToTrack(cell, CORNERS, 0.02, 6)
            if corners is not None:
                found.append(corners + np.array((left, top), np.float32))
    return np.concatenate(found) if found else np.empty((0, 1, 2), np.float32)
