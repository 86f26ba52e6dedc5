"""A conversation with a modem: one command at a time, with what comes unasked kept for whoever wants it."""

from __future__ import annotations

import time
from collections import deque
from typing import Final

from drivers._serialbus.line import Line
from drivers.at_modem.codec import ENDED, FINAL, PROMPT, UNASKED, WITH_PDU, Splitter
from drivers.at_modem.words import SILENT, refusal
from edge.domain.names import Text

WAKE: Final = b"\x1b\r"  # leaves a prompt at which an earlier process may have died
ABORT: Final = b"\x1b"
CONFIRM: Final = "\x1a"
DIAL: Final = "ATD"


class RefusedError(Exception):
    """The modem answered with an error. line: its words; text, again: ours."""

    def __init__(self, line: str) -> None:
        super().__init__(line)
        self.line = line
        self.text, self.again = refusal(line)


class SilentError(Exception):
    """The modem did not answer in time."""

    text: Text = SILENT


class Session:
    """events: what came unasked, as (line, PDU or None), oldest first."""

    def __init__(self, line: Line, timeout: float) -> None:
        self.events: deque[tuple[str, str | None]] = deque()
        self.restarted = False
        self._line = line
        self._timeout = timeout
        self._splitter = Splitter()
        self._lines: deque[str] = deque()
        self._calls: deque[str] = (
            deque()
        )  # how calls ended: such words come in the midst of other commands, too
        self._announced: str | None = None
        self._sent = ""

    def ask(self, command: str, timeout: float | None = None) -> list[str]:
        """Its lines before OK; RefusedError, SilentError."""
        return self._until_final(command + "\r", timeout)

    def send(self, command: str, body: str, prompt: float, timeout: float) -> list[str]:
        """A command that asks for a body with `>` (27.005, 3.5.1); the modem never stays at the prompt."""
        self._write(command + "\r")
        until = time.monotonic() + prompt
        while (line := self._next(until, again=True)) != PROMPT:
            if line is None:
                self._line.write(ABORT)
                raise SilentError
            if line.startswith(FINAL):
                raise RefusedError(line)
        return self._until_final(body + CONFIRM, timeout)

    def wait(self, seconds: float) -> None:
        """Listen for what comes unasked."""
        until = time.monotonic() + seconds
        while self._next(until) is not None:
            pass

    def expect(self, seconds: float, *wanted: str) -> str | None:
        """The first line of those that comes within so many seconds."""
        until = time.monotonic() + seconds
        while (line := self._next(until, calls=True)) is not None:
            if line.startswith(wanted):
                return line
        return None

    def wake(self) -> None:
        """Leave whatever state an earlier conversation left behind."""
        self._line.write(WAKE)

    def _until_final(self, text: str, timeout: float | None) -> list[str]:
        self._write(text)
        until = time.monotonic() + (timeout or self._timeout)
        lines: list[str] = []
        dials, sends = text.startswith(DIAL), text.endswith(CONFIRM)
        while (line := self._next(until, calls=dials, again=sends)) is not None:
            if line == "OK":
                return lines
            if line.startswith(FINAL + ENDED):
                raise RefusedError(line)
            if line != PROMPT:
                lines.append(line)
        if sends:  # a message may take the network a minute
            self._line.write(ABORT)
        raise SilentError

    def _write(self, text: str) -> None:
        while self._take(0.0):
            pass
        self._lines.clear()  # a late answer must not pass for the next one's
        if text.startswith(DIAL):
            self._calls.clear()
        self._sent = text.strip("\r" + CONFIRM)
        self._line.write(text.encode("ascii"))

    def _next(self, until: float, *, calls: bool = False, again: bool = False) -> str | None:
        """The next line that is neither echo nor unasked; None after `until`, or when the bus stops.

        again: None as soon as the modem has started anew: what it was told before, it has forgotten.
        calls: the end of a call counts as well; else it is kept for whoever follows the call.
        """
        while True:
            if calls and self._calls:
                return self._calls.popleft()
            while self._lines:
                line = self._lines.popleft()
                if line != self._sent:
                    return line
            if (again and self.restarted) or not self._take(until):
                return None

    def _take(self, until: float) -> bool:
        data = self._line.read(until)
        for line in self._splitter.feed(data):
            if self._announced is not None:
                self.events.append((self._announced, line))
                self._announced = None
            elif line.startswith(WITH_PDU):
                self._announced = line
            elif line.startswith(UNASKED):
                self.restarted |= line == "RDY"
                self.events.append((line, None))
            elif line.startswith(ENDED):
                self._calls.append(line)
            else:
                self._lines.append(line)
        return bool(data)
