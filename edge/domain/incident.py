"""警情: alarms of one cause under one first alarm, worked by a plan until a person says that it is over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Literal

from edge.domain.names import Text
from edge.domain.output import START, STOP, CommandState, OutputKind, OutputState, Stage
from edge.domain.reading import Purpose
from edge.domain.zones import within

IncidentState = Literal["stage1", "stage2", "all_clear", "closed"]
ReportKind = Literal["first", "follow_up", "final", "scene"]
MusterProof = Literal["qr", "said"]
TickState = Literal["done", "skipped", "open"]

CO: Final = "carbon-monoxide"
"""Family of the gas that leaks from no valve: its signal is gas, its danger another one."""
MEMBERS: Final = 50
"""Ids of alarms that a body names at most: a storm is counted beside them."""


@dataclass(frozen=True, slots=True)
class StepState:
    """A step as the plan worded it then, and how it stands. Times are µs UTC, remaining µs as at the last fact.

    how: "fact" it ticked itself, "person", "skipped", "not_needed" its alarms were judged to be nothing. done_by: None
    when a fact ticked it. priorities: as of `PlanStep`. alone: only facts that the hub sees for itself tick it: a
    person may leave it out, not tick it.
    """

    id: str
    stage: Stage
    title: Text
    within: float | None
    role: str
    ticks: tuple[str, ...]
    due_at: int | None = None
    remaining: int | None = None
    done_at: int | None = None
    done_by: str | None = None
    how: Literal["fact", "person", "skipped", "not_needed"] | None = None
    overdue: bool = False
    priorities: tuple[str, ...] = ()
    alone: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            **{name: getattr(self, name) for name in _OF_STEP},
            "title": [self.title.zh, self.title.en],
            "ticks": list(self.ticks),
            "priorities": list(self.priorities),
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> StepState:
        """What `to_dict` wrote; of a plan's own row the rest has its defaults."""
        return cls(
            **{
                **row,
                "title": Text(*row["title"]),
                "ticks": tuple(row["ticks"]),
                "priorities": tuple(row.get("priorities", ())),
            }
        )


@dataclass(frozen=True, slots=True)
class Present:
    """到岗: somebody stands at the muster point. person: id. at: µs UTC."""

    person: str
    at: int
    proof: MusterProof


@dataclass(frozen=True, slots=True)
class ReportPhoto:
    """A picture that is kept as evidence. at: µs UTC it was added."""

    id: str
    sha256: str
    by: str
    at: int


@dataclass(frozen=True, slots=True)
class SceneReport:
    """首报, 续报, 终报 or 现场反馈. Its words stand in the note of its fact."""

    id: str
    kind: ReportKind
    by: str
    at: int
    photos: tuple[ReportPhoto, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "photos": [asdict(photo) for photo in self.photos]}

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> SceneReport:
        """What `to_dict` wrote."""
        return cls(**{**row, "photos": tuple(ReportPhoto(**photo) for photo in row["photos"])})


