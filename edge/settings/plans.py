"""plans/*.toml: one emergency plan a file. The site's own stand in for those shipped that have the same id."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path as FilePath
from typing import Final, Literal

from pydantic import Field

from edge.dispatch.messages import fields_of
from edge.domain.device import Signal
from edge.domain.lifecycle import VITAL
from edge.domain.plan import STEP_ROLES, TICKS, Lasting, Material, Phone, Plan, PlanStep, PlanWhen
from edge.domain.roster import Roster
from edge.resources import config_root
from edge.settings.document import M, checked, read_sheet, tables
from edge.settings.models import Bilingual, Id, SignalName, Table, Words, ZonePath
from edge.settings.positions import Path
from edge.settings.problems import Report, Sheet, nearest

PLANS: Final = "plans"
MINUTE: Final = 60.0
SAY: Final = frozenset({"address", "place", "what", "trapped", "name", "phone"})
"""What the words for 119 may name in braces."""


class PlanWhenTable(Table):
    """One [[when]]: which alarms the plan is for; empty selectors fit everything."""

    signals: list[SignalName] = Field(default_factory=list)
    rules: list[str] = Field(default_factory=list)
    categories: list[str] = Field(default_factory=list)
    zones: list[ZonePath] = Field(default_factory=list)
    opens: bool = True


class PlanStepTable(Table):
    """One [[step]]. within: seconds from the start of its stage."""

    id: Id
    stage: Literal[1, 2] = 1
    title: Bilingual
    role: Id
    within: float | None = Field(None, gt=0)
    ticks: list[str] = Field(default_factory=list)
    priorities: list[Literal["urgent", "high", "medium", "low"]] = Field(default_factory=list)


class PhoneTable(Table):
    """One [[phone]]: a number that is the same everywhere, or a contact of the site."""

    name: Bilingual
    number: str = Field("", pattern=r"^[+0-9 -]*$")
    contact: str = ""
    stage: Literal[1, 2] = 1


class MaterialTable(Table):
    """One [[material]] of the reserve."""

    stock: Id
    quantity: float = Field(gt=0)


class LastingTable(Table):
    """`lasting = { … }`."""

    points: int = Field(ge=1)
    minutes: float = Field(gt=0)


class PlanTable(Table):
    """A file of plans/."""

    id: Id
    name: Bilingual
    version: Words
    author: Words
    approver: Words
    review: date
    source: Words
    spread: Literal["zone", "linkage", "site"] = "linkage"
    say: Bilingual | None = None
    lasting: LastingTable | None = None
    linkages: list[str] = Field(default_factory=list)
    responders: list[str] = Field(default_factory=list)
    when: list[PlanWhenTable] = Field(default_factory=list)
    step: list[PlanStepTable] = Field(min_length=1)
    phone: list[PhoneTable] = Field(default_factory=list)
    material: list[MaterialTable] = Field(default_factory=list)


@dataclass(slots=True)
class Context:
    """What a plan of the site's own may refer to. A shipped one may refer to more: another site may have it."""

    zones: Collection[str]
    rules: Collection[str]
    categories: Collection[str]
    linkages: Collection[str]
    contacts: Collection[str]
    roster: Roster


def read_plans(report: Report, site_dir: FilePath, context: Context) -> tuple[Plan, ...]:
    """All plans by id: the site's own, and those shipped whose id it does not use itself."""
    own = _read(report, sorted((site_dir / PLANS).glob("*.toml")), context)
    shipped = _read(report, sorted((config_root() / PLANS).glob("*.toml")), None)
    return tuple(plan for _, plan in sorted({**shipped, **own}.items()))


def plan_sheets(site_dir: FilePath) -> Mapping[str, Sheet]:
    """The file of each plan that applies, by the plan's id; to name a line of it once the whole site is read."""
    found: dict[str, Sheet] = {}
    for folder, own in ((config_root() / PLANS, False), (site_dir / PLANS, True)):
        for path in sorted(folder.glob("*.toml")):
            sheet = read_sheet(Report(), path, f"{PLANS}/{path.name}" if own else str(path))
            if sheet is not None and isinstance(id := sheet.data.get("id"), str):
                found[id] = sheet
    return found


def _read(report: Report, files: Iterable[FilePath], context: Context | None) -> dict[str, Plan]:
    found: dict[str, Plan] = {}
    for path in files:
        sheet = read_sheet(report, path, str(path) if context is None else f"{PLANS}/{path.name}")
        table = None if sheet is None else checked(report, sheet, (), sheet.data, PlanTable)
        if sheet is None:
            continue
        if context is not None:
            _check_names(report, sheet, context)
        if table is None:
            continue
        if table.id in found:
            report.add(sheet, ("id",), "duplicate_id", f"there are two plans {table.id}")
        _check(report, sheet, table)
        found.setdefault(table.id, _plan(table))
    return found


