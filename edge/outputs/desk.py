"""What the desk's beacon shows: the same sound that the wall makes, and a light as long as anything is open."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from edge.domain.alarm import Alarm, Desk
from edge.domain.device import Signal
from edge.domain.output import Tone
from edge.domain.reading import Purpose

_FIRST: Final = {Signal.FIRE: Tone.FIRE, Signal.GAS: Tone.GAS, Signal.SOS: Tone.SOS}
_ORDER: Final = tuple(_FIRST)


def tone(alarms: Iterable[Alarm], desk: Desk) -> Tone:
    """The tone for the open alarms: fire before gas before SOS before all else, the more urgent of which leads.

    Acknowledged or silenced: light only. A test or a drill shows nothing: nobody ticked the beacon.
    """
    shown = [alarm for alarm in alarms if alarm.open and alarm.purpose is Purpose.LIVE]
    if not shown:
        return Tone.OFF
    sounding = [alarm for alarm in shown if alarm.sounds]
    if desk.silenced_until is not None or not sounding:
        return Tone.SILENT
    first = min(sounding, key=lambda alarm: (_rank(alarm.signal), alarm.priority.rank, -alarm.raised_at))
    return _FIRST.get(first.signal) or (Tone.FAULT if first.signal is Signal.FAULT else Tone.NOTICE)


def _rank(signal: Signal) -> int:
    return _ORDER.index(signal) if signal in _FIRST else len(_ORDER)
