"""duties/*.toml and facilities.toml: recurring obligations, their checkpoints and routes, and the fire facilities."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path as FilePath
from typing import Annotated, Any, Final, Literal

from dateutil.rrule import rrule, rruleset, rrulestr
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from edge.domain.hazard import Category
from edge.domain.obligation import (
    NO_PLACE,
    Checkpoint,
    Duty,
    DutyBook,
    DutyKind,
    Facility,
    Grade,
    LifeSpan,
    OnHoliday,
    Route,
    Task,
)
from edge.domain.roster import Roster
from edge.domain.site import Zone
from edge.settings.document import M, checked, known_keys, read_sheet, tables
from edge.settings.duty_proofs import ProofTable
from edge.settings.models import Bilingual, Id, Table, WallTime, Words, ZonePath, wall_time
from edge.settings.positions import Path
from edge.settings.problems import Report, Sheet, nearest

DUTIES: Final = "duties"
FACILITIES_FILE: Final = "facilities.toml"
MINUTE: Final = 60.0
HOUR: Final = 3600.0
LONGEST_ID: Final = 40  # of a duty: the id of an occurrence carries its time as well
YEARS: Final = 12  # within which a rule must come true at least once
_PART: Final = re.compile(r"[A-Z]+=[A-Z0-9,+-]+")
_PARTS: Final = frozenset(
    {
        "FREQ",
        "INTERVAL",
        "UNTIL",
        "BYDAY",
        "BYMONTHDAY",
        "BYMONTH",
        "BYSETPOS",
        "BYYEARDAY",
        "BYWEEKNO",
        "WKST",
    }
)
_FREQUENCIES: Final = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})


class Days:
    """A recurrence by RFC 5545; see `edge.domain.obligation.Recurrence`."""

    def __init__(self, text: str, anchor: date) -> None:
        """text: the value of an RRULE; anchor: its first day. ValueError in one sentence where it is none."""
        parts = text.split(";")
        if not all(map(_PART.fullmatch, parts)):
            msg = "write a rule of RFC 5545 such as FREQ=MONTHLY;BYMONTHDAY=5"
            raise ValueError(msg)
        said = dict(part.split("=", 1) for part in parts)
        unknown = next((name for name in said if name not in _PARTS), None)
        if unknown is not None:
            msg = f"{unknown} cannot stand here: times of the day are given by `times`, an end by UNTIL"
            raise ValueError(msg)
        if said.get("FREQ") not in _FREQUENCIES:
            msg = "FREQ is DAILY, WEEKLY, MONTHLY or YEARLY"
            raise ValueError(msg)
        if not said.get("INTERVAL", "1").isdigit() or not 1 <= int(said.get("INTERVAL", "1")) <= 1000:
            msg = "INTERVAL is a number from 1 to 1000"
            raise ValueError(msg)
        self._text = text
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                rule = rrulestr(text, dtstart=datetime.combine(anchor, datetime.min.time()))
            except (ValueError, TypeError, IndexError, AttributeError, Warning) as error:
                msg = f"no rule of RFC 5545: {error}"
                raise ValueError(msg) from error
        assert not isinstance(rule, rruleset)  # noqa: S101 - several lines were refused above
        self._rule: rrule = rule
        self._until: datetime | None = getattr(rule, "_until", None)
        if not self.days(anchor, anchor + timedelta(days=366 * YEARS)):
            msg = f"this day never comes within {YEARS} years"
            raise ValueError(msg)

    def days(self, first: date, last: date) -> Sequence[date]:
        """The days from `first` to `last`, both included, in order."""
        end = datetime.combine(last, datetime.min.time())
        # With its own end the rule stops looking where it can have no more days.
        rule = self._rule.replace(until=end if self._until is None else min(end, self._until))
        return [moment.date() for moment in rule if moment.date() >= first]

    def __repr__(self) -> str:
        return f"Days({self._text!r})"


def _short_id(text: str) -> str:
    if len(text) > LONGEST_ID:
        raise PydanticCustomError("id", "the id of a duty has at most 40 letters")
    return text


DutyId = Annotated[Id, AfterValidator(_short_id)]


class TaskTable(Table):
    """One [[duty.task]]. category: of the hazard that it becomes where it is not in order."""

    id: Id
    text: Bilingual
    category: Category = "facility"


class DutyTable(Table):
    """One [[duty]]. recurrence: an RRULE; begins: its first day. window_minutes: from a start to its end."""

    id: DutyId
    title: Bilingual
    kind: DutyKind
    recurrence: Words
    begins: date = date(2026, 1, 1)
    times: list[WallTime] = Field(min_length=1, max_length=48)
    window_minutes: float = Field(ge=1, le=31 * 24 * 60)
    source: Words
    crew: list[str] = Field(min_length=1)
    holidays: OnHoliday = "keep"
    evidence: Grade = "C"
    proof: ProofTable | None = None
    route: Id | None = None
    facilities: list[Id] = Field(default_factory=list)
    remind_minutes: float = Field(0, ge=0)
    zone: ZonePath | None = None
    signature: bool = False
    task: list[TaskTable] = Field(default_factory=list)


class CheckpointTable(Table):
    """One [[checkpoint]]. code: what its tag or the reader says, the id where it is left out."""

    id: Id
    name: Bilingual
    zone: ZonePath
    code: Words | None = None


class RouteTable(Table):
    """One [[route]]."""

    id: Id
    name: Bilingual
    stops: list[Id] = Field(min_length=1, max_length=200)
    order: Literal["fixed", "varied", "free"] = "free"
    gap_minutes: float = Field(0, ge=0)


class KindTable(Table):
    """One [[kind]] of facility, in months."""

    id: Id
    name: Bilingual
    source: Words
    first_service: int | None = Field(None, ge=1, le=600)
    service: int | None = Field(None, ge=1, le=600)
    scrap: int | None = Field(None, ge=1, le=600)
    category: Category = "facility"


class FacilityTable(Table):
    """One [[facility]]."""

    id: Id
    kind: Id
    name: Bilingual
    zone: ZonePath
    spot: Bilingual | None = None
    count: int = Field(1, ge=1, le=9999)
    serial: str = ""
    made: date | None = None
    serviced: date | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What the files may name: zones, points of devices, people, emergency plans."""

    zones: Mapping[str, Zone]
    points: Collection[str]
    roster: Roster
    plans: Collection[str] = ()


