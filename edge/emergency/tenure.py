"""How long an incident goes on: until when it takes in alarms, counts as fresh, and ends by itself. Pure."""

from __future__ import annotations

from edge.domain.instant import DAY, SECOND, Instant
from edge.domain.plan import Coincidence
from edge.domain.timers import NEVER
from edge.emergency.book import Entry
from edge.emergency.coincidence import LIFE, Triggers
from edge.emergency.grouping import BY_TRIGGERS


class Tenure:
    """The times of an incident, by its alarms and the rules of the site."""

    def __init__(self, rules: Coincidence, triggers: Triggers) -> None:
        self._triggers = triggers
        self._group = round(rules.group * SECOND)
        self._window = round(rules.window * SECOND)

    def lately(self, alarm: str, now: Instant) -> bool:
        """Whether an open alarm is active, or was so not long ago."""
        return self._triggers.recent(alarm, now, self._group)

    def takes_more(self, entry: Entry, now: Instant) -> bool:
        """Only while its alarms are not long past, and nobody said that it is over or never was.

        What comes later is another emergency: it is verified, and becomes certain, by itself.
        """
        if not entry.running or entry.incident.withdrawn:
            return False
        joined = entry.joined is not None and now.mono - entry.joined <= self._group
        return joined or any(self.lately(id, now) for id in entry.members)

    def ends_at(self, entry: Entry) -> int:
        """Mono µs at which one that nobody verified ends by itself; NEVER while it has alarms.

        What is not about life waits a while, so that a value that wavers about its limit is one incident.
        """
        if entry.members or not entry.unverified:
            return NEVER
        waits = entry.running and entry.incident.family not in LIFE
        return entry.joined + self._group if waits and entry.joined is not None else 0

    def due(self, entry: Entry) -> int:
        """Mono µs at which time alone changes it next, apart from its steps."""
        return min(self.quiet_at(entry), self.ends_at(entry), self.forgotten_at(entry))

    def forgotten_at(self, entry: Entry) -> int:
        """Mono µs at which people are reminded of it; NEVER while it has alarms or ends by itself."""
        return NEVER if entry.members or entry.unverified else entry.told + DAY

    def quiet_at(self, entry: Entry) -> int:
        """Mono µs at which none of its alarms is a fresh trigger any more; NEVER once that is told.

        It is told because no clock may know after a power cut how long they had been quiet.
        """
        incident = entry.incident
        if incident.quiet_at is not None or not entry.running or incident.family not in BY_TRIGGERS:
            return NEVER
        if not incident.count or entry.joined is None:
            return NEVER
        last = entry.joined + self._window
        for id in entry.members:
            quiet = self._triggers.quiet_at(id, self._window)
            if quiet == NEVER:  # one of a thousand that is active is enough
                return NEVER
            last = max(last, quiet)
        return last + 1
