"""Which linkages an alarm starts, and what each then switches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from edge.domain.alarm import Alarm
from edge.domain.device import Device
from edge.domain.fact import Fact
from edge.domain.lifecycle import CALLING, STUCK, UNCONFIRMED, VITAL
from edge.domain.output import SAME, Do, Linkage, Output, Stage, When
from edge.domain.reading import Purpose

CONFIRMED: Final = "incident.confirmed"
"""Kind of the fact by which an incident reaches stage 2."""


def certain(alarm: Alarm) -> bool:
    """Whether an alarm of a confirmed incident may start what stage 2 starts; one judged to be nothing may not."""
    judged = alarm.verdict is not None and alarm.verdict.kind != "real"
    return alarm.open and alarm.suppression is None and alarm.signal in VITAL and not judged


def stands(alarm: Alarm, stage: Stage) -> bool:
    """Whether what a stage opened is still so: no cause that has gone, no verdict that it was nothing."""
    judged = alarm.verdict is not None and alarm.verdict.kind != "real"
    if alarm.purpose is not Purpose.LIVE or not alarm.open or alarm.suppression is not None or judged:
        return False
    return stage == 2 or alarm.active


def calls(kind: str, alarm: Alarm) -> bool:
    """Whether a fact about an alarm opens stage 1: it asks for attention. Stage 2 is its incident's (`CONFIRMED`).

    Drills and tests open none, nor does what is suppressed or over.
    """
    return (
        alarm.purpose is Purpose.LIVE
        and alarm.open
        and alarm.suppression is None
        and kind in CALLING
        and alarm.active
        and alarm.rule not in {STUCK, UNCONFIRMED}
    )


def fits(when: When, alarm: Alarm, stage: Stage, devices: Mapping[str, Device]) -> bool:
    """Whether the alarm is one of those meant. Its level counts from 0, that of a linkage from 1."""
    device = devices.get(alarm.device)
    return (
        when.stage == stage
        and when.signal is alarm.signal
        and (when.zone is None or within(alarm.zone, when.zone))
        and (when.rule is None or when.rule == alarm.rule)
        and (when.category is None or (device is not None and device.profile.category == when.category))
        and alarm.level + 1 >= when.level
    )


def targets(linkage: Linkage, zone: str, outputs: Iterable[Output]) -> Iterator[tuple[Output, str]]:
    """(output, act) of a linkage whose alarm is in `zone`, each output once, in the order written."""
    done: set[str] = set()
    every = tuple(outputs)
    for do in linkage.do:
        for output in every:
            if output.id not in done and _meant(do, output, zone) and output.spec.act(do.act) is not None:
                done.add(output.id)
                yield output, do.act


def _meant(do: Do, output: Output, zone: str) -> bool:
    if do.output is not None:
        return output.id == do.output
    if do.zone == SAME and not zone:
        return False  # nobody knows where the alarm is
    place = zone if do.zone == SAME else do.zone or ""
    return output.kind is do.kind and within(output.device.zone, place)


def within(zone: str, prefix: str) -> bool:
    """Whether `zone` is `prefix` or lies in it; "" is the whole site."""
    return not prefix or zone == prefix or zone.startswith(prefix + "/")


def alarm_of(fact: Fact) -> Alarm | None:
    """The alarm a fact is about."""
    return Alarm.from_dict(dict(fact.body)) if fact.subject == "alarm" else None