def read_duties(report: Report, site_dir: FilePath, context: Context) -> DutyBook:
    """All of it; a site without a folder `duties` has none."""
    reader = _Reader(report, context)
    for path in sorted((site_dir / DUTIES).glob("*.toml")):
        reader.file(path, f"{DUTIES}/{path.name}")
    if (site_dir / FACILITIES_FILE).is_file():
        reader.facilities(site_dir / FACILITIES_FILE, FACILITIES_FILE)
    return reader.book()


class _Reader:
    def __init__(self, report: Report, context: Context) -> None:
        self._report = report
        self._context = context
        self._duties: dict[str, tuple[Sheet, Path, DutyTable, Days | None]] = {}
        self._checkpoints: dict[str, Checkpoint] = {}
        self._codes: dict[str, str] = {}
        self._routes: dict[str, Route] = {}
        self._stops: list[tuple[Sheet, Path, RouteTable]] = []
        self._spans: dict[str, LifeSpan] = {}
        self._facilities: dict[str, Facility] = {}
        self._targets = context.roster.targets()

    def file(self, path: FilePath, name: str) -> None:
        """One file of duties, checkpoints and routes."""
        sheet = read_sheet(self._report, path, name)
        if sheet is None:
            return
        known_keys(self._report, sheet, ("duty", "checkpoint", "route"))
        self._each(sheet, "checkpoint", CheckpointTable, self._checkpoint)
        self._each(sheet, "route", RouteTable, self._route)
        self._each(sheet, "duty", DutyTable, self._duty)

    def facilities(self, path: FilePath, name: str) -> None:
        """The register and its kinds."""
        sheet = read_sheet(self._report, path, name)
        if sheet is None:
            return
        known_keys(self._report, sheet, ("kind", "facility"))
        self._each(sheet, "kind", KindTable, self._kind)
        self._each(sheet, "facility", FacilityTable, self._facility)

    def book(self) -> DutyBook:
        """Everything, after what the tables name of each other was looked for."""
        for sheet, path, route in self._stops:
            for index, stop in enumerate(route.stops):
                self._known(sheet, (*path, "stops", index), stop, self._checkpoints, "unknown_checkpoint")
        duties = {}
        for sheet, path, table, days in self._duties.values():
            self._known(sheet, (*path, "route"), table.route, self._routes, "unknown_route")
            if self._spans:
                for index, kind in enumerate(table.facilities):
                    self._known(sheet, (*path, "facilities", index), kind, self._spans, "unknown_kind")
            if days is not None:
                duties[table.id] = self._made(table, days)
        return DutyBook(duties, self._checkpoints, self._routes, self._spans, self._facilities)

    # ---- tables ---------------------------------------------------------------------------------------------------

    def _each(self, sheet: Sheet, key: str, model: type[M], take: Callable[[Sheet, Path, M], None]) -> None:
        for path, item in tables(self._report, sheet, (key,), sheet.data.get(key)):
            table = checked(self._report, sheet, path, item, model)
            if table is not None:
                take(sheet, path, table)

    def _duty(self, sheet: Sheet, path: Path, table: DutyTable) -> None:
        self._once(sheet, path, table.id, self._duties, "duties")
        days = None
        try:
            days = Days(table.recurrence, table.begins)
        except ValueError as error:
            self._report.add(sheet, (*path, "recurrence"), "recurrence", str(error))
        if len(set(table.times)) < len(table.times):
            self._report.add(sheet, (*path, "times"), "value", "a time stands here twice")
        if table.remind_minutes >= table.window_minutes:
            message = "the reminder comes before the end and after the start: make it shorter than the window"
            self._report.add(sheet, (*path, "remind_minutes"), "value", message)
        if (proof := table.proof) is not None:
            for sentence in proof.contradictions():
                self._report.add(sheet, (*path, "proof"), "value", sentence)
            for index, plan in enumerate(proof.plans):
                self._known(
                    sheet, (*path, "proof", "plans", index), plan, self._context.plans, "unknown_plan"
                )
            self._known(sheet, (*path, "proof", "point"), proof.point, self._context.points, "unknown_point")
        if table.evidence == "A" and table.proof is None:
            message = "grade A is proved by a sensor or a record of the hub: give `proof`"
            self._report.add(sheet, (*path, "evidence"), "missing_key", message)
        self._known(sheet, (*path, "zone"), table.zone, self._context.zones, "unknown_zone")
        for index, target in enumerate(table.crew):
            self._known(sheet, (*path, "crew", index), target, self._targets, "unknown_target")
        tasks = [task.id for task in table.task]
        for index, id in enumerate(tasks):
            if id in tasks[:index]:
                self._report.add(
                    sheet, (*path, "task", index, "id"), "duplicate_id", f"there are two tasks {id}"
                )
        self._duties.setdefault(table.id, (sheet, path, table, days))

    def _made(self, table: DutyTable, days: Days) -> Duty:
        zone = self._context.zones.get(table.zone or "")
        return Duty(
            id=table.id,
            title=table.title.text(),
            kind=table.kind,
            recurrence=days,
            times=tuple(sorted(map(wall_time, table.times))),
            window=table.window_minutes * MINUTE,
            source=table.source,
            crew=tuple(table.crew),
            holidays=table.holidays,
            tasks=tuple(Task(task.id, task.text.text(), task.category) for task in table.task),
            evidence=table.evidence,
            proof=None if table.proof is None else table.proof.proof(),
            route=table.route,
            facilities=tuple(table.facilities),
            remind=table.remind_minutes * MINUTE,
            zone=table.zone or "",
            place=NO_PLACE if zone is None else zone.full,
            signature=table.signature,
        )

    def _checkpoint(self, sheet: Sheet, path: Path, table: CheckpointTable) -> None:
        self._once(sheet, path, table.id, self._checkpoints, "checkpoints")
        self._known(sheet, (*path, "zone"), table.zone, self._context.zones, "unknown_zone")
        code = (table.code or table.id).strip()
        other = self._codes.setdefault(code.casefold(), table.id)
        if other != table.id:
            message = f"checkpoint {other} has this code already"
            self._report.add(sheet, (*path, "code"), "duplicate_id", message)
        self._checkpoints.setdefault(table.id, Checkpoint(table.id, table.name.text(), table.zone, code))

    def _route(self, sheet: Sheet, path: Path, table: RouteTable) -> None:
        self._once(sheet, path, table.id, self._routes, "routes")
        if len(set(table.stops)) < len(table.stops):
            self._report.add(sheet, (*path, "stops"), "value", "a checkpoint stands here twice")
        self._stops.append((sheet, path, table))
        route = Route(
            table.id, table.name.text(), tuple(table.stops), table.order, table.gap_minutes * MINUTE
        )
        self._routes.setdefault(table.id, route)

    def _kind(self, sheet: Sheet, path: Path, table: KindTable) -> None:
        self._once(sheet, path, table.id, self._spans, "kinds")
        span = LifeSpan(
            table.id, table.name.text(), table.source, table.first_service, table.service, table.scrap,
            table.category,
        )  # fmt: skip
        self._spans.setdefault(table.id, span)

    def _facility(self, sheet: Sheet, path: Path, table: FacilityTable) -> None:
        self._once(sheet, path, table.id, self._facilities, "facilities")
        self._known(sheet, (*path, "kind"), table.kind, self._spans, "unknown_kind")
        self._known(sheet, (*path, "zone"), table.zone, self._context.zones, "unknown_zone")
        if table.made is not None and table.serviced is not None and table.serviced < table.made:
            self._report.add(sheet, (*path, "serviced"), "value", "it cannot be serviced before it was made")
        zone = self._context.zones.get(table.zone)
        place = NO_PLACE if zone is None else zone.full
        if table.spot is not None:
            spot = table.spot.text()
            place = type(place)(f"{place.zh} {spot.zh}".strip(), f"{place.en}, {spot.en}".strip(", "))
        self._facilities.setdefault(
            table.id,
            Facility(
                table.id, table.kind, table.name.text(), table.zone, place, table.count, table.serial,
                table.made, table.serviced,
            ),
        )  # fmt: skip

    # ---- details --------------------------------------------------------------------------------------------------

    def _once(self, sheet: Sheet, path: Path, id: str, known: Mapping[str, Any], what: str) -> None:
        if id in known:
            self._report.add(sheet, (*path, "id"), "duplicate_id", f"there are two {what} {id}")

    def _known(self, sheet: Sheet, path: Path, name: str | None, known: Collection[str], code: str) -> None:
        if name is not None and name not in known:
            what = code.removeprefix("unknown_")
            self._report.add(sheet, path, code, f"there is no {what} {name!r}", nearest(name, known))
