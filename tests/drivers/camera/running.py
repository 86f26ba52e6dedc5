"""The real child of a camera, as its driver starts it: what it says is waited for, never slept for."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

from drivers.camera import memory
from drivers.camera.lines import Aim, Beat, Finding, Start, encode, read_report
from drivers.camera.process import CHILD
from tests.drivers.camera.streams import Rig

PATIENCE: Final = 30.0  # seconds after which a test has failed, however busy the machine is


def now() -> int:
    """µs UTC."""
    return time.time_ns() // 1000


def allowed(seconds: float) -> float:
    """Seconds on a machine with this one's load: what is promised is promised for an idle one, which no suite leaves.

    The average lags a minute behind. The promise itself is measured by `python -m tests.faults cameras`.
    """
    return seconds * max(2.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def settings(rig: Rig, ring: Path, source: str = "cm-01-stream", **more: object) -> Start:
    """For a camera that is this rig."""
    given = {"username": rig.username, "password": rig.password, **more}
    return Start(source=source, url=rig.url, ring=str(ring), **given)  # type: ignore[arg-type]


class ChildRun:
    """A running child. beats, findings: what it has said so far. status: how it ended, None while it lives."""

    def __init__(self, start: Start) -> None:
        self.beats: list[Beat] = []
        self.findings: list[Finding] = []
        self.bad: list[bytes] = []
        self._news = threading.Condition()
        self._process = subprocess.Popen(
            CHILD,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env=memory.environment(),
        )
        self.pid = self._process.pid
        self._threads = [threading.Thread(target=self._hear), threading.Thread(target=self._overhear)]
        self.stderr = b""
        for thread in self._threads:
            thread.start()
        self._write(encode(start))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def aim(self, aim: Aim) -> None:
        """Send other zones and masks."""
        self._write(encode(aim))

    def until(self, wanted: Callable[[Beat], bool], patience: float = PATIENCE) -> float:
        """Seconds until the newest beat is so; AssertionError with what was said when it never is."""
        begun = time.monotonic()
        with self._news:
            came = self._news.wait_for(lambda: bool(self.beats) and wanted(self.beats[-1]), patience)
        assert came, [(beat.state, beat.detail.en) for beat in self.beats[-8:]] or self.stderr
        return time.monotonic() - begun

    def until_state(self, state: str, patience: float = PATIENCE) -> float:
        """Likewise, for its state."""
        return self.until(lambda beat: beat.state == state, patience)

    def after(self, since: int, wanted: Callable[[Beat], bool], patience: float = PATIENCE) -> float:
        """Seconds from `since` (µs UTC) to the first beat after it that is so, by the child's own clock."""

        def found() -> Beat | None:
            return next((beat for beat in self.beats if beat.t >= since and wanted(beat)), None)

        with self._news:
            came = self._news.wait_for(lambda: found() is not None, patience)
            beat = found()
        assert came, [(beat.state, beat.detail.en) for beat in self.beats[-8:]] or self.stderr
        assert beat is not None
        return (beat.t - since) / 1_000_000

    def end(self) -> int:
        """Close its stdin, as a hub that dies; its exit status."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        return self.ended()

    def ended(self) -> int:
        """Its exit status, as soon as it ends by itself."""
        try:
            status = self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            self._process.wait()
            for thread in self._threads:
                thread.join()
            for pipe in (self._process.stdout, self._process.stderr):
                if pipe is not None:
                    pipe.close()
        return status

    def _write(self, line: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()

    def _hear(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                report = read_report(line)
            except ValueError:
                self.bad.append(line)
                continue
            with self._news:
                (self.beats if isinstance(report, Beat) else self.findings).append(report)  # type: ignore[arg-type]
                self._news.notify_all()

    def _overhear(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.stderr += line
