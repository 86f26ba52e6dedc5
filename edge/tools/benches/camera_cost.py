"""What the checks cost: ms of one core for a 640 × 360 picture, beside decoding the same picture."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import cv2
import numpy as np

from drivers.camera.frames import Frame, Picture
from drivers.camera.sight import Area
from drivers.camera.watching import Watching, WatchSettings
from edge.domain.instant import SECOND
from edge.tools.simulator.pictures.events import Event
from edge.tools.simulator.pictures.lane import LANE_POLYGON, Lane
from edge.tools.simulator.pictures.scene import Scene
from edge.tools.simulator.pictures.shed import Shed

FPS: Final = 5.0
LEARNT: Final = 20.0  # seconds of the film that are not counted: a check that learns does other work
EACH: Final = ("tamper", "motion", "flame", "smoke", "left-object", "zone-change")
ALWAYS: Final = ("tamper", "flame", "smoke", "left-object")
"""What one camera may reasonably be asked for at once, "all checks"."""

_ZONE: Final = Area("lane", LANE_POLYGON, 10.0, ("left-object", "motion", "zone-change"))


Film = Sequence[bytes]
"""JPEGs of one camera, `FPS` a second."""


def films(seconds: float) -> list[Film]:
    """Both drawn scenes: a van that parks, and persons; a fire."""
    lane = [Event("person", 4), Event("van", 22), Event("person", 25), Event("person", seconds - 6)]
    shed = [Event("person", 3), Event("fire", 24), Event("person", seconds - 8)]
    shown: Sequence[tuple[Scene, Sequence[Event]]] = ((Lane(1, 14.0), lane), (Shed(1, 14.0), shed))
    return [[_jpeg(scene.at(n / FPS, events)) for n in range(int(seconds * FPS))] for scene, events in shown]


def decoding(films: Sequence[Film]) -> float:
    """What decoding a picture takes, ms: the yardstick."""
    begun = time.thread_time()
    for film in films:
        for _ in _decoded(film):
            pass
    return 1000 * (time.thread_time() - begun) / sum(map(len, films))


def subtracting(films: Sequence[Film]) -> float:
    """What OpenCV's own background model takes, MOG2 at half the width, ms: one such step as it costs anywhere."""

    def made() -> Callable[[Frame], object]:
        model = cv2.createBackgroundSubtractorMOG2()
        return lambda frame: model.apply(frame.colour(320))

    return _each(films, made)


def checking(films: Sequence[Film], checks: Sequence[str]) -> float:
    """What these checks take together, ms, on decoded pictures; smaller copies are made once."""
    placed = tuple(check for check in checks if check in _ZONE.checks)
    settings = WatchSettings(
        checks=tuple(check for check in checks if check not in placed),
        zones=(Area(_ZONE.id, _ZONE.polygon, _ZONE.dwell, placed),) if placed else (),
    )

    def made() -> Callable[[Frame], object]:
        watching = Watching(settings)
        return lambda frame: watching.look(frame, round(frame.t * SECOND))

    return _each(films, made)


def _each(films: Sequence[Film], made: Callable[[], Callable[[Frame], object]]) -> float:
    spent, counted = 0.0, 0
    for film in films:
        work = made()
        for number, picture in enumerate(_decoded(film)):
            frame = Frame(number / FPS, picture)
            begun = time.thread_time()
            work(frame)
            if frame.t > LEARNT:
                spent += time.thread_time() - begun
                counted += 1
    return 1000 * spent / max(1, counted)


def _decoded(film: Film) -> Iterator[Picture]:
    for jpeg in film:
        made: Any = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        yield made


def _jpeg(picture: Picture) -> bytes:
    _, made = cv2.imencode(".jpg", picture)
    data: Any = made
    return bytes(data)
