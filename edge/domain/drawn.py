"""Whether zones and masks that somebody drew can be looked at: every problem by its key and code. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from edge.domain.camera import CameraZone, Polygon
from edge.domain.footage import DETECTED, MOST_CORNERS, MOST_ZONES, ZONE_CHECKS
from edge.domain.names import is_id
from edge.domain.polygons import covered, flaw

MESSAGES: Final = {
    "too_many": f"there are more than {MOST_ZONES}",
    "bad_id": "the id is lower-case letters, digits and hyphens, as in fire-lane",
    "same_id": "another zone has this id",
    "no_name": "a zone needs a name",
    "long_name": "its name has more than 80 characters",
    "bad_name": "its name has control characters, or some that turn the direction of writing",
    "no_checks": "choose what is looked for in it",
    "unknown_check": "nothing of this name can be looked for in a zone",
    "no_detector": "this camera has no model of people and vehicles, which object and e-bike need",
    "bad_dwell": "something must stay between 1 second and a day before it counts",
    "corners": f"it needs 3 to {MOST_CORNERS} corners",
    "not_number": "a corner is no number",
    "outside": "a corner lies outside of the picture",
    "same_corner": "it has the same corner twice",
    "crossed": "its sides cross or touch",
    "too_small": "it is too small to see anything in",
    "all_masked": "the masks together cover more than 90 % of the picture: nothing is left to be looked at",
}
"""By its code, in English."""
_LONGEST_NAME: Final = 80
_UNPRINTED: Final = frozenset(
    {"Cc", "Cf", "Zl", "Zp"}
)  # control, format (U+202E turns the writing), line ends
_MOST_MASKED: Final = 0.9
"""Practice: with less to be seen a camera passes for one that somebody covered."""
_DWELL: Final = (1.0, 86_400.0)  # seconds


def problems(
    zones: Sequence[CameraZone], masks: Sequence[Polygon], *, detector: bool
) -> list[tuple[str, str]]:
    """(key, code) of each: ("zones.0.polygon", "crossed"). detector: whether the camera has one."""
    found = [
        (kind, "too_many") for kind, all_ in (("zones", zones), ("masks", masks)) if len(all_) > MOST_ZONES
    ]
    if found:
        return found  # looking at thousands of shapes would hold up the hub
    ids = [zone.id for zone in zones]
    for index, zone in enumerate(zones):
        found += [(f"zones.{index}.{key}", code) for key, code in _of_zone(zone, detector)]
        if zone.id in ids[:index]:
            found.append((f"zones.{index}.id", "same_id"))
    shapes = [(f"zones.{index}.polygon", zone.polygon) for index, zone in enumerate(zones)]
    shapes += [(f"masks.{index}", mask) for index, mask in enumerate(masks)]
    found += [(key, wrong.code) for key, polygon in shapes if (wrong := flaw(polygon)) is not None]
    if not any(key.startswith("masks") for key, _ in found) and covered(masks) > _MOST_MASKED:
        found.append(("masks", "all_masked"))
    return found


def _of_zone(zone: CameraZone, detector: bool) -> Iterator[tuple[str, str]]:
    if not is_id(zone.id):
        yield "id", "bad_id"
    names = zone.name.zh, zone.name.en
    if not any(name.strip() for name in names):
        yield "name", "no_name"
    if max(map(len, names)) > _LONGEST_NAME:
        yield "name", "long_name"
    if any(unicodedata.category(c) in _UNPRINTED for name in names for c in name):
        yield "name", "bad_name"
    if not zone.checks:
        yield "checks", "no_checks"
    if set(zone.checks) - set(ZONE_CHECKS):
        yield "checks", "unknown_check"
    if not detector and DETECTED & set(zone.checks):
        yield "checks", "no_detector"
    if not _DWELL[0] <= zone.dwell <= _DWELL[1]:
        yield "dwell", "bad_dwell"
