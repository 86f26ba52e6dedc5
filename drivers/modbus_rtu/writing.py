"""Writes that wait for the line: handed over by any thread, taken by the bus's own, each answered once."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from drivers.modbus_rtu.config import ActWrite
from drivers.modbus_rtu.frames import WriteRequest
from drivers.modbus_rtu.polling import Unit
from edge.domain.conclusion import Write, Written


@dataclass(frozen=True, slots=True)
class Order:
    """A write as it goes on the wire."""

    write: Write
    unit: Unit
    request: WriteRequest


class Orders:
    """A queue that refuses at once while the line is down; before the first opening it waits for it.

    units: by device id. answer: gets each write's one receipt, on whatever thread knows it first.
    """

    def __init__(self, units: Mapping[str, Unit], answer: Callable[[Written], None]) -> None:
        self._units = units
        self._answer = answer
        self._lock = threading.Lock()
        self._waiting: deque[Order] = deque()
        self._down: str | None = None

    def put(self, write: Write) -> None:
        """Queue it, or answer why not."""
        unit, body = self._units.get(write.device), write.body
        if unit is None:
            self.done(write, f"{write.device} is not on this bus")
            return
        if not isinstance(body, ActWrite):
            self.done(write, f"{write.device} has no Modbus write for this act")
            return
        request = WriteRequest(unit.number, body.function, body.first, body.words)
        with self._lock:
            down = self._down
            if down is None:
                self._waiting.append(Order(write, unit, request))
        if down is not None:
            self.done(write, down)

    def take(self) -> Order | None:
        """The one that has waited longest."""
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    @property
    def waiting(self) -> bool:
        """Whether there is one."""
        return bool(self._waiting)

    def open(self) -> None:
        """The line is open: writes are taken."""
        with self._lock:
            self._down = None

    def close(self, why: str) -> None:
        """The line is down: what waits is answered now and not kept."""
        with self._lock:
            self._down = why
            waiting, self._waiting = self._waiting, deque()
        for order in waiting:
            self.done(order.write, why)

    def done(self, write: Write, error: str | None = None) -> None:
        """Answer a write."""
        self._answer(Written(write.command, write.attempt, error))
