"""One heap for everything that waits on the monotonic clock."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import Final

from edge.domain.instant import Instant

NEVER: Final = 1 << 62
_LEFT: Final = 64  # entries of forgotten timers that are not worth tidying up


class Timer:
    """Something that wants attention at `due` (mono µs); NEVER while it waits for nothing.

    Postponing or cancelling is a plain assignment to `due`, cheap enough for every message. Only what is brought
    forward has to be shown to `Timers.watch` again.
    """

    __slots__ = ("due", "queued")

    def __init__(self) -> None:
        self.due = NEVER
        self.queued = NEVER  # when the heap will look at it next; never later than `due`


class Timers:
    """Timers by due time. An entry that comes up early, its timer having been postponed, goes back into the heap."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Timer]] = []
        self._pushed = 0  # decides between equal times: first in, first out
        self._forgotten = 0  # entries of timers that nobody needs any more, at most

    def watch(self, timer: Timer) -> None:
        """Have `timer` come up at its `due`."""
        if timer.due < timer.queued:
            timer.queued = timer.due
            self._pushed += 1
            heappush(self._heap, (timer.due, self._pushed, timer))

    def forget(self, timer: Timer) -> None:
        """Nobody needs it any more: the heap lets go of it, and of what it holds, before its time would have come."""
        timer.due = NEVER
        if timer.queued == NEVER:
            return
        timer.queued = NEVER
        self._forgotten += 1
        if self._forgotten > max(_LEFT, len(self._heap) // 2):
            self._heap = [entry for entry in self._heap if entry[0] == entry[2].queued]
            heapify(self._heap)
            self._forgotten = 0

    def fallen_due(self, mono: int) -> Iterator[Timer]:
        """Each timer whose time has come, earliest first. Whoever takes one moves its `due` on."""
        while self._heap and self._heap[0][0] <= mono:
            queued, _, timer = heappop(self._heap)
            if queued != timer.queued:
                continue  # brought forward meanwhile: its other entry counts
            timer.queued = NEVER
            if timer.due <= queued:  # else it was postponed, and has its turn in the order of its new time
                yield timer
            self.watch(timer)

    def next_due(self) -> int | None:
        """Mono µs at which the next timer falls due."""
        while self._heap:
            queued, _, timer = self._heap[0]
            if queued == timer.queued == timer.due:
                return queued
            heappop(self._heap)
            if queued == timer.queued:
                timer.queued = NEVER
                self.watch(timer)
        return None


def resumed(due_at: int, remaining: int, now: Instant) -> int:
    """Mono µs at which a delay from before a restart ends.

    due_at: µs UTC at which it was to end; remaining: µs that were left at the last fact about it. It is never longer
    than what remained, and shorter by the time the hub was away where the civil clock can be believed.
    """
    left = min(remaining, due_at - now.utc) if now.trusted else remaining
    return now.mono + max(0, left)
