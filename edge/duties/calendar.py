"""When duties come due: days of their recurrence, moved by holidays, at local times. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from edge.domain.instant import DAY, SECOND
from edge.domain.obligation import Duty, Planned

Holidays = Callable[[date], str | None]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
_MOVED: Final = 31  # days over which holidays can move something at most
_KEPT: Final = 600  # months of duties that are worked out once


class Calendar:
    """All duties over time. civil: µs UTC -> µs UTC as people's clocks show it (shifted in a demo)."""

    def __init__(
        self,
        duties: Iterable[Duty],
        zone: tzinfo,
        holidays: Holidays,
        civil: Callable[[int], int] = lambda utc: utc,
    ) -> None:
        self._duties = tuple(duties)
        self._zone = zone
        self._holidays = holidays
        self._civil = civil
        self._months: dict[tuple[str, int, int], tuple[date, ...]] = {}

    def between(self, after: int, until: int) -> list[Planned]:
        """Occurrences that begin later than `after` and not later than `until` (µs UTC), in order."""
        if until <= after:
            return []
        first, last = self.local(after).date() - _DAY, self.local(until).date() + _DAY
        found = [
            planned
            for duty in self._duties
            for day in self.days(duty, first, last)
            for planned in self._on(duty, day, after)
            if after < planned.from_at <= until
        ]
        return sorted(found, key=lambda planned: (planned.from_at, planned.id))

    def days(self, duty: Duty, first: date, last: date) -> list[date]:
        """The days on which a duty falls, holidays taken into account, both ends included."""
        found: list[date] = []
        month = first.replace(day=1)
        while month <= last:
            found += [day for day in self._month(duty, month) if first <= day <= last]
            month = (month + 31 * _DAY).replace(day=1)
        return found

    def local(self, utc: int) -> datetime:
        """The site's wall clock at µs UTC, shifted as people see it."""
        return (_EPOCH + timedelta(microseconds=self._civil(utc))).astimezone(self._zone)

    def utc(self, wall: datetime, near: int) -> int:
        """µs UTC of a wall time; near: µs UTC, for the shift of people's clocks. Of two hours alike, the first."""
        moment = wall.replace(tzinfo=self._zone, fold=0)
        return (moment - _EPOCH) // timedelta(microseconds=1) - (self._civil(near) - near)

    def _on(self, duty: Duty, day: date, near: int) -> Iterable[Planned]:
        for start in duty.times:
            begin = self.utc(datetime.combine(day, start), near)
            yield Planned(name(duty.id, day, start), duty.id, begin, begin + round(duty.window * SECOND))

    def _month(self, duty: Duty, first: date) -> tuple[date, ...]:
        key = (duty.id, first.year, first.month)
        if key not in self._months:
            if len(self._months) >= _KEPT:
                self._months.clear()
            last = (first + 31 * _DAY).replace(day=1) - _DAY
            said = duty.recurrence.days(first - _MOVED * _DAY, last)
            moved = {day for each in said if (day := self._moved(duty, each)) is not None}
            self._months[key] = tuple(sorted(day for day in moved if first <= day <= last))
        return self._months[key]

    def _moved(self, duty: Duty, day: date) -> date | None:
        if duty.holidays == "skip":
            return None if self._holidays(day) is not None else day
        if duty.holidays == "next":
            for late in range(_MOVED):
                other = day + late * _DAY
                if other.weekday() < 5 and self._holidays(other) is None:
                    return other
        return day


def name(duty: str, day: date, start: time) -> str:
    """The id of an occurrence: the same for the same local time, however often it is worked out."""
    return f"du-{duty}-{day:%Y%m%d}{start:%H%M}"


HORIZON: Final = 26 * 60 * 60 * SECOND
"""How far ahead the next start is looked for at a time."""
LOOK_BACK: Final = 62 * DAY
"""How long a hub may have been away and still records each occurrence of that time."""
