"""One run of a camera's child: forked into a session of its own, spoken with in lines, ended as a whole group."""

from __future__ import annotations

import fcntl
import os
import selectors
from contextlib import suppress
from typing import Final

from drivers.camera.forkserver import ForkServer
from drivers.camera.lines import LINE_LIMIT, ORDER_LIMIT, Aim, Start, encode

_LAST_WORDS: Final = 2000  # bytes of stderr that are remembered
_CHUNK: Final = 65536


class StuckError(Exception):
    """The child takes no more lines, or says things that are none without an end."""


class Process:
    """A child that runs, and its pipes. For one thread, but for `wake`.

    server: who forks it, held by the caller; the settings follow on its stdin, where nobody else can read the password.
    """

    def __init__(self, start: Start, server: ForkServer) -> None:
        """OSError when it cannot be started."""
        pipes = [os.pipe() for _ in range(3)]
        (stdin, self._in), (self._out, stdout), (self._err, stderr) = pipes
        theirs = (stdin, stdout, stderr)
        try:
            self._forked = server.fork(*theirs)
        except BaseException:
            for number in (self._in, self._out, self._err):
                os.close(number)
            raise
        finally:
            for number in theirs:
                os.close(number)
        for number in (self._in, self._out, self._err):
            os.set_blocking(number, False)
        with suppress(OSError):  # a user's pipes may hold no more than they do; most orders are small
            fcntl.fcntl(
                self._in, fcntl.F_SETPIPE_SZ, 2 * ORDER_LIMIT
            )  # the settings, and new zones behind them
        self._waking = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._selector = selectors.DefaultSelector()
        for readable in (self._out, self._err, self._waking, self._forked):
            self._selector.register(readable, selectors.EVENT_READ)
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
        """Its process id, that of its group too; 0 until it is forked."""
        return self._forked.pid

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
            if key.fileobj is self._forked:
                if not self._forked.hear():
                    self._selector.unregister(self._forked)
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
        os.close(self._in)
        self._forked.end(grace)
        self._selector.close()
        for number in (self._out, self._err, self._waking):
            os.close(number)

    def _take(self, number: int) -> bytes:
        try:
            data = os.read(number, _CHUNK)
        except BlockingIOError:
            return b""
        if not data:
            self._selector.unregister(number)
            self._ended = self._ended or number == self._out
        return data
