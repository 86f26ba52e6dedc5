"""The process of one camera: forked from the fork server (`forking`) for the driver, ended with its stdin.

Its first line on stdin is a `lines.Start`, later ones are `lines.Aim`; on stdout it writes `lines.Beat` and
`lines.Finding`. Four threads: this one listens, judges and beats, and never calls OpenCV; one reads the camera and may
be stuck in OpenCV for ever (opencv issue 22677); one looks at the pictures; one asks the camera's address what is
wrong. Where a call of OpenCV does not return, the process says so and ends with `EX_STUCK`, to be started again.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import Final

from drivers.camera import troubles, words
from drivers.camera.addresses import Address
from drivers.camera.addresses import read as read_address
from drivers.camera.heart import Asker, Heart, State
from drivers.camera.lines import BEAT, ORDER_LIMIT, Aim, Beat, Finding, Start, encode, read_order
from drivers.camera.looking import Looker
from drivers.camera.masks import Masks
from drivers.camera.memory import Memory
from drivers.camera.picture import Pictures
from drivers.camera.rank import last_in_line
from drivers.camera.reading import Mailbox, Reader
from drivers.camera.stills import RingWriter
from drivers.camera.troubles import Trouble
from drivers.camera.watching import Watching, WatchSettings

EX_STUCK: Final = 75  # EX_TEMPFAIL: start me again
EX_SETTINGS: Final = 65  # EX_DATAERR
EX_DEFECT: Final = 70  # EX_SOFTWARE: a thread has ended, and its traceback stands on stderr

TICK: Final = 0.2  # seconds between two looks at how things stand
_FAREWELL: Final = 1.0  # seconds for the camera to be told goodbye
_NICENESS: Final = 10
_OOM: Final = 500  # before the hub, after what is made on the side (1000)
_COMM: Final = 15  # bytes of a process's name, proc(5); what ps and top show


class Voice:
    """The child's stdout, for lines alone: what a library prints there goes to stderr."""

    def __init__(self) -> None:
        self._out = os.dup(1)
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def say(self, line: Beat | Finding) -> None:
        """Write a line. Blocks while the hub does not read; ends the process when nobody will."""
        rest = memoryview(encode(line))
        with self._lock:
            try:
                while rest:
                    rest = rest[os.write(self._out, rest) :]
            except BrokenPipeError:
                os._exit(0)


class Ear:
    """The child's stdin, a line at a time. ended: it is closed, and all of its lines are heard."""

    def __init__(self) -> None:
        os.set_blocking(0, False)
        self._poll = select.poll()
        self._poll.register(0, select.POLLIN)
        self._lines: deque[bytes] = deque()
        self._held = b""
        self._closed = False

    @property
    def ended(self) -> bool:
        return self._closed and not self._lines

    def order(self, patience: float) -> Start | Aim | None:
        """The next line, None when none comes for `patience` seconds; ValueError when it is none of ours."""
        if not self._lines and not self._closed and self._poll.poll(1000 * patience):
            with contextlib.suppress(BlockingIOError):
                self._hear(os.read(0, ORDER_LIMIT))
        return read_order(self._lines.popleft()) if self._lines else None

    def _hear(self, more: bytes) -> None:
        self._closed = not more
        *lines, self._held = (self._held + more).split(b"\n")
        self._lines.extend(lines)
        if len(self._held) > ORDER_LIMIT:
            raise ValueError(f"a line of more than {ORDER_LIMIT} bytes")


