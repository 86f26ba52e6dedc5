"""devices/*.toml: each [[device]] with its profile, place and address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from edge.domain.camera import CATEGORY
from edge.domain.device import Device, Point
from edge.domain.site import Zone
from edge.driver import DriverSchema
from edge.settings.document import Siblings, checked, known_keys, read_sheet, tables
from edge.settings.models import DeviceTable
from edge.settings.positions import Path
from edge.settings.problems import Report, Sheet, nearest
from edge.settings.profiles import Library
from edge.settings.sources import HUB, Sources
from edge.settings.zones import within


@dataclass(slots=True)
class Context:
    """What a device may refer to."""

    schemas: Mapping[str, DriverSchema]
    library: Library
    zones: Mapping[str, Zone]
    sources: Sources


@dataclass(slots=True)
class Devices:
    """devices: those without fault. places: where each id is written, faulty ones too."""

    devices: dict[str, Device] = field(default_factory=dict)
    places: dict[str, tuple[Sheet, Path]] = field(default_factory=dict)

    def camera_points(self) -> Iterator[Point]:
        """All points of cameras: what one tells is a suspicion (GB 50116-2013 4.1.6)."""
        for device in self.devices.values():
            if device.profile.category == CATEGORY:
                yield from (Point(f"{device.id}.{spec.id}", device, spec) for spec in device.profile.points)


def read_devices(report: Report, folder: FilePath, context: Context) -> Devices:
    """All devices of the site."""
    reader = _Reader(report, context)
    for path in sorted(folder.glob("*.toml")):
        sheet = read_sheet(report, path, f"{folder.name}/{path.name}")
        if sheet is not None:
            known_keys(report, sheet, ("device",))
            for place, item in tables(report, sheet, ("device",), sheet.data.get("device")):
                reader.device(sheet, place, item)
    return reader.found


class _Reader:
    """References are looked up in the raw table, so that one faulty key does not hide another."""

    def __init__(self, report: Report, context: Context) -> None:
        self._report = report
        self._context = context
        self._addresses: dict[tuple[str, str | None, str], tuple[Sheet, Path]] = {}
        self.found = Devices()

    def device(self, sheet: Sheet, path: Path, item: dict[str, Any]) -> None:
        """One [[device]]."""
        table = checked(self._report, sheet, path, item, DeviceTable)
        self._unique_id(sheet, path, item.get("id"))
        library, zones = self._context.library, self._context.zones
        profile_id, zone_id = item.get("profile"), item.get("zone")
        if isinstance(profile_id, str):
            library.missing(self._report, sheet, (*path, "profile"), profile_id)
        profile = library.profiles.get(profile_id) if isinstance(profile_id, str) else None
        if isinstance(zone_id, str) and zone_id not in zones:
            message = f"there is no zone {zone_id!r} in site.toml"
            self._report.add(sheet, (*path, "zone"), "unknown_zone", message, nearest(zone_id, zones))
        address = None
        if isinstance(raw := item.get("address"), dict):
            address = self._address(
                sheet, (*path, "address"), raw, None if profile is None else profile.dialect
            )
        if table is None or profile is None or address is None or table.zone not in zones:
            return
        spot = table.spot.text()
        self.found.devices.setdefault(
            table.id,
            Device(
                table.id, profile, table.name.text(), table.zone, spot, within(zones[table.zone].full, spot), address,
                note=table.note, ex_proof=table.ex_proof, watches=table.watches, flat=zones[table.zone].flat,
            ),
        )  # fmt: skip

    def _unique_id(self, sheet: Sheet, path: Path, id: object) -> None:
        if not isinstance(id, str):
            return
        if id == HUB:
            self._report.add(sheet, (*path, "id"), "reserved", "`hub` is the hub itself: choose another id")
        if id in self._context.sources.places:
            self._twice(
                sheet, (*path, "id"), "duplicate_id", f"the source {id}", self._context.sources.places[id]
            )
        if id in self.found.places:
            self._twice(sheet, (*path, "id"), "duplicate_id", f"device {id}", self.found.places[id])
        self.found.places.setdefault(id, (sheet, (*path, "id")))

    def _twice(self, sheet: Sheet, path: Path, code: str, what: str, first: tuple[Sheet, Path]) -> None:
        file, line = first[0].place(first[1])
        self._report.add(sheet, path, code, f"{what} is also at {file}:{line}")

    def _address(self, sheet: Sheet, path: Path, raw: dict[str, Any], expected: str | None) -> str | None:
        """The key by which the dialect's codec names the device; None when the address is no good."""
        schemas = self._context.schemas
        dialect = raw.get("dialect")
        where = (*path, "dialect")
        if not isinstance(dialect, str):
            code, message = (
                ("missing_key", "is missing") if dialect is None else ("wrong_type", "should be a word")
            )
            self._report.add(sheet, where, code, message)
            return None
        schema = schemas.get(dialect)
        if schema is None:
            message = f"there is no dialect {dialect!r}"
            self._report.add(sheet, where, "unknown_dialect", message, nearest(dialect, schemas))
            return None
        if expected not in {None, dialect}:
            message = f"the profile speaks {expected}, the address {dialect}"
            self._report.add(sheet, where, "dialect", message, expected)
        own = {
            key: value for key, value in raw.items() if key != "dialect" or key in schema.address.model_fields
        }
        model = checked(self._report, sheet, path, own, schema.address, Siblings(("dialect",)))
        if model is None:
            return None
        bus, key = schema.bus_of(model), schema.key(model)
        self._heard_on(sheet, path, raw, dialect, bus)
        if (dialect, bus, key) in self._addresses:
            first = self._addresses[dialect, bus, key]
            self._twice(sheet, path, "duplicate_address", f"the {dialect} address {key!r}", first)
        self._addresses.setdefault((dialect, bus, key), (sheet, path))
        return key

    def _heard_on(self, sheet: Sheet, path: Path, raw: dict[str, Any], dialect: str, bus: str | None) -> None:
        """Some source of the site must speak the dialect, or the very bus that the address names."""
        spoken = self._context.sources.dialects
        speaking = [id for id, word in spoken.items() if word == dialect]
        if bus is not None and bus not in speaking:
            key = next((name for name, value in raw.items() if value == bus), None)
            message = f"site.toml has no {dialect} source {bus!r}"
            there = path if key is None else (*path, key)
            self._report.add(sheet, there, "unknown_bus", message, nearest(bus, speaking))
        elif not speaking and self._context.schemas.keys() >= set(spoken.values()):
            # a source whose dialect is misspelt, which is reported there, may be the one that is meant
            message = f"site.toml has no source that speaks {dialect}: the device would never be heard"
            self._report.add(sheet, (*path, "dialect"), "unknown_bus", message)
