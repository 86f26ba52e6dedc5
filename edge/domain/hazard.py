"""The hazard 隐患: a condition to be rectified, from its report until another person strikes it off, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final, Literal

from edge.domain.fact import Seq
from edge.domain.names import Text


class HazardState(StrEnum):
    """How far it is."""

    REPORTED = "reported"  # 待定级 / 待派
    ASSIGNED = "assigned"  # 整改中
    RECTIFIED = "rectified"  # 整改完成待复查
    CLOSED = "closed"  # 已销号
    CANCELLED = "cancelled"  # it was none


Grade = Literal["general", "suspected_major", "major"]
"""一般 / 疑似重大 / 重大. The last is chosen by the fire safety manager alone (GB 35181-2025)."""
Category = Literal[
    "fire", "gas", "electrical", "water", "noise", "fume", "sewage", "waste", "facility", "other"
]
SourceKind = Literal["alarm", "limit", "verdict", "camera", "round", "person", "resident"]
PhotoKind = Literal["before", "after", "other"]

FIRE_MANAGER: Final = "fire-manager"
"""The role of the roster that judges what is major: 消防安全管理人."""
MANAGERS: Final = frozenset({FIRE_MANAGER, "property-manager"})
"""Roles that give more time and strike out what was no hazard."""
HUB: Final = "hub"
NOTHING: Final = Text("", "")
CLOSED: Final = frozenset({HazardState.CLOSED, HazardState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Source:
    """How it came to be known. id: of the alarm, round or ticket, "" where there is none. by: None for the hub."""

    kind: SourceKind
    id: str
    by: str | None
    at: int


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
class Override:
    """Struck off though the sensor has not proved it: who said so, and why (a stable word or the person's own)."""

    by: str
    at: int
    reason: str


@dataclass(frozen=True, slots=True)
class HazardOrder:
    """A work order for it, and whether it is still to be done, done or gone."""

    id: str
    state: Literal["open", "done", "verified", "cancelled"] = "open"


@dataclass(frozen=True, slots=True)
class Hazard:
    """Times are µs UTC; people are account names, units ids of the register; names and numbers stand in neither.

    draft: the hub proposed it, a person has not confirmed it yet. key: `rule@point` of the sensor that stands behind
    it. due_at: until when it is to be graded, rectified or re-inspected, by its state; remaining: µs left at the last
    fact; left: µs of the rectification that were left when it was rectified, rectify_by: when that was due; climbed: how many steps of the ladder
    of overdue have been told. element: of the major-hazard list. order: the latest of `orders`.
    """

    id: str
    number: int
    state: HazardState
    opened_at: int
    title: Text
    category: Category
    seq: Seq
    draft: bool = False
    grade: Grade | None = None
    element: str | None = None
    place: Text = NOTHING
    zone: str = ""
    device: str | None = None
    key: str | None = None
    alarm: str | None = None
    rule: str | None = None
    sources: tuple[Source, ...] = ()
    unit: str | None = None
    person: str | None = None
    skill: str = ""
    measures: Text = NOTHING
    graded_at: int | None = None
    graded_by: str | None = None
    assigned_at: int | None = None
    interim_at: int | None = None
    interim_by: str | None = None
    due_at: int | None = None
    remaining: int | None = None
    left: int | None = None
    rectify_by: int | None = None
    overdue: bool = False
    climbed: int = 0
    extensions: tuple[Extension, ...] = ()
    order: str | None = None
    orders: tuple[HazardOrder, ...] = ()
    photos: tuple[HazardPhoto, ...] = ()
    proof: Proof | None = None
    override: Override | None = None
    rectified_at: int | None = None
    rectified_by: str | None = None
    reinspected_at: int | None = None
    reinspected_by: str | None = None
    sent_back: int = 0
    reason: str | None = None
    repeat_of: str | None = None
    closed_at: int | None = None

    @property
    def open(self) -> bool:
        """Whether it still needs something."""
        return self.state not in CLOSED

    @property
    def shown_after(self) -> bool:
        """Whether a photo of the finished work is there, taken since it was last sent back."""
        return any(photo.kind == "after" and photo.round == self.sent_back for photo in self.photos)

    @property
    def proved(self) -> bool:
        """Whether no sensor stands behind it, or that sensor has shown that the cause is gone."""
        return self.proof is None or self.proof.met_at is not None

    @property
    def asked(self) -> Extension | None:
        """The extension that waits for an answer."""
        return next((each for each in self.extensions if each.granted is None), None)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, for the journal and its state table; `from_dict` turns it back."""
        row = {field.name: getattr(self, field.name) for field in fields(self)}
        return row | {
            "open": self.open,
            "state": self.state.value,
            "seq": str(self.seq),
            **{name: [row[name].zh, row[name].en] for name in _TEXTS},
            **{name: [_plain(each) for each in row[name]] for name in _LISTS},
            "proof": None if self.proof is None else _plain(self.proof),
            "override": None if self.override is None else _plain(self.override),
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Hazard:
        """The hazard that `to_dict` wrote; KeyError, TypeError or ValueError when it is no such row."""
        return cls(
            **{
                **{field.name: row[field.name] for field in fields(cls)},
                "state": HazardState(row["state"]),
                "seq": Seq.parse(row["seq"]),
                **{name: Text(*row[name]) for name in _TEXTS},
                **{name: tuple(kind(**each) for each in row[name]) for name, kind in _LISTS.items()},
                "proof": None if row["proof"] is None else Proof(**row["proof"]),
                "override": None if row["override"] is None else Override(**row["override"]),
            }
        )


_TEXTS: Final = ("title", "place", "measures")
_LISTS: Final[Mapping[str, type[Any]]] = {
    "sources": Source,
    "extensions": Extension,
    "photos": HazardPhoto,
    "orders": HazardOrder,
}


def _plain(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


# ---- requests -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReportHazard:
    """隐患上报. Where one of the category is open at the place, this becomes a source of it, unless `separate`.

    source, source_id: how it is known; alarm: the open one it is about, whose sensor then has to prove it gone where it
    measures something; suspected: it looks like a major one. draft: the hub proposes it.
    """

    by: str
    title: Text
    category: Category
    place: Text = NOTHING
    zone: str = ""
    device: str | None = None
    unit: str | None = None
    source: SourceKind = "person"
    source_id: str = ""
    alarm: str | None = None
    suspected: bool = False
    separate: bool = False
    draft: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True)
class GradeHazard:
    """定级. element: of the list, for a major one. interim: the control that stands meanwhile, in words."""

    hazard: str
    by: str
    grade: Grade
    element: str | None = None
    interim: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class AssignHazard:
    """派发整改. person: who of the site answers for it; skill: a work order goes to whoever has it. due: seconds."""

    hazard: str
    by: str
    unit: str | None = None
    person: str | None = None
    measures: str = ""
    skill: str = ""
    due: float | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class InterimControl:
    """临时管控措施 that stands now; note: what it is."""

    hazard: str
    by: str
    note: str


@dataclass(frozen=True, slots=True)
class AddHazardPhoto:
    """A picture that is kept as evidence already."""

    hazard: str
    by: str
    photo: str
    kind: PhotoKind
    sha256: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class CommentHazard:
    """A remark in its story."""

    hazard: str
    by: str
    note: str


@dataclass(frozen=True, slots=True)
class AskExtension:
    """延期申请. span: seconds more; note: why."""

    hazard: str
    by: str
    span: float
    note: str


@dataclass(frozen=True, slots=True)
class DecideExtension:
    """The manager's answer."""

    hazard: str
    by: str
    granted: bool
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Rectify:
    """整改完成, told by or for the responsible unit, without a work order; a photo of it must be there."""

    hazard: str
    by: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Reinspect:
    """复查: passed strikes it off (销号), else it goes back with a reason.

    override: why it is struck off though the sensor behind it has not proved it.
    """

    hazard: str
    by: str
    passed: bool
    reason: str | None = None
    override: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class CancelHazard:
    """It is none, or stands in the ledger already. reason: a stable word or the person's own."""

    hazard: str
    by: str
    reason: str
    note: str | None = None


HazardRequest = (
    ReportHazard | GradeHazard | AssignHazard | InterimControl | AddHazardPhoto | CommentHazard
    | AskExtension | DecideExtension | Rectify | Reinspect | CancelHazard
)  # fmt: skip
