"""Days of the site's zone as spans of UTC. A day with a change of summer time has 23 or 25 hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The site's wall clock. offset: µs that it is ahead of the hub's (a demo's)."""

    zone: ZoneInfo
    offset: int = 0

    def day_of(self, utc: int) -> date:
        """The local date of a moment in µs UTC."""
        return (_EPOCH + timedelta(microseconds=utc + self.offset)).astimezone(self.zone).date()

    def start(self, day: date) -> int:
        """µs UTC at which a local date begins; where midnight is skipped, the moment of the skip."""
        midnight = datetime.combine(day, time(), tzinfo=self.zone)
        return (midnight.astimezone(UTC) - _EPOCH) // _MICRO - self.offset

    def days(self, start: int, end: int) -> Sequence[tuple[date, int, int]]:
        """(date, start, end) of each local date that [start, end) touches, cut to it."""
        found = []
        day = self.day_of(start)
        while (begun := self.start(day)) < end:
            after = self.start(day + timedelta(days=1))
            found.append((day, max(begun, start), min(after, end)))
            day += timedelta(days=1)
        return found
