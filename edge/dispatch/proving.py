"""When each channel's daily proof is due, in the site's local time. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from edge.domain.instant import DAY, Instant
from edge.domain.notification import DailyProof

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class DailyProofs:
    """civil: µs UTC as people's clocks show it. On a clock that cannot be trusted nothing is due.

    An occurrence missed while the hub was away is left out.
    """

    def __init__(self, proofs: Sequence[DailyProof], zone: tzinfo, civil: Callable[[int], int]) -> None:
        self._proofs = tuple(proofs)
        self._zone = zone
        self._civil = civil
        self._at: dict[DailyProof, int] = {}

    def fallen_due(self, now: Instant) -> Iterator[DailyProof]:
        """Those whose time has come, each once."""
        if not now.trusted:
            return
        utc = self._civil(now.utc)
        for proof in self._proofs:
            at = self._at.setdefault(proof, self._next(proof, utc))
            if at <= utc:
                self._at[proof] = self._next(proof, utc)
                yield proof
            elif at > utc + 2 * DAY:  # the clock was set back
                self._at[proof] = self._next(proof, utc)

    def due(self, now: Instant) -> list[int]:
        """Mono µs of the next of each."""
        if not now.trusted:
            return []
        return [now.mono + max(0, at - self._civil(now.utc)) for at in self._at.values()]

    def _next(self, proof: DailyProof, utc: int) -> int:
        here = (_EPOCH + timedelta(microseconds=utc)).astimezone(self._zone)
        for days in range(3):
            moment = datetime.combine(here.date() + timedelta(days=days), proof.at, tzinfo=self._zone)
            at = (moment - _EPOCH) // timedelta(microseconds=1)
            if at > utc:
                return at
        return utc + DAY
