"""What is known of the machine's civil clock."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from edge.domain.instant import DAY, MINUTE

LEAP: Final = 5 * MINUTE
"""A step of the civil clock beyond this is believed only when NTP, an RTC or an administrator confirms it."""
LONG: Final = 92 * DAY
"""A hub that was off for longer than this is told so by somebody who knows, not by an unconfirmed clock."""


class Quality(StrEnum):
    """Where the time comes from."""

    NTP = "ntp"  # the kernel says that a time server disciplines it
    RTC = "rtc"  # a battery-backed clock agrees
    HAND = "hand"  # an administrator set or confirmed it
    HOST = "host"  # nothing here sets it: a container, a desk; the machine is believed
    ESTIMATED = "estimated"  # counted on from the last time that was known
    DOUBTFUL = "doubtful"  # the machine's clock leapt and nobody confirms it; the hub counts on by itself


BELIEVED: Final = frozenset({Quality.NTP, Quality.RTC, Quality.HAND, Quality.HOST})


@dataclass(frozen=True, slots=True)
class Witness:
    """What the machine says of its clock. ntp: the kernel calls it synchronised. service: something here is to set it.

    rtc: µs UTC of the battery-backed clock, None where there is none.
    """

    ntp: bool = False
    service: bool = False
    rtc: int | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """What a run leaves of its time, once a minute.

    boot: the kernel's id of the boot. utc, mono: µs when it lived last. trusted: whether utc was believed then.
    known: µs UTC that was believed last, None before the first. hand: `utc - mono` that an administrator confirmed in
    this boot, None where none did.
    """

    boot: str
    utc: int
    mono: int
    trusted: bool
    known: int | None = None
    hand: int | None = None


@dataclass(frozen=True, slots=True)
class ClockState:
    """The clock as people see it. now: µs UTC that the hub works with; machine: what the machine's clock says.

    since: µs UTC from which `quality` holds. ntp_at: when NTP last vouched, None before. can_set: the hub may have the
    machine's clock set.
    """

    quality: Quality
    trusted: bool
    now: int
    machine: int
    since: int
    ntp_at: int | None
    can_set: bool
