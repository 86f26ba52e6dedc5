"""The open incidents in memory, and the one way in which each of their facts is made. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from edge.domain.alarm import Alarm
from edge.domain.conclusion import Conclusion
from edge.domain.fact import Fact, Numbering, Seq
from edge.domain.incident import MEMBERS, Incident, IncidentState
from edge.domain.instant import Instant
from edge.domain.rule import Priority
from edge.emergency import steps
from edge.emergency.coincidence import since


@dataclass(slots=True)
class Entry:
    """An open incident. members: its open alarms by id.

    joined: mono µs at which its last alarm came. due: deadlines of its steps. lasting: by point, mono µs since when it
    has been out of bounds. fresh: alarms came in this moment, told with its next fact.
    """

    incident: Incident
    joined: int
    members: dict[str, Alarm] = field(default_factory=dict)
    due: steps.Deadlines = field(default_factory=dict)
    lasting: dict[str, int] = field(default_factory=dict)
    fresh: bool = False

    @property
    def running(self) -> bool:
        """Whether its steps have time limits still: not all clear, not closed."""
        return self.incident.state in {"stage1", "stage2"}


class Book:
    """All open incidents by id, and by the alarms that ever belonged to them."""

    def __init__(self, numbering: Numbering) -> None:
        self.numbering = numbering
        self.open: dict[str, Entry] = {}
        self.of: dict[str, Entry] = {}  # by id of an alarm

    def restore(self, incident: Incident, now: Instant) -> None:
        """Take up an open incident after a restart."""
        entry = Entry(incident, since(incident.last_at, now), due=steps.wound(incident, now))
        self.open[incident.id] = entry
        self.of |= dict.fromkeys(incident.alarms, entry)

    def begin(self, incident: Incident, now: Instant) -> Entry:
        """A new one; it is told by its first `record`."""
        entry = self.open[incident.id] = Entry(incident, now.mono)
        return entry

    def join(self, entry: Entry, alarm: Alarm, now: Instant) -> None:
        """Another alarm of the same cause; what was all clear is so no longer."""
        incident = entry.incident
        entry.members[alarm.id] = alarm
        entry.joined, entry.fresh = now.mono, True
        self.of[alarm.id] = entry
        first = incident.alarm is None
        entry.incident = replace(
            _not_over(incident),
            alarm=alarm.id if first else incident.alarm,
            signal=alarm.signal.value if first else incident.signal,
            alarms=incident.alarms if len(incident.alarms) >= MEMBERS else (*incident.alarms, alarm.id),
            count=incident.count + 1,
            priority=min(incident.priority, alarm.priority.value, key=lambda word: Priority(word).rank),
            last_at=now.utc,
        )

    def risen(self, entry: Entry, alarm: Alarm, now: Instant, told: Conclusion) -> None:
        """One of its alarms has become more urgent than all of them were."""
        if alarm.priority.rank < Priority(entry.incident.priority).rank:
            self.joined(entry, now, told)
            risen = replace(entry.incident, priority=alarm.priority.value)
            steps.rerated(risen, entry.due, now)
            self.record(entry, risen, "incident.risen", now, told)

    def again(self, entry: Entry) -> None:
        """One of its alarms calls again: told with its next fact where that ends an all clear."""
        if entry.incident.state == "all_clear":
            entry.incident, entry.fresh = _not_over(entry.incident), True

    def joined(self, entry: Entry, now: Instant, told: Conclusion) -> None:
        """What came in is told once a step, however much it was."""
        if entry.fresh:
            self.record(entry, entry.incident, "incident.joined", now, told)

    def record(
        self, entry: Entry, incident: Incident, kind: str, now: Instant, told: Conclusion,
        by: str | None = None, note: str | None = None, step: str | None = None, seq: Seq | None = None,
    ) -> None:  # fmt: skip
        """Number the fact and keep the incident as it now stands."""
        entry.incident = incident
        if not entry.running:
            entry.due.clear()
        entry.incident = replace(steps.timed(incident, entry.due, now), step=step)
        entry.fresh = False
        seq = seq or self.numbering.next()
        told.facts.append(Fact(seq, kind, now.utc, by, "incident", entry.incident.to_dict(), note))
        if not entry.incident.open:
            del self.open[incident.id]
            self.of = {id: other for id, other in self.of.items() if other is not entry}

    def tick(self, entry: Entry, words: set[str], now: Instant, told: Conclusion) -> None:
        """Steps that these words tick, each with a fact of its own."""
        for id in steps.ticked_by(entry.incident, words):
            self.joined(entry, now, told)
            done = steps.done_by_fact(entry.incident, id, entry.due, now)
            self.record(entry, done, "incident.step", now, told, step=id)


def _not_over(incident: Incident) -> Incident:
    if incident.state != "all_clear":
        return incident
    state: IncidentState = "stage2" if incident.stage == 2 else "stage1"
    return replace(incident, state=state, all_clear_at=None, all_clear_by=None)
