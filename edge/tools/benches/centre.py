"""A data centre on this machine: a real VictoriaMetrics, which goes away now and then as a distant one does."""

from __future__ import annotations

import http.client
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from edge.tools.benches.processes import until
from edge.tools.benches.report import BenchError
from edge.tools.broker import find_program, free_port

PROGRAM: Final = "victoria-metrics"
START_WITHIN: Final = 30.0
AWAY: Final = 0.06  # share of the time in which it is paused, or down, each time


class DataCentre:
    """Its url stays the same over restarts. BenchError where the program is not installed."""

    def __init__(self, folder: Path) -> None:
        program = find_program(PROGRAM)
        if program is None:
            raise BenchError("--uplink needs victoria-metrics: apt install victoria-metrics")
        self._port = free_port()
        self._command = [
            str(program),
            f"-storageDataPath={folder}",
            f"-httpListenAddr=127.0.0.1:{self._port}",
            "-retentionPeriod=100y",
            "-memory.allowedBytes=64MB",
        ]
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end(signal.SIGKILL)

    def start(self) -> None:
        """Return when it answers."""
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(self._command, stdin=quiet, stdout=quiet, stderr=quiet)
        until(self._answers, "the start of victoria-metrics", within=START_WITHIN)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """It takes connections meanwhile, and answers nothing."""
        self._send(signal.SIGSTOP)
        try:
            yield
        finally:
            self._send(signal.SIGCONT)

    def disturb(self, seconds: float, ended: threading.Event) -> list[str]:
        """Be paused, killed and restarted, one after the other over so many seconds; what was done until `ended`."""
        done: list[str] = []
        for name in ("paused", "killed", "restarted"):
            if ended.wait(seconds * (0.25 - AWAY)):
                break
            if name == "paused":
                with self.paused():
                    ended.wait(seconds * AWAY)
            else:
                self._end(signal.SIGKILL if name == "killed" else signal.SIGTERM)
                ended.wait(seconds * AWAY)
                self.start()
            done.append(name)
        return done

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _end(self, number: signal.Signals) -> None:
        self._send(number)
        if self._process is not None:
            self._process.wait(START_WITHIN)
        self._process = None

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=2)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
