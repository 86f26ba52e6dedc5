"""Shelvings by alarm key: they outlive the episode, so that a new one of the same key stays quiet as well."""

from __future__ import annotations

from dataclasses import replace

from edge.alarm.handling import LONGEST_SHELVING
from edge.domain.alarm import Alarm, Suppression
from edge.domain.instant import Instant
from edge.domain.timers import Timer, Timers


class Shelving(Timer):
    """One key put aside. alarm: the latest episode's row, open or closed."""

    __slots__ = ("alarm", "suppression")

    def __init__(self, alarm: Alarm, suppression: Suppression, due: int) -> None:
        super().__init__()
        self.alarm = alarm
        self.suppression = suppression
        self.due = due

    def at(self, mono: int) -> Suppression:
        """The suppression with what remains of it."""
        return replace(self.suppression, remaining=max(0, self.due - mono))


class Shelf:
    """All shelvings that are running."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._by_key: dict[str, Shelving] = {}

    def put(self, alarm: Alarm, suppression: Suppression, remaining: int, now: Instant) -> None:
        """Put the alarm's key aside for `remaining` µs, in place of an earlier shelving."""
        self.take(alarm.key)
        shelving = self._by_key[alarm.key] = Shelving(alarm, suppression, now.mono + remaining)
        self._timers.watch(shelving)

    def resume(self, alarm: Alarm, now: Instant) -> None:
        """Take up a shelving after a restart: never for longer than remained at the last fact about it."""
        suppression = alarm.suppression
        if suppression is None or suppression.kind != "shelved" or suppression.until is None:
            return
        if alarm.key in self._by_key:
            return
        remaining = LONGEST_SHELVING if suppression.remaining is None else suppression.remaining
        if now.trusted:
            remaining = min(remaining, suppression.until - now.utc)
        self.put(alarm, suppression, max(0, remaining), now)

    def of(self, key: str) -> Shelving | None:
        """The shelving of a key."""
        return self._by_key.get(key)

    def take(self, key: str) -> Shelving | None:
        """End the shelving of a key."""
        shelving = self._by_key.pop(key, None)
        if shelving is not None:
            self._timers.forget(shelving)
        return shelving
