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
    shown, first = False, None
    for alarm in alarms:
        if not alarm.open or alarm.purpose is not Purpose.LIVE:
            continue
        shown = True
        if desk.silenced_until is not None:
            break
        if alarm.sounds and (first is None or _lead(alarm) < _lead(first)):
            first = alarm
            if alarm.signal is Signal.FIRE:
                break  # nothing goes before it: in a storm of a thousand the rest need not be asked
    if first is None:
        return Tone.SILENT if shown else Tone.OFF
    return _FIRST.get(first.signal) or (Tone.FAULT if first.signal is Signal.FAULT else Tone.NOTICE)


def _lead(alarm: Alarm) -> tuple[int, int, int]:
    return _rank(alarm.signal), alarm.priority.rank, -alarm.raised_at


def _rank(signal: Signal) -> int:
    return _ORDER.index(signal) if signal in _FIRST else len(_ORDER)
