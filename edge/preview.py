"""Who and what would hear an alarm, if it came now at a place: people by policy, outputs by linkage. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from edge.domain.alarm import Alarm
from edge.domain.device import Device, Signal
from edge.domain.fact import Seq
from edge.domain.incident import CO
from edge.domain.lifecycle import VITAL
from edge.domain.names import Text
from edge.domain.output import Linkage, Output, Stage, barred, gas_zones
from edge.domain.plan import Heard, HeardCall, HeardOutput
from edge.domain.reading import Purpose
from edge.domain.roster import Call, Policy
from edge.domain.rule import Priority
from edge.domain.site import Site
from edge.domain.zones import within
from edge.emergency.coincidence import CO_CATEGORIES, TRIGGERS, danger, is_trigger
from edge.emergency.grouping import Grouping
from edge.outputs.linkages import targets

Who = Callable[[str, str], tuple[str, ...]]
"""(target, place) -> ids of the people it means now."""
_NOTHING: Final = Text("", "")


def heard(
    site: Site,
    devices: Mapping[str, Device],
    outputs: Sequence[Output],
    who: Who,
    zone: str,
    signal: Signal,
    device: Device | None = None,
) -> Heard:
    """An alarm of `signal` in `zone`, of `device` where that is known, at the priority of its kind.

    devices: all of the hub. outputs: all of the site.
    """
    category = "" if device is None else device.profile.category
    alarm = _imagined(zone, signal, device)
    plan = Grouping(site.emergency.plans, site.emergency.coincidence, devices).plan_for(alarm)
    area = site.emergency.coincidence.area(zone)
    rung = next((p for p in site.policies if p.steps and p.fits(alarm)), None)
    told = next((p for p in site.policies if p.fits(alarm) and _on_confirmed(p)), None)
    gas = gas_zones(devices.values())
    started, confirmed = (
        tuple(
            HeardOutput(linkage.id, output.id, act, _depends(linkage, category), barred(output, act, gas))
            for linkage in _fitting(site.linkages, alarm, stage, category)
            for output, act in targets(linkage, zone, outputs)
        )
        for stage in (1, 2)
    )
    return Heard(
        zone=zone,
        signal=signal.value,
        plan=None if plan is None else plan.id,
        area=area,
        triggers=tuple(_triggers(site, devices.values(), area, signal, danger(alarm, device))),
        policy=None if rung is None else rung.id,
        calls=tuple(
            _called(call, who, zone, step.after)
            for step in (rung.steps if rung else ())
            for call in step.calls
        ),
        told=tuple(_called(call, who, zone, None) for call in (_on_confirmed(told) if told else ())),
        started=started,
        confirmed=confirmed if signal in VITAL else (),
    )


def _on_confirmed(policy: Policy) -> tuple[Call, ...]:
    return next((tell.calls for tell in policy.tells if tell.on == "confirmed"), ())


def _called(call: Call, who: Who, zone: str, after: float | None) -> HeardCall:
    return HeardCall(after, call.to, who(call.to, zone), call.by, call.message)


def _fitting(linkages: Iterable[Linkage], alarm: Alarm, stage: Stage, category: str) -> Iterator[Linkage]:
    """Those that an alarm there can start; one for a single category or rule is named, and says so."""
    for linkage in linkages:
        when = linkage.when
        if (
            when.stage == stage
            and when.signal is alarm.signal
            and (when.zone is None or within(alarm.zone, when.zone))
            and (when.category is None or not category or when.category == category)
        ):
            yield linkage


def _depends(linkage: Linkage, category: str) -> str:
    when = linkage.when
    level = f"level {when.level}" if when.level > 1 else ""
    kind = "" if category else when.category or ""
    return ", ".join(filter(None, (kind, when.rule or "", level)))


def _triggers(site: Site, devices: Iterable[Device], area: str, signal: Signal, of: str) -> Iterator[str]:
    """Devices of the linkage zone of which two together are certain."""
    if not area or signal not in TRIGGERS:
        return
    for device in devices:
        own = signal in {spec.signal for spec in device.profile.points} or any(
            rule.signal is signal and rule.applies.category == device.profile.category for rule in site.rules
        )
        alike = (device.profile.category in CO_CATEGORIES) is (of == CO)
        if own and alike and is_trigger(device) and site.emergency.coincidence.area(device.zone) == area:
            yield device.id


def _imagined(zone: str, signal: Signal, device: Device | None) -> Alarm:
    priority = Priority.URGENT if signal in VITAL else Priority.HIGH
    id = "" if device is None else device.id
    return Alarm(
        id="", key="", rule="", device=id, point="", zone=zone, place=_NOTHING, signal=signal, level=0,
        priority=priority, active=True, acked=False, latched=True, value=None, limit=None, unit="", received_at=0,
        raised_at=0, annunciated_at=0, last_report_at=0, title=_NOTHING, response=_NOTHING, purpose=Purpose.LIVE,
        seq=Seq(0, 0),
    )  # fmt: skip
