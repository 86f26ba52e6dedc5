"""The real child of a camera, as its driver starts it: what it says is waited for, never slept for."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

from drivers.camera.driver import SERVER
from drivers.camera.lines import Aim, Beat, Finding, Start, encode, read_report
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
        self._status: int | None = None
        self._news = threading.Condition()
        (stdin, to), (out, stdout), (err, stderr) = (os.pipe() for _ in range(3))
        SERVER.__enter__()
        self._forked = SERVER.fork(stdin, stdout, stderr)
        for number in (stdin, stdout, stderr):
            os.close(number)
        self._to, self._out, self._err = (
            open(number, mode, buffering)  # noqa: PTH123, SIM115 (its numbers, until it has ended)
            for number, mode, buffering in ((to, "wb", 0), (out, "rb", -1), (err, "rb", -1))
        )
        self._threads = [threading.Thread(target=self._hear), threading.Thread(target=self._overhear)]
        self.stderr = b""
        for thread in self._threads:
            thread.start()
        self._write(encode(start))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def pid(self) -> int:
        """Its process id, as soon as it has one."""
        while not self._forked.pid:
            assert select.select([self._forked], [], [], PATIENCE)[0]
            assert self._forked.hear()
        return self._forked.pid

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
        self._to.close()
        return self.ended()

    def ended(self) -> int:
        """Its exit status, as soon as it ends by itself."""
        if self._status is None:
            self._status = self._forked.end(PATIENCE)
            for thread in self._threads:
                thread.join()
            for pipe in (self._to, self._out, self._err):
                pipe.close()
            SERVER.__exit__()
        assert self._status is not None
        return self._status

    def _write(self, line: bytes) -> None:
        self._to.write(line)

    def _hear(self) -> None:
        for line in self._out:
            try:
                report = read_report(line)
            except ValueError:
                self.bad.append(line)
                continue
            with self._news:
                (self.beats if isinstance(report, Beat) else self.findings).append(report)  # type: ignore[arg-type]
                self._news.notify_all()

    def _overhear(self) -> None:
        for line in self._err:
            self.stderr += line
