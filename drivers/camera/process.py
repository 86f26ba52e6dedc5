"""One run of a camera's child: started in a session of its own, spoken with in lines, ended as a whole group."""

from __future__ import annotations

import fcntl
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from drivers.camera import memory
from drivers.camera.lines import LINE_LIMIT, ORDER_LIMIT, Aim, Start, encode

CHILD: Final = (sys.executable, "-m", "drivers.camera.child")
_LAST_WORDS: Final = 2000  # bytes of stderr that are remembered
_CHUNK: Final = 65536
_LOOK: Final = 0.02  # seconds between two looks at a child that is ending


class StuckError(Exception):
    """The child takes no more lines, or says things that are none without an end."""


class Process:
    """A child that runs, and its two pipes. For one thread, but for `wake`.

    command: how it is started; the settings follow on its stdin, where nobody else can read the password.
    """

    def __init__(self, start: Start, command: Sequence[str] = CHILD) -> None:
        """OSError when it cannot be started."""
        self._child = subprocess.Popen(  # noqa: S603 - our own module
            list(command),
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env=memory.environment(),
        )
        self._pipes = [pipe for pipe in (self._child.stdin, self._child.stdout, self._child.stderr) if pipe]
        self._in, self._out, self._err = (pipe.fileno() for pipe in self._pipes)
        for number in (self._in, self._out, self._err):
            os.set_blocking(number, False)
        with suppress(OSError):  # a user's pipes may hold no more than they do; most orders are small
            fcntl.fcntl(
                self._in, fcntl.F_SETPIPE_SZ, 2 * ORDER_LIMIT
            )  # the settings, and new zones behind them
        self._waking = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._selector = selectors.DefaultSelector()
        for number in (self._out, self._err, self._waking):
            self._selector.register(number, selectors.EVENT_READ)
        self._partial = b""
        self._stderr = b""
        self._ended = False
        try:
            self.say(start)
        except StuckError:
            self.end()
            raise

    @property
    def pid(self) -> int:
        """Its process id, that of its group too."""
        return self._child.pid

    @property
    def ended(self) -> bool:
        """Whether it has closed its stdout: it has ended, or will say nothing any more."""
        return self._ended

    @property
    def last_words(self) -> str:
        """The last line of its stderr, at most 200 characters; "" without any."""
        lines = [line.strip() for line in self._stderr.decode("utf-8", "replace").splitlines()]
        return next((line[:200] for line in reversed(lines) if line), "")

    def say(self, line: Start | Aim) -> None:
        """Send a line; StuckError when the child does not take it at once."""
        data = encode(line)
        try:
            sent = os.write(self._in, data)
        except BlockingIOError:
            sent = 0
        except BrokenPipeError:  # it has ended, which its stdout tells
            return
        if sent < len(data):
            raise StuckError

    def wake(self) -> None:
        """End a `read` that waits. From any thread, before `end`."""
        with suppress(OSError):
            os.eventfd_write(self._waking, 1)

    def read(self, seconds: float) -> list[bytes]:
        """Whole lines that came, waiting up to `seconds` for the first; StuckError on one without an end."""
        lines: list[bytes] = []
        for key, _ in self._selector.select(seconds):
            if key.fd == self._waking:
                with suppress(BlockingIOError):
                    os.eventfd_read(self._waking)
                continue
            data = self._take(key.fd)
            if key.fd == self._err:
                self._stderr = (self._stderr + data)[-_LAST_WORDS:]
                continue
            *whole, self._partial = (self._partial + data).split(b"\n")
            lines += whole
            if len(self._partial) > LINE_LIMIT:
                raise StuckError
        return lines

    def end(self, grace: float = 0.0) -> None:
        """End it and all it started, after `grace` seconds to end by itself (its stdin ends). Leaves no zombie."""
        self._pipes[0].close()
        deadline = time.monotonic() + grace
        while not self._gone() and time.monotonic() < deadline:
            time.sleep(_LOOK)
        # Not reaped yet, so that its number is nobody else's and the group is its own.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        self._selector.close()
        for pipe in self._pipes:
            pipe.close()
        os.close(self._waking)

    def _gone(self) -> bool:
        state = os.waitid(os.P_PID, self._child.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        return state is not None

    def _take(self, number: int) -> bytes:
        try:
            data = os.read(number, _CHUNK)
        except BlockingIOError:
            return b""
        if not data:
            self._selector.unregister(number)
            self._ended = self._ended or number == self._out
        return data
