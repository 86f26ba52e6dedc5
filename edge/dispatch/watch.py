"""The desk's watch as a tenant of step 4: who is away with a phone that hears, and who has fallen silent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from edge.domain.conclusion import Alive, Conclusion, Happened
from edge.domain.fact import Fact, Numbering
from edge.domain.instant import Instant
from edge.domain.request import Refusal, Request
from edge.domain.watch import SILENT_AFTER, Away, AwayWatch

_DESK = ""  # the person of a wall's sign of life


class Presence:
    """Who hears the alarms: walls that sound, and phones of people away. Last signs of life in mono µs."""

    def __init__(self) -> None:
        self._heard: dict[str, int] = {}

    def sign(self, alive: Alive, mono: int) -> None:
        """A wall (person "") or phone said whether its sound is on."""
        if alive.hears:
            self._heard[alive.person] = mono
        elif alive.person != _DESK:  # of several walls one that is mute says nothing about the others
            self._heard.pop(alive.person, None)

    def last(self, person: str) -> int | None:
        """When the person's phone, or ("") a wall, last said that it hears."""
        return self._heard.get(person)

    def hears(self, mono: int) -> bool:
        """Whether anybody's screen sounds now."""
        return any(mono - heard < SILENT_AFTER for heard in self._heard.values())


class DeskWatch:
    """All people who are away with the wall's tone on their phone."""

    kinds: tuple[str, ...] = ("watch",)
    requests: tuple[type[Any], ...] = (Away,)

    def __init__(self, presence: Presence, numbering: Numbering) -> None:
        self._presence = presence
        self._numbering = numbering
        self._away: dict[str, AwayWatch] = {}
        self._since: dict[str, int] = {}  # mono µs from which silence counts, where no sign has come yet

    def restore(self, rows: Sequence[Mapping[str, Any]], now: Instant) -> Conclusion:
        """They are away still; silence counts from now, for the hub itself could not hear."""
        for row in rows:
            watch = AwayWatch.from_dict(row)
            self._away[watch.person] = watch
            self._since[watch.person] = now.mono
        return Conclusion()

    def conclude(self, happened: Happened, now: Instant) -> Conclusion:
        """Who has fallen silent, who is heard again."""
        made = Conclusion()
        for receipt in happened.receipts:
            # Whoever has a page open hears nothing for the desk: only a wall does, and who took it along.
            if isinstance(receipt, Alive) and (receipt.person == _DESK or receipt.person in self._away):
                self._presence.sign(receipt, now.mono)
        for person, watch in self._away.items():
            silent = now.mono - self._last(person) >= SILENT_AFTER
            if silent != watch.silent:
                self._away[person] = replace(watch, silent=silent)
                made.facts.append(self._fact("watch.silent" if silent else "watch.back", person, now, None))
        return made

    def act(self, request: Request, now: Instant) -> Conclusion:
        """Go, or come back; doing so twice changes nothing. Refusal not_found for who comes back from nowhere."""
        if not isinstance(request, Away):
            raise Refusal("not_found", "no such request")
        person = request.by
        watch = self._away.get(person)
        if not request.on:
            if watch is None:
                raise Refusal("not_found", "you are not away")
            self._away[person] = replace(watch, open=False, ended_at=now.utc)
            fact = self._fact("watch.ended", person, now, person)
            del self._away[person]
            return Conclusion(facts=[fact], subject=fact.body)
        if watch is not None:
            return Conclusion(subject=watch.to_dict())
        seq = self._numbering.next()
        watch = AwayWatch(f"wa-{seq.epoch}-{seq.number}", person, now.utc)
        self._away[person] = watch
        self._since[person] = now.mono
        fact = Fact(seq, "watch.begun", now.utc, person, "watch", watch.to_dict())
        return Conclusion(facts=[fact], subject=fact.body)

    def next_due(self) -> int | None:
        """When the next one falls silent."""
        due = [self._last(person) + SILENT_AFTER for person, w in self._away.items() if not w.silent]
        return min(due, default=None)

    def _last(self, person: str) -> int:
        return max(self._since[person], self._presence.last(person) or 0)

    def _fact(self, kind: str, person: str, now: Instant, by: str | None) -> Fact:
        return Fact(self._numbering.next(), kind, now.utc, by, "watch", self._away[person].to_dict())
