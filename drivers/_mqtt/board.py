"""What the hub shows on a broker as retained messages: what is open now, and nothing that is over."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from drivers._mqtt.outbox import ANSWER_WITHIN, Publisher

UNDER_WAY: Final = 16  # messages the broker has not confirmed; what changes meanwhile goes out as it then is
GONE: Final = b""  # a retained message without payload takes the stored one away (MQTT 5, 3.3.1.3)
_FAILED: Final = 0x80


@dataclass(frozen=True, slots=True)
class _Message:
    topic: str
    payload: bytes
    due: float  # monotonic seconds by which it is confirmed


class Board:
    """Topics with what stands on each. `show` and `clear` are for any thread, all else for the session's.

    At each connection everything is published anew. What an earlier connection or an earlier run of the hub left there
    is told by the broker itself, by its stored copies (`found`): so no list of it is kept that could be lost.
    """

    def __init__(self) -> None:
        self.published = 0
        self.confirmed = 0
        self.cleared = 0
        self.refused = 0
        self._lock = threading.Lock()
        self._shown: dict[str, bytes] = {}
        self._changed: dict[str, bytes] = {}  # the newest of each topic that is yet to go out
        self._under_way: dict[int, _Message] = {}
        self._denied = ""

    @property
    def open_topics(self) -> int:
        """How many stand on it."""
        return len(self._shown)

    @property
    def denied(self) -> str:
        """A topic the broker does not let us write, "" when it took the last one."""
        return self._denied

    def show(self, topic: str, payload: bytes) -> None:
        """Put `payload`, not empty, on `topic`."""
        with self._lock:
            if self._shown.get(topic) != payload:
                self._shown[topic] = self._changed[topic] = payload

    def clear(self, topic: str) -> None:
        """Take away what stands on `topic`; nothing when nothing does."""
        with self._lock:
            if self._shown.pop(topic, None) is not None:
                self._changed[topic] = GONE

    def found(self, topic: str, payload: bytes) -> None:
        """A copy that the broker has stored: taken away when the hub wrote it and it is over."""
        with self._lock:
            if topic not in self._shown and _ours(topic, payload):
                self._changed[topic] = GONE

    # ---- drivers._mqtt.outbox.Outward -------------------------------------------------------------------------------

    @property
    def due(self) -> float:
        return min((message.due for message in self._under_way.values()), default=float("inf"))

    def open(self) -> None:
        with self._lock:
            self._changed |= self._shown

    def close(self, why: str) -> None:
        del why
        self._under_way.clear()
        with self._lock:
            self._changed.clear()  # the next connection begins anew

    def serve(self, client: Publisher) -> None:
        now = time.monotonic()
        for packet in [packet for packet, message in self._under_way.items() if message.due <= now]:
            self._again(self._under_way.pop(packet))
        while len(self._under_way) < UNDER_WAY and (message := self._next(now)) is not None:
            info = client.publish(message.topic, message.payload, 1, retain=True)
            self._under_way[info.mid] = message
            self.published += 1

    def told(self, client: Any, userdata: Any, packet: int, reason: Any, properties: Any) -> None:
        del client, userdata, properties
        message = self._under_way.pop(packet, None)
        if message is None:
            return
        if reason.value >= _FAILED:
            self.refused += 1
            self._denied = message.topic
        else:
            self.confirmed += 1
            self.cleared += message.payload == GONE
            self._denied = ""

    def _next(self, now: float) -> _Message | None:
        """Oldest change first; of one topic never two at a time, so that the newest comes last."""
        busy = {message.topic for message in self._under_way.values()}
        with self._lock:
            topic = next((topic for topic in self._changed if topic not in busy), None)
            return None if topic is None else _Message(topic, self._changed.pop(topic), now + ANSWER_WITHIN)

    def _again(self, message: _Message) -> None:
        with self._lock:
            self._changed.setdefault(message.topic, message.payload)


def _ours(topic: str, payload: bytes) -> bool:
    """Whether the hub wrote it: an object that says the same `id` as its topic."""
    try:
        body = json.loads(payload)
    except ValueError:
        return False
    return isinstance(body, Mapping) and body.get("id") == topic.rpartition("/")[2]
