"""What a hazard is made of: sources, pictures, extensions, proofs and work orders, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Literal

from edge.domain.names import Text

SourceKind = Literal["alarm", "limit", "verdict", "camera", "round", "person", "resident"]
PhotoKind = Literal["before", "after", "other"]
NOTHING: Final = Text("", "")


@dataclass(frozen=True, slots=True)
class Source:
    """How it came to be known. id: of the alarm, round or ticket, "" where there is none. by: None for the hub.

    title, place: in the words of this source, where they are not those of the hazard.
    """

    kind: SourceKind
    id: str
    by: str | None
    at: int
    title: Text = NOTHING
    place: Text = NOTHING


@dataclass(frozen=True, slots=True)
class HazardPhoto:
    """One picture of the evidence. round: how often the hazard had been sent back by then."""

    id: str
    kind: PhotoKind
    sha256: str
    by: str
    at: int
    width: int
    height: int
    round: int = 0


@dataclass(frozen=True, slots=True)
class Extension:
    """延期申请. span: µs asked for, counted from the due time, or from the decision where that is over."""

    by: str
    at: int
    span: int
    granted: bool | None = None
    decided_by: str | None = None
    decided_at: int | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """传感器佐证: `readings` good ones over at least `seconds` after the work; count and since as at the last fact."""

    readings: int
    seconds: float
    count: int = 0
    since: int | None = None
    met_at: int | None = None


@dataclass(frozen=True, slots=True)
class Sensor:
    """One more sensor that has to prove it. key: `rule@point`."""

    key: str
    proof: Proof


@dataclass(frozen=True, slots=True)
class Override:
    """Struck off though the sensor has not proved it: who said so, and why (a stable word or the person's own)."""

    by: str
    at: int
    reason: str


@dataclass(frozen=True, slots=True)
class HazardOrder:
    """A work order for it, and whether it is still to be done, done or gone. hands: who did it, or showed it done."""

    id: str
    state: Literal["open", "done", "verified", "cancelled"] = "open"
    hands: tuple[str, ...] = ()


def plain(value: Any) -> dict[str, Any]:
    """Plain JSON values, without what is empty in most: the words of a source, the hands of an order."""
    row = {field.name: getattr(value, field.name) for field in fields(value)}
    row = {name: each for name, each in row.items() if each != NOTHING and not (name == "hands" and not each)}
    return {name: _flat(each) for name, each in row.items()}


def _flat(value: Any) -> Any:
    if isinstance(value, Text):
        return [value.zh, value.en]
    return list(value) if isinstance(value, tuple) else value


def made(kind: type[Any], row: Mapping[str, Any]) -> Any:
    """The part of that kind that `plain` wrote."""
    texts = {name: Text(*row[name]) for name in ("title", "place") if name in row}
    return kind(**{**row, **texts, **({"hands": tuple(row["hands"])} if "hands" in row else {})})
