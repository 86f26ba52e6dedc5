"""Away mode: the guard's phone is the desk while its person is on the move, and says so by signs of life."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from edge.domain.instant import SECOND

SILENT_AFTER: Final = 90 * SECOND
"""Without a sign of life for so long nobody may be hearing the alarms (practice: six signs missed)."""


@dataclass(frozen=True, slots=True)
class Away:
    """Take the wall's tone along on one's phone (on), or bring it back to the desk."""

    by: str
    on: bool


@dataclass(frozen=True, slots=True)
class AwayWatch:
    """A case of subject "watch": one stretch away from the desk. Times are µs UTC.

    silent: no sign of life that hears for `SILENT_AFTER`; whoever is to know is called by the policy.
    """

    id: str
    person: str
    opened_at: int
    open: bool = True
    silent: bool = False
    ended_at: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `from_dict` turns them back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> AwayWatch:
        """The case that `to_dict` wrote; TypeError when it is no such row."""
        return cls(**row)
