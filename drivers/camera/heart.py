"""How a camera does, in one word and one sentence: what is known of its pictures, and what its address answers.

A fault is named within five seconds of its beginning. No picture for `WORRIED` seconds, or a connection that broke
off, has the address asked by sockets, which takes two seconds at most; what it answers is the name, "lost" where it
answers as it should. A break that heals within `BLINK` is none.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from drivers.camera import troubles, words
from drivers.camera.picture import LOST, Health, Reading
from drivers.camera.reading import Reader
from drivers.camera.troubles import Trouble
from edge.domain.names import Text

BLINK: Final = 1.0
WORRIED: Final = 2.3
AGAIN: Final = 1.0  # seconds between two questions
STARTING: Final = 4.3  # seconds after which a start without pictures is a fault, whatever has been answered
UNSETTLED: Final = 3.6  # seconds of pictures that break off before they settle: no blink


@dataclass(frozen=True, slots=True)
class State:
    """word: one of `lines.STATES`. detail: one plain sentence."""

    word: str
    detail: Text

    @classmethod
    def plain(cls, word: str) -> State:
        """With the sentence that every camera has for it."""
        return cls(word, words.STATES[word])


class Asker(threading.Thread):
    """Asks a camera's address what is wrong, when it is told to, one question at a time.

    ask: None when the address answers as it should. answer: (when it was asked, what came), None before the first.
    """

    def __init__(self, ask: Callable[[], Trouble | None]) -> None:
        super().__init__(name="camera asker", daemon=True)
        self.answer: tuple[float, Trouble | None] | None = None
        self._ask = ask
        self._wanted = threading.Event()
        self._ending = False

    def want(self) -> None:
        """Ask, unless it is being asked or was a moment ago."""
        if self.answer is None or time.monotonic() - self.answer[0] >= AGAIN:
            self._wanted.set()

    def end(self) -> None:
        """Ask no more, after the question it is at."""
        self._ending = True
        self._wanted.set()

    def run(self) -> None:
        while self._wanted.wait() and not self._ending:
            begun = time.monotonic()
            try:
                said = self._ask()
            except Exception:  # noqa: BLE001 - whatever a camera answers, it is asked again the next time
                traceback.print_exc()
                said = None
            self.answer = (begun, said)
            if not self._ending:
                self._wanted.clear()


class Heart:
    """Says how the camera does. For one thread; never waits for anybody."""

    def __init__(self, health: Health, reader: Reader, asker: Asker, now: float) -> None:
        self._health = health
        self._reader = reader
        self._asker = asker
        self._begun = now
        self._state = State.plain("starting")
        self._well: float | None = None  # when pictures last came steadily, good or bad

    def state(self, now: float) -> State:
        """How things stand at `now` (monotonic seconds)."""
        self._state = self._judged(now, self._health.read(now))
        return self._state

    def stuck(self, now: float) -> bool:
        """Whether a call of OpenCV will never return: only the end of the process ends it."""
        calling = self._reader.calling
        return calling is not None and now - calling > self._reader.patience

    def _judged(self, now: float, reading: Reading) -> State:
        broken = self._reader.broken
        silent = now - self._begun if reading.age is None else reading.age
        if broken is not None or silent > WORRIED:
            self._asker.want()
            if silent > (STARTING if self._well is None else LOST):
                return self._named(now - silent, troubles.NO_PICTURES)
            if silent > BLINK and (trouble := self._answered(now - silent)) is not None:
                return State(trouble.fault, trouble.detail)
        elif reading.fault:
            self._well = now
            return State.plain(reading.fault)
        elif reading.settled:
            self._well = now
            return State.plain("ok")
        if self._well is not None and now - self._well > UNSETTLED:
            return self._named(self._well, troubles.BREAKS)
        return self._state

    def _named(self, since: float, otherwise: Trouble) -> State:
        trouble = self._answered(since) or otherwise
        return State(trouble.fault, trouble.detail)

    def _answered(self, since: float) -> Trouble | None:
        """What was wrong when its address was asked, at `since` or later."""
        if self._asker.answer is None or self._asker.answer[0] < since:
            return None
        return self._asker.answer[1]
