"""Out of service (停用·检修, ISA-18.2): a device under repair, its alarms evaluated and kept quiet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from edge.domain.instant import DAY

LONGEST_OUTAGE: Final = 7 * DAY


@dataclass(frozen=True, slots=True)
class Outage:
    """One stretch of a device out of service; the case of subject "outage". Times are µs UTC.

    until: when it ends by itself. remaining: µs that were left at the last fact about it. order: the work order it
    belongs to. second: the other person, where the device watches for fire, gas or SOS. ended_by None: by itself.
    """

    id: str
    device: str
    by: str
    reason: str
    opened_at: int
    until: int
    remaining: int
    order: str | None = None
    second: str | None = None
    ended_at: int | None = None
    ended_by: str | None = None

    @property
    def open(self) -> bool:
        """Whether it lasts."""
        return self.ended_at is None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `from_dict` turns them back."""
        return {**asdict(self), "open": self.open}

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Outage:
        """The outage that `to_dict` wrote; TypeError when it is no such row."""
        return cls(**{key: value for key, value in row.items() if key != "open"})


@dataclass(frozen=True, slots=True)
class TakeOut:
    """停用 a device until `until` (µs UTC), at most seven days ahead. second: see `Outage`."""

    device: str
    by: str
    until: int
    reason: str
    order: str | None = None
    second: str | None = None


@dataclass(frozen=True, slots=True)
class PutBack:
    """Take a device into service again before its time."""

    device: str
    by: str
