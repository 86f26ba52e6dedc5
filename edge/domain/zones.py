"""Zones: paths of ids from the outermost inwards, parted by "/"."""

from __future__ import annotations


def within(zone: str, prefix: str) -> bool:
    """Whether the zone `zone` is `prefix` or lies in it; "" is the whole site."""
    return not prefix or zone == prefix or zone.startswith(prefix + "/")
