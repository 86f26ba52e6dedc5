"""[[camera]]: which device a camera is, what of the site it sees, and what `local.toml` changes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from edge.domain.camera import Camera, CameraZone, Polygon
from edge.domain.device import Device
from edge.domain.names import Text
from edge.domain.site import Connection, Zone
from edge.domain.zones import within
from edge.settings.devices import Devices
from edge.settings.document import tables
from edge.settings.positions import Path
from edge.settings.problems import Report, Sheet, nearest
from edge.settings.sources import Sources

KIND = "camera"


def read_cameras(
    report: Report, sheet: Sheet, sources: Sources, zones: Mapping[str, Zone], found: Devices
) -> tuple[Camera, ...]:
    """The cameras of the site; each source needs the one device that it is, and sees places that there are.

    The keys of the table itself are the driver's and are checked with the sources.
    """
    cameras = []
    settings = {c.id: c for c in sources.connections if c.kind == KIND}
    for path, item in tables(Report(), sheet, (KIND,), sheet.data.get(KIND)):
        _covers(report, sheet, path, item, zones)
        id = item.get("id")
        if not isinstance(id, str):
            continue
        devices = [
            device
            for device in found.devices.values()
            if device.address == id and device.profile.dialect == item.get("dialect")
        ]
        if not devices and id not in _meant(found):
            message = f"no device has the address of {id!r}: what it sees would reach nobody"
            report.add(sheet, (*path, "id"), "unknown_device", message)
        if id in settings:
            _models(report, sheet, path, settings[id])
        if len(devices) == 1 and id in settings:
            cameras.append(_camera(settings[id], devices[0]))
    return tuple(cameras)


def _meant(found: Devices) -> set[str]:
    """Sources named by devices that could not be read: what is wrong with these is said there."""
    named = set()
    for place, path in found.places.values():
        value: Any = place.data
        for part in path[:-1]:
            value = value[part]
        address = value.get("address")
        if isinstance(address, dict) and isinstance(source := address.get("source"), str):
            named.add(source)
    return named


def _covers(
    report: Report, sheet: Sheet, path: Path, item: Mapping[str, Any], zones: Mapping[str, Zone]
) -> None:
    covers = item.get("covers")
    for index, zone in enumerate(covers if isinstance(covers, list) else ()):
        if isinstance(zone, str) and zone not in zones:
            message = f"there is no zone {zone!r} in site.toml"
            report.add(sheet, (*path, "covers", index), "unknown_zone", message, nearest(zone, zones))


def _models(report: Report, sheet: Sheet, path: Path, connection: Connection) -> None:
    """A model that is not there would leave a check without its second look, unnoticed."""
    for key in ("model", "detector"):
        file = getattr(connection.settings, key)
        if file is not None and not file.is_file():
            report.add(sheet, (*path, key), "missing_file", f"there is no file {file}")


def _camera(connection: Connection, device: Device) -> Camera:
    table = connection.settings
    return Camera(
        device=device.id,
        source=connection.id,
        covers=_seen(device.zone, table.covers),
        checks=tuple(table.checks),
        zones=tuple(
            CameraZone(z.id, Text(z.name.zh, z.name.en), _polygon(z.polygon), tuple(z.checks), z.dwell)
            for z in table.zone
        ),
        masks=tuple(_polygon(mask.polygon) for mask in table.mask),
        verifier=table.model,
        detector=table.detector,
    )


def _seen(own: str, covers: Sequence[str]) -> tuple[str, ...]:
    """Its own place and those it covers; parts of its own place say what of that it sees."""
    narrowed = not own or any(within(zone, own) for zone in covers)
    return tuple(covers if narrowed else (own, *covers))


def _polygon(corners: Iterable[Iterable[float]]) -> Polygon:
    return tuple((float(x), float(y)) for x, y in corners)