def _check(report: Report, sheet: Sheet, table: PlanTable) -> None:
    """What a plan says for itself."""
    ids = [step.id for step in table.step]
    for index, step in enumerate(table.step):
        if step.id in ids[:index]:
            message = f"there are two steps {step.id}"
            report.add(sheet, ("step", index, "id"), "duplicate_id", message)
        place: Path = ("step", index, "ticks")
        _known(report, sheet, place, step.ticks, TICKS, "unknown_value", "nothing ticks a step as")
    if table.lasting is not None and any(_vital(when) for when in table.when):
        message = "fire, gas and sos become certain by two triggers or a person, never by time"
        report.add(sheet, ("lasting",), "stage", message)
    for index, phone in enumerate(table.phone):
        if bool(phone.number) is bool(phone.contact):
            message = "give a `number`, or the `contact` of the site whose number it is"
            report.add(sheet, ("phone", index), "value", message)
    for language in ("zh", "en") if table.say else ():
        _check_words(report, sheet, language, getattr(table.say, language))


def _vital(when: PlanWhenTable) -> bool:
    if not when.signals:
        return not when.rules and not when.categories
    return bool(VITAL & set(map(Signal, when.signals)))


def _check_words(report: Report, sheet: Sheet, language: str, text: str) -> None:
    place: Path = ("say", language)
    try:
        named = fields_of(text)
    except ValueError:
        report.add(sheet, place, "braces", "the braces { } do not pair")
        return
    for name in named:
        if name not in SAY:
            message = f"there is no field {{{name}}}; known: {', '.join(sorted(SAY))}"
            report.add(sheet, place, "unknown_placeholder", message, nearest(name, SAY))


def _check_names(report: Report, sheet: Sheet, context: Context) -> None:
    """What a plan of the site names exists there; in each table by itself, for another one may be faulty."""
    for here, when in _sound(sheet, "when", PlanWhenTable):
        _known(report, sheet, (*here, "zones"), when.zones, context.zones, "unknown_zone", "there is no zone")
        words = "there is no alarm rule"
        _known(report, sheet, (*here, "rules"), when.rules, context.rules, "unknown_rule", words)
        words = "no profile has the category"
        _known(
            report, sheet, (*here, "categories"), when.categories, context.categories,
            "unknown_category", words,
        )  # fmt: skip
    words = "there is no linkage"
    _known(
        report, sheet, ("linkages",), _names(sheet, "linkages"), context.linkages, "unknown_linkage", words
    )
    words = "people.toml has no"
    targets = context.roster.targets()
    _known(report, sheet, ("responders",), _names(sheet, "responders"), targets, "unknown_target", words)
    roles = STEP_ROLES | {role for person in context.roster.persons.values() for role in person.roles}
    for here, step in _sound(sheet, "step", PlanStepTable):
        if step.role not in roles:
            message = f"nobody has the role {step.role!r}; known: {', '.join(sorted(roles))}"
            report.add(sheet, (*here, "role"), "unknown_role", message, nearest(step.role, roles))
    for here, phone in _sound(sheet, "phone", PhoneTable):
        if phone.contact and phone.contact not in context.contacts:
            message = f"emergency.toml has no contact {phone.contact!r}"
            close = nearest(phone.contact, context.contacts)
            report.add(sheet, (*here, "contact"), "unknown_contact", message, close)


def _sound(sheet: Sheet, key: str, model: type[M]) -> Iterator[tuple[Path, M]]:
    """The tables [[key]] that can be read; what is wrong with the others is told elsewhere."""
    unheard = Report()
    for here, item in tables(unheard, sheet, (key,), sheet.data.get(key)):
        table = checked(unheard, sheet, here, item, model)
        if table is not None:
            yield here, table


def _names(sheet: Sheet, key: str) -> list[str]:
    given = sheet.data.get(key)
    return given if isinstance(given, list) and all(isinstance(name, str) for name in given) else []


def _known(
    report: Report, sheet: Sheet, path: Path, named: list[str], known: Collection[str], code: str, words: str
) -> None:
    for index, name in enumerate(named):
        if name not in known:
            report.add(sheet, (*path, index), code, f"{words} {name!r}", nearest(name, known))


def _plan(table: PlanTable) -> Plan:
    lasting = table.lasting
    return Plan(
        id=table.id,
        name=table.name.text(),
        version=table.version,
        author=table.author,
        approver=table.approver,
        review=table.review,
        source=table.source,
        when=tuple(
            PlanWhen(
                tuple(map(Signal, w.signals)), tuple(w.rules), tuple(w.categories), tuple(w.zones), w.opens
            )
            for w in table.when
        ),
        steps=tuple(
            PlanStep(
                s.id,
                s.stage,
                s.title.text(),
                s.role,
                s.within,
                tuple(s.ticks),
                tuple(s.priorities),
            )
            for s in table.step
        ),
        spread=table.spread,
        phones=tuple(Phone(p.name.text(), p.number, p.stage, p.contact) for p in table.phone),
        say=None if table.say is None else table.say.text(),
        materials=tuple(Material(m.stock, m.quantity) for m in table.material),
        linkages=tuple(table.linkages),
        responders=tuple(table.responders),
        lasting=None if lasting is None else Lasting(lasting.points, lasting.minutes * MINUTE),
    )
