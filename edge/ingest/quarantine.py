"""What could not be used: senders nobody knows, and messages that were refused; counted, with the last of each."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edge.domain.health import Rejected
from edge.domain.reading import Value

log = logging.getLogger(__name__)

SENDERS: Final = (
    500  # distinct unknown senders kept for adoption; a flood of invented names cannot grow the hub
)
SAMPLE: Final = 200  # characters of a message that are kept
CODEC_DEFECT: Final = "codec_defect"
ENGINE_DEFECT: Final = "engine_defect"
DEFECTS: Final = frozenset({CODEC_DEFECT, ENGINE_DEFECT})
"""Reasons that are no fault of the sender: the program itself failed at the message."""


def printable(payload: bytes) -> str:
    """The start of a payload as text a person can read; what is no text is escaped."""
    text = payload[:SAMPLE].decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)[:SAMPLE]


@dataclass(slots=True)
class Sender:
    """An unknown sender: where it was heard, how often, and what its dialect makes of the last message."""

    source: str
    dialect: str
    address: str
    count: int
    first_at: int
    last_at: int
    sample: str
    values: Mapping[str, Value]


class Quarantine:
    """Unknown senders, the most recent `SENDERS` of them."""

    def __init__(self) -> None:
        self._senders: dict[tuple[str, str], Sender] = {}
        self.total = 0

    def hold(
        self, source: str, dialect: str, address: str, payload: bytes, values: Mapping[str, Value], now: int
    ) -> None:
        """Keep one message of a sender that no device of the site has the address of."""
        self.total += 1
        place = (source, address)
        known = self._senders.pop(place, None)
        if known is None:
            if len(self._senders) >= SENDERS:
                del self._senders[next(iter(self._senders))]
            known = Sender(source, dialect, address, 0, now, now, "", {})
        known.count += 1
        known.last_at = now
        known.sample = printable(payload)
        known.values = values
        self._senders[place] = known

    def senders(self) -> list[Sender]:
        """Newest first."""
        return list(reversed(self._senders.values()))


class Rejects:
    """Messages refused, by source and reason."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], Rejected] = {}

    def count(self, source: str, reason: str, channel: str, sample: bytes, error: str, now: int) -> int:
        """Count one refusal and keep its sample; how many of this kind there are by now."""
        known = self._rows.get((source, reason))
        self._rows[source, reason] = Rejected(
            source,
            reason,
            known.count + 1 if known else 1,
            now,
            channel[:SAMPLE],
            printable(sample),
            error[:SAMPLE],
        )
        return self._rows[source, reason].count

    def defect(
        self, source: str, reason: str, channel: str, sample: bytes, error: Exception, now: int
    ) -> None:
        """Count an error of the program itself. Its trace is logged the first time: a flood must not fill the log."""
        words = f"{type(error).__name__}: {error}"
        if self.count(source, reason, channel, sample, words, now) == 1:
            log.error(
                "a defect of the program (%s) at %s, which goes on without it",
                reason,
                channel,
                exc_info=error,
            )

    def defects(self) -> list[Rejected]:
        """Errors of the program itself, newest first."""
        return [row for row in self.rows() if row.reason in DEFECTS]

    def rows(self) -> list[Rejected]:
        """Newest first."""
        return sorted(self._rows.values(), key=lambda row: -row.last_at)
