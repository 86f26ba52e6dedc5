"""A camera's driver with a child that a test writes, and a host that remembers."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from drivers.camera.codec import CameraCodec
from drivers.camera.config import CameraSettings
from drivers.camera.driver import CameraDriver
from drivers.camera.forkserver import ForkServer
from edge.domain.conclusion import Written
from edge.domain.instant import Instant
from edge.domain.names import Text
from edge.domain.reading import RawReading, Sample
from edge.domain.site import Connection

SOURCE = "cm-01-stream"
STREAM = "rtsp://192.0.2.31/2"
BEGIN = """
import json, os, sys, time
start = json.loads(sys.stdin.readline())
def say(line): sys.stdout.write(json.dumps(line) + "\\n"); sys.stdout.flush()
def beat(state="ok", frame_at=None, **more):
    now = time.time_ns() // 1000
    say({"line": "beat", "t": now, "state": state, "detail": {"zh": state, "en": state},
         "frame_at": frame_at or now, **more})
"""
"""How each of these children begins: it has its settings, and two words."""
FORKING = "from drivers.camera import forking\nforking.be_forked(forking.hub())\n"


class Host:
    """Remembers what it was told. full: takes nothing. ahead: µs of its clock before the machine's."""

    site = "court"

    def __init__(self, ahead: int = 0) -> None:
        self.ahead = ahead
        self.full = False
        self.raws: list[RawReading] = []
        self.rejected: list[tuple[str, str]] = []
        self.heards: list[bool] = []
        self.receipts: list[Written] = []

    def now(self) -> Instant:
        return Instant(time.time_ns() // 1000 + self.ahead, time.monotonic_ns() // 1000)

    def offer(self, raw: RawReading) -> bool:
        if not self.full:
            self.raws.append(raw)
        return not self.full

    def reject(self, source: str, reason: str, channel: str, sample: bytes, error: str) -> None:
        self.rejected.append((reason, error))

    def session_new(self, source: str) -> None:
        raise AssertionError

    def heard(self, source: str, address: str, *, ok: bool) -> None:
        assert (source, address) == (SOURCE, SOURCE)
        self.heards.append(ok)

    def written(self, receipt: Written) -> None:
        self.receipts.append(receipt)

    def samples(self) -> list[Sample]:
        """All that came, read as the hub would."""
        return [s for raw in self.raws for m in CameraCodec().parse(raw.channel, raw.payload) for s in m.body]


def connection(**settings: Any) -> Connection:
    made = CameraSettings.model_validate({"url": STREAM, **settings})
    return Connection(SOURCE, "camera", "camera", Text("消防车道", "Fire lane"), made)


def serving(code: str) -> ForkServer:
    """One whose processes run `code` behind `BEGIN`."""
    return ForkServer((sys.executable, "-c", FORKING + BEGIN + code))


@contextmanager
def acting(code: str, host: Host, **settings: Any) -> Iterator[CameraDriver]:
    """A driver whose child runs `code` behind `BEGIN`."""
    driver = CameraDriver(connection(**settings), (), serving(code))
    driver.start(host)
    try:
        yield driver
    finally:
        driver.stop()


def within(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + seconds
    waiting = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        waiting.wait(0.02)


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie counts: nobody has waited for it."""
    return Path(f"/proc/{pid}").exists()
