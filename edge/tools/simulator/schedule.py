"""What is to be done when, on the monotonic clock; nothing drifts, for each moment is counted from its beginning."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

Action = Callable[[int], None]
"""Called with the moment it was due (µs, monotonic), which may be a little ago."""


class Schedule:
    """Actions by their due time; those of the same time in the order they were planned."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Action]] = []
        self._order = count()

    def plan(self, mono: int, action: Action) -> None:
        """Do `action` at `mono`, µs on the monotonic clock."""
        heappush(self._heap, (mono, next(self._order), action))

    @property
    def due(self) -> int | None:
        """When the next action is due; None when there is none."""
        return self._heap[0][0] if self._heap else None

    def run(self, mono: int) -> None:
        """Do all that is due at `mono`, also what an action plans for that time."""
        while self._heap and self._heap[0][0] <= mono:
            due, _, action = heappop(self._heap)
            action(due)
