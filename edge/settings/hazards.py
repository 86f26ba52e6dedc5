"""hazards.toml, elements.toml and units.toml: where hazards come from, how long there is, and who answers for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path as FilePath
from typing import Final, Literal

from pydantic import Field

from edge.domain.device import Signal
from edge.domain.hazard import FIRE_MANAGER, Category, Grade
from edge.domain.hazard_parts import NOTHING, SourceKind
from edge.domain.hazard_rules import Element, HazardPolicy, HazardRule, Nuisance, Unit
from edge.domain.roster import Roster
from edge.domain.site import Zone
from edge.resources import config_root
from edge.settings.document import checked, known_keys, read_sheet, tables
from edge.settings.models import Bilingual, Id, SignalName, Table, Words, ZonePath
from edge.settings.people import PEOPLE_FILE
from edge.settings.positions import Path
from edge.settings.problems import Problem, Report, Sheet, nearest

HAZARDS_FILE: Final = "hazards.toml"
ELEMENTS_FILE: Final = "elements.toml"
UNITS_FILE: Final = "units.toml"
HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
PROOF: Final = {"readings": 5, "seconds": 600}
"""Of a sensor behind a hazard, where neither its rule nor [proof] says otherwise."""

_Hours = float


class DueTable(Table):
    """`due = { … }`: hours until it is graded, rectified (by grade), re-inspected."""

    grading: _Hours | None = Field(None, gt=0)
    general: _Hours | None = Field(None, gt=0)
    suspected_major: _Hours | None = Field(None, gt=0)
    major: _Hours | None = Field(None, gt=0)
    reinspection: _Hours | None = Field(None, gt=0)

    def seconds(self) -> Mapping[str, float]:
        """By word, those that are given."""
        return {name: hours * HOUR for name, hours in self.model_dump().items() if hours is not None}


class ProofTable(Table):
    """`proof = { readings, seconds }` of the sensor behind a hazard, and [proof]."""

    readings: int = Field(ge=1, le=1000)
    seconds: float = Field(ge=0)


class HazardRuleTable(Table):
    """One [[hazard-rule]]."""

    id: Id
    on: Literal["alarm", "verdict", "report"]
    source: Words
    category: Category | None = None
    title: Bilingual | None = None
    rules: list[str] = Field(default_factory=list)
    signals: list[SignalName] = Field(default_factory=list)
    kinds: list[str] = Field(default_factory=list)
    verdicts: list[Literal["real", "false", "fault", "test"]] = Field(default_factory=list)
    sources: list[SourceKind] = Field(default_factory=list)
    categories: list[Category] = Field(default_factory=list)
    grade: Literal["general", "suspected_major"] | None = None
    draft: bool = False
    order: bool = False
    skill: Id | None = None
    unit: Id | None = None
    measures: Bilingual | None = None
    due: DueTable = DueTable()
    proof: ProofTable | None = None


class NuisanceTable(Table):
    """[nuisance]: how many false alarms of a device in how many days propose to look at its place and kind."""

    times: int = Field(3, ge=2, le=100)
    days: float = Field(30, gt=0, le=366)
    source: Words = "practice"
    measures: Bilingual | None = None
    skill: Id | None = None


class DefaultsTable(Table):
    """[due]: hours where a rule says nothing; source: where they are from. What is not given is as shipped."""

    grading: _Hours = Field(24, gt=0)
    general: _Hours = Field(72, gt=0)
    suspected_major: _Hours = Field(24, gt=0)
    major: _Hours = Field(360, gt=0)
    reinspection: _Hours = Field(72, gt=0)
    source: Words = "practice"


class OverdueTable(Table):
    """[overdue]: days after the due time on which it is told; repeat_days: a relapse within them is a repeat."""

    days: list[float] = Field([0, 1, 3], min_length=1, max_length=10)
    repeat_days: float = Field(7, gt=0, le=366)


class ElementTable(Table):
    """One [[element]] of the list of major hazards."""

    id: Id
    text: Bilingual
    source: Words


class ContactTable(Table):
    """Whom to reach at the unit; personal data, it stays in the site's folder."""

    name: Words
    phone: Words | None = None


