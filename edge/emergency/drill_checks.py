"""Whether a drill may be begun as asked: refused with a sentence where it cannot, before anything happens. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from edge.domain.alarm import Alarm, Suppression
from edge.domain.device import Device, Point
from edge.domain.drill import KINDS, StartDrill
from edge.domain.incident import Incident
from edge.domain.instant import Instant
from edge.domain.lifecycle import UNCONFIRMED, VITAL
from edge.domain.output import START, STOP, Barrier, Output, OutputKind, barred, gas_zones, outputs_of
from edge.domain.plan import Plan
from edge.domain.reading import ProtocolError, Purpose, Value
from edge.domain.request import Refusal
from edge.domain.site import Zone

_BARRED: Final[Mapping[Barrier, str]] = {
    "gas_zone": "gas may be there: a drill switches nothing but explosion-proof outputs",
    "close_only": "a gas valve is reopened by hand only: a drill leaves it alone",
}


@dataclass(frozen=True, slots=True)
class Ground:
    """What a drill stands on.

    suppression: of a device that is out of service. alarms: those open. rehearse: raises ProtocolError, with a
    sentence, where nothing can speak in a device's place. who: ids of those a target means now, at a zone.
    started: ids of outputs that a drill's own command has switched on last. incidents: those open.
    hear: told whether a drill is under way, so that alarms come of what is rehearsed.
    """

    plan: Callable[[str | None], Plan | None]
    devices: Mapping[str, Device]
    points: Mapping[str, Point]
    zones: Mapping[str, Zone]
    suppression: Callable[[str], Suppression | None]
    alarms: Callable[[], Iterable[Alarm]]
    rehearse: Callable[[Point, Value, Instant], Any]
    who: Callable[[str, Instant, str], tuple[str, ...]]
    started: Callable[[str], Sequence[str]]
    incidents: Callable[[], Iterable[Incident]]
    hear: Callable[[bool], None]


@dataclass(frozen=True, slots=True)
class Cast:
    """What was found to be in order. point, value: of a live drill, else None."""

    plan: Plan
    point: Point | None
    value: Value | None
    outputs: tuple[str, ...]


def checked(request: StartDrill, ground: Ground, now: Instant) -> Cast:
    """Raises Refusal second_person, same_person, not_found, real_alarm, value_required, suppressed, out_of_service,
    cannot_rehearse, no_outputs, automatic, not_stoppable, gas_zone, close_only.
    """
    if request.second is None:
        raise Refusal("second_person", "a drill is begun by two persons")
    if request.second == request.by:
        raise Refusal("same_person", "the second person must be another one")
    plan = ground.plan(request.plan)
    if plan is None or request.kind not in KINDS:
        raise Refusal("not_found", "there is no such plan")
    if request.zone and request.zone not in ground.zones:
        raise Refusal("not_found", "there is no such zone")
    if any(real(alarm) for alarm in ground.alarms()):
        raise Refusal("real_alarm", "a real fire, gas or SOS alarm is open: no drill now")
    if any(by_hand(one) and one.state != "all_clear" for one in ground.incidents()):
        raise Refusal("real_alarm", "a real incident is going on: no drill now")
    point, value = _spoken(request, ground, now) if request.kind == "live" else (None, None)
    return Cast(plan, point, value, _outputs(request, ground))


def by_hand(incident: Incident) -> bool:
    """Whether somebody reported it: trapped people ring no detector."""
    return incident.purpose is Purpose.LIVE and incident.opened_by is not None


def vital(alarm: Alarm) -> bool:
    """Whether it is about life; a state that nobody has confirmed yet may be."""
    return alarm.signal in VITAL or alarm.rule == UNCONFIRMED


def real(alarm: Alarm) -> bool:
    """Whether it is about life and no drill: nothing is rehearsed beside it."""
    return (
        alarm.open
        and alarm.purpose is Purpose.LIVE
        and vital(alarm)
        and alarm.suppression is None
        and (alarm.active or alarm.latched)
        and not alarm.dismissed
    )


def _spoken(request: StartDrill, ground: Ground, now: Instant) -> tuple[Point, Value]:
    point = ground.points.get(request.point or "")
    if point is None:
        raise Refusal("not_found", "there is no such point")
    value = request.value
    if value is None:
        if point.spec.signal is None:
            raise Refusal("value_required", "say which value the point is to report")
        value = True
    if ground.suppression(point.device.id) is not None:
        raise Refusal("out_of_service", "the device is out of service: put it back first")
    if any(alarm.point == point.id and alarm.suppression is not None for alarm in ground.alarms()):
        raise Refusal("suppressed", "an alarm of this point is shelved: take that back first")
    try:
        ground.rehearse(point, value, now)
    except ProtocolError as error:
        raise Refusal("cannot_rehearse", str(error)) from None
    return point, value


def _outputs(request: StartDrill, ground: Ground) -> tuple[str, ...]:
    """Those that were ticked: each can be started, stopped again, and may be switched where it hangs."""
    if request.outputs and request.kind == "table_top":
        raise Refusal("no_outputs", "a drill on the table switches nothing")
    known, zones = outputs_of(ground.devices.values(), ground.points), gas_zones(ground.devices.values())
    for id in request.outputs:
        if (output := known.get(id)) is None:
            raise Refusal("not_found", "no output with this id")
        refused = untickable(output, zones)
        if refused is not None:
            raise refused
    return tuple(dict.fromkeys(request.outputs))


def untickable(output: Output, zones: frozenset[str]) -> Refusal | None:
    """Why no drill may start this output; zones: those of `gas_zones`."""
    if output.kind is OutputKind.DESK:
        return Refusal("automatic", "the desk beacon follows the real alarms: no drill switches it")
    if (barrier := barred(output, START, zones)) is not None:
        return Refusal(barrier, _BARRED[barrier])
    if output.spec.act(START) is None or output.spec.act(STOP) is None:
        return Refusal("not_stoppable", f"{output.id} cannot be started and stopped again from here")
    return None
