"""What is wrong with zones somebody drew, each by its key, so that a page can say it beside what was drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from edge.domain.camera import CameraZone, Polygon
from edge.domain.footage import MOST_CORNERS, MOST_ZONES, ZONE_CHECKS
from edge.domain.names import is_id

MESSAGES: Final = {
    "too_many": f"there are more than {MOST_ZONES}",
    "bad_id": "the id is lower-case letters, digits and hyphens, as in fire-lane",
    "same_id": "another zone has this id",
    "no_name": "a zone needs a name",
    "no_checks": "choose what is looked for in it",
    "unknown_check": "nothing of this name can be looked for in a zone",
    "bad_dwell": "something must stay between 1 second and a day before it counts",
    "corners": f"it needs 3 to {MOST_CORNERS} corners",
    "outside": "a corner lies outside of the picture",
    "crossed": "its sides cross",
    "too_small": "it is too small to see anything in",
}
"""By its code, in English."""
_LEAST_AREA: Final = 1e-4
_Corner = tuple[float, float]


def problems(zones: Sequence[CameraZone], masks: Sequence[Polygon]) -> list[tuple[str, str]]:
    """(key, code) of each: ("zones.0.polygon", "crossed")."""
    found = [
        (kind, "too_many") for kind, all_ in (("zones", zones), ("masks", masks)) if len(all_) > MOST_ZONES
    ]
    ids = [zone.id for zone in zones]
    for index, zone in enumerate(zones):
        found += [(f"zones.{index}.{key}", code) for key, code in _of_zone(zone)]
        if zone.id in ids[:index]:
            found.append((f"zones.{index}.id", "same_id"))
        found += [(f"zones.{index}.polygon", code) for code in _of_polygon(zone.polygon)]
    for index, mask in enumerate(masks):
        found += [(f"masks.{index}", code) for code in _of_polygon(mask)]
    return found


def _of_zone(zone: CameraZone) -> Iterator[tuple[str, str]]:
    if not is_id(zone.id):
        yield "id", "bad_id"
    if not (zone.name.zh.strip() or zone.name.en.strip()):
        yield "name", "no_name"
    if not zone.checks:
        yield "checks", "no_checks"
    if set(zone.checks) - set(ZONE_CHECKS):
        yield "checks", "unknown_check"
    if not 1 <= zone.dwell <= 86_400:
        yield "dwell", "bad_dwell"


def _of_polygon(polygon: Polygon) -> Iterator[str]:
    if not 3 <= len(polygon) <= MOST_CORNERS:
        yield "corners"
        return
    if not all(math.isfinite(each) and 0 <= each <= 1 for corner in polygon for each in corner):
        yield "outside"
        return
    if _crossed(polygon):
        yield "crossed"
    elif _area(polygon) < _LEAST_AREA:
        yield "too_small"


def _area(polygon: Polygon) -> float:
    sides = zip(polygon, (*polygon[1:], polygon[0]), strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in sides)) / 2


def _crossed(polygon: Polygon) -> bool:
    """Whether two of its sides cross: then what is inside is not plain."""
    sides = list(zip(polygon, (*polygon[1:], polygon[0]), strict=True))
    return any(
        _turn(a, b, c) * _turn(a, b, d) < 0 and _turn(c, d, a) * _turn(c, d, b) < 0
        for one, (a, b) in enumerate(sides)
        for c, d in sides[one + 1 :]
    )


def _turn(a: _Corner, b: _Corner, c: _Corner) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
