"""What the pages' filters offer, and small phrases their tables are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from edge.domain.names import Text
from web.i18n import mark as _
from web.pages import wording
from web.pages.view import View

Options = list[tuple[str, str]]


def state_options(v: View) -> Options:
    """The states of an open alarm."""
    return [(state.value, v.word(said)) for state, said in wording.STATES.items() if state.value != "normal"]


def signal_options(v: View) -> Options:
    """What an alarm can be about."""
    return [(signal.value, v.word(said)) for signal, said in wording.SIGNALS.items()]


def device_options(v: View) -> Options:
    """All devices, by place."""
    devices = sorted(v.hub.site.devices.values(), key=lambda device: device.zone)
    return [(device.id, v.text(device.name)) for device in devices]


def zone_options(v: View, zones: Iterable[tuple[str, Text | None]]) -> Options:
    """Buildings and grounds."""
    return [(path, v.text(name) if name else path) for path, name in zones]


def category_options(v: View, categories: Iterable[str]) -> Options:
    """Kinds of devices."""
    return [(id, category(v, id)) for id in categories]


def aside_options(v: View) -> Options:
    """Why something is put aside for a while."""
    return [(id, v.word(said)) for id, said in wording.ASIDE.items()]


def sort_options(v: View, sorts: Mapping[str, str]) -> Options:
    """Orders of a list."""
    return [(id, v.word(said)) for id, said in sorts.items()]


def category(v: View, id: str) -> str:
    """What kind of device it is; its code where the site named a kind of its own."""
    return v.word(wording.CATEGORIES[id]) if id in wording.CATEGORIES else id


def counters(v: View, counts: Mapping[str, int]) -> str:
    """A link's counters in one line; those that are nought, and moments, are left out."""
    return " · ".join(
        f"{v.word(wording.COUNTERS[name]) if name in wording.COUNTERS else name} {count:,}"
        for name, count in counts.items()
        if count and not name.startswith("last_")
    )


def span(v: View, seconds: float) -> str:
    """A length of time in its largest whole unit."""
    if not seconds:
        return v.word(_("never speaks by itself"))
    for unit, said in ((86_400, _("%(n)s d")), (3600, _("%(n)s h")), (60, _("%(n)s min"))):
        if seconds >= unit and seconds % unit == 0:
            return v.word(said) % {"n": int(seconds // unit)}
    return v.word(_("%(n)s s")) % {"n": f"{seconds:g}"}


def more_link(chosen: Mapping[str, str], **more: str) -> str:
    """The same list with the same filters, from `cursor` on."""
    return "?" + urlencode({key: value for key, value in {**chosen, **more}.items() if value})


GLOBALS = {
    do.__name__: do
    for do in (
        state_options,
        signal_options,
        device_options,
        zone_options,
        category_options,
        sort_options,
        aside_options,
        category,
        counters,
        span,
        more_link,
    )
}
