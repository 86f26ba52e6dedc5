"""Delivery keys: each message the broker delivers at QoS 1 has its effects once, over reconnects and crashes.

The broker repeats, in their first order and marked DUP, the messages whose PUBACK it has not seen. Three things may
be true of such a repeat:

- its readings are stored, or on their way into the store: acknowledge and drop it;
- a report of it was evaluated (the journal holds its key) but the readings were lost with the telemetry buffer:
  store it, do not evaluate it again;
- nothing is known of it: evaluate it. Twice beats never.

One trap remains. After a crash the repeats may be [normal, alarm], the alarm's key being in the journal, the normal
report's not: keys are written for reports that made or could make a fact. Evaluating the repeated "normal" would end
an alarm that came after it. Because the order is kept, a repeat that precedes an evaluated one was itself evaluated;
so while a point's evaluated report is still awaited, repeats at that point are stored only.

An evaluated report is awaited only until its readings are stored: a key that outlived this would mute the next repeat
at that point, which may be a fire. Therefore `settled` names the keys that have done their work, for the journal to
forget, and a message that is no repeat ends the waiting at its point: no older one of it can still come.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from enum import Enum
from hashlib import blake2b
from typing import Final

WINDOW: Final = 65_535  # packet ids of one session


class Known(Enum):
    """What is known of a delivery."""

    NEW = "new"
    PENDING = "pending"  # its readings wait for the group commit
    STORED = "stored"


def digest(channel: str, payload: bytes) -> bytes:
    """16 bytes that tell one message from another under the same packet id."""
    return blake2b(payload, digest_size=16, key=channel.encode()[-64:]).digest()


class Deliveries:
    """What became of the latest deliveries of each source.

    windows: how many a source may have unacknowledged: no older one is repeated. Each source has its own, so that a
    flood on one cannot push out the keys of another.
    """

    def __init__(self, windows: Mapping[str, int] | None = None) -> None:
        self._windows = windows or {}
        self._pending: dict[tuple[str, int], bytes] = {}
        self._stored: dict[str, OrderedDict[int, bytes]] = {}
        self._evaluated: dict[tuple[str, int], tuple[bytes, frozenset[str]]] = {}
        self._reports: dict[tuple[str, int], bytes] = {}  # pending ones whose keys the journal holds
        self._settled: dict[tuple[str, int], bytes] = {}

    def restore(
        self,
        stored: Iterable[tuple[str, int, bytes]],
        evaluated: Iterable[tuple[str, int, bytes, Iterable[str]]],
    ) -> None:
        """Take up what both stores kept, after a start. What is stored needs no second protection."""
        for source, packet, key in stored:
            self._stored.setdefault(source, OrderedDict())[packet] = key
        for source, packet, key, points in evaluated:
            if self._stored_as(source, packet) == key:
                self._settled[source, packet] = key
            else:
                self._evaluated[source, packet] = (key, frozenset(points))

    def look_up(self, source: str, packet: int, key: bytes) -> Known:
        """What is known of a redelivered message."""
        if self._pending.get((source, packet)) == key:
            return Known.PENDING
        if self._stored_as(source, packet) == key:
            return Known.STORED
        return Known.NEW

    def awaits(self, source: str, point: str) -> bool:
        """Whether an evaluated report of `point` is still to be repeated by the broker (or is just being)."""
        return any(at[0] == source and point in points for at, (_, points) in self._evaluated.items())

    def passed(self, source: str, point: str) -> None:
        """A message about `point` that is no repeat has come: MQTT keeps the order, so no repeat of it will."""
        for place, (key, points) in list(self._evaluated.items()):
            if place[0] == source and point in points:
                self._evaluated[place] = (key, points - {point})
                if points == {point}:
                    del self._evaluated[place]
                    self._settled[place] = key

    @property
    def waiting(self) -> bool:
        """Whether any evaluated report is awaited: rarely, and only after a start."""
        return bool(self._evaluated)

    def taken(self, source: str, packet: int, key: bytes) -> None:
        """The message is in the line; its readings go to the store."""
        place = (source, packet)
        self._pending[place] = key
        if (stored := self._stored.get(source)) is not None:
            stored.pop(packet, None)
        if (known := self._evaluated.pop(place, None)) is not None:
            if known[0] == key:
                self._reports[place] = key
            else:  # the broker has given its packet id to another message
                self._settled[place] = known[0]

    def reported(self, source: str, packet: int, key: bytes) -> None:
        """The key of a message in the line goes into the journal: it was evaluated as a report."""
        self._reports[source, packet] = key

    def stored(self, source: str, packet: int, key: bytes) -> None:
        """Its readings are durable; nothing to note where its packet id has gone to another message meanwhile."""
        place = (source, packet)
        if self._pending.get(place) != key:
            return
        del self._pending[place]
        stored = self._stored.setdefault(source, OrderedDict())
        stored[packet] = key
        if len(stored) > self._windows.get(source, WINDOW):
            stored.popitem(last=False)
        if self._reports.get(place) == key:
            self._settled[place] = key
            del self._reports[place]

    def settled(self) -> list[tuple[str, int, bytes]]:
        """(source, packet, digest) of evaluated reports that need no key in the journal any more, each once."""
        settled, self._settled = self._settled, {}
        return [(source, packet, key) for (source, packet), key in settled.items()]

    def forget(self, source: str) -> None:
        """The session of `source` is new: the broker repeats nothing, and packet ids mean other messages."""
        self._stored.pop(source, None)
        for table in (self._pending, self._evaluated, self._reports):
            for place in [place for place in table if place[0] == source]:
                del table[place]

    def _stored_as(self, source: str, packet: int) -> bytes | None:
        stored = self._stored.get(source)
        return None if stored is None else stored.get(packet)
