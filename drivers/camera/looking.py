"""The thread that looks at a camera's pictures: masks first, then the checks, then the ring of stills."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from drivers.camera.frames import Frame
from drivers.camera.lines import Aim, Finding
from drivers.camera.masks import Masks
from drivers.camera.picture import Pictures
from drivers.camera.reading import Mailbox, Shot
from drivers.camera.sight import Area
from drivers.camera.stills import RingWriter

_PATIENCE: Final = 0.5
_SMOOTHING: Final = 0.05  # of the cost: about the last 20 pictures


class Watcher(Protocol):
    """What `watching.Watching` is to this thread."""

    @property
    def learning(self) -> tuple[str, ...]: ...
    @property
    def active(self) -> tuple[str, ...]: ...
    def look(self, frame: Frame, utc: int) -> list[Finding]: ...
    def rezone(self, zones: Sequence[Area]) -> None: ...
    def forget(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Seen:
    """As the newest picture left it. frame_at: µs UTC; cost: ms of computing per picture, smoothed."""

    frame_at: int | None = None
    cost: float = 0.0
    learning: tuple[str, ...] = ()
    active: tuple[str, ...] = ()


class Looker(threading.Thread):
    """Takes pictures from `mailbox`, has `watcher` look at them, tells its findings and keeps stills in `ring`.

    frozen: whether the source repeats itself: then nothing is learnt from it. tell: from this thread; may block.
    error: what ended this thread before it was told to end, None while nothing has.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        pictures: Pictures,
        masks: Masks,
        watcher: Watcher,
        ring: RingWriter,
        tell: Callable[[Finding], None],
    ) -> None:
        super().__init__(name="camera looker", daemon=True)
        self.seen = Seen(learning=watcher.learning, active=watcher.active)
        self.frozen = False
        self.error: BaseException | None = None
        self._mailbox = mailbox
        self._pictures = pictures
        self._masks = masks
        self._watcher = watcher
        self._ring = ring
        self._tell = tell
        self._aim: Aim | None = None
        self._ending = threading.Event()

    def aim(self, aim: Aim) -> None:
        """From the next picture on, in place of the zones and masks there are."""
        self._aim = aim

    def end(self) -> None:
        """Stop after the picture it is at."""
        self._ending.set()

    def run(self) -> None:
        try:
            while not self._ending.is_set():
                self._next()
        except BaseException as error:
            self.error = error
            raise

    def _next(self) -> None:
        """One picture, or none. Nothing holds it afterwards: the next is decoded while this thread waits."""
        shot = self._mailbox.take(_PATIENCE)
        self._turn()
        self._ring.expire(time.time_ns() // 1000)
        if shot is not None:
            self._look(shot)

    def _turn(self) -> None:
        aim, self._aim = self._aim, None
        if aim is None:
            return
        if aim.masks != self._masks.polygons:
            # What the hub took before stays as it was; what nobody asked for yet must not show what is to be hidden.
            self._masks = Masks(aim.masks)
            self._ring.clear()
            self._watcher.forget()
        self._watcher.rezone(aim.zones)

    def _look(self, shot: Shot) -> None:
        begun = time.thread_time()
        self._pictures.looked(shot.t, shot.picture)
        self._masks.paint(shot.picture)
        frame = Frame(shot.t, shot.picture)
        found = [] if self.frozen else self._watcher.look(frame, shot.utc)
        self._ring.keep(frame, shot.utc, now=any(finding.state == "start" for finding in found))
        cost = 1000 * (time.thread_time() - begun)
        before = self.seen
        if before.frame_at is not None:
            cost = before.cost + _SMOOTHING * (cost - before.cost)
        self.seen = Seen(shot.utc, cost, self._watcher.learning, self._watcher.active)
        for finding in found:
            self._tell(finding)
