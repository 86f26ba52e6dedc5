"""Two independent triggers: which open alarms count as one, and which two of them stand together. Pure.

GB 50116-2013 4.1.6 asks for the AND of two independent triggers, two detectors or a detector and a call point. A camera
is none, nor are two points of one device, nor what a person judged to be nothing. Both tell of the same danger: carbon
monoxide and combustible gas have one signal and are two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from edge.domain.alarm import Alarm
from edge.domain.camera import CATEGORY
from edge.domain.device import Device, Signal
from edge.domain.incident import CO
from edge.domain.instant import SECOND, Instant
from edge.domain.lifecycle import STUCK, UNCONFIRMED, VITAL
from edge.domain.plan import Coincidence
from edge.domain.reading import Purpose
from edge.domain.timers import NEVER

TRIGGERS: Final = frozenset({Signal.FIRE, Signal.GAS})
OWN_RULES: Final = frozenset({STUCK, UNCONFIRMED})
"""Alarms about alarms: they tell of no fire by themselves."""
CO_CATEGORIES: Final = frozenset({"co-detector"})
LIFE: Final = frozenset({*VITAL, CO})
"""Dangers that become certain by triggers or people, never by time."""
_CO_QUANTITY: Final = "co"


_Place = tuple[str, str, Purpose]


@dataclass(slots=True)
class _Seen:
    """An open alarm as last seen. quiet: mono µs since when it is not active, None while it is."""

    alarm: Alarm
    quiet: int | None
    place: _Place


class Triggers:
    """All open alarms with how long each has been quiet, counted on the monotonic clock."""

    def __init__(self, rules: Coincidence, devices: Mapping[str, Device]) -> None:
        self._rules = rules
        self._devices = devices
        self._window = round(rules.window * SECOND)
        self._seen: dict[str, _Seen] = {}
        self._at: dict[_Place, dict[str, _Seen]] = {}  # those that can stand together

    def note(self, alarm: Alarm, now: Instant, *, spent: bool = False) -> None:
        """An alarm as it stands now. spent: it is on record that it had been quiet for the whole window before."""
        known = self._seen.get(alarm.id)
        if not alarm.open:
            if known is not None:
                del self._seen[alarm.id]
                del self._at[known.place][alarm.id]
            return
        if alarm.active:
            quiet = None
        elif known is not None and known.quiet is not None:
            quiet = known.quiet
        elif known is not None:
            quiet = now.mono
        else:
            quiet = since(alarm.returned_at, now)
            if spent:
                quiet = min(quiet, now.mono - self._window - 1) if now.trusted else -NEVER
        place = (self._rules.area(alarm.zone), danger(alarm, self._devices.get(alarm.device)), alarm.purpose)
        seen = self._seen[alarm.id] = _Seen(alarm, quiet, place)
        self._at.setdefault(place, {})[alarm.id] = seen

    def recent(self, alarm: str, now: Instant, span: int) -> bool:
        """Whether an open alarm is active, or has not been quiet for longer than `span` µs."""
        seen = self._seen.get(alarm)
        return seen is not None and (seen.quiet is None or now.mono - seen.quiet <= span)

    def quiet_at(self, alarm: str, span: int) -> int:
        """Mono µs at which an alarm will have been quiet for `span` µs; NEVER while it is active."""
        seen = self._seen.get(alarm)
        return NEVER if seen is None or seen.quiet is None else seen.quiet + span

    def partner(self, alarm: Alarm, now: Instant, over: Callable[[str], bool]) -> str | None:
        """The id of another trigger that makes `alarm` certain, the oldest one; None while there is none.

        over: whether a person has said all clear since the alarm of an id called last.
        """
        own = self._seen.get(alarm.id)
        if own is None or not own.place[0] or not self._counts(alarm, now):
            return None
        others = (
            seen.alarm
            for seen in self._at[own.place].values()
            if seen.alarm.device != alarm.device and self._counts(seen.alarm, now) and not over(seen.alarm.id)
        )
        oldest = min(others, key=lambda other: (other.raised_at, other.id), default=None)
        return None if oldest is None else oldest.id

    def _counts(self, alarm: Alarm, now: Instant) -> bool:
        return (
            counts(alarm, self._devices.get(alarm.device))
            and (alarm.active or alarm.latched)
            and self.recent(alarm.id, now, self._window)
        )


def counts(alarm: Alarm, device: Device | None) -> bool:
    """Whether an alarm of `device` can be a trigger at all, apart from how long it has been quiet."""
    return (
        alarm.open
        and alarm.signal in TRIGGERS
        and alarm.purpose is not Purpose.TEST
        and alarm.suppression is None
        and alarm.rule not in OWN_RULES
        and not alarm.dismissed
        and device is not None
        and is_trigger(device)
    )


def danger(alarm: Alarm, device: Device | None) -> str:
    """What an alarm tells of: its signal, or `CO` where that is what the device or the point measures."""
    if alarm.signal is not Signal.GAS or device is None:
        return alarm.signal.value
    specs = (spec for spec in device.profile.points if f"{device.id}.{spec.id}" == alarm.point)
    measured = any(spec.quantity is not None and spec.quantity.id == _CO_QUANTITY for spec in specs)
    return CO if measured or device.profile.category in CO_CATEGORIES else alarm.signal.value


def is_trigger(device: Device) -> bool:
    """Whether a device can be one of two triggers: registered on the site, and no camera."""
    return not device.profile.built_in and device.profile.category != CATEGORY


def since(utc: int | None, now: Instant) -> int:
    """Mono µs at which something of before a restart happened; `now` where no clock can tell."""
    if utc is None or not now.trusted:
        return now.mono
    return now.mono - max(0, now.utc - utc)