class UnitTable(Table):
    """One [[unit]]."""

    id: Id
    name: Bilingual
    kind: Literal["company", "shop", "contractor", "owner", "authority"]
    contact: ContactTable | None = None
    person: Id | None = None
    zones: list[ZonePath] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Context:
    """What the tables may name: ids of alarm rules, categories of profiles, zones, and people."""

    rules: Collection[str]
    kinds: Collection[str]
    zones: Mapping[str, Zone]
    roster: Roster


def read_units(report: Report, site_dir: FilePath, context: Context) -> tuple[Unit, ...]:
    """The register of responsible units; a site without `units.toml` has none."""
    path = site_dir / UNITS_FILE
    if not path.is_file():
        return ()
    sheet = read_sheet(report, path, UNITS_FILE)
    if sheet is None:
        return ()
    known_keys(report, sheet, ("unit",))
    found: dict[str, Unit] = {}
    for place, item in tables(report, sheet, ("unit",), sheet.data.get("unit")):
        table = checked(report, sheet, place, item, UnitTable)
        if table is None:
            continue
        if table.id in found:
            report.add(sheet, (*place, "id"), "duplicate_id", f"there are two units {table.id}")
        persons = context.roster.persons
        _known(
            report,
            sheet,
            (*place, "person"),
            table.person,
            persons,
            "unknown_person",
            "people.toml has no person",
        )
        for index, zone in enumerate(table.zones):
            here = (*place, "zones", index)
            _known(report, sheet, here, zone, context.zones, "unknown_zone", "there is no zone")
        contact = table.contact
        found.setdefault(
            table.id,
            Unit(
                table.id, table.name.text(), table.kind, contact.name if contact else "",
                (contact.phone or "") if contact else "", table.person, tuple(table.zones),
            ),
        )  # fmt: skip
    return tuple(found.values())


def read_elements(report: Report, site_dir: FilePath) -> tuple[Element, ...]:
    """The elements by which a hazard is judged major; a site without `elements.toml` has those shipped."""
    sheet = _own_or_shipped(report, site_dir, ELEMENTS_FILE)[0]
    if sheet is None:
        return ()
    known_keys(report, sheet, ("element",))
    found: dict[str, Element] = {}
    for place, item in tables(report, sheet, ("element",), sheet.data.get("element")):
        table = checked(report, sheet, place, item, ElementTable)
        if table is None:
            continue
        if table.id in found:
            report.add(sheet, (*place, "id"), "duplicate_id", f"there are two elements {table.id}")
        found.setdefault(table.id, Element(table.id, table.text.text(), table.source))
    return tuple(found.values())


def read_hazards(
    report: Report, site_dir: FilePath, context: Context, units: Collection[Unit]
) -> HazardPolicy:
    """Rules, due times and proofs; a site without `hazards.toml` has those shipped.

    The site's own file may name no alarm rule, kind of device, skill or unit that it does not have; one shipped may.
    """
    sheet, shipped = _own_or_shipped(report, site_dir, HAZARDS_FILE)
    if sheet is None:
        return HazardPolicy()
    known_keys(report, sheet, ("due", "overdue", "proof", "nuisance", "hazard-rule"))
    due = checked(report, sheet, ("due",), sheet.data.get("due", {}), DefaultsTable)
    overdue = checked(report, sheet, ("overdue",), sheet.data.get("overdue", {}), OverdueTable)
    proof = checked(report, sheet, ("proof",), sheet.data.get("proof", PROOF), ProofTable)
    nuisance = checked(report, sheet, ("nuisance",), sheet.data.get("nuisance", {}), NuisanceTable)
    if overdue is not None and any(two <= one for one, two in pairwise(overdue.days)):
        report.add(sheet, ("overdue", "days"), "steps", "the days of overdue go on in time")
    rules: dict[str, HazardRule] = {}
    for place, item in tables(report, sheet, ("hazard-rule",), sheet.data.get("hazard-rule")):
        table = checked(report, sheet, place, item, HazardRuleTable)
        if table is None:
            continue
        if table.id in rules:
            report.add(sheet, (*place, "id"), "duplicate_id", f"there are two hazard rules {table.id}")
        _fitting(report, sheet, place, table)
        if not shipped:
            _named(report, sheet, place, table, context, {unit.id for unit in units})
        rules.setdefault(table.id, _rule(table))
    if due is None or overdue is None or proof is None or nuisance is None:
        return HazardPolicy()
    plain = Nuisance()
    return HazardPolicy(
        rules=tuple(rules.values()),
        due={name: hours * HOUR for name, hours in due.model_dump(exclude={"source"}).items()},
        climb=tuple(days * DAY for days in overdue.days),
        repeat=overdue.repeat_days * DAY,
        proof=(proof.readings, proof.seconds),
        nuisance=Nuisance(
            nuisance.times,
            nuisance.days,
            plain.title,
            nuisance.measures.text() if nuisance.measures else NOTHING,
            nuisance.skill or "",
        ),
    )


