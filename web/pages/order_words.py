"""The words of work orders: states, steps, reasons, causes; and how much time is left."""

from __future__ import annotations

from typing import Final

from edge.domain.instant import DAY, HOUR, MINUTE
from edge.domain.order import OrderState, Step, WorkOrder
from web.i18n import mark as _
from web.pages.view import View

STATES: Final = {
    OrderState.NOTIFIED: _("Notified"),
    OrderState.ACCEPTED: _("Accepted"),
    OrderState.EN_ROUTE: _("En route"),
    OrderState.ON_SITE: _("Working on site"),
    OrderState.DONE: _("Done, to verify"),
    OrderState.VERIFIED: _("Verified"),
    OrderState.CANCELLED: _("Cancelled"),
}
WAY: Final[tuple[tuple[OrderState, str], ...]] = (
    (OrderState.ACCEPTED, _("Accept")),
    (OrderState.EN_ROUTE, _("Set off")),
    (OrderState.ON_SITE, _("Arrive")),
    (OrderState.DONE, _("Finish")),
    (OrderState.VERIFIED, _("Verify")),
)
"""The bar of steps, and what leads to each."""
NEXT: Final[dict[OrderState, tuple[Step, str]]] = {
    OrderState.NOTIFIED: ("accept", _("Accept the order")),
    OrderState.ACCEPTED: ("depart", _("Set off")),
    OrderState.EN_ROUTE: ("arrive", _("I am there")),
    OrderState.ON_SITE: ("finish", _("Finish…")),
}
"""The one step that comes next for the crew."""
HOLDS: Final = {
    "parts": _("Waiting for parts"),
    "owner": _("Waiting for the owner"),
    "maker": _("Waiting for the maker"),
}
REASONS: Final = {
    "reject": {
        "busy": _("Busy with another order"),
        "no_tools": _("Tools or parts are missing"),
        "not_mine": _("Not my trade"),
        "off_duty": _("Off duty"),
    },
    "cancel": {
        "repaired": _("Repaired already"),
        "duplicate": _("Ordered twice"),
        "mistaken": _("Ordered by mistake"),
    },
    "redo": {
        "not_repaired": _("Not repaired"),
        "photo_unclear": _("The photo does not show it"),
        "place_not_clean": _("The place was not cleaned up"),
    },
}
CAUSES: Final = {
    "battery": _("Battery empty"),
    "loose": _("Loose or fallen off"),
    "dirty": _("Dirt or dust"),
    "damp": _("Damp"),
    "damaged": _("Damaged from outside"),
    "worn": _("Worn out"),
    "power": _("No power"),
    "signal": _("Weak signal"),
    "misuse": _("Wrong use"),
    "unknown": _("Cause not found"),
}
ACTIONS: Final = {
    "battery_changed": _("Battery changed"),
    "part_changed": _("Part changed"),
    "device_changed": _("Device changed"),
    "refixed": _("Fixed again"),
    "cleaned": _("Cleaned"),
    "adjusted": _("Set anew"),
    "nothing": _("Nothing had to be done"),
}
PHOTOS: Final = {"before": _("Before"), "after": _("After"), "other": _("Photo")}
SKILLS: Final = {
    "electric": _("Electrician"),
    "plumbing": _("Plumber"),
    "gas": _("Gas fitter"),
    "detectors": _("Fire equipment"),
    "cleaning": _("Cleaning"),
    "patrol": _("Patrol guard"),
}
_ALL: Final = {
    **HOLDS, **{word: said for table in REASONS.values() for word, said in table.items()}, **CAUSES, **ACTIONS,
}  # fmt: skip


def reason(v: View, word: str | None) -> str:
    """A stable word in the reader's language; a person's own as it is."""
    return "" if not word else v.word(_ALL[word]) if word in _ALL else word


def state(v: View, order: WorkOrder) -> str:
    """The one line about how far it is; a hold and the lack of people come first."""
    if order.unmanned:
        return v.word(_("Nobody found to send"))
    if order.hold is not None:
        said = v.word(_("On hold")) + " · " + v.word(HOLDS[order.hold.reason])
        return said if order.hold.approved_by else said + " · " + v.word(_("to be approved"))
    return v.word(STATES[order.state])


def length(v: View, micros: int) -> str:
    """A length of time in its two largest units."""
    if micros >= DAY:
        return v.word(_("%(d)s d %(h)s h")) % {"d": micros // DAY, "h": micros % DAY // HOUR}
    return v.word(_("%(h)s h %(m)s min")) % {"h": micros // HOUR, "m": micros % HOUR // MINUTE}


def left(v: View, order: WorkOrder) -> tuple[str, str]:
    """(how much time is left, in words; the class of its colour)."""
    if not order.open or order.state is OrderState.DONE:
        return ("", "c-none")
    if order.hold is not None and order.hold.approved_by is not None:
        return (v.word(_("due time stands still")), "c-none")
    if order.due_at is None:
        return ("", "c-none")
    rest = order.due_at - v.now
    if order.overdue or rest <= 0:
        return (v.word(_("Late by %(time)s")) % {"time": length(v, max(0, -rest))}, "c-urgent")
    return (v.word(_("%(time)s left")) % {"time": length(v, rest)}, "c-high" if rest < 2 * HOUR else "c-low")


def tone(order: WorkOrder) -> str:
    """The class of its colour in a list."""
    return "c-urgent" if order.overdue or order.unmanned else f"c-{order.priority.value}"
