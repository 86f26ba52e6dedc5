"""Facts and refusals about power and clock in words."""

from __future__ import annotations

from typing import Final

from web.i18n import mark as _

KINDS: Final = {
    "absence.found": _("Hub was off"),
    "absence.dated": _("Time off is known"),
    "absence.seen": _("Time off was read"),
    "clock.changed": _("Clock judged anew"),
    "clock.set": _("Clock set by hand"),
    "clock.confirmed": _("Clock confirmed"),
    "hub.rest_missed": _("The machine could not be stopped in order"),
    "hub.resting": _("Hub stops before the battery is empty"),
}
REFUSALS: Final = {
    "ntp": _("A time server sets the clock: there is nothing to set by hand."),
    "far": _(
        "This is far from the hub's own time. Check the date; if you are sure, tick the box and do it again."
    ),
    "not_installed": _(
        "The machine did not set its clock. Set it on its console, then say that the time shown is right."
    ),
}
