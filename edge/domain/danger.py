"""Fire and gas near a place: who sends somebody there, and who is shown a warning, ask the same question."""

from __future__ import annotations

from typing import Final

from edge.domain.alarm import Alarm
from edge.domain.device import Signal
from edge.domain.reading import Purpose

_SIGNALS: Final = frozenset({Signal.FIRE, Signal.GAS})
_SPREAD: Final = 2
"""Parts of a zone's path that burn together: building and unit ("b3/s1"); practice."""


def endangers(alarm: Alarm, zone: str) -> bool:
    """Whether `alarm` is a fire or gas at `zone` or around it that nobody judged to be something else."""
    return (
        alarm.active
        and alarm.signal in _SIGNALS
        and alarm.purpose is Purpose.LIVE
        and not alarm.dismissed
        and near(alarm.zone, zone)
    )


def near(one: str, other: str) -> bool:
    """Whether two zones lie in one unit of a building, or one within the other; "" is near nothing else."""
    shorter = min(one.count("/"), other.count("/")) + 1
    parts = min(shorter, _SPREAD)
    return one.split("/")[:parts] == other.split("/")[:parts]
