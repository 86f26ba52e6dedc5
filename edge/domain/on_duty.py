"""Who works when, as people see it: shifts on dates, what is wrong with them, certificates that run out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from edge.domain.roster import Post, Roster


@dataclass(frozen=True, slots=True)
class Stint:
    """One shift of a post on one date. start, end: µs UTC. persons: who works, stand-ins in place of the absent."""

    post: str
    shift: str
    date: date
    start: int
    end: int
    persons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the shifts that people should see. start, end: µs UTC.

    kind: "gap" (a post that must always be manned has nobody), "short" (fewer people than it needs), "overlap" (two
    shifts of one post, or one person at two posts, at the same time). persons: who is there.
    """

    kind: Literal["gap", "short", "overlap"]
    post: str
    start: int
    end: int
    persons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expiry:
    """A certificate that has run out or soon will (days: left, below 0 when past), or one missing (no expires)."""

    person: str
    kind: str
    expires: date | None
    days: int | None


@dataclass(frozen=True, slots=True)
class Manned:
    """A post now. persons: who is on duty there; shifts: ids of those that run; until: µs UTC, the first to end.

    lack: "gap" or "short" as of a finding. On a clock in doubt persons are everybody of the post, and nothing else is
    known.
    """

    post: Post
    persons: tuple[str, ...]
    shifts: tuple[str, ...] = ()
    until: int | None = None
    lack: Literal["gap", "short"] | None = None


@dataclass(frozen=True, slots=True)
class RosterView:
    """The roster from `today` on, for `days` local dates. Moments in it are µs UTC of the hub's clock.

    trusted: the clock can be believed; without it there are only the people. stints: in order of time, those of
    yesterday that still run included. certificates: run out, running out or missing, the most pressing first.
    holidays: names of the public holidays among the days.
    """

    roster: Roster
    trusted: bool
    today: date
    days: int
    now: tuple[Manned, ...] = ()
    stints: tuple[Stint, ...] = ()
    findings: tuple[Finding, ...] = ()
    certificates: tuple[Expiry, ...] = ()
    holidays: Mapping[date, str] = field(default_factory=dict)
