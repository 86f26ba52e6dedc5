"""Runs a program that tells systemd how it is (sd_notify), where there is no systemd: a container.

python -I watched.py [--start S] [--within S] COMMAND…

Ends with the program's own code; with 1 when it was ended because it was silent: the engine starts the container again.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

_PATIENCE = 10.0  # seconds between asking a silent program to end and ending it


def watch(
    command: Sequence[str], *, start: float, within: float, now: Callable[[], float] = time.monotonic
) -> int:
    """start: seconds the program has until its READY=1. within: seconds between two WATCHDOG=1 afterwards."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        name = f"edge-hub-watched-{os.getpid()}"
        ear.bind("\0" + name)
        ear.settimeout(0.5)
        asked: list[int] = []  # signals that came before there was a program to pass them on to
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, _frame: asked.append(number))
        program = subprocess.Popen(command, env={**os.environ, "NOTIFY_SOCKET": f"@{name}"})
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, _frame: program.send_signal(number))
        for early in asked:
            program.send_signal(early)
        deadline: float | None = now() + start
        while (code := program.poll()) is None:
            try:
                words = ear.recv(4096).decode(errors="replace").split("\n")
            except TimeoutError:
                words = []
            if "STOPPING=1" in words:
                deadline = None  # how long it may take to end is the engine's to say
            elif deadline is not None and {"READY=1", "WATCHDOG=1"} & set(words):
                deadline = now() + within
            if deadline is not None and now() > deadline:
                return _end(program)
        return code if code >= 0 else 128 - code


def _end(program: subprocess.Popen[bytes]) -> int:
    sys.stderr.write("edge-hub: no sign of life in time: ended, to be started again\n")
    program.send_signal(signal.SIGABRT)
    try:
        program.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()
    return 1


def main() -> int:
    """The program's code, or 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--start", type=float, default=180.0, metavar="S")
    parser.add_argument("--within", type=float, default=35.0, metavar="S")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    return watch(arguments.command, start=arguments.start, within=arguments.within)


if __name__ == "__main__":
    sys.exit(main())
