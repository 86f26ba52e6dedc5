"""The site's folder as a whole: read everything, report everything, and only then make the Site."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path as FilePath

from edge.domain.site import Person, ProtectedUnit, Retention, Site
from edge.domain.storage import CardAssumption
from edge.driver import DriverSchema
from edge.resources import config_root
from edge.settings import devices, linkages, rules
from edge.settings import hazards as hazard_files
from edge.settings.aftermath import without_aftermath
from edge.settings.backup import read_backup
from edge.settings.cameras import read_cameras
from edge.settings.channels import read_channels
from edge.settings.document import M, checked, known_keys, read_sheet
from edge.settings.duties import Context as DutyContext
from edge.settings.duties import read_duties
from edge.settings.emergency import read_emergency, review_plans
from edge.settings.households import read_households
from edge.settings.messages import read_messages
from edge.settings.models import PersonTable, RetentionTable, SiteTable, StorageTable, UnitTable
from edge.settings.orders import read_order_rules
from edge.settings.people import read_people
from edge.settings.policies import read_policies
from edge.settings.power import read_power
from edge.settings.problems import Problem, Report, SettingsError, Sheet
from edge.settings.profiles import read_library
from edge.settings.reserve import read_reserve, review_reserve
from edge.settings.review import review_gas, review_people
from edge.settings.service import read_service
from edge.settings.sources import read_sources
from edge.settings.unread import review_names
from edge.settings.uplinks import read_uplinks
from edge.settings.zones import SITE_FILE, read_zones

YEAR_DAYS = 365
_TOP = (
    *("site", "unit", "retention", "zone", "mqtt", "serial", "nut"),
    *("camera", "uplink", "backup", "storage", "power"),
)


def check_site(site_dir: FilePath, schemas: Mapping[str, DriverSchema]) -> list[Problem]:
    """Everything that is wrong with the site's folder; empty when the hub can run it. Touches no network."""
    return _read(site_dir, schemas)[1]


def review_site(
    site_dir: FilePath, schemas: Mapping[str, DriverSchema], today: date
) -> tuple[list[Problem], list[Problem]]:
    """Everything that is wrong, and what the hub can run with but people should see (none while anything is wrong)."""
    site, problems = _read(site_dir, schemas)
    if site is None:
        return problems, []
    warnings = [
        *review_people(site_dir, site.roster, site.timezone, today),
        *review_plans(site_dir, site.emergency.plans, today),
        *review_reserve(site_dir, site.reserve, site.emergency.plans),
        *hazard_files.review_hazards(site.roster),
        *review_gas(site_dir, site.zones, site.devices.values()),
        *review_names(site_dir),
    ]
    return [], warnings


def load_site(site_dir: FilePath, schemas: Mapping[str, DriverSchema]) -> Site:
    """The site as its folder says; SettingsError with all problems at once.

    schemas: dialect -> what its driver reads (`drivers/<name>/config.py`). All shipped profiles whose dialect is
    among them are part of the site, so that a device can be adopted with any.
    """
    site, problems = _read(site_dir, schemas)
    if site is None:
        raise SettingsError(problems)
    return site


