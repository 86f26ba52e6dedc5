"""What the hub publishes for devices: put in by any thread, sent by the session's own, each answered once."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from edge.domain.conclusion import Write, Written

VOID_AFTER: Final = 60  # seconds; while its cause lasts the hub orders anew, and hours later nobody wants it
ANSWER_WITHIN: Final = 5.0  # seconds the broker is given to say that it has a message
NOBODY: Final = 0x10  # MQTT 5, 3.4.2.1: "No matching subscribers"
_FAILED: Final = 0x80
STOPPED: Final = "the hub stops"
LOST: Final = "the connection to the broker was lost before it confirmed the message; it may have arrived"


class Publisher(Protocol):
    """What is asked of an MQTT client."""

    def publish(
        self, topic: str, payload: bytes, qos: int, retain: bool = False
    ) -> Any: ...  # paho's info: `mid`, `rc`

    def order(self, topic: str, payload: bytes, seconds: int) -> Any: ...  # the same


class Outward(Protocol):
    """What goes out over a link; the session asks it, in its own thread."""

    published: int
    confirmed: int

    @property
    def due(self) -> float:
        """Monotonic seconds at which `serve` has something to do even if nothing happens until then."""

    def open(self) -> None:
        """The broker has accepted us."""

    def close(self, why: str) -> None:
        """There is no connection."""

    def serve(self, client: Publisher) -> None:
        """Publish what there is to publish."""

    def told(self, client: Any, userdata: Any, packet: int, reason: Any, properties: Any) -> None:
        """The broker's PUBACK, as paho tells it."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A write as a message. due: monotonic seconds by which it is answered."""

    write: Write
    topic: str
    payload: bytes
    due: float


def literal(payload: Mapping[str, Any]) -> bytes:
    """A payload of a profile as JSON."""
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()


class Outbox:
    """Messages that wait for the link, and those the broker has not confirmed.

    `put` is for any thread, all else for the session's. answer: gets each write's receipt. Before the first connection
    has come or failed, messages wait; afterwards they are refused at once while there is none, and nothing is kept.
    """

    def __init__(self, answer: Callable[[Written], None]) -> None:
        self.published = 0
        self.confirmed = 0
        self._answer = answer
        self._lock = threading.Lock()
        self._waiting: deque[Outgoing] = deque()
        self._down: str | None = None
        self._under_way: dict[int, Outgoing] = {}

    def put(self, write: Write, topic: str, payload: Mapping[str, Any]) -> None:
        """Queue a message, or answer why it cannot go."""
        message = Outgoing(write, topic, literal(payload), time.monotonic() + ANSWER_WITHIN)
        with self._lock:
            down = self._down
            if down is None:
                self._waiting.append(message)
        if down is not None:
            self.refuse(write, down)

    def refuse(self, write: Write, why: str) -> None:
        """Answer a write that no message can be made of, or that cannot go."""
        self._answer(Written(write.command, write.attempt, why))

    def open(self) -> None:
        """The broker has accepted us."""
        with self._lock:
            self._down = None

    def close(self, why: str) -> None:
        """There is no connection: what waits, and what was under way, is answered and not kept."""
        with self._lock:
            self._down = why
            waiting, self._waiting = self._waiting, deque()
        under_way, self._under_way = self._under_way, {}
        for message in under_way.values():
            self.refuse(message.write, LOST)
        for message in waiting:
            self.refuse(message.write, why)

    def serve(self, client: Publisher) -> None:
        """Publish what waits, and answer what is overdue.

        At least once (QoS 1), not retained and void before long: an old order is no order.
        """
        with self._lock:
            waiting, self._waiting = self._waiting, deque()
        for message in waiting:
            info = client.order(message.topic, message.payload, VOID_AFTER)
            self._under_way[info.mid] = message
            self.published += 1
        now = time.monotonic()
        for packet in [packet for packet, message in self._under_way.items() if message.due <= now]:
            message = self._under_way.pop(packet)
            self.refuse(
                message.write,
                f"the broker has not confirmed a message on {message.topic} in {ANSWER_WITHIN:g} s",
            )

    def told(self, client: Any, userdata: Any, packet: int, reason: Any, properties: Any) -> None:
        """The broker's PUBACK, as paho tells it; its reason is 0 in MQTT 3.1.1."""
        del client, userdata, properties
        message = self._under_way.pop(packet, None)
        if message is None:
            return
        if reason.value >= _FAILED:
            self.refuse(message.write, f"the broker refuses a message on {message.topic}: {reason}")
        elif reason.value == NOBODY:
            self.refuse(
                message.write, f"nobody hears {message.topic}: the device is not connected to the broker"
            )
        else:
            self.confirmed += 1
            self._answer(Written(message.write.command, message.write.attempt))

    @property
    def due(self) -> float:
        """Monotonic seconds at which the next message is overdue."""
        return min((message.due for message in self._under_way.values()), default=float("inf"))
