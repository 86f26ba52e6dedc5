"""The open hazards, and by what each of them is found: nothing that happens looks through all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from edge.domain.hazard import Hazard, HazardState
from edge.domain.instant import Instant
from edge.domain.timers import NEVER, Timer, Timers
from edge.hazards import crews
from edge.hazards.proof import Count
from edge.hazards.sources import where

_CREW: Final = ("crew", "")
Mark = tuple[str, str]
"""("source", id), ("key", rule@point), ("device", id), ("at", category and place), ("point", id): its readings are
waited for, ("crew", ""): it needs one."""


class Entry(Timer):
    """A hazard with its due clock (mono µs), and what its sensors have shown since the work was done.

    by: who sends the crew. asked: until then (mono µs) a work order that was asked for may still come. done: mono µs
    from which readings can prove it. counts: by key of the sensor.
    """

    __slots__ = ("asked", "by", "counts", "done", "hazard", "marks")

    def __init__(self, hazard: Hazard, done: int = 0) -> None:
        super().__init__()
        self.hazard = hazard
        self.by = ""
        self.asked = -NEVER
        self.done = done
        self.counts: dict[str, Count] = {}
        self.marks: frozenset[Mark] = frozenset()

    def as_of(self, now: Instant) -> Hazard:
        """The hazard with what is left of its time now."""
        if self.due == NEVER or self.hazard.overdue:
            return self.hazard
        return replace(self.hazard, remaining=max(0, self.due - now.mono))

    def anew(self, mono: int) -> None:
        """Have its sensors begin from here."""
        self.counts, self.done = {}, mono


class Book:
    """All open hazards by id and by mark, and their clocks."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._marked: dict[Mark, dict[str, Entry]] = {}
        self._timers = Timers()

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries.values()))

    def get(self, id: str) -> Entry | None:
        """One of them."""
        return self._entries.get(id)

    def put(self, entry: Entry) -> None:
        """Find it by what it is now; one that is closed is found no more."""
        id, marks = entry.hazard.id, _marks(entry.hazard)
        for mark in entry.marks - marks:
            del self._marked[mark][id]
            if not self._marked[mark]:
                del self._marked[mark]
        for mark in marks - entry.marks:
            self._marked.setdefault(mark, {})[id] = entry
        entry.marks = marks
        if entry.hazard.open:
            self._entries[id] = entry
            self._timers.watch(entry)
        else:
            self._timers.forget(entry)
            self._entries.pop(id, None)

    def of_source(self, id: str) -> list[Entry]:
        """Those that an alarm, round or ticket made known."""
        return self._at("source", id)

    def of_key(self, key: str) -> list[Entry]:
        """Those behind which a sensor stands."""
        return self._at("key", key)

    def proving(self, point: str) -> list[Entry]:
        """Those that wait for readings of a point."""
        return self._at("point", point)

    @property
    def wanting(self) -> list[Entry]:
        """Those that need a crew and have no order under way."""
        return list(self._marked.get(_CREW, {}).values())

    def alike(self, hazard: Hazard) -> Iterator[Entry]:
        """Those that could be the same as `hazard`, which is not one of them."""
        found = {id: entry for mark in _likeness(hazard) for id, entry in self._marked.get(mark, {}).items()}
        yield from found.values()

    def fallen_due(self, mono: int) -> Iterator[Entry]:
        """Those whose clock has run out; whoever takes one sets it anew."""
        for timer in self._timers.fallen_due(mono):
            if isinstance(timer, Entry):
                yield timer

    def next_due(self) -> int | None:
        """Mono µs of the next."""
        return self._timers.next_due()

    def _at(self, kind: str, value: str) -> list[Entry]:
        return list(self._marked.get((kind, value), {}).values())


def _marks(hazard: Hazard) -> frozenset[Mark]:
    if not hazard.open:
        return frozenset()
    marks = {*_likeness(hazard), *(("source", each.id) for each in hazard.sources if each.id)}
    if hazard.state is HazardState.RECTIFIED:
        marks |= {("point", sensor.key.partition("@")[2]) for sensor in hazard.sensors}
    if crews.needs_crew(hazard):
        marks.add(_CREW)
    return frozenset(marks)


def _likeness(hazard: Hazard) -> Iterable[Mark]:
    yield ("at", where(hazard))
    if hazard.device is not None:
        yield ("device", hazard.device)
    if hazard.key is not None:
        yield ("key", hazard.key)
    yield from (("key", sensor.key) for sensor in hazard.others)
