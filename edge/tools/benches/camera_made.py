"""The camera bench on cases that are drawn or composed at run time: the same on every machine, labelled exactly."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from drivers.camera.sight import Check
from edge.tools.benches.camera_cases import Case, Outcome, play

MAKERS: Final[Mapping[str, float]] = {
    "edge.tools.benches.camera_cases_tamper": 0.34,
    "edge.tools.benches.camera_cases_fire": 0.36,
    "edge.tools.benches.camera_cases_objects": 0.3,
}
"""Module with `cases(seed, count)` -> its share of all cases."""

PART: Final = 4  # cases after which a worker says what it found


@dataclass(frozen=True, slots=True)
class Told:
    """The outcome of one case, and the check it was for."""

    check: str
    outcome: Outcome


def run(seed: int, count: int, jobs: int, progress: Callable[[int, int], None]) -> list[Told]:
    """About `count` cases, in so many processes. progress: told of (cases done, all cases)."""
    wanted = [(module, max(1, round(count * share))) for module, share in MAKERS.items()]
    parts = [
        (module, seed, number, range(first, min(first + PART, number)))
        for module, number in wanted
        for first in range(0, number, PART)
    ]
    total = sum(number for _, number in wanted)
    told: list[Told] = []
    context = multiprocessing.get_context("spawn")  # a fork would inherit whatever OpenCV has started
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        waiting = [pool.submit(_play, *part) for part in parts]
        try:
            for done in as_completed(waiting):
                told += done.result()
                progress(len(told), total)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return told


def _play(module: str, seed: int, count: int, numbers: range) -> list[Told]:
    """In a worker: some of a module's cases. Those before them are made too, but not drawn: they draw as they go."""
    import cv2

    cv2.setNumThreads(1)
    made: Iterator[Case] = import_module(module).cases(seed, count)
    told = []
    for number, case in enumerate(made):
        if number in numbers:
            told.append(Told(case.check, play(case, _check(case))))
        elif number >= numbers.stop:
            break
    return told


def _check(case: Case) -> Check:
    from drivers.camera.areas import WHOLE
    from drivers.camera.watching import CHECKS, WatchSettings

    return CHECKS[case.check](case.zones or (WHOLE,), WatchSettings())
