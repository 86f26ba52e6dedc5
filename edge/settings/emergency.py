"""emergency.toml: the site's linkage zones, how long alarms belong together, and outside numbers; with its plans."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from pathlib import Path as FilePath
from typing import Final

from pydantic import Field

from edge.domain.plan import Coincidence, Contact, EmergencyRules, LinkageZone, Plan
from edge.domain.roster import Roster
from edge.domain.site import Zone
from edge.settings import plans as plans_folder
from edge.settings.document import checked, known_keys, read_sheet, tables
from edge.settings.models import Bilingual, Id, Table, ZonePath
from edge.settings.problems import Problem, Report, Sheet, nearest

EMERGENCY_FILE: Final = "emergency.toml"


class CoincidenceTable(Table):
    """[coincidence], in seconds."""

    window: float = Field(600.0, ge=10, le=86400)
    group: float = Field(1800.0, ge=60, le=86400)


class LinkageZoneTable(Table):
    """One [[linkage-zone]]."""

    id: Id
    name: Bilingual
    zones: list[ZonePath] = Field(min_length=1)


class ContactTable(Table):
    """One [[contact]]."""

    id: Id
    name: Bilingual
    number: str = Field(pattern=r"^\+?[0-9 -]{3,20}$")


def read_emergency(
    report: Report,
    site_dir: FilePath,
    zones: Mapping[str, Zone],
    roster: Roster,
    rules: Collection[str],
    categories: Collection[str],
    linkages: Collection[str],
) -> EmergencyRules:
    """The file and the plans; a site without the file has the windows given here and no numbers of its own.

    rules, categories, linkages: ids that a plan of the site may name.
    """
    coincidence, contacts = _file(report, site_dir, zones)
    known = {contact.id for contact in contacts}
    context = plans_folder.Context(zones, rules, categories, linkages, known, roster)
    return EmergencyRules(plans_folder.read_plans(report, site_dir, context), coincidence, contacts)


def review_plans(site_dir: FilePath, plans: Iterable[Plan], today: date) -> list[Problem]:
    """A warning for each plan whose review is late."""
    report = Report()
    sheets = plans_folder.plan_sheets(site_dir)
    for plan in plans:
        if today > plan.review:
            message = f"the plan {plan.name.en} was to be reviewed by {plan.review}: go through it with {plan.approver}"
            report.add(sheets[plan.id], ("review",), "review_overdue", message)
    return report.problems()


def _file(
    report: Report, site_dir: FilePath, zones: Mapping[str, Zone]
) -> tuple[Coincidence, tuple[Contact, ...]]:
    path = site_dir / EMERGENCY_FILE
    sheet = read_sheet(report, path, EMERGENCY_FILE) if path.is_file() else None
    if sheet is None:
        return Coincidence(), ()
    known_keys(report, sheet, ("coincidence", "linkage-zone", "contact"))
    spans = checked(report, sheet, ("coincidence",), sheet.data.get("coincidence", {}), CoincidenceTable)
    if spans is not None and spans.group < spans.window:
        message = "two triggers belong to one incident: group is at least as long as window"
        report.add(sheet, ("coincidence", "group"), "value", message)
    areas: dict[str, LinkageZone] = {}
    owners: dict[str, str] = {}
    for place, item in tables(report, sheet, ("linkage-zone",), sheet.data.get("linkage-zone")):
        table = checked(report, sheet, place, item, LinkageZoneTable)
        if table is None:
            continue
        _once(report, sheet, place, table.id, areas)
        for index, zone in enumerate(table.zones):
            here = (*place, "zones", index)
            if zone not in zones:
                message = f"there is no zone {zone!r}"
                report.add(sheet, here, "unknown_zone", message, nearest(zone, zones))
            if owners.setdefault(zone, table.id) != table.id:
                message = f"{zone} is in the linkage zone {owners[zone]} already"
                report.add(sheet, here, "duplicate_id", message)
        areas.setdefault(table.id, LinkageZone(table.id, table.name.text(), tuple(table.zones)))
    contacts: dict[str, Contact] = {}
    for place, item in tables(report, sheet, ("contact",), sheet.data.get("contact")):
        known = checked(report, sheet, place, item, ContactTable)
        if known is not None:
            _once(report, sheet, place, known.id, contacts)
            contacts.setdefault(known.id, Contact(known.id, known.name.text(), known.number))
    spans = spans or CoincidenceTable()
    rules = Coincidence(tuple(areas.values()), spans.window, spans.group)
    return rules, tuple(contacts.values())


def _once(
    report: Report, sheet: Sheet, place: tuple[str | int, ...], id: str, found: Collection[str]
) -> None:
    if id in found:
        report.add(sheet, (*place, "id"), "duplicate_id", f"there are two of {id}")
