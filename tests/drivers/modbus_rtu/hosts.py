"""A host that keeps what a driver hands over, and lets a test wait for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from edge.domain.conclusion import Written
from edge.domain.instant import Instant
from edge.domain.reading import RawReading


@dataclass(frozen=True)
class Rejected:
    reason: str
    channel: str
    sample: bytes
    error: str


class RecordingHost:
    def __init__(self) -> None:
        self.offered: list[RawReading] = []
        self.rejected: list[Rejected] = []
        self.contact: list[tuple[str, bool]] = []
        self.receipts: list[Written] = []
        self._changed = threading.Condition()

    def now(self) -> Instant:
        return Instant(time.time_ns() // 1000, time.monotonic_ns() // 1000)

    def offer(self, raw: RawReading) -> bool:
        with self._changed:
            self.offered.append(raw)
            self._changed.notify_all()
        return True

    def reject(self, source: str, reason: str, channel: str, sample: bytes, error: str) -> None:
        with self._changed:
            self.rejected.append(Rejected(reason, channel, sample, error))
            self._changed.notify_all()

    def heard(self, source: str, address: str, *, ok: bool) -> None:
        with self._changed:
            self.contact.append((address, ok))
            self._changed.notify_all()

    def written(self, receipt: Written) -> None:
        with self._changed:
            self.receipts.append(receipt)
            self._changed.notify_all()

    def until(self, so: Callable[[], bool], within: float = 60.0) -> None:
        with self._changed:
            deadline = time.monotonic() + within
            while not so():
                assert time.monotonic() < deadline, (
                    f"not within {within} s: {self.rejected[-3:]} {self.contact[-5:]}"
                )
                self._changed.wait(0.05)

    def payloads(self, channel: str) -> list[bytes]:
        return [raw.payload for raw in self.offered if raw.channel == channel]