def review_hazards(roster: Roster) -> list[Problem]:
    """A warning where nobody could judge what is a major hazard."""
    report = Report()
    if roster.persons and not any(FIRE_MANAGER in person.roles for person in roster.persons.values()):
        message = f"nobody has the role {FIRE_MANAGER!r}: no hazard can be judged a major one (GB 35181-2025)"
        report.add_file(PEOPLE_FILE, "no_fire_manager", message)
    return report.problems()


def _own_or_shipped(report: Report, site_dir: FilePath, name: str) -> tuple[Sheet | None, bool]:
    own = site_dir / name
    shipped = not own.is_file()
    path = config_root() / name if shipped else own
    return read_sheet(report, path, str(path) if shipped else name), shipped


def _fitting(report: Report, sheet: Sheet, place: Path, table: HazardRuleTable) -> None:
    """What only some kinds of rules can say."""
    if table.on != "report" and table.category is None:
        report.add(sheet, place, "missing_key", "category: say what kind of hazard it is")
    if table.on == "verdict" and not table.verdicts:
        report.add(sheet, place, "missing_key", "verdicts: say on which judgement")
    if table.order and table.grade is None:
        report.add(
            sheet, (*place, "order"), "value", "an order goes out at once only where the rule gives a grade"
        )
    if table.order and table.skill is None:
        report.add(sheet, (*place, "order"), "value", "an order needs a skill")


def _named(
    report: Report,
    sheet: Sheet,
    place: Path,
    table: HazardRuleTable,
    context: Context,
    units: Collection[str],
) -> None:
    for index, rule in enumerate(table.rules):
        here = (*place, "rules", index)
        _known(report, sheet, here, rule, context.rules, "unknown_rule", "there is no alarm rule")
    for index, kind in enumerate(table.kinds):
        here = (*place, "kinds", index)
        _known(report, sheet, here, kind, context.kinds, "unknown_category", "no profile has the category")
    _known(report, sheet, (*place, "unit"), table.unit, units, "unknown_unit", "units.toml has no unit")
    roster = context.roster
    skills = {skill for person in roster.persons.values() for skill in person.skills}
    skills |= {skill for crew in roster.crews.values() for skill in crew.skills}
    _known(report, sheet, (*place, "skill"), table.skill, skills, "unknown_skill", "people.toml has no skill")


def _known(
    report: Report,
    sheet: Sheet,
    path: Path,
    named: str | None,
    known: Collection[str],
    code: str,
    message: str,
) -> None:
    if named is not None and named not in known:
        report.add(sheet, path, code, f"{message} {named!r}", nearest(named, known))


def _rule(table: HazardRuleTable) -> HazardRule:
    grade: Grade | None = table.grade
    return HazardRule(
        id=table.id,
        on=table.on,
        source=table.source,
        category=table.category or "other",
        title=table.title.text() if table.title else NOTHING,
        rules=tuple(table.rules),
        signals=tuple(Signal(signal) for signal in table.signals),
        kinds=tuple(table.kinds),
        verdicts=tuple(table.verdicts),
        sources=tuple(table.sources),
        categories=tuple(table.categories),
        grade=grade,
        draft=table.draft,
        order=table.order,
        skill=table.skill or "",
        unit=table.unit,
        measures=table.measures.text() if table.measures else NOTHING,
        due=table.due.seconds(),
        proof=(table.proof.readings, table.proof.seconds) if table.proof else None,
    )
