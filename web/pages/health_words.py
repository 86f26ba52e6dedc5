"""The health page in plain words: in which group a line stands, what it means, and which points show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from edge.domain.health import Check
from edge.facade import ChannelState, PointState
from web.i18n import mark as _

HUB: Final = "hub"  # the device, and where a check stands that nobody put elsewhere
GROUPS: Final[Mapping[str, str]] = {
    "journal": "stores",
    "telemetry": "stores",
    "disk": "stores",
    "stall": "stores",
    "store-journal": "stores",
    "store-telemetry": "stores",
    "store-accounts": "stores",
    "store-mosquitto": "stores",
    "card": "stores",
    "pictures": "stores",
    "clock": "power",
    "backup": "backup",
}
"""Check -> its card on the page: hub, stores, machine, power, backup."""

_WHOLE: Final = _("A damaged file is set aside and begun anew by itself; this line says so for a day.")
MEANS: Final[Mapping[str, str]] = {
    "beat": _("Every 10 s a made-up reading must pass all stages; without it the hub is started again."),
    "journal": _("Every alarm and every act is on record here; it is never deleted."),
    "telemetry": _("Readings for trends and reports. Alarms do not depend on them."),
    "disk": _(
        "Room for the record. When it is short, pictures nothing open needs go first, then readings, then roll-ups"
        " older than a year; the record never."
    ),
    "stall": _("Whether what is received reaches the disk, at most a minute late."),
    "store-journal": _WHOLE,
    "store-telemetry": _WHOLE,
    "store-accounts": _WHOLE,
    "store-mosquitto": _WHOLE,
    "card": _("What the card itself says of its wear. Not every card says anything."),
    "backup": _("A copy of everything outside of this machine, from which a new one takes over."),
    "pictures": _("Pictures of alarms are kept as evidence."),
    "clock": _("The time on records, of duties and of quiet hours comes from here."),
    "loop": _("How promptly messages and clicks are dealt with."),
    "annunciation": _("Somebody must be able to hear an alarm: a wall with sound, or the desk's beacon."),
    "outside": _("Whether a text message or the internet leads to people outside; one of them is enough."),
    "program": _("Whether a message was left out because the program failed at it."),
}
"""What a check is about, for who has never seen the page."""


MEASURED: Final[Mapping[str, str]] = {
    "cpu-temperature": _("From 80 °C on the processor slows down to save itself."),
    "undervoltage": _("A weak supply makes the board restart and ruins its card."),
    "throttled": _("Slowed down by heat or by a weak supply."),
    "memory-available": _("What programs could still get; below 5 % the system ends some."),
    "memory": _("Should stay the same for weeks."),
    "memory-cameras": _("Each camera has a process of its own."),
    "descriptors": _("Should stay the same for weeks."),
    "threads": _("Should stay the same for weeks."),
    "loop-lag": _("Worst of the last half minute; an alarm waits for so long."),
    "route": _("The way to other networks; empty where the site has none."),
    "addresses": _("Under these the panel and the broker are found."),
    "net-changes": _("A plug that is loose is seen here first."),
    "cert-panel": _("Renewed by itself 60 days before; when over, browsers warn."),
    "cert-broker": _("Renewed by itself 60 days before; when over, gateways stay away."),
    "cert-ca": _("Signed the others; phones, screens and gateways trust it."),
}
"""Points of the machine that the page shows, in this order, and what they mean."""
LOST: Final = _("Connected since the hub started, and whether it still is.")


def measured(points: Iterable[PointState]) -> list[tuple[PointState, str]]:
    """The points of the machine in their order, each with what it means."""
    of_hub = {state.point.spec.id: state for state in points if state.point.device.id == HUB}
    rows = [(of_hub[name], words) for name, words in MEASURED.items() if name in of_hub]
    nets = (state for name, state in of_hub.items() if name.startswith("net-") and name not in MEASURED)
    return rows + [(state, LOST) for state in nets]


def cut_off(channels: Iterable[ChannelState]) -> bool:
    """Whether every way out of the site fails just now. Its check waits half a minute before it says so."""
    ways = [way for way in channels if way.kind != "desk" and way.state != "not_set_up"]
    return bool(ways) and all(way.state == "failing" for way in ways)


def grouped(checks: Iterable[Check]) -> dict[str, list[Check]]:
    """The checks by their card, in their order."""
    found: dict[str, list[Check]] = {}
    for check in checks:
        found.setdefault(GROUPS.get(check.name, HUB), []).append(check)
    return found
