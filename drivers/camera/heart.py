"""How a camera does, in one word and one sentence: what is known of its pictures, and what its address answers.

A fault is named within five seconds of its beginning. No picture for `WORRIED` seconds, or a connection that broke
off, has the address asked by sockets, which takes two seconds at most; what it answers is the name, "lost" where it
answers as it should. A break that heals within `BLINK` is none. A camera that is lost `OFTEN` times within `SHORTLY`
seconds counts as lost until its pictures have come for `CALM` seconds: what is well in between is of no use, and would
keep every alarm from standing long enough. For the same reason a camera that is away keeps the fault that it is called
by after `FOUND` seconds, and each of its sentences, until another has stood for `KEPT` seconds: one that restarts for
ever answers now and then, and is as blind all the time.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from drivers.camera import troubles, words
from drivers.camera.picture import LOST, Pictures, Pulse
from drivers.camera.reading import Reader
from drivers.camera.troubles import Trouble
from edge.domain.names import Text

BLINK: Final = 1.0
WORRIED: Final = 2.3
AGAIN: Final = 1.0  # seconds between two questions
STARTING: Final = 4.3  # seconds after which a start without pictures is a fault, whatever has been answered
UNSETTLED: Final = 3.6  # seconds of pictures that break off before they settle: no blink
OFTEN: Final = 3
SHORTLY: Final = 120.0
CALM: Final = 60.0
FOUND: Final = 10.0  # seconds in which it is still being found out what is wrong
KEPT: Final = 25.0  # longer than its alarms wait (config/rules/camera.toml)
_SEEN: Final = frozenset(
    {"ok", "starting", "frozen", "blackout", "low-rate"}
)  # words of a camera that is there


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
    """Says how the camera does. For one thread; never waits for anybody.

    nothing: what is wrong when no pictures come though its address answers as it should.
    """

    def __init__(
        self,
        pictures: Pictures,
        reader: Reader,
        asker: Asker,
        now: float,
        nothing: Trouble = troubles.NO_PICTURES,
    ) -> None:
        self._pictures = pictures
        self._reader = reader
        self._asker = asker
        self._begun = now
        self._nothing = nothing
        self._state = self._present = State.plain(
            "starting"
        )  # what is said, and how things are at this moment
        self._other: tuple[State, float] | None = None  # what is to be said instead, and since when
        self._losses: deque[float] = deque()  # their beginnings
        self._lost = 0.0  # when it was lost last
        self._breaking = False
        self._turned = now  # when it was last said to have come or gone
        self._well: float | None = None  # when pictures last came steadily, good or bad

    def state(self, now: float) -> State:
        """How things stand at `now` (monotonic seconds)."""
        before, self._present = self._present, self._judged(now, self._pictures.read(now))
        self._count(before, now)
        self._state = self._said(now)
        return self._state

    @property
    def frozen(self) -> bool:
        """Whether the pictures of this moment repeat themselves, whatever is said of the camera."""
        return self._present.word == "frozen"

    def stuck(self, now: float) -> bool:
        """Whether a call of OpenCV will never return: only the end of the process ends it."""
        calling = self._reader.calling
        return calling is not None and now - calling > self._reader.patience

    def _judged(self, now: float, pulse: Pulse) -> State:
        broken = self._reader.broken
        silent = now - self._begun if pulse.age is None else pulse.age
        if broken is not None or silent > WORRIED:
            self._asker.want()
            if silent > (STARTING if self._well is None else LOST):
                return self._named(now - silent, self._nothing)
            if silent > BLINK and (trouble := self._answered(now - silent)) is not None:
                return State(trouble.fault, trouble.detail)
        elif pulse.fault:
            self._well = now
            return State.plain(pulse.fault)
        elif pulse.settled:
            self._well = now
            return State.plain("ok")
        if self._well is not None and now - self._well > UNSETTLED:
            return self._named(self._well, troubles.BREAKS)
        return self._present

    def _count(self, before: State, now: float) -> None:
        """The losses, and whether there are too many of them."""
        if self._present.word not in _SEEN:
            self._lost = now
            if before.word in _SEEN:
                self._losses.append(now)
        while self._losses and self._losses[0] < now - SHORTLY:
            self._losses.popleft()
        if len(self._losses) >= OFTEN:
            self._breaking = True
        if self._breaking and now - self._lost >= CALM:
            self._breaking = False
            self._losses.clear()

    def _said(self, now: float) -> State:
        """What to say of it: one thing for a while, where it would be another every other moment."""
        old, new = self._state, self._present
        if self._breaking and new.word in _SEEN:
            new = State(troubles.BREAKS.fault, troubles.BREAKS.detail)
        if new.word != old.word and not _SEEN.isdisjoint((old.word, new.word)):
            self._turned = now
        another = new.word != old.word and now - self._turned < FOUND
        if another or new == old or old.detail == self._nothing.detail:
            self._other = None
            return new
        if self._other is None or self._other[0] != new:
            self._other = new, now
        return new if now - self._other[1] >= KEPT else old

    def _named(self, since: float, otherwise: Trouble) -> State:
        trouble = self._answered(since) or otherwise
        return State(trouble.fault, trouble.detail)

    def _answered(self, since: float) -> Trouble | None:
        """What was wrong when its address was asked, at `since` or later."""
        if self._asker.answer is None or self._asker.answer[0] < since:
            return None
        return self._asker.answer[1]
