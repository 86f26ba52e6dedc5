"""The open incidents in memory, and the one way in which each of their facts is made. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from edge.domain.alarm import Alarm
from edge.domain.conclusion import Conclusion
from edge.domain.fact import Fact, Numbering, Seq
from edge.domain.incident import MEMBERS, Incident
from edge.domain.instant import Instant
from edge.domain.reading import Purpose
from edge.domain.rule import Priority
from edge.emergency import steps
from edge.emergency.coincidence import since
from edge.emergency.lasting import Since


@dataclass(slots=True)
class Entry:
    """An open incident. members: its open alarms by id.

    joined: mono µs at which its last alarm came, None where that is long past and no clock can tell how long.
    due: deadlines of its steps. lasting: see `edge.emergency.lasting`. fresh: alarms came in this moment, told with its
    next fact. told: mono µs of its last fact.
    """

    incident: Incident
    joined: int | None
    members: dict[str, Alarm] = field(default_factory=dict)
    due: steps.Deadlines = field(default_factory=dict)
    lasting: Since = field(default_factory=dict)
    fresh: bool = False
    told: int = 0

    @property
    def running(self) -> bool:
        """Whether its steps have time limits still: not all clear, not closed."""
        return self.incident.state in {"stage1", "stage2"}

    @property
    def unverified(self) -> bool:
        """Whether it is only what its alarms said: it ends with them."""
        incident = self.incident
        return incident.stage == 1 and incident.count > 0 and incident.opened_by is None

    @property
    def presses(self) -> bool:
        """Whether the time limits of its steps run: not over, and not waiting to see whether its alarms come back."""
        return self.running and not (self.unverified and not self.members)


class Book:
    """All open incidents by id, and by the alarms that ever belonged to them."""

    def __init__(self, numbering: Numbering) -> None:
        self.numbering = numbering
        self.open: dict[str, Entry] = {}
        self.of: dict[str, Entry] = {}  # by id of an alarm

    def restore(self, incident: Incident, now: Instant) -> None:
        """Take up an open incident after a restart; the one that an alarm joined last comes last."""
        spent = incident.quiet_at is not None and not now.trusted
        joined = None if spent else since(incident.last_at, now)
        entry = Entry(incident, joined, due=steps.wound(incident, now), told=since(incident.told_at, now))
        self.open[incident.id] = entry
        self.of |= dict.fromkeys(incident.alarms, entry)

    def begin(self, incident: Incident, now: Instant) -> Entry:
        """A new one; it is told by its first `record`."""
        entry = self.open[incident.id] = Entry(incident, now.mono)
        return entry

    def standing(self, plan: str, area: str, drill: str | None) -> Entry | None:
        """The running incident that a person means who begins a plan there, whoever opened it."""
        purpose = Purpose.LIVE if drill is None else Purpose.DRILL
        wanted = (plan, area, drill, purpose)
        for entry in reversed(self.open.values()):
            one = entry.incident
            if (one.plan, one.area, one.drill, one.purpose) == wanted and entry.running and not one.withdrawn:
                return entry
        return None

    def join(self, entry: Entry, alarm: Alarm, now: Instant) -> None:
        """Another alarm of the same cause, which belongs to no other incident from then on."""
        self.leave(alarm)
        incident = entry.incident
        entry.members[alarm.id] = alarm
        entry.joined, entry.fresh = now.mono, True
        self.of[alarm.id] = entry
        first = incident.alarm is None
        graver = alarm.priority.rank < Priority(incident.priority).rank
        entry.incident = replace(
            incident,
            alarm=alarm.id if first else incident.alarm,
            signal=alarm.signal.value if first else incident.signal,
            alarms=incident.alarms if len(incident.alarms) >= MEMBERS else (*incident.alarms, alarm.id),
            count=incident.count + 1,
            priority=alarm.priority.value if graver else incident.priority,
            title=alarm.title if graver and incident.opened_by is None else incident.title,
            last_at=now.utc,
            spoken=len(incident.reports),
            quiet_at=None,
        )

    def leave(self, alarm: Alarm) -> Entry | None:
        """The incident whose story the alarm goes on without; what it did there stays on record."""
        entry = self.of.pop(alarm.id, None)
        if entry is not None:
            entry.members.pop(alarm.id, None)
            entry.lasting.pop(alarm.id, None)
        return entry

    def risen(self, entry: Entry, alarm: Alarm, now: Instant, told: Conclusion) -> None:
        """One of its alarms has become more urgent than all of them were."""
        if alarm.priority.rank < Priority(entry.incident.priority).rank:
            self.joined(entry, now, told)
            title = alarm.title if entry.incident.opened_by is None else entry.incident.title
            risen = replace(entry.incident, priority=alarm.priority.value, title=title)
            steps.rerated(risen, entry.due, now)
            self.record(entry, risen, "incident.risen", now, told)

    def again(self, entry: Entry, now: Instant) -> None:
        """One of its alarms calls again: a final report was not the last word, nor is it quiet, nor nothing."""
        after = replace(entry.incident, spoken=len(entry.incident.reports), quiet_at=None)
        after = steps.needed(after, entry.due, now)
        if after != entry.incident:
            entry.incident, entry.fresh = after, True

    def judged(self, entry: Entry, kind: str, alarm: Alarm) -> None:
        """A verdict about one of its alarms: whether what made it certain still stands."""
        incident = entry.incident
        if kind != "alarm.verdict" or incident.stage == 1 or alarm.id not in incident.triggers:
            return
        known = [entry.members[id] for id in incident.triggers if id in entry.members]
        withdrawn = bool(known) and all(one.dismissed for one in known)
        if withdrawn != incident.withdrawn:
            entry.incident, entry.fresh = replace(incident, withdrawn=withdrawn), True

    def dismissed(self, entry: Entry, kind: str, alarm: Alarm, now: Instant, told: Conclusion) -> None:
        """A verdict by which all of an unverified incident's alarms are nothing: the rest need not be done."""
        open_ = all(member.dismissed for member in entry.members.values())
        if kind == "alarm.verdict" and alarm.dismissed and open_ and entry.running and entry.unverified:
            after = steps.stood_down(entry.incident, entry.due, now)
            if after != entry.incident:
                self.joined(entry, now, told)
                self.record(entry, after, "incident.stood_down", now, told)

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
        entry.incident = replace(steps.timed(incident, entry.due, now), step=step, told_at=now.utc)
        entry.told = now.mono
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
