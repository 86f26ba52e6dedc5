"""[[zone]]: the tree of places, and a place in words."""

from __future__ import annotations

from typing import Final

from edge.domain.names import Text
from edge.domain.site import Zone
from edge.settings.document import checked, tables
from edge.settings.models import ZoneTable
from edge.settings.positions import Path
from edge.settings.problems import Report, Sheet, nearest

SITE_FILE: Final = "site.toml"
"""The file of the site's folder with its zones and connections."""


def read_zones(report: Report, sheet: Sheet) -> dict[str, Zone]:
    """All zones of site.toml by path. Every zone needs the zones around it, in any order."""
    found: dict[str, tuple[Path, ZoneTable]] = {}
    for path, item in tables(report, sheet, ("zone",), sheet.data.get("zone")):
        table = checked(report, sheet, path, item, ZoneTable)
        if table is None:
            continue
        if table.path in found:
            first = sheet.place((*found[table.path][0], "path"))
            report.add(
                sheet, (*path, "path"), "duplicate_id", f"zone {table.path} is also at {first[0]}:{first[1]}"
            )
        found.setdefault(table.path, (path, table))
    zones: dict[str, Zone] = {}
    for id in sorted(found, key=lambda zone: zone.count("/")):
        path, table = found[id]
        around = id.rpartition("/")[0]
        name = table.name.text()
        if around and around not in zones:
            if around not in found:
                message = f"the zone around it, {around}, is not listed"
                report.add(sheet, (*path, "path"), "unknown_zone", message, nearest(around, found))
            zones[id] = Zone(id, name, name, id if table.kind else "")
        else:
            outer = zones.get(around)
            full = name if outer is None else within(outer.full, name)
            flat = outer.flat if outer is not None and outer.flat else id if table.kind else ""
            zones[id] = Zone(id, name, full, flat)
    return zones


def within(around: Text, name: Text) -> Text:
    """`name` as a place inside `around`: "3号楼1单元 3层 301". A name that repeats the words around it stands alone."""
    return Text(
        name.zh if name.zh.startswith(around.zh) else f"{around.zh} {name.zh}",
        name.en if name.en.startswith(around.en) else f"{around.en}, {name.en}",
    )
