"""Clock and times off in words."""

from __future__ import annotations

from typing import Final

from edge.domain.absence import Absence
from edge.domain.instant import MINUTE, SECOND
from web.i18n import mark as _
from web.pages.view import View
from web.pages.wording import STARTS

QUALITIES: Final = {
    "ntp": _("set by a time server (NTP)"),
    "rtc": _("set by the battery-backed clock (RTC)"),
    "hand": _("set or confirmed by an administrator"),
    "host": _("taken from the machine; nothing here sets it"),
    "estimated": _("an estimate: not set since the machine started"),
    "doubtful": _("in doubt: the machine's clock leapt and nobody confirms it"),
}


def off(view: View, one: Absence) -> str:
    """From when to when, and for how many minutes."""
    times = {"start": view.full(one.from_at), "end": view.full(one.to_at)}
    if one.length is not None:
        minutes = max(1, (one.length + MINUTE // 2) // MINUTE)
        return view.word(_("off from %(start)s to %(end)s (%(n)s min)")) % {**times, "n": minutes}
    least = max(1, one.at_least // SECOND)
    return view.word(_("off since %(start)s; how long is unknown, at least %(n)s s")) % {**times, "n": least}


def why(view: View, one: Absence) -> str:
    """Why it was off."""
    return view.word(STARTS[one.why]) if one.why in STARTS else one.why
