"""The ISA-18.2 machine as a check: whether one fact about an alarm may follow the row as it stood before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from edge.domain.alarm import Alarm, Suppression
from edge.domain.device import Signal
from edge.domain.reading import Purpose

UNCONFIRMED: Final = "state-unconfirmed"
"""Id of the built-in rule for a retained report of an alarm."""
STUCK: Final = "stuck"
"""Id of the built-in rule for a latch that nobody reset for a day."""
VITAL: Final = frozenset({Signal.FIRE, Signal.GAS, Signal.SOS})
"""Signals that may be about life: never shelved by one person, never forgotten."""
CALLING: Final = frozenset(
    {"alarm.raised", "alarm.risen", "alarm.reannunciated", "alarm.unshelved", "alarm.released"}
)
"""Kinds of facts by which an alarm asks for attention, if nothing suppresses it then and nobody has taken it."""

_END_BY_THEMSELVES: Final = frozenset({Signal.FAULT, Signal.DISABLEMENT})
_AFTER_THE_END: Final = frozenset({"alarm.verdict", "alarm.commented", "alarm.unshelved"})
_NEVER_CHANGE: Final = (
    "id", "key", "rule", "device", "point", "zone", "place", "signal", "received_at", "raised_at", "source_time",
    "purpose",
)  # fmt: skip
_CONDITION: Final = (
    "active",
    "acked",
    "acked_at",
    "acked_by",
    "latched",
    "level",
    "reports",
    "closed_at",
    "closed_by",
    "closed_second",
)


def legal(before: Alarm | None, kind: str, after: Alarm) -> str | None:
    """Why `kind` cannot lead from `before` (None: no such alarm yet) to `after`; None when it can.

    kind: of a fact whose subject is "alarm"; `after`: its body.
    """
    if kind == "alarm.raised":
        return _first_wrong(_RAISED, after, after) if before is None else "raised a second time"
    if before is None:
        return "its first fact is not alarm.raised"
    step = _STEPS.get(kind)
    if step is None:
        return f"no such step as {kind}"
    for name in _NEVER_CHANGE:
        if getattr(before, name) != getattr(after, name):
            return f"{name} changed"
    if after.seq.number <= before.seq.number:
        return "not newer than the fact before it"
    if after.reports < before.reports or after.level < before.level:
        return "reports or level became less"
    if before.closed_at is not None and kind not in _AFTER_THE_END:
        return "the alarm was closed"
    if kind in _SAME_CONDITION:
        for name in _CONDITION:
            if getattr(before, name) != getattr(after, name):
                return f"{name} changed"
    return _first_wrong(step, before, after)


Demand = tuple[Callable[[Alarm, Alarm], bool], str]


def _first_wrong(demands: tuple[Demand, ...], before: Alarm, after: Alarm) -> str | None:
    return next((why for holds, why in demands if not holds(before, after)), None)


def _may_close(before: Alarm) -> bool:
    """Without a reset: not while held; a fault when repaired, a test with what it tests, else once acknowledged."""
    if before.rule in {UNCONFIRMED, STUCK}:
        return True
    by_itself = before.signal in _END_BY_THEMSELVES or before.purpose is Purpose.TEST
    return not before.latched and (before.acked or by_itself)


def _two_persons(suppression: Suppression | None) -> bool:
    return suppression is not None and suppression.second not in {None, suppression.by}


def _out_of_service(alarm: Alarm) -> bool:
    return alarm.suppression is not None and alarm.suppression.kind == "out_of_service"


_OPEN: Final[Demand] = (lambda _, after: after.open, "it is closed by a step that closes nothing")
_CLOSED: Final[Demand] = (lambda _, after: not after.open and not after.latched, "it is not closed")
_CALLS: Final[Demand] = (lambda _, after: after.active and not after.acked, "not active and unacknowledged")
_SAME_ACK: Final[Demand] = (
    lambda before, after: (before.acked, before.acked_by) == (after.acked, after.acked_by),
    "the acknowledgement changed",
)
_MORE: Final[Demand] = (lambda before, after: after.reports > before.reports, "no report more")

_RAISED: Final[tuple[Demand, ...]] = (
    _OPEN,
    (lambda _, after: not after.acked and after.verdict is None, "raised as acknowledged or judged"),
    (lambda _, after: after.active or after.rule == UNCONFIRMED, "raised as inactive"),
    (lambda _, after: after.reports == 1, "raised with more than one report"),
)
_STEPS: Final[Mapping[str, tuple[Demand, ...]]] = {
    "alarm.reported": (
        _OPEN,
        _MORE,
        _SAME_ACK,
        (lambda b, a: b.active and a.active, "a report of what is inactive"),
    ),
    "alarm.risen": (_OPEN, _MORE, _CALLS, (lambda b, a: a.level > b.level, "no higher level")),
    "alarm.reannunciated": (_OPEN, _MORE, _CALLS),
    "alarm.returned": (
        _OPEN,
        _SAME_ACK,
        (lambda b, a: b.active and not a.active, "it was not active, or still is"),
    ),
    "alarm.acked": (
        _OPEN,
        (lambda b, a: not b.acked and a.acked and a.acked_by is not None, "acknowledged twice, or by nobody"),
        (lambda b, a: b.active == a.active and b.latched == a.latched, "acknowledging ends nothing"),
    ),
    "alarm.reset": (
        _CLOSED,
        _SAME_ACK,
        (lambda _, a: a.closed_by is not None, "reset by nobody"),
        (
            lambda b, a: a.forced == (b.active or not b.acked),
            "reset while active or unacknowledged, and not forced",
        ),
    ),
    "alarm.closed": (
        _CLOSED,
        _SAME_ACK,
        (lambda b, _: not b.active, "closed while active"),
        (lambda b, _: _may_close(b), "closed while latched or unacknowledged"),
    ),
    "alarm.shelved": (
        (lambda _, a: a.suppression is not None and a.suppression.kind == "shelved", "not shelved"),
        (
            lambda b, a: b.signal not in VITAL or _two_persons(a.suppression),
            "fire, gas and SOS are not shelved by one person",
        ),
    ),
    "alarm.unshelved": (
        (lambda b, a: b.suppression is not None and a.suppression is None, "nothing was unshelved"),
    ),
    "alarm.withheld": ((lambda _, a: _out_of_service(a), "not out of service"),),
    "alarm.released": (
        (lambda b, a: _out_of_service(b) and a.suppression is None, "it was not out of service, or still is"),
    ),
    "alarm.verdict": ((lambda _, a: a.verdict is not None, "no verdict"),),
    "alarm.commented": (),
    "alarm.stuck": ((lambda b, _: b.latched, "not latched"),),
}
_SAME_CONDITION: Final = frozenset(
    {
        "alarm.shelved",
        "alarm.unshelved",
        "alarm.withheld",
        "alarm.released",
        "alarm.verdict",
        "alarm.commented",
        "alarm.stuck",
    }
)
