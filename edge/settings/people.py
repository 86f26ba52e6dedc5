"""people.toml: persons, crews, posts with their shifts, and the calendar of holidays."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path as FilePath
from typing import Final, Literal

from pydantic import Field

from edge.domain.roster import (
    Away,
    Certificate,
    Change,
    Crew,
    Cycle,
    Person,
    Post,
    Roster,
    Shift,
    Team,
    Weekly,
)
from edge.domain.site import Zone
from edge.settings.document import checked, known_keys, read_sheet, tables
from edge.settings.holidays import countries, is_country
from edge.settings.models import Bilingual, Id, Table, WallTime, Words, ZonePath, wall_time
from edge.settings.positions import Path
from edge.settings.problems import Report, Sheet, choice, nearest

PEOPLE_FILE: Final = "people.toml"
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class CertificateTable(Table):
    """One of `certificates`."""

    kind: Words
    number: Words
    expires: date


class AwayTable(Table):
    """One of `away`: leave, both days included."""

    first: date
    last: date


class PersonTable(Table):
    """One [[person]]."""

    id: Id
    name: Words
    role: Bilingual
    roles: list[Id] = Field(default_factory=list)
    phone: str | None = Field(None, pattern=r"^\+?[0-9][0-9 -]{2,19}$")
    addresses: dict[Id, Words] = Field(default_factory=dict)
    language: Literal["zh", "en"] = "zh"
    skills: list[Id] = Field(default_factory=list)
    zones: list[ZonePath] = Field(default_factory=list)
    certificates: list[CertificateTable] = Field(default_factory=list)
    stand_ins: list[str] = Field(default_factory=list)
    away: list[AwayTable] = Field(default_factory=list)


class CrewTable(Table):
    """One [[crew]]."""

    id: Id
    name: Bilingual
    members: list[str] = Field(min_length=1)
    lead: str | None = None
    skills: list[Id] = Field(default_factory=list)
    zones: list[ZonePath] = Field(default_factory=list)


class ShiftTable(Table):
    """One [[post.shift]]."""

    id: Id
    name: Bilingual
    start: WallTime
    end: WallTime


class TeamTable(Table):
    """One of a cycle's `teams`."""

    members: list[str] = Field(min_length=1)
    day: int = Field(ge=0)


class CycleTable(Table):
    """One [[post.cycle]]; "" in `days` is a day off."""

    anchor: date
    days: list[str] = Field(min_length=1)
    teams: list[TeamTable] = Field(min_length=1)


class WeeklyTable(Table):
    """One [[post.weekly]]."""

    shift: str
    days: list[Weekday] = Field(default_factory=lambda: [*DAYS], min_length=1)  # type: ignore[arg-type]
    members: list[str] = Field(min_length=1)
    on_holidays: bool = True


class ChangeTable(Table):
    """One [[post.change]]: other people on single dates or on holidays."""

    shift: str
    members: list[str] = Field(default_factory=list)
    dates: list[date] = Field(default_factory=list)
    holidays: bool = False


class PostTable(Table):
    """One [[post]]."""

    id: Id
    name: Bilingual
    people: int = Field(1, ge=1, le=50)
    always: bool = False
    certificate: str = ""
    shift: list[ShiftTable] = Field(min_length=1)
    cycle: list[CycleTable] = Field(default_factory=list)
    weekly: list[WeeklyTable] = Field(default_factory=list)
    change: list[ChangeTable] = Field(default_factory=list)


class HolidayTable(Table):
    """One [[holidays.own]]."""

    date: date
    name: Words


class HolidaysTable(Table):
    """[holidays]"""

    country: str = ""
    region: str = ""
    own: list[HolidayTable] = Field(default_factory=list)


def read_people(report: Report, site_dir: FilePath, zones: Mapping[str, Zone]) -> Roster:
    """All people of the site; nobody when it has no people.toml."""
    path = site_dir / PEOPLE_FILE
    if not path.is_file():
        return Roster()
    sheet = read_sheet(report, path, PEOPLE_FILE)
    if sheet is None:
        return Roster()
    known_keys(report, sheet, ("holidays", "person", "crew", "post"))
    return _Reader(report, sheet, zones).roster()


