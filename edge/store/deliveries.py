"""The keys of the last at-least-once deliveries, committed together with the readings they brought."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable, Sequence
from typing import Final

from edge.domain.reading import Delivery, DeliveryKey

_TRIM_EVERY: Final = 32  # commits: older keys do no harm, and trimming touches other pages
_HEAD: Final = struct.Struct(">HB")  # packet id, length of the digest in bytes


class DeliveryKeys:
    """The newest `window` keys of each source, packed by commit. Belongs to the writer thread."""

    def __init__(self, window: int) -> None:
        self.loaded: dict[str, list[DeliveryKey]] = {}  # as the file held them when it was opened
        self._window = window
        self._commits = 0

    def load(self, conn: sqlite3.Connection) -> None:
        """Take up what the file holds."""
        self.loaded = {}
        for source, keys in conn.execute("SELECT source, keys FROM deliveries ORDER BY n"):
            self.loaded.setdefault(source, []).extend(_unpack(source, keys))

    def store(self, conn: sqlite3.Connection, keys: Sequence[DeliveryKey], renewed: Iterable[str]) -> None:
        """Write the keys of one commit; those of sources whose session is new replace all older ones."""
        for source in renewed:
            conn.execute("DELETE FROM deliveries WHERE source = ?", (source,))
        packed: dict[str, list[bytes]] = {}
        for key in keys:
            packed.setdefault(key.source, []).append(
                _HEAD.pack(key.delivery.packet, len(key.digest)) + key.digest
            )
        conn.executemany(
            "INSERT INTO deliveries (source, count, keys) VALUES (?, ?, ?)",
            [(source, len(parts), b"".join(parts)) for source, parts in packed.items()],
        )
        self._commits += 1
        if self._commits % _TRIM_EVERY == 0:
            for source in packed:
                self._trim(conn, source)

    def _trim(self, conn: sqlite3.Connection, source: str) -> None:
        """Delete what is older than the window."""
        kept = 0
        for n, count in conn.execute(
            "SELECT n, count FROM deliveries WHERE source = ? ORDER BY n DESC", (source,)
        ):
            kept += count
            if kept >= self._window:
                conn.execute("DELETE FROM deliveries WHERE source = ? AND n < ?", (source, n))
                return


def _unpack(source: str, packed: bytes) -> list[DeliveryKey]:
    keys = []
    at = 0
    while at < len(packed):
        packet, length = _HEAD.unpack_from(packed, at)
        at += _HEAD.size
        keys.append(DeliveryKey(source, Delivery(0, packet, redelivered=False), packed[at : at + length]))
        at += length
    return keys
