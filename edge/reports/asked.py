"""What the child is asked for, and what it needs to know of the site: plain JSON values, made by the hub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from edge.domain.days import Calendar


@dataclass(frozen=True, slots=True)
class Asked:
    """Times are µs UTC.

    kind: one of `edge.domain.service.KINDS`. room: the post whose duty log it is. stints: shifts of that post, each
    with post, shift ([zh, en]), start, end, persons. targets: as `ServiceTarget.to_dict`. figures: what only the
    running hub knows (devices, online, readings_lost). tests_every: µs between two self-tests.
    """

    kind: str
    start: int
    end: int
    journal: Path
    now: int
    trusted: bool
    zone: str
    offset: int = 0
    version: str = ""
    stints: Sequence[Mapping[str, Any]] = ()
    targets: Sequence[Mapping[str, Any]] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    tests_every: int = 0

    @property
    def calendar(self) -> Calendar:
        """The site's days."""
        return Calendar(ZoneInfo(self.zone), self.offset)

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Asked:
        """What the hub wrote."""
        return cls(**{**row, "journal": Path(row["journal"])})


@dataclass(frozen=True, slots=True)
class BundleAsked:
    """points: of the incident's zone, (id, name, unit). files: (path, name) of rules and plans of the site.

    pictures: sets of cameras that come along: whoever asks may see these, which is on record; no others leave.
    words: what the kinds of facts are called; names: what persons are called.
    """

    incident: str
    journal: Path
    telemetry: Path
    evidence: Path
    now: int
    trusted: bool
    zone: str
    version: str
    site: str
    by: str
    pictures: Sequence[str] = ()
    points: Sequence[tuple[str, str, str]] = ()
    files: Sequence[tuple[str, str]] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> BundleAsked:
        """What the hub wrote."""
        paths = {name: Path(row[name]) for name in ("journal", "telemetry", "evidence")}
        return cls(**{**row, **paths})
