"""A time in which the hub was off: nothing was heard, so something may have been missed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Absence:
    """Shown until a person has read it. Times are µs UTC.

    from_at: when the hub lived last, by its clock then. to_at: when it was back, by its clock now. length: µs, None
    while no trusted clock says it; at_least: µs that it was off for certain. why: as `edge.machine.starts.Cause` says.
    """

    id: str
    opened_at: int
    from_at: int
    to_at: int
    length: int | None
    at_least: int
    why: str
    seen_by: str | None = None
    seen_at: int | None = None
    open: bool = True

    def to_dict(self) -> dict[str, Any]:
        """The body of each fact about it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> Absence:
        """The inverse of `to_dict`."""
        return cls(**{name: body[name] for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class SeenAbsence:
    """已知悉: a person has read it, and checks the fire panel's record of that time."""

    absence: str
    by: str


@dataclass(frozen=True, slots=True)
class Gap:
    """What a start finds: it lived last at `from_at`. Else as in `Absence`; begun: mono µs of this start.

    datable: a trusted clock can still say how long it was, since the last run's was trusted.
    """

    from_at: int
    to_at: int
    length: int | None
    at_least: int
    why: str
    begun: int
    datable: bool
