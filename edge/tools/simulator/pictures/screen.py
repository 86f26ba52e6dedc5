"""What one simulated camera sends: its scene's pictures at a steady rate, made once for all who look, never else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final

import cv2

from edge.tools.simulator.pictures.events import LANE, SHED, Event, happens
from edge.tools.simulator.pictures.lane import Lane
from edge.tools.simulator.pictures.scene import Scene
from edge.tools.simulator.pictures.shed import Shed

QUALITY: Final = 80  # of the JPEG, as cameras have it set
RATE: Final = 5.0  # pictures a second

SCENES: Final[dict[str, type[Scene]]] = {LANE: Lane, SHED: Shed}


class Screen:
    """One camera. `show` and `following` may be called from any thread; several may follow at once.

    hour: civil hour by seconds since the screen was made, 0 to 24. phase: seconds by which its pictures come earlier
    than those of a screen made at the same moment.
    """

    def __init__(
        self, scene: str, *, seed: int = 0, hour: float | Callable[[float], float] = 12.0, rate: float = RATE,
        phase: float = 0.0,
    ) -> None:  # fmt: skip
        self._make: Callable[[], Scene] = lambda: SCENES[scene](seed, hour)
        self._scene: Scene | None = None
        self._rate = rate
        self._began = time.monotonic() - phase
        self._events: tuple[Event, ...] = ()
        self._turn = threading.Condition()
        self._number = -1
        self._jpeg = b""

    def show(self, kind: str) -> None:
        """It happens from now on: one of the scene's `SHOWS`."""
        with self._turn:
            self._events = happens(self._events, kind, time.monotonic() - self._began)
            self._number = -1  # whoever looks now sees it at once

    def reset(self) -> None:
        """The empty scene, at once."""
        with self._turn:
            self._events = ()
            self._number = -1

    def next(self, after: int) -> tuple[int, bytes]:
        """The number and the JPEG of the picture that follows picture `after`; waits until it is due."""
        with self._turn:
            due = max(after + 1, int((time.monotonic() - self._began) * self._rate))
            wait = self._began + due / self._rate - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        with self._turn:
            if self._number < due:
                self._number, self._jpeg = due, self._drawn(due / self._rate)
            return self._number, self._jpeg

    def _drawn(self, t: float) -> bytes:
        if self._scene is None:
            self._scene = self._make()
        _, made = cv2.imencode(".jpg", self._scene.at(t, self._events), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        data: Any = made
        return bytes(data)
