"""How a reading lies in the telemetry file: value and flags of a row.

Numbers are stored as they are, text as text, and a state as a blob of one byte, so that the type of a value tells by
itself whether it can be averaged. flags: bits 0-1 quality, 2-5 reason, 6-7 arrival, 8-9 purpose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edge.domain.reading import Arrival, Purpose, Quality, Reading, Reason, Value

Stored = float | int | str | bytes | None
Row = tuple[int, int, int, int, Stored, int]
"""(n, series, time, received - time, value, flags), times in µs."""

_TRUE: Final = b"\x01"
_FALSE: Final = b"\x00"

# Append only: the place in these lists is what the file holds.
_QUALITIES: Final = (Quality.GOOD, Quality.UNCERTAIN, Quality.BAD)
_REASONS: Final = (
    None,
    Reason.STALE,
    Reason.OUT_OF_RANGE,
    Reason.DEVICE_FAULT,
    Reason.CALIBRATING,
    Reason.CLOCK,
    Reason.RATE,
)
_ARRIVALS: Final = (Arrival.LIVE, Arrival.HISTORY, Arrival.RETAINED)
_PURPOSES: Final = (Purpose.LIVE, Purpose.TEST, Purpose.DRILL)


@dataclass(frozen=True, slots=True)
class LastValue:
    """The newest stored row of a point. time, received: µs UTC."""

    point: str
    value: Value | None
    time: int
    received: int
    quality: Quality
    reason: Reason | None
    arrival: Arrival
    purpose: Purpose


def encode(value: Value | int | None) -> Stored:
    """What SQLite can keep of a value."""
    if value is True:
        return _TRUE
    if value is False:
        return _FALSE
    if isinstance(value, str):
        return value.encode(errors="replace").decode()  # half a surrogate pair is no text
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return float(value)
    return value


def decode(stored: Stored) -> Value | None:
    """The value that `encode` was given."""
    if isinstance(stored, bytes):
        return stored == _TRUE
    return stored


def flags_of(reading: Reading) -> int:
    """The flags of a reading."""
    return (
        _QUALITIES.index(reading.quality)
        | _REASONS.index(reading.reason) << 2
        | _ARRIVALS.index(reading.arrival) << 6
        | _PURPOSES.index(reading.purpose) << 8
    )


def quality_of(flags: int) -> Quality:
    """Of a row, or of a bucket's worst row."""
    return _QUALITIES[flags & 3]


def last_value(point: str, row: Row) -> LastValue:
    """A row in words."""
    _n, _series, time, delta, value, flags = row
    return LastValue(
        point,
        decode(value),
        time,
        time + delta,
        quality_of(flags),
        _REASONS[flags >> 2 & 15],
        _ARRIVALS[flags >> 6 & 3],
        _PURPOSES[flags >> 8 & 3],
    )
