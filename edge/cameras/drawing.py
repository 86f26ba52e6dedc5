"""Zones and masks as people draw them: checked, numbered, and what the camera is to look at. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from edge.domain.camera import Camera
from edge.domain.conclusion import Aim, Conclusion
from edge.domain.drawn import MESSAGES, problems
from edge.domain.fact import Fact, Numbering
from edge.domain.footage import CameraSetting, DrawZones
from edge.domain.instant import Instant
from edge.domain.request import Refusal


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
        """Refusal not_found, bad_parameter, newer_version."""
        camera = self._cameras.get(request.camera)
        if camera is None:
            raise Refusal("not_found", "there is no such camera")
        if wrong := problems(request.zones, request.masks, detector=camera.detector is not None):
            key, code = wrong[0]
            raise Refusal("bad_parameter", f"{key}: {MESSAGES[code]}")
        known = self._drawn.get(request.camera)
        if request.version not in (None, known.version if known else 0):
            raise Refusal("newer_version", "other zones have been saved meanwhile; load them first")
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