@dataclass(frozen=True, slots=True)
class Incident:
    """Times are µs UTC. People's own words stand in the notes of its facts.

    family: what belongs together, a vital signal or `plan:<id>`. area: linkage zone, zone or "" for the whole site, as
    the plan's spread says. alarm: the first one, None when a person opened it. alarms: ids, `MEMBERS` at most;
    count: all of them. triggers: the alarms that made it certain. last_at: when the last alarm came in.
    confirmed_by: the person, None for two triggers and for time alone. spoken: how many reports there were when an
    alarm called or it became certain last; a final one before that ends nothing. quiet_at: since when none of its
    alarms is a fresh trigger any more. withdrawn: what made it certain was judged to be nothing afterwards.
    told_at: when its last fact was made.
    drill: id of the drill it belongs to. step: which step the fact that carries this is about.
    """

    id: str
    number: int
    opened_at: int
    title: Text
    place: Text
    signal: str | None
    priority: str
    zone: str
    family: str
    area: str
    last_at: int
    state: IncidentState = "stage1"
    stage: Stage = 1
    purpose: Purpose = Purpose.LIVE
    opened_by: str | None = None
    alarm: str | None = None
    alarms: tuple[str, ...] = ()
    count: int = 0
    plan: str | None = None
    plan_version: str | None = None
    steps: tuple[StepState, ...] = ()
    roll: tuple[Present, ...] = ()
    reports: tuple[SceneReport, ...] = ()
    triggers: tuple[str, ...] = ()
    confirmed_at: int | None = None
    confirmed_by: str | None = None
    confirmed_why: Literal["two_triggers", "person", "lasting"] | None = None
    all_clear_at: int | None = None
    all_clear_by: str | None = None
    closed_at: int | None = None
    closed_by: str | None = None
    drill: str | None = None
    step: str | None = None
    spoken: int = 0
    quiet_at: int | None = None
    withdrawn: bool = False
    told_at: int = 0

    @property
    def open(self) -> bool:
        """Whether it still needs something."""
        return self.state != "closed"

    @property
    def reported(self) -> bool:
        """Whether the final report is in, and nothing has called since."""
        return any(report.kind == "final" for report in self.reports[self.spoken :])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, for the journal and its state table; `from_dict` turns it back."""
        row = {name: getattr(self, name) for name in _OF_INCIDENT}
        return row | {
            "open": self.open,
            "title": [self.title.zh, self.title.en],
            "place": [self.place.zh, self.place.en],
            "purpose": self.purpose.value,
            "alarms": list(self.alarms),
            "triggers": list(self.triggers),
            "steps": [step.to_dict() for step in self.steps],
            "roll": [asdict(one) for one in self.roll],
            "reports": [report.to_dict() for report in self.reports],
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Incident:
        """The incident that `to_dict` wrote, this version or another; KeyError or ValueError when it is no such row."""
        return cls(
            **{
                **{field.name: row[field.name] for field in fields(cls) if field.name in row},
                "title": Text(*row["title"]),
                "place": Text(*row["place"]),
                "purpose": Purpose(row["purpose"]),
                "alarms": tuple(row["alarms"]),
                "triggers": tuple(row["triggers"]),
                "steps": tuple(map(StepState.from_dict, row["steps"])),
                "roll": tuple(Present(**one) for one in row["roll"]),
                "reports": tuple(map(SceneReport.from_dict, row["reports"])),
            }
        )


_OF_STEP: Final = tuple(field.name for field in fields(StepState))
_OF_INCIDENT: Final = tuple(field.name for field in fields(Incident))


def left_out(incident: Incident) -> list[StepState]:
    """Steps with a time limit that are not done: what the all clear asks about."""
    return [
        step
        for step in incident.steps
        if step.how is None
        and step.within is not None
        and "all_clear" not in step.ticks
        and (not step.priorities or incident.priority in step.priorities)
    ]


def still_on(incident: Incident, outputs: Iterable[OutputState]) -> list[OutputState]:
    """What was started for it, or by hand in its building since, and is not known to have been stopped."""
    return [state for state in outputs if _is_on(state) and _is_of(incident, state)]


def _is_on(state: OutputState) -> bool:
    command, stop = state.command, state.output.spec.act(STOP)
    if command is None or command.act != START or command.kind is OutputKind.DESK:
        return False
    silent = stop is not None and stop.confirm is not None and stop.confirm == state.seen
    return command.state not in {CommandState.REFUSED, CommandState.EXPIRED} and not silent


def _is_of(incident: Incident, state: OutputState) -> bool:
    command = state.command
    if command is None:
        return False
    place = "/".join(incident.zone.split("/")[:2])
    by_hand = bool(command.by and place) and within(command.zone, place)
    since = command.opened_at >= incident.opened_at
    return command.alarm in incident.alarms or command.incident == incident.id or (by_hand and since)


# ---- requests -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """预案启动 by a person, without an alarm. drill: of a drill on the table, whose purpose is then drill."""

    by: str
    plan: str
    zone: str
    note: str | None = None
    drill: str | None = None


@dataclass(frozen=True, slots=True)
class ConfirmIncident:
    """Stage 2 by a person where there is no open alarm to judge: a laboratory's word, a rain warning."""

    incident: str
    by: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class TickStep:
    """A step was done, is skipped (needs a note), or was not done after all."""

    incident: str
    by: str
    step: str
    state: TickState
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Muster:
    """到岗点名: `person` (id) is at the muster point. A second one changes nothing."""

    incident: str
    by: str
    person: str
    proof: MusterProof = "said"


@dataclass(frozen=True, slots=True)
class FileReport:
    """首报, 续报, 终报, 现场反馈. Needs words, or pictures: ids of evidence with their hashes."""

    incident: str
    by: str
    kind: ReportKind
    note: str | None = None
    photos: tuple[ReportPhoto, ...] = ()


@dataclass(frozen=True, slots=True)
class AddReportPhoto:
    """A picture for a report that was filed. photo: id of evidence that is kept already."""

    incident: str
    by: str
    report: str
    photo: str
    sha256: str


@dataclass(frozen=True, slots=True)
class AllClear:
    """应急结束, by a person; none of its alarms may be active.

    confirm: knowing what is switched on still, and which steps with a time limit are not done.
    """

    incident: str
    by: str
    note: str | None = None
    confirm: bool = False


@dataclass(frozen=True, slots=True)
class CloseIncident:
    """Close it after the all clear, without a final report: needs a note then."""

    incident: str
    by: str
    note: str | None = None


IncidentRequest = (
    OpenIncident
    | ConfirmIncident
    | TickStep
    | Muster
    | FileReport
    | AddReportPhoto
    | AllClear
    | CloseIncident
)
