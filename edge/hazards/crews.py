"""Work orders of a hazard: what is asked of crews, and what the state of an order means for it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, Literal

from edge.domain.alarm import Alarm
from edge.domain.danger import endangers
from edge.domain.fact import Fact
from edge.domain.hazard import Hazard, HazardState
from edge.domain.hazard_parts import HazardOrder
from edge.domain.hazard_rules import Due
from edge.domain.instant import SECOND, Instant
from edge.domain.order import Advance, OpenOrder
from edge.domain.request import Request
from edge.domain.rule import Priority
from edge.hazards.steps import rectified, sent_back

_PRIORITY: Final[Mapping[str | None, Priority]] = {
    "major": Priority.URGENT,
    "suspected_major": Priority.HIGH,
}
OrderWord = Literal["open", "done", "verified", "cancelled"]
_STATES: Final[Mapping[str, OrderWord]] = {
    "done": "done",
    "verified": "verified",
    "cancelled": "cancelled",
}


def needs_crew(hazard: Hazard) -> bool:
    """Whether a crew is to rectify it and no order for that is under way."""
    return (
        hazard.state is HazardState.ASSIGNED
        and bool(hazard.skill)
        and all(order.state in {"verified", "cancelled"} for order in hazard.orders)
    )


def order_for(hazard: Hazard, by: str) -> OpenOrder:
    """The work order that sends one."""
    return OpenOrder(
        by=by, title=hazard.title, task=hazard.measures, category=hazard.category, place=hazard.place,
        zone=hazard.zone, device=hazard.device, hazard=hazard.id,
        priority=_PRIORITY.get(hazard.grade, Priority.MEDIUM), skill=hazard.skill,
        due=None if not hazard.remaining else hazard.remaining / SECOND, needs_photos=True,
    )  # fmt: skip


def burns(zone: str, alarms: Iterable[Alarm]) -> bool:
    """Whether fire or gas is reported where it is or around it: the hub sends nobody there by itself."""
    return any(endangers(alarm, zone) for alarm in alarms)


def after_order(hazard: Hazard, fact: Fact, now: Instant, due: Due) -> tuple[Hazard, str] | None:
    """The hazard after a fact about one of its orders, and the kind of fact that says so; None where nothing changed.

    Done, it is rectified once no other order is open; sent back or taken back, so is the hazard. Of the orders about
    its alarm only repairs are its own: whoever was sent to look has rectified nothing.
    """
    body: Mapping[str, Any] = fact.body
    state: OrderWord = _STATES.get(body["state"], "open")
    orders = {order.id: order for order in hazard.orders}
    before = orders.get(body["id"])
    known = None if before is None else before.state
    if known == state or (known is None and not _repairs(hazard, body)):
        return None
    hands = before.hands if before is not None else ()
    if state == "done":
        shown = (photo["by"] for photo in body["photos"] if photo["kind"] == "after")
        hands = tuple(dict.fromkeys(by for by in (*hands, body["done_by"], *shown) if by))
    orders[body["id"]] = HazardOrder(body["id"], state, hands)
    after = replace(hazard, orders=tuple(orders.values()), order=body["id"])
    waits = hazard.state in {HazardState.REPORTED, HazardState.ASSIGNED}
    if state == "done" and waits and all(order.state != "open" for order in after.orders):
        return rectified(after, body["done_by"], now, due), "hazard.rectified"
    if state == "open" and hazard.state is HazardState.RECTIFIED:
        if known is None:
            return after, "hazard.order"  # work beside it, not what it waits for
        back = sent_back(after, body["reason"], due)
        if fact.kind == "order.undone":
            return replace(back, sent_back=hazard.sent_back, reason=hazard.reason), "hazard.order"
        return back, "hazard.sent_back"
    if state == "open" and hazard.state is HazardState.REPORTED and hazard.grade is not None:
        return replace(after, state=HazardState.ASSIGNED, assigned_at=now.utc), "hazard.assigned"
    if state == "cancelled" and not any(order.state in {"open", "done"} for order in after.orders):
        return replace(after, skill=""), "hazard.order"  # somebody took it back: none goes out by itself
    return after, "hazard.order"


def _repairs(hazard: Hazard, order: Mapping[str, Any]) -> bool:
    """Whether an order is to end the cause: sent for the hazard, by a rule, or proved by a photo of the work."""
    shown = any(photo["kind"] == "after" for photo in order["photos"])
    return order["hazard"] == hazard.id or order["rule"] is not None or order["needs_photos"] or shown


def unfinished(hazard: Hazard) -> list[Request]:
    """After a restart: what a step meant for its orders and may have been cut off; who did it already refuses it."""
    by = hazard.reinspected_by or ""
    states = {order.state for order in hazard.orders}
    done = [order.id for order in hazard.orders if order.state == "done"]
    if hazard.state is HazardState.CLOSED:
        return [Advance(order, by, "verify") for order in done]
    if hazard.state is HazardState.ASSIGNED and "open" not in states:
        return [Advance(order, by, "redo", reason=hazard.reason or "not_repaired") for order in done]
    return []


def follows(before: Hazard, after: Hazard, kind: str, by: str) -> list[Request]:
    """What a step means for its orders: struck off the done are verified, sent back they go back, or are cancelled."""
    from_state = {state: [o.id for o in before.orders if o.state == state] for state in ("open", "done")}
    if kind == "hazard.closed":
        return [Advance(order, by, "verify") for order in from_state["done"]]
    if kind == "hazard.sent_back":
        return [
            Advance(order, by, "redo", reason=after.reason or "not_repaired") for order in from_state["done"]
        ]
    if kind == "hazard.cancelled":
        return [Advance(order, by, "cancel", reason="mistaken") for order in from_state["open"]]
    return []
