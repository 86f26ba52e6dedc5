"""The health page in plain words: in which group a line stands, what it means, and which points show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from edge.domain.health import Check
from web.i18n import mark as _

HUB: Final = "hub"  # where a check stands that nobody put elsewhere
GROUPS: Final[Mapping[str, str]] = {
    "journal": "stores",
    "telemetry": "stores",
    "disk": "stores",
    "pictures": "stores",
    "clock": "power",
    "backup": "backup",
}
"""Check -> its card on the page: hub, stores, machine, power, backup."""

MEANS: Final[Mapping[str, str]] = {
    "beat": _("Every 10 s a made-up reading must pass all stages; without it the hub is started again."),
    "journal": _("Every alarm and every act is on record here; it is never deleted."),
    "telemetry": _("Readings for trends and reports. Alarms do not depend on them."),
    "disk": _("Room for the record. When it is short, old readings go first, the record never."),
    "backup": _("A copy of everything outside of this machine, from which a new one takes over."),
    "pictures": _("Pictures of alarms are kept as evidence."),
    "clock": _("The time on records, of duties and of quiet hours comes from here."),
    "loop": _("How promptly messages and clicks are dealt with."),
    "annunciation": _("Somebody must be able to hear an alarm: a wall with sound, or the desk's beacon."),
    "program": _("Whether a message was left out because the program failed at it."),
}
"""What a check is about, for who has never seen the page."""


def grouped(checks: Iterable[Check]) -> dict[str, list[Check]]:
    """The checks by their card, in their order."""
    found: dict[str, list[Check]] = {}
    for check in checks:
        found.setdefault(GROUPS.get(check.name, HUB), []).append(check)
    return found