class _Reader:
    def __init__(self, report: Report, sheet: Sheet, zones: Mapping[str, Zone]) -> None:
        self._report = report
        self._sheet = sheet
        self._zones = zones
        self._ids: list[str] = []  # every id written, of persons that are otherwise faulty too

    def roster(self) -> Roster:
        """Persons first: the rest names them."""
        data, report, sheet = self._sheet.data, self._report, self._sheet
        written = list(tables(report, sheet, ("person",), data.get("person")))
        self._ids = [str(item.get("id")) for _, item in written]
        persons = {person.id: person for path, item in written if (person := self._person(path, item))}
        crews = {
            crew.id: crew
            for path, item in tables(report, sheet, ("crew",), data.get("crew"))
            if (crew := self._crew(path, item))
        }
        posts = {
            post.id: post
            for path, item in tables(report, sheet, ("post",), data.get("post"))
            if (post := self._post(path, item))
        }
        for key in ("person", "crew", "post"):
            self._twice(key)
        table = checked(report, sheet, ("holidays",), data.get("holidays", {}), HolidaysTable)
        days = table or HolidaysTable()
        if days.country and not is_country(days.country, days.region):
            message = f"no calendar of holidays is known for {days.country!r} {days.region!r}"
            close = nearest(days.country, countries())
            report.add(sheet, ("holidays", "country"), "unknown_country", message, close)
        own = {day.date: day.name for day in days.own}
        return Roster(persons, crews, posts, days.country, days.region, own)

    def _person(self, path: Path, item: dict[str, object]) -> Person | None:
        table = checked(self._report, self._sheet, path, item, PersonTable)
        if table is None:
            return None
        self._people((*path, "stand_ins"), table.stand_ins)
        if table.id in table.stand_ins:
            self._add((*path, "stand_ins"), "value", f"{table.id} cannot stand in for himself")
        self._places((*path, "zones"), table.zones)
        for index, away in enumerate(table.away):
            if away.last < away.first:
                self._add((*path, "away", index, "last"), "value", "leave ends before it begins")
        return Person(
            table.id, table.name, table.role.text(), table.phone, table.addresses, table.language,
            tuple(table.skills), tuple(table.zones),
            tuple(Certificate(c.kind, c.number, c.expires) for c in table.certificates),
            tuple(table.stand_ins), tuple(table.roles), tuple(Away(a.first, a.last) for a in table.away),
        )  # fmt: skip

    def _crew(self, path: Path, item: dict[str, object]) -> Crew | None:
        if item.get("members") == []:
            self._add((*path, "members"), "empty_crew", "a crew of nobody: name at least one person")
            return None
        table = checked(self._report, self._sheet, path, item, CrewTable)
        if table is None:
            return None
        self._people((*path, "members"), table.members)
        if table.lead is not None and table.lead not in table.members:
            message = f"{table.lead!r} is no member of the crew{choice(table.members)}"
            self._add((*path, "lead"), "unknown_person", message, nearest(table.lead, table.members))
        self._places((*path, "zones"), table.zones)
        return Crew(
            table.id, table.name.text(), tuple(table.members), tuple(table.skills), tuple(table.zones), table.lead
        )  # fmt: skip

    def _post(self, path: Path, item: dict[str, object]) -> Post | None:
        table = checked(self._report, self._sheet, path, item, PostTable)
        if table is None:
            return None
        shifts = {s.id: Shift(s.id, s.name.text(), wall_time(s.start), wall_time(s.end)) for s in table.shift}
        if len(shifts) < len(table.shift):
            self._add((*path, "shift"), "duplicate_id", "two shifts of one post have the same id")
        if not table.cycle and not table.weekly:
            self._add(path, "missing_key", "nobody works here: give [[post.cycle]] or [[post.weekly]]")
        for index, cycle in enumerate(table.cycle):
            here = (*path, "cycle", index)
            for number, shift in enumerate(cycle.days):
                if shift:
                    self._shift((*here, "days", number), shift, shifts)
            for number, team in enumerate(cycle.teams):
                self._people((*here, "teams", number, "members"), team.members)
                if team.day >= len(cycle.days):
                    message = f"the cycle has days 0 to {len(cycle.days) - 1}"
                    self._add((*here, "teams", number, "day"), "value", message)
        for index, weekly in enumerate(table.weekly):
            self._shift((*path, "weekly", index, "shift"), weekly.shift, shifts)
            self._people((*path, "weekly", index, "members"), weekly.members)
        for index, change in enumerate(table.change):
            self._shift((*path, "change", index, "shift"), change.shift, shifts)
            self._people((*path, "change", index, "members"), change.members)
            if bool(change.dates) == change.holidays:
                self._add((*path, "change", index), "value", "give either dates or holidays = true")
        return Post(
            table.id, table.name.text(), shifts,
            tuple(
                Cycle(c.anchor, tuple(d or None for d in c.days), tuple(Team(tuple(t.members), t.day) for t in c.teams))
                for c in table.cycle
            ),
            tuple(
                Weekly(w.shift, frozenset(map(DAYS.index, w.days)), tuple(w.members), w.on_holidays)
                for w in table.weekly
            ),
            tuple(Change(c.shift, tuple(c.members), frozenset(c.dates), c.holidays) for c in table.change),
            table.people, table.always, table.certificate,
        )  # fmt: skip

    # ---- what tables say of each other ----------------------------------------------------------------------------

    def _twice(self, key: str) -> None:
        seen: dict[object, Path] = {}
        for path, item in tables(Report(), self._sheet, (key,), self._sheet.data.get(key)):
            id = item.get("id")
            if id in seen:
                file, line = self._sheet.place((*seen[id], "id"))
                self._add((*path, "id"), "duplicate_id", f"{key} {id!r} is also at {file}:{line}")
            seen.setdefault(id, path)

    def _people(self, path: Path, ids: Sequence[str]) -> None:
        for index, id in enumerate(ids):
            if id not in self._ids:
                message = f"there is no [[person]] {id!r}"
                self._add((*path, index), "unknown_person", message, nearest(id, self._ids))
            elif id in ids[:index]:
                self._add((*path, index), "named_twice", f"{id} is named twice")

    def _places(self, path: Path, zones: Sequence[str]) -> None:
        for index, zone in enumerate(zones):
            if zone not in self._zones:
                message = f"there is no zone {zone!r} in site.toml"
                self._add((*path, index), "unknown_zone", message, nearest(zone, self._zones))

    def _shift(self, path: Path, shift: str, shifts: Collection[str]) -> None:
        if shift not in shifts:
            message = f"the post has no shift {shift!r}"
            self._add(path, "unknown_shift", message, nearest(shift, shifts))

    def _add(self, path: Path, code: str, message: str, suggestion: str | None = None) -> None:
        self._report.add(self._sheet, path, code, message, suggestion)
