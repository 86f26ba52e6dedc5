"""Time as a value: microseconds since 1970 in UTC, and a monotonic count that never steps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ZERO: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - the same without a zone, which would be printed
_RFC3339: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|z|[+-]\d\d:\d\d)"
)


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment, read from both clocks at once.

    utc: µs since 1970-01-01 UTC, may step when the civil clock is set.
    mono: µs on the monotonic clock, whose zero means nothing; every timer runs on it.
    trusted: whether the civil clock was set by NTP, an RTC or a person since boot.
    """

    utc: int
    mono: int
    trusted: bool = True


def to_rfc3339(utc: int) -> str:
    """`utc` (µs) as RFC 3339 in UTC with milliseconds and `Z`, as every outer interface prints it."""
    moment = _ZERO + timedelta(microseconds=utc)
    return moment.isoformat(timespec="milliseconds") + "Z"  # a fifth of the time of strftime


def from_rfc3339(text: str) -> int:
    """µs since 1970 of an RFC 3339 time with zone; ValueError for anything else."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        msg = f"not an RFC 3339 time with zone: {text[:40]!r}"
        raise ValueError(msg)
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, zone = match.group(7), match.group(8)
    leap = second == 60  # a leap second is shown as the second before it, as POSIX clocks do
    moment = datetime(year, month, day, hour, minute, 59 if leap else second, tzinfo=UTC)
    offset = 0
    if zone not in {"Z", "z"}:
        offset = (int(zone[1:3]) * 60 + int(zone[4:6])) * (1 if zone[0] == "+" else -1)
    micros = int((fraction or "0").ljust(6, "0")[:6])
    return (moment - _EPOCH) // timedelta(microseconds=1) + micros - offset * MINUTE
