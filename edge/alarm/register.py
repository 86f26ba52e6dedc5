"""The open alarms, and the facts of the step under way. Every change of a row is a fact with a number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from edge.domain.alarm import Alarm, Desk
from edge.domain.fact import Fact, Numbering
from edge.domain.instant import Instant


class Register:
    """Rows by id and by point; `facts`, `changed` and `annunciated` are those since `begin`."""

    def __init__(self, numbering: Numbering) -> None:
        self._numbering = numbering
        self._by_point: dict[str, dict[str, None]] = {}
        self._reported: dict[str, None] = {}  # alarms with reports that no fact has carried yet
        self._now = Instant(0, 0)
        self.alarms: dict[str, Alarm] = {}
        self.facts: list[Fact] = []
        self.changed: dict[str, Alarm] = {}
        self.annunciated = False

    def begin(self, now: Instant) -> None:
        """A step, a tick or a command at `now`."""
        self._now = now
        self.facts = []
        self.changed = {}
        self.annunciated = False

    def add(self, alarm: Alarm) -> None:
        """An open alarm from before a restart."""
        self.alarms[alarm.id] = alarm
        self._by_point.setdefault(alarm.point, {})[alarm.id] = None

    def at(self, point: str) -> Iterator[Alarm]:
        """Open alarms at a point."""
        return (self.alarms[id] for id in tuple(self._by_point.get(point, ())))

    def record(
        self, kind: str, alarm: Alarm, by: str | None = None, note: str | None = None, *, calls: bool = False
    ) -> Alarm:
        """Number the fact and keep the row. calls: it asks for attention anew, unless suppressed or a test.

        A row without an id is new and is named after this fact.
        """
        seq = self._numbering.next()
        alarm = replace(
            alarm,
            id=alarm.id or f"al-{seq.epoch}-{seq.number}",
            seq=seq,
            annunciated_at=self._now.utc if calls else alarm.annunciated_at,
        )
        self._reported.pop(alarm.id, None)
        self.changed.pop(alarm.id, None)  # so that the rows stand in the order of their last facts
        self.changed[alarm.id] = alarm
        if alarm.open:
            self.add(alarm)
        elif self.alarms.pop(alarm.id, None) is not None:
            at_point = self._by_point[alarm.point]
            del at_point[alarm.id]
            if not at_point:
                del self._by_point[alarm.point]
        self.facts.append(Fact(seq, kind, self._now.utc, by, "alarm", alarm.to_dict(), note))
        self.annunciated = self.annunciated or (calls and alarm.sounds)
        return alarm

    def count(self, alarm: Alarm) -> None:
        """Keep a row with one more report; its next fact in this step carries it, or `reported` names it."""
        self.alarms[alarm.id] = alarm
        self._reported[alarm.id] = None

    def reported(self) -> list[Alarm]:
        """Alarms with reports that no fact has carried yet."""
        return [self.alarms[id] for id in self._reported]

    def record_desk(self, kind: str, desk: Desk, by: str | None = None) -> None:
        """A fact about the desk's sound."""
        body = {"silenced_until": desk.silenced_until, "silenced_by": desk.silenced_by}
        self.facts.append(Fact(self._numbering.next(), kind, self._now.utc, by, "desk", body))
