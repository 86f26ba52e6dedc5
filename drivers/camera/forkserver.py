"""The hub's side of the fork server (`forking`): started with the first process wanted, shared by all cameras."""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Self

from drivers.camera import memory
from drivers.camera.forking import EX_UNUSABLE, FORK

COMMAND: Final = (sys.executable, "-m", "drivers.camera.forking")
ANSWER: Final = 3.0  # seconds until it has heard that a process is to end, and until that has ended
LOADING: Final = 25.0  # seconds until it forks the first; a small machine loads OpenCV in five
STOPPING: Final = 4.0  # seconds to end by itself
_WORDS: Final = 64

log = logging.getLogger(__name__)


class Forked:
    """One process that was forked, or will be. For one thread.

    pid: its id, that of its group too; 0 while it is not known. status: how it ended, None while nobody knows.
    """

    def __init__(self, server: ForkServer, served: subprocess.Popen[bytes], line: socket.socket) -> None:
        self.pid = 0
        self.status: int | None = None
        self._server = server
        self._served = served
        self._line = line
        self._asked = time.monotonic()
        self._heard = self._over = False

    def fileno(self) -> int:
        """Readable when there is something to `hear`."""
        return self._line.fileno()

    def hear(self) -> bool:
        """Take what has come of it; False when nothing will come any more."""
        try:
            said = self._line.recv(_WORDS)
        except BlockingIOError:
            return True
        except OSError:
            said = b""
        word, _, number = said.decode("ascii", "replace").partition(" ")
        if word == "pid":
            self.pid = int(number)
        elif word == "ended":
            self.status = int(number)
        self._heard = self._heard or word == "killed"
        self._over = self._over or not said
        return not self._over

    def end(self, grace: float = 0.0) -> int | None:
        """End it and all it started, after `grace` seconds to end by itself; its status, None when nobody knows.

        A server that does not answer is ended as well, and with it every process that it has forked.
        """
        if not self._until_over(grace):
            with suppress(OSError):
                self._line.send(b"end")
            due = ANSWER if self.pid else 0.0
            if not self._until_over(due) and not self._heard and (self.pid or self._late()):
                self._server.give_up(self._served)
        self._line.close()
        return self.status

    def _until_over(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        poll = select.poll()
        poll.register(self._line, select.POLLIN)
        while not self._over:
            if not poll.poll(1000 * max(0.0, deadline - time.monotonic())):
                return False
            self.hear()
        return True

    def _late(self) -> bool:
        return time.monotonic() - self._asked > LOADING


class ForkServer:
    """Forks processes for as many as hold it (`with`); ended by the last of them. For any thread.

    command: how it is started. One that has died, or was given up, is started again with the next process wanted.
    """

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._holders = 0
        self._child: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    @property
    def pid(self) -> int:
        """Its process id; 0 while there is none."""
        child = self._child
        return 0 if child is None else child.pid

    def __enter__(self) -> Self:
        with self._lock:
            self._holders += 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._holders -= 1
            if not self._holders:
                self._stop(STOPPING)

    def fork(self, stdin: int, stdout: int, stderr: int) -> Forked:
        """A process with these, which stay the caller's to close. At once: it begins when the server is ready.

        OSError when it cannot be had.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        try:
            with self._lock, theirs:
                numbers = (stdin, stdout, stderr, theirs.fileno())
                try:
                    served = self._ask(numbers)
                except OSError:  # it has just died, or takes nothing more
                    self._stop(0.0)
                    served = self._ask(numbers)
        except BaseException:
            ours.close()
            raise
        return Forked(self, served, ours)

    def give_up(self, served: subprocess.Popen[bytes]) -> None:
        """End the one that does not answer, unless another has its place already."""
        with self._lock:
            if self._child is served:
                log.warning(
                    "the process that cameras' processes are forked from does not answer: all begin anew"
                )
                self._stop(0.0)

    def _ask(self, numbers: Sequence[int]) -> subprocess.Popen[bytes]:
        child, control = self._running()
        socket.send_fds(control, [FORK], numbers)
        return child

    def _running(self) -> tuple[subprocess.Popen[bytes], socket.socket]:
        if self._child is not None and self._child.poll() is not None:
            if (status := self._child.returncode) != EX_UNUSABLE:
                how = f"signal {-status}, {signal.strsignal(-status)}" if status < 0 else f"status {status}"
                log.warning("the process that cameras' processes are forked from has ended (%s)", how)
            self._stop(0.0)
        if self._child is None or self._control is None:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            ours.settimeout(ANSWER)
            with theirs:
                try:
                    self._child = subprocess.Popen(  # noqa: S603 - our own module
                        list(self._command),
                        stdin=theirs.fileno(),
                        stdout=subprocess.DEVNULL,
                        start_new_session=True,
                        env=memory.environment(),
                    )
                except BaseException:
                    ours.close()
                    raise
            self._control = ours
        return self._child, self._control

    def _stop(self, grace: float) -> None:
        """Let it end, then end it. Those it forked end with it (PR_SET_PDEATHSIG)."""
        child, control = self._child, self._control
        self._child = self._control = None
        if control is not None:
            control.close()
        if child is None:
            return
        with suppress(subprocess.TimeoutExpired):
            child.wait(grace)
        with suppress(ProcessLookupError, PermissionError):
            if child.returncode is None:
                os.killpg(child.pid, signal.SIGKILL)
        child.wait()
