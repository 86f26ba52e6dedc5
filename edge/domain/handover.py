"""Hand-over (交接班): one person gives the watch of a post to another, with what is left open (GB 25201 practice)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Literal, NamedTuple

from edge.domain.instant import HOUR, MINUTE

GRACE: Final = 15 * MINUTE  # after a change of shift the record may still be on its way
EARLY: Final = HOUR  # a hand-over this long before the change is the one of that change
ITEMS: Final = ("keys", "panel_keys", "radios", "phone", "logbook")
"""What goes from hand to hand: keys, keys of the fire panel, radios, the duty phone, the paper log."""

_LISTS: Final = ("alarms", "shelved", "disabled", "out_of_service", "dead", "orders")


class ShiftChange(NamedTuple):
    """A post changes hands at `at`, µs UTC."""

    post: str
    at: int


@dataclass(frozen=True, slots=True)
class LeftOpen:
    """遗留事项, as ids: alarms, points and devices, work orders."""

    alarms: tuple[str, ...] = ()
    shelved: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    out_of_service: tuple[str, ...] = ()
    dead: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HandOver:
    """Give the watch of `post` from `by` to `taker`, two persons. items: of `ITEMS`, whether it was handed over.

    remarks: the persons' own words, kept where they can be erased. asked: as in `OpenOrder`.
    """

    post: str
    by: str
    taker: str
    left: LeftOpen
    items: Mapping[str, bool]
    remarks: str = ""
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Watch:
    """A case of subject "handover". Times are µs UTC.

    kind "made": a hand-over; open while the watch that it began lasts. kind "missed": the change of `due_at` had none
    in time; open until there is one.
    """

    id: str
    kind: Literal["made", "missed"]
    post: str
    opened_at: int
    open: bool
    giver: str | None = None
    taker: str | None = None
    due_at: int | None = None
    left: LeftOpen = LeftOpen()
    items: Mapping[str, bool] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `from_dict` turns them back."""
        row = {field.name: getattr(self, field.name) for field in fields(self)}
        left = {name: list(ids) for name, ids in asdict(self.left).items()}
        return {**row, "left": left, "items": None if self.items is None else dict(self.items)}

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Watch:
        """The case that `to_dict` wrote; TypeError or KeyError when it is no such row."""
        left = LeftOpen(**{name: tuple(row["left"][name]) for name in _LISTS})
        return cls(**{**row, "left": left})
