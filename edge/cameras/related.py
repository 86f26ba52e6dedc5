"""Which cameras see the place of an alarm. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from edge.domain.camera import Camera
from edge.domain.zones import within

MOST: Final = 4
"""Cameras asked for one alarm: more than a person can look at while it burns (practice)."""


def related(cameras: Iterable[Camera], zone: str, area: Callable[[str], str]) -> list[Camera]:
    """Those that see `zone`, else what lies in it, else something of its linkage zone; nearest first, `MOST` at most.

    area: linkage zone of a place, "" where nobody knows. GB/T 45839-2025 5.9.3: on an alarm the related picture is
    called up.
    """
    if not zone:
        return []
    here = area(zone)
    found = []
    for place, camera in enumerate(cameras):
        ranks = [rank for cover in camera.covers if (rank := _rank(cover, zone, here, area)) is not None]
        if ranks:
            found.append((min(ranks), place, camera))
    return [camera for *_, camera in sorted(found, key=lambda one: one[:2])[:MOST]]


def _rank(cover: str, zone: str, here: str, area: Callable[[str], str]) -> tuple[int, int] | None:
    """The less, the nearer; None for a place that has nothing to do with it."""
    if not cover:
        return (3, 0)  # it overlooks the whole site
    if within(zone, cover):
        return (0, -len(cover))
    if within(cover, zone):
        return (1, len(cover))
    if here and area(cover) == here:
        shared = sum(1 for a, b in zip(cover.split("/"), zone.split("/"), strict=False) if a == b)
        return (2, -shared)
    return None
