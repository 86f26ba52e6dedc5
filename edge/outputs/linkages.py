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
from edge.domain.zones import within

CONFIRMED: Final = "incident.confirmed"
"""Kind of the fact by which an incident reaches stage 2."""
OVER: Final = frozenset({"incident.all_clear", "incident.closed"})
"""Kinds of the facts after which what an incident without an alarm started is wanted no longer."""


def certain(alarm: Alarm) -> bool:
    """Whether an alarm of a confirmed incident may start what stage 2 starts; one judged to be nothing may not."""
    return alarm.open and alarm.suppression is None and alarm.signal in VITAL and not alarm.dismissed


def stands(alarm: Alarm, stage: Stage) -> bool:
    """Whether what a stage opened is still so: no cause that has gone, no verdict that it was nothing."""
    if (
        alarm.purpose is not Purpose.LIVE
        or not alarm.open
        or alarm.suppression is not None
        or alarm.dismissed
    ):
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


def meant_by_hand(when: When, signal: str, zone: str) -> bool:
    """Whether a person's word that `zone` is on fire (or the like) starts it, though no device said so.

    What depends on the device or its rule waits for one: nobody knows which it would have been.
    """
    free = when.rule is None and when.category is None and when.level == 1
    return (
        when.stage == 2 and free and when.signal == signal and (when.zone is None or within(zone, when.zone))
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


def alarm_of(fact: Fact) -> Alarm | None:
    """The alarm a fact is about."""
    return Alarm.from_dict(dict(fact.body)) if fact.subject == "alarm" else None
