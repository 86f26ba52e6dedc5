"""Zones and masks as people draw them: checked, numbered, and what the camera is to look at. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Final

from edge.domain.camera import Camera, CameraZone, Polygon
from edge.domain.conclusion import Aim, Conclusion
from edge.domain.fact import Fact, Numbering
from edge.domain.footage import MOST_ZONES, ZONE_CHECKS, CameraSetting, DrawZones
from edge.domain.instant import Instant
from edge.domain.names import is_id
from edge.domain.polygons import flaw
from edge.domain.request import Refusal

DWELL: Final = (1.0, 86_400.0)  # seconds
_LONGEST_NAME: Final = 80


class Drawings:
    """What people drew, by camera."""

    def __init__(self, cameras: Mapping[str, Camera], numbering: Numbering) -> None:
        self._cameras = cameras
        self._numbering = numbering
        self._drawn: dict[str, CameraSetting] = {}

    def restore(self, setting: CameraSetting) -> None:
        """Take one up."""
        self._drawn[setting.id] = setting

    def get(self, device: str) -> CameraSetting | None:
        """What people drew for a camera, None where the site's folder counts."""
        return self._drawn.get(device)

    def aims(self) -> list[Aim]:
        """What each camera that people drew for is to look at."""
        return [_aim(setting) for id, setting in self._drawn.items() if id in self._cameras]

    def draw(self, request: DrawZones, now: Instant, told: Conclusion) -> CameraSetting:
        """Refusal not_found, bad_parameter."""
        if request.camera not in self._cameras:
            raise Refusal("not_found", "there is no such camera")
        _check(request)
        known = self._drawn.get(request.camera)
        setting = CameraSetting(
            request.camera,
            now.utc if known is None else known.opened_at,
            1 if known is None else known.version + 1,
            request.by,
            tuple(request.zones),
            tuple(request.masks),
        )
        self._drawn[setting.id] = setting
        told.facts.append(
            Fact(
                self._numbering.next(), "camera.zones_drawn", now.utc, request.by, "camera", setting.to_dict(),
                request.note,
            )
        )  # fmt: skip
        told.effects.append(_aim(setting))
        return setting


def _aim(setting: CameraSetting) -> Aim:
    return Aim(setting.id, setting.zones, setting.masks)


def _check(request: DrawZones) -> None:
    if max(len(request.zones), len(request.masks)) > MOST_ZONES:
        raise Refusal("bad_parameter", f"a camera has at most {MOST_ZONES} zones and {MOST_ZONES} masks")
    ids = [zone.id for zone in request.zones]
    if len(set(ids)) != len(ids):
        raise Refusal("bad_parameter", "two zones have the same id")
    for zone in request.zones:
        _check_zone(zone)
    for mask in request.masks:
        _check_polygon("a mask", mask)


def _check_zone(zone: CameraZone) -> None:
    if not is_id(zone.id):
        raise Refusal("bad_parameter", "the id of a zone is lower-case letters, digits and hyphens")
    names = (zone.name.zh, zone.name.en)
    if not any(name.strip() for name in names) or max(map(len, names)) > _LONGEST_NAME:
        raise Refusal("bad_parameter", f"a zone needs a name of at most {_LONGEST_NAME} characters")
    if unknown := sorted(set(zone.checks) - set(ZONE_CHECKS)):
        raise Refusal("bad_parameter", f"there is no check {unknown[0][:40]!r} for a zone")
    if not isfinite(zone.dwell) or not DWELL[0] <= zone.dwell <= DWELL[1]:
        raise Refusal("bad_parameter", "something must stay between 1 second and a day before it counts")
    _check_polygon(f"zone {zone.id}", zone.polygon)


def _check_polygon(name: str, polygon: Polygon) -> None:
    if wrong := flaw(polygon):
        raise Refusal("bad_parameter", f"{name} {wrong}")
