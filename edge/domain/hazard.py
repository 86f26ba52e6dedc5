"""The hazard 隐患: a condition to be rectified, from its report until another person strikes it off, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, Final, Literal

from edge.domain.fact import Seq
from edge.domain.hazard_parts import (
    NOTHING,
    Extension,
    HazardOrder,
    HazardPhoto,
    Override,
    PhotoKind,
    Proof,
    Sensor,
    Source,
    SourceKind,
    made,
    plain,
)
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

FIRE_MANAGER: Final = "fire-manager"
"""The role of the roster that judges what is major: 消防安全管理人."""
MANAGERS: Final = frozenset({FIRE_MANAGER, "property-manager"})
"""Roles that give more time and strike out what was no hazard."""
ENDS: Final = 20
"""So many sources are kept from the beginning and as many from the end: a body must not grow with a flapping sensor."""
HUB: Final = "hub"
CLOSED: Final = frozenset({HazardState.CLOSED, HazardState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Hazard:
    """Times are µs UTC; people are account names, units ids of the register; names and numbers stand in neither.

    draft: the hub proposed it, a person has not confirmed it yet. key: `rule@point` of the sensor that stands behind
    it, others: further ones. sources: the first and the last `ENDS`, dropped: how many more came between.
    due_at: until when it is to be graded, rectified or re-inspected, by its state; remaining: µs left at the last fact;
    left: µs of the rectification that were left when it was rectified, rectify_by: when that was due; climbed: how many
    steps of the ladder of overdue have been told. element: of the major-hazard list. order: the latest of `orders`.
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
    dropped: int = 0
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
    others: tuple[Sensor, ...] = ()
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
        """Whether no sensor stands behind it, or every one that does has shown that the cause is gone."""
        proofs = (self.proof, *(sensor.proof for sensor in self.others))
        return all(proof.met_at is not None for proof in proofs if proof is not None)

    @property
    def sensors(self) -> tuple[Sensor, ...]:
        """All that stand behind it."""
        first = () if self.key is None or self.proof is None else (Sensor(self.key, self.proof),)
        return (*first, *self.others)

    def shown_by(self, key: str, **proof: Any) -> Hazard:
        """With these fields of the proof of one of its sensors."""
        if key == self.key and self.proof is not None:
            return replace(self, proof=replace(self.proof, **proof))
        others = (replace(s, proof=replace(s.proof, **proof)) if s.key == key else s for s in self.others)
        return replace(self, others=tuple(others))

    @property
    def unproved(self) -> Hazard:
        """With every proof to be given anew."""
        hazard = self
        for sensor in self.sensors:
            hazard = hazard.shown_by(sensor.key, count=0, since=None, met_at=None)
        return hazard

    @property
    def hands(self) -> frozenset[str]:
        """Everybody who did some of the work, or took the pictures that show it done: none of them strikes it off."""
        shown = {p.by for p in self.photos if p.kind == "after" and p.round == self.sent_back}
        return frozenset(
            {
                *shown,
                *(by for order in self.orders for by in order.hands),
                *filter(None, (self.rectified_by,)),
            }
        )

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
            **{name: [plain(each) for each in row[name]] for name in _LISTS},
            "others": [{"key": each.key, "proof": plain(each.proof)} for each in self.others],
            "proof": None if self.proof is None else plain(self.proof),
            "override": None if self.override is None else plain(self.override),
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Hazard:
        """The hazard that `to_dict` wrote; KeyError, TypeError or ValueError when it is no such row."""
        known = {field.name for field in fields(cls)} - {name for name in _LATER if name not in row}
        return cls(
            **{
                **{name: row[name] for name in known},
                "state": HazardState(row["state"]),
                "seq": Seq.parse(row["seq"]),
                **{name: Text(*row[name]) for name in _TEXTS},
                **{name: tuple(made(kind, each) for each in row[name]) for name, kind in _LISTS.items()},
                "others": tuple(
                    Sensor(each["key"], Proof(**each["proof"])) for each in row.get("others", ())
                ),
                "proof": None if row["proof"] is None else Proof(**row["proof"]),
                "override": None if row["override"] is None else Override(**row["override"]),
            }
        )


_TEXTS: Final = ("title", "place", "measures")
_LATER: Final = ("dropped", "others")
"""Keys that rows of an earlier version do not have."""
_LISTS: Final[Mapping[str, type[Any]]] = {
    "sources": Source,
    "extensions": Extension,
    "photos": HazardPhoto,
    "orders": HazardOrder,
}


# ---- requests -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReportHazard:
    """隐患上报. Where the same is open (edge/hazards/sources.py), this becomes a source of it, unless `separate`.

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
