"""What happens before a camera, and when. No picture is drawn here: scenario files are checked without OpenCV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

CLEAR: Final = "clear"
"""Everything ends: the van drives on, the fire goes out."""

MEMORY: Final = 120.0  # seconds after which what has ended leaves no trace

LANE: Final = "lane"
SHED: Final = "shed"

SHOWS: Final[Mapping[str, tuple[str, ...]]] = {
    LANE: ("van", "person", "covered", CLEAR),
    SHED: ("fire", "smoke", "person", "covered", CLEAR),
}
"""Drawn scene -> what can happen in it."""


@dataclass(frozen=True, slots=True)
class Event:
    """kind: one of `SHOWS`. start, end: seconds on the scene's own count; end None: it has not ended yet."""

    kind: str
    start: float
    end: float | None = None


def scene_of(checks: Sequence[str]) -> str:
    """The drawn scene for a camera: the bicycle shed where flame or smoke is looked for, else the fire lane."""
    return SHED if {"flame", "smoke"} & set(checks) else LANE


def happens(events: Sequence[Event], kind: str, now: float) -> tuple[Event, ...]:
    """The events once `kind` begins at `now`. The same goes on if it is there already; a person is another one."""
    events = [e for e in events if e.end is None or now - e.end < MEMORY]
    if kind == CLEAR:
        return tuple(replace(e, end=now) if e.end is None else e for e in events)
    if kind != "person" and any(e.kind == kind and e.end is None for e in events):
        return tuple(events)
    return (*events, Event(kind, now))