def _read(site_dir: FilePath, schemas: Mapping[str, DriverSchema]) -> tuple[Site | None, list[Problem]]:
    report = Report()
    sheet = read_sheet(report, site_dir / SITE_FILE, SITE_FILE)
    if sheet is None:
        return None, report.problems()
    known_keys(report, sheet, _TOP)
    site = _table(report, sheet, "site", SiteTable)
    unit = _table(report, sheet, "unit", UnitTable)
    retention = checked(report, sheet, ("retention",), sheet.data.get("retention", {}), RetentionTable)
    card = checked(report, sheet, ("storage",), sheet.data.get("storage", {}), StorageTable)
    if unit is not None:
        _two_persons(report, sheet, unit)
    if retention is not None:
        _long_enough(report, sheet, retention)
    zones = read_zones(report, sheet)
    library = read_library(report, schemas, site_dir / "profiles")
    sources = read_sources(report, sheet, schemas, library)
    uplinks = read_uplinks(report, sheet, sources)
    backup = read_backup(report, sheet)
    found = devices.read_devices(
        report, site_dir / "devices", devices.Context(schemas, library, zones, sources)
    )
    power = read_power(report, sheet, found.devices)
    cameras = read_cameras(report, sheet, sources, zones, found)
    read_rules = rules.read_rules(report, rule_files(site_dir), rules.Context(library, zones, found))
    read_linkages = linkages.read_linkages(
        report, site_dir / "linkage", linkages.Context(library, zones, found, read_rules)
    )
    if not report.problems():
        rules.check_coverage(report, read_rules, found)
    roster = read_people(report, site_dir, zones)
    skills = roster.skills if roster.persons else None
    rule_ids = {rule.id for rule in read_rules}
    order_rules = read_order_rules(report, site_dir, rule_ids, library.categories, skills)
    about_hazards = hazard_files.Context({rule.id for rule in read_rules}, library.categories, zones, roster)
    units = hazard_files.read_units(report, site_dir, about_hazards)
    elements = hazard_files.read_elements(report, site_dir)
    households = read_households(report, site_dir, zones)
    reserve = read_reserve(report, site_dir, zones)
    hazards = hazard_files.read_hazards(report, site_dir, about_hazards, units)
    point_ids = {
        f"{device.id}.{spec.id}" for device in found.devices.values() for spec in device.profile.points
    }
    emergency = read_emergency(
        report,
        site_dir,
        zones,
        roster,
        {rule.id for rule in read_rules},
        library.categories,
        {linkage.id for linkage in read_linkages},
    )
    plans = [plan.id for plan in emergency.plans]
    duties = read_duties(report, site_dir, DutyContext(zones, point_ids, roster, plans))
    modems = [
        id for id, dialect in sources.dialects.items() if dialect in schemas and schemas[dialect].messenger
    ]
    ways = read_channels(report, site_dir, roster.persons, modems)
    policies = read_policies(report, site_dir, roster, [way.id for way in ways.channels] or None)
    messages = read_messages(report, site_dir)
    service = read_service(report, site_dir)
    problems = without_aftermath(report.problems(), site_dir)
    if problems or site is None or unit is None or retention is None:
        return None, problems
    return Site(
        id=site.id,
        name=site.name.text(),
        timezone=site.timezone,
        unit=_unit(unit),
        zones=zones,
        profiles=library.profiles,
        devices=found.devices,
        rules=read_rules,
        order_rules=order_rules,
        hazards=hazards,
        elements=elements,
        units=units,
        households=households,
        duties=duties,
        reserve=reserve,
        service=service,
        connections=tuple(sources.connections),
        retention=Retention(**retention.model_dump()),
        linkages=read_linkages,
        uplinks=uplinks,
        outlets=tuple(sources.outlets),
        cameras=cameras,
        backup=backup,
        power=power,
        card=CardAssumption() if card is None else CardAssumption(card.card_cycles, card.write_amplification),
        roster=roster,
        policies=policies,
        channels=ways.channels,
        proofs=ways.proofs,
        messages=messages,
        emergency=emergency,
        commit_seconds=site.commit_seconds,
    ), []


def rule_files(site_dir: FilePath) -> list[tuple[FilePath, str]]:
    """(path, name for problems) of the site's rules; a site without a folder `rules` has those shipped."""
    own = site_dir / "rules"
    if own.is_dir():
        return [(path, f"rules/{path.name}") for path in sorted(own.glob("*.toml"))]
    return [(path, str(path)) for path in sorted((config_root() / "rules").glob("*.toml"))]


def plan_files(site_dir: FilePath) -> list[tuple[FilePath, str]]:
    """(path, name) of emergency plans: the site's own first, which stand in for those shipped of the same id."""
    own, shipped = site_dir / "plans", config_root() / "plans"
    found = [(path, f"plans/{path.name}") for path in sorted(own.glob("*.toml"))]
    return found + [(path, f"plans/shipped/{path.name}") for path in sorted(shipped.glob("*.toml"))]


def _table(report: Report, sheet: Sheet, key: str, model: type[M]) -> M | None:
    if key not in sheet.data:
        report.add(sheet, (key,), "missing_key", f"the table [{key}] is missing")
        return None
    return checked(report, sheet, (key,), sheet.data[key], model)


def _two_persons(report: Report, sheet: Sheet, unit: UnitTable) -> None:
    if unit.responsible.name == unit.manager.name:
        message = (
            "the fire safety manager and the responsible person are two people (GB/T 45839-2025 5.8.2 b)"
        )
        report.add(sheet, ("unit", "manager", "name"), "value", message)


def _long_enough(report: Report, sheet: Sheet, retention: RetentionTable) -> None:
    """GB/T 45839-2025 5.9.5: a stand-alone platform keeps its history for a year at least."""
    for key, days in (("journal_days", retention.journal_days), ("minute_days", retention.minute_days)):
        if days < YEAR_DAYS:
            message = f"{days} days is too short: history is kept for at least 365 (GB/T 45839-2025 5.9.5)"
            report.add(sheet, ("retention", key), "retention", message)


def _unit(table: UnitTable) -> ProtectedUnit:
    return ProtectedUnit(
        name=table.name,
        address=table.address,
        area=table.area,
        longitude=table.longitude,
        latitude=table.latitude,
        organization=table.organization,
        responsible=_person(table.responsible),
        manager=_person(table.manager),
        control_room=table.control_room.text(),
        control_room_phone=table.control_room_phone,
        fire_station=table.fire_station.text(),
    )


def _person(table: PersonTable) -> Person:
    return Person(table.name, table.role.text(), table.mobile)
