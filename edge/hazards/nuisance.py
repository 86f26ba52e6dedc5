"""False alarms of each device, counted so that the third in a month proposes to look at its place and kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from edge.domain.alarm import Alarm
from edge.domain.device import Signal
from edge.domain.hazard_rules import Nuisance
from edge.domain.instant import DAY, Instant

_DETECTED: Final = frozenset({Signal.FIRE, Signal.GAS, Signal.SOS})
"""A limit, a fault or a device of the hub's own has no place and kind to be moved or changed."""


@dataclass(frozen=True, slots=True)
class Falses:
    """The case "nuisance" of one device. times: µs UTC by the alarm judged false, the oldest first."""

    id: str
    opened_at: int
    times: tuple[tuple[str, int], ...] = ()
    hazard: str | None = None
    closed_at: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, for the journal and its state table."""
        return {
            "id": self.id,
            "open": self.closed_at is None,
            "opened_at": self.opened_at,
            "closed_at": self.closed_at,
            "times": [list(each) for each in self.times],
            "hazard": self.hazard,
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Falses:
        """What `to_dict` wrote."""
        times = tuple((str(alarm), int(at)) for alarm, at in row["times"])
        return cls(row["id"], row["opened_at"], times, row["hazard"], row["closed_at"])


class FalseAlarms:
    """All devices with false alarms in the time that counts."""

    def __init__(self, rule: Nuisance) -> None:
        self._rule = rule
        self._by_device: dict[str, Falses] = {}

    def restore(self, row: Mapping[str, Any]) -> None:
        """One case as it was."""
        case = Falses.from_dict(row)
        self._by_device[case.id] = case

    def judged(self, alarm: Alarm, now: Instant) -> Falses | None:
        """Count a verdict; the case where it changed something. A verdict taken back is counted no longer."""
        if alarm.signal not in _DETECTED:
            return None
        known = self._by_device.get(alarm.device)
        case = known or Falses(alarm.device, now.utc)
        # Without a clock to be believed nothing is too old.
        since = now.utc - round(self._rule.days * DAY) if now.trusted else 0
        times = {id: at for id, at in case.times if at > since and id != alarm.id}
        if alarm.verdict is not None and alarm.verdict.kind == "false":
            times[alarm.id] = alarm.raised_at
        after = replace(case, times=tuple(sorted(times.items(), key=lambda item: item[1])))
        if after == case:
            return None
        return self._put(after)

    def enough(self, device: str) -> bool:
        """Whether there have been so many that it must be looked at."""
        case = self._by_device.get(device)
        return case is not None and len(case.times) >= self._rule.times

    def proposed(self, device: str, hazard: str) -> Falses:
        """A hazard stands for them."""
        return self._put(replace(self._by_device[device], hazard=hazard))

    def settled(self, device: str, hazard: str, now: Instant) -> Falses | None:
        """That hazard is closed: counting begins anew."""
        case = self._by_device.get(device)
        if case is None or case.hazard != hazard:
            return None
        del self._by_device[device]
        return replace(case, times=(), hazard=None, closed_at=now.utc)

    def _put(self, case: Falses) -> Falses:
        self._by_device[case.id] = case
        return case
