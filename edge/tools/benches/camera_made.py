"""The camera bench on cases that are drawn or composed at run time: the same on every machine, labelled exactly."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, TypeVar

from drivers.camera.sight import Check
from edge.tools.benches.camera_cases import Case, Outcome, play

T = TypeVar("T")

MAKERS: Final[Mapping[str, float]] = {
    "edge.tools.benches.camera_cases_tamper": 0.34,
    "edge.tools.benches.camera_cases_fire": 0.36,
    "edge.tools.benches.camera_cases_objects": 0.3,
}
"""Module with `cases(seed, count)` -> its share of all cases."""

_told: list[Any] = []
"""In a worker: the queue that is told of every case."""


@dataclass(frozen=True, slots=True)
class Told:
    """The outcome of one case, and the check it was for."""

    check: str
    outcome: Outcome


def run(seed: int, count: int, jobs: int, progress: Callable[[int, int], None]) -> list[Told]:
    """About `count` cases, in so many processes. progress: told of (cases done, all cases), about once a second."""
    wanted = {module: max(1, round(count * share)) for module, share in MAKERS.items()}
    parts = [
        (_play, (module, seed, number, turn, jobs))
        for module, number in wanted.items()
        for turn in range(jobs)
    ]
    return spread(parts, sum(wanted.values()), jobs, progress)


def spread(
    parts: Sequence[tuple[Callable[..., Iterator[T]], tuple[Any, ...]]],
    count: int,
    jobs: int,
    progress: Callable[[int, int], None],
) -> list[T]:
    """What all parts give, each in one of so many processes, with OpenCV on one thread. progress: as of `run`."""
    context = multiprocessing.get_context("spawn")  # a fork would inherit whatever OpenCV has started
    told: list[T] = []
    cases, played = context.SimpleQueue(), 0
    with closing(cases), ProcessPoolExecutor(jobs, context, _tell, (cases,)) as pool:
        waiting = {pool.submit(_work, work, arguments) for work, arguments in parts}
        try:
            while waiting:
                done, waiting = wait(waiting, 1.0, FIRST_COMPLETED)
                told += [one for part in done for one in part.result()]
                while not cases.empty():
                    cases.get()
                    played += 1
                progress(played, count)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return told


def _tell(cases: Any) -> None:
    import cv2

    cv2.setNumThreads(1)
    _told.append(cases)


def _work(work: Callable[..., Iterator[T]], arguments: tuple[Any, ...]) -> list[T]:
    """In a worker: one part."""
    told = []
    for one in work(*arguments):
        told.append(one)
        for queue in _told:
            queue.put(None)
    return told


def _play(module: str, seed: int, count: int, turn: int, jobs: int) -> Iterator[Told]:
    """Every `jobs`-th of a module's cases, from case `turn` on. The others are begun, but not drawn."""
    made: Iterator[Case] = import_module(module).cases(seed, count)
    for number, case in enumerate(made):
        if number % jobs == turn:
            yield Told(case.check, play(case, check_of(case)))


def check_of(case: Case) -> Check:
    """A new one of the check that a case is for."""
    from drivers.camera.areas import WHOLE
    from drivers.camera.watching import CHECKS, WatchSettings

    return CHECKS[case.check](case.zones or (WHOLE,), WatchSettings())
