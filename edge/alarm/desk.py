"""消音: the desk's own sound, silenced by hand without condition; a new alarm re-sounds (GB/T 45839-2025 5.4.2)."""

from __future__ import annotations

from typing import Final

from edge.domain.alarm import Desk
from edge.domain.instant import MINUTE, Instant
from edge.domain.timers import NEVER, Timer

SILENCE: Final = 5 * MINUTE


class DeskSilence(Timer):
    """Whether the desk sounds. A restart ends a silence."""

    __slots__ = ("desk",)

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk()

    def begin(self, by: str, now: Instant) -> None:
        """Silence for five minutes from now."""
        self.desk = Desk(now.utc + SILENCE, by)
        self.due = now.mono + SILENCE

    def end(self) -> bool:
        """Sound again; whether it was silent."""
        silent = self.desk.silenced_until is not None
        self.desk = Desk()
        self.due = NEVER
        return silent
