"""Clock and times off in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edge.domain.absence import Absence
from edge.domain.clock import LONG, ClockState, Quality
from edge.domain.request import Refusal

AT = 1_780_000_000_000_000


class FakePower:
    """Set `stands` and `off` to anything; `asked` keeps who set it to what."""

    def __init__(self) -> None:
        self.stands = ClockState(Quality.NTP, True, AT, AT, AT, AT, can_set=True)
        self.off: list[Absence] = []
        self.asked: list[tuple[str, int]] = []
        self.keys: list[str | None] = []

    def clock(self) -> ClockState:
        return self.stands

    def absent(self) -> Sequence[Absence]:
        return self.off

    async def confirm_clock(self, by: str, *, sure: bool = False, key: str | None = None) -> ClockState:
        self._first(abs(self.stands.machine - self.stands.now), sure, key)
        self.asked.append((by, self.stands.machine))
        self.stands = replace(self.stands, quality=Quality.HAND, trusted=True, now=self.stands.machine)
        return self.stands

    async def set_clock(self, utc: int, by: str, *, sure: bool = False, key: str | None = None) -> ClockState:
        if self.stands.quality is Quality.NTP:
            raise Refusal("ntp", "a time server sets the clock")
        self._first(abs(self.stands.now - utc), sure, key)
        self.asked.append((by, utc))
        self.stands = replace(self.stands, quality=Quality.HAND, trusted=True, now=utc, machine=utc)
        return self.stands

    def _first(self, step: int, sure: bool, key: str | None) -> None:
        if step > LONG and not sure:
            raise Refusal("far", "say that you are sure")
        self.keys.append(key)
