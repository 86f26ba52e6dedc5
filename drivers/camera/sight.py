"""What a check says of a frame: the one contract between the checks and those who use them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from edge.domain.names import Text

if TYPE_CHECKING:
    from drivers.camera.frames import Frame  # with OpenCV, which the hub's own process never imports

Box = tuple[float, float, float, float]
"""x, y of the upper left corner, width, height; all relative to the picture, 0 to 1."""

Polygon = tuple[tuple[float, float], ...]
"""Corners (x, y), relative to the picture, at least three."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One thing a check looks for, as this frame leaves it.

    kind: what ("covered", "flame", "left-object"; see `KINDS`). zone: id of the zone it was looked for in, "" for the
    whole picture. active: whether it is there, after the check's own holding times. score: 0 to 1. why: the numbers
    that decided, by name, for the person who asks why.
    """

    kind: str
    active: bool
    score: float = 0.0
    zone: str = ""
    box: Box | None = None
    why: Mapping[str, float] = field(default_factory=dict)


KINDS: Mapping[str, tuple[str, ...]] = {
    "tamper": ("covered", "defocused", "moved"),
    "motion": ("motion",),
    "flame": ("flame",),
    "smoke": ("smoke",),
    "left-object": ("left-object", "removed-object"),
    "zone-change": ("changed",),
    "object": ("person", "bicycle", "motorcycle", "car"),
    "e-bike": ("e-bike",),
}
"""Check -> the kinds of its sights. A camera's profile has one point of the same id for each kind."""

PICTURE_ONLY = ("tamper",)
"""Checks of which something can be said of the whole picture alone, wherever they are asked for."""


@dataclass(frozen=True, slots=True)
class Area:
    """A zone of the picture. dwell: seconds something must stay before it counts."""

    id: str
    polygon: Polygon
    dwell: float = 60.0
    checks: tuple[str, ...] = ()


class Check(Protocol):
    """One check of one camera: fed every analysed frame in order, about five a second."""

    @property
    def learning(self) -> bool:
        """Whether it does not know the scene yet: what it does tell counts, that it tells nothing does not."""

    def look(self, frame: Frame) -> Sequence[Sight]:
        """Every kind (and zone) it looks for, as it now stands, also what is not there."""

    def forget(self) -> None:
        """Learn the scene anew (the camera was moved on purpose, or an episode has lasted too long)."""


@runtime_checkable
class Asking(Protocol):
    """A check that cannot tell without a model of the site's."""

    @property
    def problem(self) -> Text | None:
        """Why the model gives no answers, None when nothing is known against it."""
