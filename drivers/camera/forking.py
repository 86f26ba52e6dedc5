"""The fork server: `python -m drivers.camera.forking`, the process that all cameras' processes are forked from.

It has loaded what they need (OpenCV, numpy, the checks) and has begun nothing with it: one thread, no stream, no
picture, no password. What it has loaded is there once for all of them, as long as nobody writes to it.

Its stdin is a socket to the hub. A message there brings four descriptors: what is to be stdin, stdout and stderr of
one more process, and a line of its own, on which the hub hears `pid N`, and, when it has ended, `ended STATUS`
(negative for a signal). A line that the hub closes, or writes to, ends the process and its whole group; `killed` says
that this was heard. When the hub is gone, so are they all, and this one.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import select
import signal
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drivers.camera.memory import FIRST, Memory

FORK: Final = b"fork"
PIPES: Final = 3
EX_UNUSABLE: Final = 69  # EX_UNAVAILABLE: what is to be forked cannot be loaded, and whoever asked knows why
FAREWELL: Final = 3.0  # seconds for all to end by themselves when the hub is gone: their stdin has ended, too
_PATIENCE: Final = 0.5  # seconds for others to ask as well, where nothing can be forked
_OOM: Final = 400  # after any camera's process (500), before the hub
_PR_SET_PDEATHSIG: Final = 1  # prctl(2)
_NUMBERS: Final = 1 << 16  # descriptors are closed up to here


@dataclass(frozen=True, slots=True)
class _Forked:
    """One that was forked. line: to the hub; end: readable when it has ended (pidfd_open(2))."""

    pid: int
    line: socket.socket
    end: int


class Server:
    """Forks for whoever is at the other end of `control`."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._poll = select.poll()  # no descriptor of its own, which the forked would share
        self._poll.register(control, select.POLLIN)
        self._forked: dict[int, _Forked] = {}  # by both of its descriptors
        self._pid = os.getpid()

    def serve(self) -> bool:
        """Until the hub is gone: False. True in each process that was forked."""
        while True:
            for number, _ in self._poll.poll():
                if number == self._control.fileno():
                    pipes = receive(self._control)
                    if pipes is None:
                        self._part()
                        return False
                    if self._fork(pipes):
                        return True
                elif (forked := self._forked.get(number)) is not None:
                    if number == forked.end:
                        self._reap(forked)
                    else:
                        self._end(forked)

    def _fork(self, pipes: list[int]) -> bool:
        """Whether this is the new process."""
        line = socket.socket(fileno=pipes.pop())
        try:
            pid = os.fork()
        except OSError as error:  # no memory, or too many processes
            with contextlib.suppress(OSError):
                os.write(pipes[2], f"{error}\n".encode())
            line.close()
            _close(pipes)
            return False
        if not pid:
            line.close()
            self._become(pipes)
            return True
        _close(pipes)
        forked = _Forked(pid, line, os.pidfd_open(pid))
        for number in (line.fileno(), forked.end):
            self._forked[number] = forked
            self._poll.register(number, select.POLLIN)
        _say(line, f"pid {pid}")
        return False

    def _become(self, pipes: list[int]) -> None:
        """In the new process: a session of its own, and nothing of the others' but what was loaded."""
        os.setsid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self._pid:
            os._exit(1)
        for number, pipe in enumerate(pipes):
            os.dup2(pipe, number)
        # Python's own objects let go of their numbers first: closed later, they would close what then has them.
        self._control.close()
        for forked in self._forked.values():
            forked.line.close()
        self._forked.clear()
        os.closerange(PIPES, _NUMBERS)
        gc.enable()

    def _end(self, forked: _Forked) -> None:
        """The hub wants it ended, or is gone."""
        self._poll.unregister(forked.line.fileno())
        _kill(forked.pid)
        _say(forked.line, "killed")

    def _reap(self, forked: _Forked) -> None:
        _kill(forked.pid)  # what it has started; not reaped yet, so that its number is nobody else's
        _, status = os.waitpid(forked.pid, 0)
        _say(forked.line, f"ended {os.waitstatus_to_exitcode(status)}")
        for number in (forked.line.fileno(), forked.end):
            del self._forked[number]
            with contextlib.suppress(KeyError):
                self._poll.unregister(number)
        forked.line.close()
        os.close(forked.end)

    def _part(self) -> None:
        deadline = time.monotonic() + FAREWELL
        left = {forked.pid: forked for forked in self._forked.values()}
        for forked in left.values():
            select.select([forked.end], [], [], max(0.0, deadline - time.monotonic()))
            self._reap(forked)


def receive(control: socket.socket) -> list[int] | None:
    """The descriptors of the next message; None when the hub is gone."""
    message, numbers, _, _ = socket.recv_fds(control, len(FORK), PIPES + 1, socket.MSG_CMSG_CLOEXEC)
    return numbers if message == FORK and len(numbers) == PIPES + 1 else None


def hub() -> socket.socket:
    """The socket that is this process's stdin, which is nothing from then on."""
    control = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)
    return control


def be_forked(control: socket.socket) -> None:
    """Serve; returns in each process that was forked, and in no other."""
    gc.collect()
    gc.freeze()  # a collection writes to each object it looks at, and what is written to is shared no more
    gc.disable()
    memory = Memory(now := time.monotonic())
    memory.give_back(now + FIRST)
    if not Server(control).serve():
        os._exit(0)


def refuse(control: socket.socket, why: str) -> None:
    """Tell all who ask now."""
    while (pipes := receive(control)) is not None:
        with contextlib.suppress(OSError):
            os.write(pipes[2], f"{why}\n".encode())
        _close(pipes)
        control.settimeout(_PATIENCE)


def main() -> None:
    """Load, serve, and live in the forked as a camera's process."""
    os.umask(0o077)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(_OOM))
    gc.disable()
    control = hub()
    try:
        from encodings import idna  # noqa: F401 (of names of hosts, as below: loaded here it is shared)

        from drivers.camera import child, holding, probing  # noqa: F401
        from drivers.camera.checks import flame, left_object, motion, smoke, tamper, zone_change  # noqa: F401
    except Exception as error:  # noqa: BLE001 (whatever it is, it is told)
        with contextlib.suppress(TimeoutError):
            refuse(control, f"{type(error).__name__}: {error}")
        sys.exit(EX_UNUSABLE)
    be_forked(control)
    child.main()


def _kill(pid: int) -> None:
    for kill in (os.killpg, os.kill):  # just forked it has no group of its own yet
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)


def _say(line: socket.socket, words: str) -> None:
    with contextlib.suppress(OSError):  # the hub wants no more of it
        line.send(words.encode())


def _close(numbers: list[int]) -> None:
    for number in numbers:
        os.close(number)


if __name__ == "__main__":
    main()
