"""households.toml: marks and emergency contacts of flats: personal data, shown beside an open alarm of the flat."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path as FilePath
from typing import Final

from pydantic import Field

from edge.domain.household import EmergencyContact, Household
from edge.settings.document import checked, known_keys, read_sheet, tables
from edge.settings.models import Bilingual, Table, ZonePath
from edge.settings.problems import Report, nearest

HOUSEHOLDS_FILE: Final = "households.toml"


class ContactTable(Table):
    """One of a household's contacts."""

    name: str = Field(min_length=1, max_length=60)
    relation: Bilingual
    phone: str = Field(pattern=r"^\+?[0-9 -]{3,20}$")


class HouseholdTable(Table):
    """One [[household]]."""

    zone: ZonePath
    marks: list[Bilingual] = Field(default_factory=list, max_length=12)
    contacts: list[ContactTable] = Field(default_factory=list, max_length=6)


def read_households(report: Report, site_dir: FilePath, zones: Collection[str]) -> tuple[Household, ...]:
    """The households of the site; a site without the file has none. zones: paths of the site."""
    path = site_dir / HOUSEHOLDS_FILE
    sheet = read_sheet(report, path, HOUSEHOLDS_FILE) if path.is_file() else None
    if sheet is None:
        return ()
    known_keys(report, sheet, ("household",))
    found: dict[str, Household] = {}
    for place, item in tables(report, sheet, ("household",), sheet.data.get("household")):
        table = checked(report, sheet, place, item, HouseholdTable)
        if table is None:
            continue
        here = (*place, "zone")
        if table.zone not in zones:
            message = f"there is no zone {table.zone!r}"
            report.add(sheet, here, "unknown_zone", message, nearest(table.zone, zones))
        if table.zone in found:
            report.add(sheet, here, "duplicate_id", f"there are two households in {table.zone}")
        contacts = tuple(EmergencyContact(one.name, one.relation.text(), one.phone) for one in table.contacts)
        marks = tuple(mark.text() for mark in table.marks)
        found.setdefault(table.zone, Household(table.zone, marks, contacts))
    return tuple(found.values())
