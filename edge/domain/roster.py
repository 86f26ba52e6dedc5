"""People, crews, posts with their shifts, and the policies by which people are called, as the site's folder says.

Frozen data. Who is on duty at a moment is worked out by `edge.dispatch.duty`. Wall-clock times and dates are the
site's local ones; shifts are kept as local time and zone, so a night at the change of summer time is an hour shorter or
longer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Final, Literal

from edge.domain.alarm import Alarm
from edge.domain.device import Signal
from edge.domain.names import Text
from edge.domain.reading import Purpose
from edge.domain.rule import Priority

GROUP: Final = ""
"""In place of a person's id: a channel that reaches a place or a group, such as a WeCom group."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Proof of a trade. kind: its words ("消防设施操作员(中级)"); expires: the last day on which it is valid."""

    kind: str
    number: str
    expires: date


@dataclass(frozen=True, slots=True)
class Away:
    """Leave from `first` to `last`, both included: stand-ins are called instead."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a duty at the site. id: the name of the account, where the person has one.

    phone: for SMS and ring calls; addresses: by channel id, where a channel needs another one. Both are personal data
    and never stand in a fact. roles: ids that `role:<id>` means. zones: `/`-paths looked after, empty for all.
    stand_ins: ids of persons, first one first.
    """

    id: str
    name: str
    role: Text
    phone: str | None = None
    addresses: Mapping[str, str] = field(default_factory=dict)
    language: str = "zh"
    skills: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    stand_ins: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    away: tuple[Away, ...] = ()


@dataclass(frozen=True, slots=True)
class Crew:
    """People who work together, or a firm. members: ids of persons. lead: the one who speaks for it."""

    id: str
    name: Text
    members: tuple[str, ...]
    skills: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    lead: str | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch of a day, local time. It ends on the next day where `end` is not after `start`; 24 h when equal."""

    id: str
    name: Text
    start: time
    end: time

    @property
    def overnight(self) -> bool:
        """Whether it ends on the day after it started."""
        return self.end <= self.start


@dataclass(frozen=True, slots=True)
class Team:
    """People who turn together in a cycle. day: where in it they stand on the anchor date, 0 for its first day."""

    members: tuple[str, ...]
    day: int


@dataclass(frozen=True, slots=True)
class Cycle:
    """A pattern of n days, such as 白、夜、休、休: ids of shifts by day, None for a day off.

    A team works shift `days[(date - anchor + team.day) % n]`.
    """

    anchor: date
    days: tuple[str | None, ...]
    teams: tuple[Team, ...]


@dataclass(frozen=True, slots=True)
class Weekly:
    """The same people on the same days of the week (0 Monday … 6 Sunday). on_holidays: also on public holidays."""

    shift: str
    days: frozenset[int]
    members: tuple[str, ...]
    on_holidays: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """Other people than the pattern says, in one shift on single dates or on each public holiday.

    Dates go before holidays. members: who works then; empty when the shift does not take place.
    """

    shift: str
    members: tuple[str, ...]
    dates: frozenset[date] = frozenset()
    holidays: bool = False


@dataclass(frozen=True, slots=True)
class Post:
    """A place of work with its shifts. people: how many it needs at a time (GB 25201: two in a control room).

    always: it must be manned around the clock; what no shift covers is then a gap. certificate: a word that a
    certificate of whoever works here must carry, "" when none is needed.
    """

    id: str
    name: Text
    shifts: Mapping[str, Shift]
    cycles: tuple[Cycle, ...] = ()
    weekly: tuple[Weekly, ...] = ()
    changes: tuple[Change, ...] = ()
    people: int = 1
    always: bool = False
    certificate: str = ""

    def members(self) -> tuple[str, ...]:
        """Everybody who ever works here, each once."""
        groups = [team.members for cycle in self.cycles for team in cycle.teams]
        groups += [weekly.members for weekly in self.weekly] + [other.members for other in self.changes]
        return tuple(dict.fromkeys(person for group in groups for person in group))


@dataclass(frozen=True, slots=True)
class Roster:
    """All people of the site, by id.

    country, region: ISO codes of the calendar of public holidays ("CN", ""), "" for none. holidays: the site's own.
    """

    persons: Mapping[str, Person] = field(default_factory=dict)
    crews: Mapping[str, Crew] = field(default_factory=dict)
    posts: Mapping[str, Post] = field(default_factory=dict)
    country: str = ""
    region: str = ""
    holidays: Mapping[date, str] = field(default_factory=dict)

    @property
    def skills(self) -> frozenset[str]:
        """What a person or crew of the site can do."""
        persons = {skill for person in self.persons.values() for skill in person.skills}
        return frozenset(persons | {skill for crew in self.crews.values() for skill in crew.skills})

    def targets(self) -> frozenset[str]:
        """Whom a policy, plan or duty can name: "person:", "crew:", "post:" and "role:" with an id."""
        return frozenset(
            {
                *(f"person:{id}" for id in self.persons),
                *(f"crew:{id}" for id in self.crews),
                *(f"post:{id}" for id in self.posts),
                *(f"role:{role}" for person in self.persons.values() for role in person.roles),
            }
        )


@dataclass(frozen=True, slots=True)
class Call:
    """Whom to call, how, with which message.

    to: "person:<id>", "crew:<id>", "post:<id>", "role:<id>", "skill:<id>", "all", "channel:<id>" (a group without a
    person), or "assigned" (those an order or hazard was given to). by: ids of channels, the next one where one
    brings nothing. message: name of the words to use, such as "alarm" or "nobody".
    """

    to: str
    by: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Step:
    """What happens when nobody has acknowledged `after` seconds after the start."""

    after: float
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Tell:
    """A message of its own on an event, whether acknowledged or not (GB/T 45839-2025 5.9.4, 5.10.4).

    on: one of `edge.dispatch.tellable.TELLABLE`: "confirmed" (an incident reached stage 2), "cleared", "recovered",
    "verdict", or the kind of a fact with `-` for `.` and `_` ("order-overdue").
    """

    on: str
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which a policy calls nobody; what falls into them waits until `end`. Local, over midnight too."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Policy:
    """Who is called about what, and when. The first policy that fits counts.

    signals, priorities: empty for all. subject: what it calls about. rounds: how often all steps are gone through;
    pause: seconds from the last step of one round to the start of the next.
    """

    id: str
    steps: tuple[Step, ...] = ()
    tells: tuple[Tell, ...] = ()
    subject: Literal["alarm", "order", "hazard"] = "alarm"
    signals: frozenset[Signal] = frozenset()
    priorities: frozenset[Priority] = frozenset()
    purpose: Purpose = Purpose.LIVE
    rounds: int = 1
    pause: float = 0.0
    quiet: Quiet | None = None

    def fits(self, alarm: Alarm) -> bool:
        """Whether it is about `alarm`."""
        return self.subject == "alarm" and self.covers(alarm.signal, alarm.priority, alarm.purpose)

    def covers(self, signal: Signal | None, priority: Priority | None, purpose: Purpose) -> bool:
        """Whether its signals, priorities and purpose include these; None is what a case does not say."""
        return (
            purpose is self.purpose
            and (not self.signals or signal in self.signals)
            and (not self.priorities or priority in self.priorities)
        )
