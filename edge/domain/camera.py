"""Cameras: what each looks at, and the pictures it lends."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from edge.domain.names import Text

Polygon = tuple[tuple[float, float], ...]
"""Corners (x, y) relative to the picture, 0 to 1, at least three."""

CATEGORY: Final = "camera"
"""Of the profiles of cameras. One is never a trigger: GB 50116-2013 4.1.6 counts detectors and call points."""

FAULTS: Final = (
    "lost", "refused", "unknown-host", "wrong-password", "no-stream", "wrong-codec", "frozen", "blackout", "low-rate",
)  # fmt: skip
"""Why a camera shows nothing that can be believed; a point of each in its profile, one true at a time."""

DWELL: Final = 60.0  # seconds; practice: shorter ones report every delivery


@dataclass(frozen=True, slots=True)
class CameraZone:
    """A part of the picture that is looked at for itself.

    checks: what for ("left-object", "object", …). dwell: seconds something must stay before it counts.
    """

    id: str
    name: Text
    polygon: Polygon
    checks: tuple[str, ...]
    dwell: float = DWELL


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera of the site. device: id of the device, source: of its connection.

    covers: zones of the site it sees; its own is among them, or the parts of that which it sees.
    checks: looked for in the whole picture.
    zones, masks: as the site's folder says; what people draw in the panel stands in their place.
    verifier, detector: files of models that the site dropped in, for a second look and for people and vehicles.
    """

    device: str
    source: str
    covers: tuple[str, ...]
    checks: tuple[str, ...] = ()
    zones: tuple[CameraZone, ...] = ()
    masks: tuple[Polygon, ...] = ()
    verifier: Path | None = None
    detector: Path | None = None


@dataclass(frozen=True, slots=True)
class Still:
    """A picture in a camera's ring of recent ones, masks applied. taken: µs UTC; path: a JPEG on tmpfs, soon gone."""

    taken: int
    path: Path


@dataclass(frozen=True, slots=True)
class View:
    """How a camera does. state: "starting", "off" (no OpenCV), "ok", or one of FAULTS; detail: one plain sentence.

    frame_at: µs UTC of the newest picture, None before the first. fps: analysed a second. cost: ms of computing per
    frame. learning: checks that do not know the scene yet. unverified, undetected: why the model of the second look, or
    of people and vehicles, cannot be asked.
    """

    state: str
    detail: Text
    frame_at: int | None = None
    fps: float = 0.0
    cost: float = 0.0
    width: int = 0
    height: int = 0
    learning: tuple[str, ...] = field(default=())
    unverified: Text | None = None
    undetected: Text | None = None