class Child:
    """One camera, from its settings to the end of its stdin."""

    def __init__(self, start: Start, voice: Voice) -> None:
        address = read_address(start.url, start.username, start.password)
        self._voice = voice
        self._memory = Memory(time.monotonic())
        mailbox = Mailbox()
        self._pictures = Pictures(start.fps)
        self._ring = RingWriter(Path(start.ring) / start.source)
        settings = WatchSettings(
            checks=start.checks,
            zones=start.zones,
            verifier=Path(start.model) if start.model else None,
            detector=Path(start.detector) if start.detector else None,
            shared=True,
            before=start.open,
        )
        self._watching = watching = Watching(settings)
        self._reader = Reader(address, start.fps, self._pictures, mailbox)
        self._looker = Looker(mailbox, self._pictures, Masks(start.masks), watching, self._ring, voice.say)
        self._asker = Asker(lambda: _trouble(address))
        nothing = troubles.UNREADABLE if address.kind == "file" else troubles.NO_PICTURES
        self._heart = Heart(self._pictures, self._reader, self._asker, time.monotonic(), nothing)

    def live(self, ear: Ear) -> int:
        """Until stdin ends; the exit status."""
        for thread in (self._asker, self._reader, self._looker):
            thread.start()
        said: tuple[object, ...] = ()
        beat_at = 0.0
        while True:
            if isinstance(order := ear.order(TICK), Aim):
                self._looker.aim(order)
            if ear.ended:
                return self._end()
            now = time.monotonic()
            state = self._heart.state(now)
            self._looker.frozen = self._heart.frozen
            beat = self._beat(state, now)
            new = (
                beat.state, beat.detail, beat.active, beat.learning, beat.width, beat.height, beat.unverified,
                beat.undetected,
            )  # fmt: skip
            if new != said or now >= beat_at:
                self._voice.say(beat)
                self._memory.give_back(now)
                said, beat_at = new, now + BEAT
            if self._heart.stuck(now):
                sys.stderr.write("a call of OpenCV does not return\n")
                return EX_STUCK
            if self._looker.error is not None or self._reader.error is not None:
                return EX_DEFECT

    def _beat(self, state: State, now: float) -> Beat:
        seen, reader = self._looker.seen, self._reader
        detail = state.detail
        if state.word == "ok" and self._ring.problem:
            detail = self._ring.problem
        elif state.word == "ok" and (problem := self._watching.problem):
            detail = problem
        elif state.word == "ok" and reader.width > words.WIDE:
            detail = words.wide(reader.width)
        return Beat(
            t=time.time_ns() // 1000,
            state=state.word,
            detail=detail,
            frame_at=seen.frame_at,
            fps=round(self._pictures.read(now).rate, 1),
            cost=round(seen.cost, 2),
            width=reader.width,
            height=reader.height,
            codec=reader.codec,
            learning=seen.learning,
            active=seen.active,
            unverified=self._watching.unverified,
            undetected=self._watching.undetected,
        )

    def _end(self) -> int:
        """The hub is gone or wants no more: nothing of what was seen stays."""
        self._reader.end()
        self._looker.end()
        self._reader.join(_FAREWELL)
        self._looker.join(_FAREWELL)
        self._ring.remove()
        return 0


def _trouble(address: Address) -> Trouble | None:
    from drivers.camera import probing  # most cameras never need it

    return probing.ask(address)


def prepare() -> None:
    """Be last in line, and let nobody else read what is written."""
    os.umask(0o077)
    last_in_line(_NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(_OOM))
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def main() -> None:
    """Live, and end without waiting for a thread that may be stuck."""
    prepare()
    voice = Voice()
    try:
        status = _live(Ear(), voice)
    except ValueError as error:  # from the hub: not to be mended here
        sys.stderr.write(f"{error}\n")
        status = EX_SETTINGS
    sys.stderr.flush()
    os._exit(status)


def _live(ear: Ear, voice: Voice) -> int:
    start = None
    while start is None and not ear.ended:
        start = ear.order(BEAT)
    if start is None:
        return 0
    if not isinstance(start, Start):
        raise ValueError("the first line is to be the settings")  # noqa: TRY004 (as bad as a bad line)
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(f"cam {start.source}"[:_COMM])  # its arguments are those of all
    return Child(start, voice).live(ear)
