"""One occurrence of a duty, the round walked for it, and a facility of the register, as plain data; and the requests.

Times are µs UTC; people are account names. People's own words stand in the notes of the facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final, Literal

from edge.domain.hazard import Category
from edge.domain.names import Text
from edge.domain.obligation import NO_PLACE, Grade


class DutyState(StrEnum):
    """How far an occurrence is."""

    DUE = "due"  # 待执行
    UNDER_WAY = "under_way"  # 进行中
    DONE = "done"  # 已完成
    MISSED = "missed"  # 漏巡 / 未完成
    MADE_UP = "made_up"  # 补巡 / 补做
    WAIVED = "waived"  # 免做


TO_DO: Final = frozenset({DutyState.DUE, DutyState.UNDER_WAY})
FULFILLED: Final = frozenset({DutyState.DONE, DutyState.MADE_UP})
Tick = Literal["ok", "not_ok", "na"]
How = Literal["qr", "nfc", "reader", "said"]
"""How a stop is known; all but `said` were read at the place. A file that its own walker hands in is `said`."""
Why = Literal["hub_off", "clock"]
"""Why nobody could be told in time: the hub was off, or its clock was set past the end."""


@dataclass(frozen=True, slots=True)
class DutyPhoto:
    """One picture of the evidence. about: id of the task or checkpoint it shows, "" for the whole."""

    id: str
    sha256: str
    by: str
    at: int
    width: int
    height: int
    about: str = ""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One occurrence. evidence: the grade asked for; reached: the one its proof comes to, None while it is not done.

    crew: targets as in the duty; told: people who were reminded. proved_at: when the sensor or record showed it.
    seen: the checkpoint whose tag or code was read there, of a duty without a round; seen_at: when.
    ticks: by task. hazards: by task, what was found. reason: why it was missed where no person could help it.
    superseded_by: a later occurrence that stands for this missed one. late: done in time, but told after its end.
    """

    id: str
    duty: str
    title: Text
    kind: str
    opened_at: int
    from_at: int
    until_at: int
    evidence: Grade
    state: DutyState = DutyState.DUE
    crew: tuple[str, ...] = ()
    zone: str = ""
    place: Text = NO_PLACE
    round: str | None = None
    reached: Grade | None = None
    proved_at: int | None = None
    seen: str | None = None
    seen_at: int | None = None
    ticks: Mapping[str, Tick] = field(default_factory=dict)
    photos: tuple[DutyPhoto, ...] = ()
    hazards: Mapping[str, str] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    reminded_at: int | None = None
    done_at: int | None = None
    done_by: str | None = None
    late: bool = False
    missed_at: int | None = None
    reason: Why | None = None
    waived_by: str | None = None
    superseded_by: str | None = None
    closed_at: int | None = None

    @property
    def open(self) -> bool:
        """Whether it still needs something: to be done, or, once missed, to be made up, waived or superseded."""
        missed = self.state is DutyState.MISSED and self.superseded_by is None
        return self.state in TO_DO or missed

    @property
    def short(self) -> bool:
        """Whether it was done with a lower grade of proof than asked for."""
        return self.reached is not None and self.reached > self.evidence

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, for the journal and its state table; `from_dict` turns it back."""
        row = {each.name: getattr(self, each.name) for each in fields(self)}
        return row | {
            "open": self.open,
            "short": self.short,
            "state": self.state.value,
            "title": [self.title.zh, self.title.en],
            "place": [self.place.zh, self.place.en],
            "crew": list(self.crew),
            "told": list(self.told),
            "ticks": dict(self.ticks),
            "hazards": dict(self.hazards),
            "photos": [_plain(photo) for photo in self.photos],
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Occurrence:
        """The occurrence that `to_dict` wrote, also an older hub; KeyError, TypeError or ValueError for others."""
        return cls(
            **{
                **{each.name: row[each.name] for each in fields(cls) if each.name in row},
                "state": DutyState(row["state"]),
                "title": Text(*row["title"]),
                "place": Text(*row["place"]),
                "crew": tuple(row["crew"]),
                "told": tuple(row["told"]),
                "photos": tuple(DutyPhoto(**photo) for photo in row["photos"]),
            }
        )


@dataclass(frozen=True, slots=True)
class Stop:
    """One checkpoint reached. id: of the checkpoint. ok: nothing was found; hazard: what the finding became.

    by: None where a reader's file does not say who walked.
    """

    id: str
    at: int
    how: How
    by: str | None
    ok: bool = True
    hazard: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """A pause between two stops that is longer than the route allows, in seconds."""

    after: str
    before: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Round:
    """The round of one occurrence. stops by time; missing: checkpoints not reached, as the route lists them.

    order_kept: None where the route leaves it free. uploaded_at: when stops came that had been kept elsewhere.
    """

    id: str
    duty: str
    occurrence: str
    by: str | None
    opened_at: int
    open: bool = True
    stops: tuple[Stop, ...] = ()
    missing: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    order_kept: bool | None = None
    uploaded_at: int | None = None
    finished_at: int | None = None
    closed_at: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `from_dict` turns them back."""
        row = {each.name: getattr(self, each.name) for each in fields(self)}
        return row | {
            "stops": [_plain(stop) for stop in self.stops],
            "gaps": [_plain(gap) for gap in self.gaps],
            "missing": list(self.missing),
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Round:
        """The round that `to_dict` wrote; KeyError or TypeError when it is no such row."""
        return cls(
            **{
                **{each.name: row[each.name] for each in fields(cls)},
                "stops": tuple(Stop(**stop) for stop in row["stops"]),
                "gaps": tuple(Gap(**gap) for gap in row["gaps"]),
                "missing": tuple(row["missing"]),
            }
        )


FacilityState = Literal["good", "soon", "overdue", "broken"]
"""In order; service or end of life within 60 days (amber); one of them over (red); found not in order (red)."""


@dataclass(frozen=True, slots=True)
class FacilityCase:
    """An entry of the register as it stands. Dates are ISO texts of the site's calendar, None where there is none."""

    id: str
    kind: str
    opened_at: int
    state: FacilityState = "good"
    made: str | None = None
    last_service: str | None = None
    next_service: str | None = None
    scrap_on: str | None = None
    checked_at: int | None = None
    checked_by: str | None = None
    ok: bool | None = None
    hazard: str | None = None
    open: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `from_dict` turns them back."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> FacilityCase:
        """The case that `to_dict` wrote; KeyError or TypeError when it is no such row."""
        return cls(**{each.name: row[each.name] for each in fields(cls)})


def _plain(value: Any) -> dict[str, Any]:
    return {each.name: getattr(value, each.name) for each in fields(value)}


# ---- requests -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found at a stop: it becomes a hazard."""

    title: str
    category: Category = "facility"
    suspected: bool = False


@dataclass(frozen=True, slots=True)
class StartRound:
    """开始巡更 / 巡查. at: when, on a phone that had no link then."""

    occurrence: str
    by: str
    at: int | None = None


@dataclass(frozen=True, slots=True)
class MarkStop:
    """到点. code: what the tag or the printed address says; how "said": the checkpoint's id. A repeat changes nothing.

    Of a duty without a round it says where the work was: a read code of a checkpoint in the duty's zone.
    """

    occurrence: str
    by: str
    code: str
    how: How
    at: int | None = None
    finding: Finding | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class DoDuty:
    """完成, with the checklist; a round is finished by it. notes: by task, what is not in order.

    at: when it was done, on a phone that had no link then.
    """

    occurrence: str
    by: str
    ticks: Mapping[str, Tick] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    at: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class WaiveDuty:
    """免做, by a manager with a reason in his own words."""

    occurrence: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class AddDutyPhoto:
    """A picture that is kept as evidence already. about: task or checkpoint."""

    occurrence: str
    by: str
    photo: str
    sha256: str
    width: int
    height: int
    about: str = ""


@dataclass(frozen=True, slots=True)
class UploadReader:
    """The file of a guard-tour reader, as text. duty: whose rounds it holds, "" where the stops say so themselves."""

    by: str
    text: str
    duty: str = ""


@dataclass(frozen=True, slots=True)
class CheckFacilities:
    """Facilities looked at. serviced: the day of a service (ISO); made: the making of what replaced it (ISO)."""

    by: str
    facilities: tuple[str, ...]
    ok: bool = True
    note: str | None = None
    serviced: str | None = None
    made: str | None = None


DutyRequest = StartRound | MarkStop | DoDuty | WaiveDuty | AddDutyPhoto | UploadReader | CheckFacilities
