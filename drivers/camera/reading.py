"""The thread that reads a camera: it opens, reads and opens again, for ever, and may be stuck in any of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from drivers.camera.addresses import Address
from drivers.camera.capture import Capture, Pace
from drivers.camera.frames import Picture
from drivers.camera.picture import BURST, Pictures

FIRST_PAUSE: Final = 0.5  # seconds between two connections, doubled up to the longest
LONGEST_PAUSE: Final = 4.0
STUCK: Final = 10.0  # seconds in one call, whose time-outs are three
NAMING: Final = (
    45.0  # a name server that does not answer is waited for without them (resolv.conf(5): 2 x 5 s each)
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shot:
    """A decoded picture. t: monotonic seconds, utc: µs, both of its arrival."""

    t: float
    utc: int
    picture: Picture


class Mailbox:
    """Holds the newest shot for the one who looks: who is slow misses some, and the reader never waits."""

    def __init__(self) -> None:
        self._there = threading.Condition()
        self._shot: Shot | None = None

    def put(self, shot: Shot) -> None:
        """In place of what has not been taken."""
        with self._there:
            self._shot = shot
            self._there.notify()

    def take(self, patience: float) -> Shot | None:
        """The newest, once; None when none comes for `patience` seconds."""
        with self._there:
            if self._shot is None:
                self._there.wait(patience)
            shot, self._shot = self._shot, None
            return shot


class Reader(threading.Thread):
    """Reads `address`, tells `pictures` what comes and puts `fps` pictures a second into `mailbox`.

    broken: since when (monotonic seconds) there is no connection, None while pictures come. calling: since when it is
    in a call of OpenCV; patience: seconds after which such a call will never return. width, height, codec: of the
    newest picture. error: what ended this thread before it was told to end, None while nothing has.
    """

    def __init__(self, address: Address, fps: float, pictures: Pictures, mailbox: Mailbox) -> None:
        super().__init__(name="camera reader", daemon=True)
        self.broken: float | None = time.monotonic()
        self.calling: float | None = None
        self.error: BaseException | None = None
        self.width = self.height = 0
        self.codec = ""
        self.patience = NAMING if address.named else STUCK
        self._clip = address.kind == "file"
        self._capture = Capture(address)
        self._fps = fps
        self._pictures = pictures
        self._mailbox = mailbox
        self._ending = threading.Event()

    def run(self) -> None:
        try:
            self._go_on()
        except BaseException as error:
            self.error = error
            raise

    def _go_on(self) -> None:
        pause = FIRST_PAUSE
        while not self._ending.is_set():
            if self._call(self._capture.open):
                self._pictures.opened(time.monotonic())
                if self._read():
                    pause = FIRST_PAUSE
            if self.broken is None and not self._clip:
                self.broken = time.monotonic()
            self._call(self._capture.close)
            self._ending.wait(0.0 if self._clip and self.broken is None else pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def end(self) -> None:
        """Stop after the call it is in."""
        self._ending.set()

    def _read(self) -> bool:
        """Until the stream breaks off (or the clip ends). Whether any picture came."""
        begun = time.monotonic()
        pace = Pace(self._fps)
        came = False
        while not self._ending.is_set() and self._call(self._capture.grab):
            if self._clip and self._ending.wait(begun + self._capture.position - time.monotonic()):
                break
            now = time.monotonic()
            self._pictures.came(now)
            came = True
            self.broken = None
            if (not self._clip and now - begun < BURST) or not pace.takes(now):
                continue
            self._hand_over(now)
        return came

    def _hand_over(self, now: float) -> None:
        """Decode the picture that came `now`, and keep none of it."""
        utc = time.time_ns() // 1000
        if (picture := self._call(self._capture.retrieve)) is not None:
            capture = self._capture
            self.width, self.height, self.codec = capture.width, capture.height, capture.codec
            self._mailbox.put(Shot(now, utc, picture))

    def _call(self, act: Callable[[], T]) -> T:
        self.calling = time.monotonic()
        try:
            return act()
        finally:
            self.calling = None
