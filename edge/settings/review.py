"""What is allowed but should be seen: shifts that overlap or leave gaps, too few people, certificates running out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path as FilePath
from typing import Final
from zoneinfo import ZoneInfo

from edge.dispatch.duty import OnDuty, expiries
from edge.domain.device import Device
from edge.domain.on_duty import Expiry, Finding
from edge.domain.output import smells
from edge.domain.roster import Roster
from edge.domain.site import Zone
from edge.settings.document import read_sheet, tables
from edge.settings.holidays import calendar
from edge.settings.people import PEOPLE_FILE
from edge.settings.problems import Problem, Report, Sheet
from edge.settings.zones import SITE_FILE

AHEAD: Final = 35
"""Days from today that the shifts are looked at: five weeks hold every common cycle once."""
_SECOND: Final = 1_000_000


def review_people(site_dir: FilePath, roster: Roster, timezone: str, today: date) -> list[Problem]:
    """One warning for each post and kind of finding (with the first time it happens), one for each certificate."""
    sheet = read_sheet(Report(), site_dir / PEOPLE_FILE, PEOPLE_FILE)
    if sheet is None:
        return []
    report = Report()
    zone = ZoneInfo(timezone)
    start = datetime.combine(today, time(), tzinfo=zone)
    end = start + timedelta(days=AHEAD)
    findings = OnDuty(roster, zone, calendar(roster)).findings(
        int(start.timestamp()) * _SECOND, int(end.timestamp()) * _SECOND
    )
    several: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        several.setdefault((finding.post, finding.kind), []).append(finding)
    for (post, kind), same in several.items():
        path = ("post", _index(sheet, "post", post))
        report.add(sheet, path, f"shift_{kind}", _sentence(roster, same, zone))
    for expiry in expiries(roster, today):
        path = ("person", _index(sheet, "person", expiry.person))
        code = "certificate" if expiry.expires is None else "certificate_expiry"
        report.add(sheet, path, code, _certificate(roster, expiry))
    return report.problems()


def review_gas(site_dir: FilePath, zones: Mapping[str, Zone], devices: Iterable[Device]) -> list[Problem]:
    """One warning for each zone with a detector of gas around which no zone is marked as a flat."""
    sheet = read_sheet(Report(), site_dir / SITE_FILE, SITE_FILE)
    if sheet is None:
        return []
    report = Report()
    for id in sorted({device.zone for device in devices if smells(device.profile) and not device.flat}):
        path = next(p for p, row in tables(report, sheet, ("zone",), sheet.data["zone"]) if row["path"] == id)
        message = (
            f"gas may be in {zones[id].full.en}, and neither it nor a zone around it is a flat: nothing is barred "
            'outside of it. Mark the flat, shop or room it belongs to with `kind = "flat"`'
        )
        report.add(sheet, path, "gas_flat", message)
    return report.problems()


def _index(sheet: Sheet, key: str, id: str) -> int:
    items = sheet.data.get(key)
    rows = items if isinstance(items, list) else []
    return next(index for index, item in enumerate(rows) if item["id"] == id)


def _sentence(roster: Roster, same: Sequence[Finding], zone: ZoneInfo) -> str:
    first = same[0]
    post = roster.posts[first.post]
    begin, end = (
        datetime.fromtimestamp(us / _SECOND, UTC).astimezone(zone) for us in (first.start, first.end)
    )
    span = f"{begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"
    times = "" if len(same) == 1 else f", {len(same)} times in {AHEAD} days"
    names = ", ".join(roster.persons[id].name for id in first.persons)
    if first.kind == "gap":
        return f"nobody is on duty at {post.id} from {span}{times}"
    if first.kind == "short":
        return (
            f"{post.id} needs {post.people} people and has {len(first.persons)} ({names}) from {span}{times}"
        )
    return f"shifts overlap at {post.id} from {span} ({names}){times}"


def _certificate(roster: Roster, expiry: Expiry) -> str:
    name = roster.persons[expiry.person].name
    if expiry.expires is None:
        return f"{name} works where a certificate {expiry.kind!r} is asked for and has none"
    word = "ran out" if (expiry.days or 0) < 0 else "runs out"
    return f"the certificate {expiry.kind!r} of {name} {word} on {expiry.expires}"
