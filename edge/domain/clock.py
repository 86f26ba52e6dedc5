"""What is known of the machine's civil clock."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from edge.domain.instant import DAY, MINUTE, SECOND

LEAP: Final = 5 * MINUTE
"""A step of the civil clock beyond this is believed only when NTP, an RTC or an administrator confirms it."""
LONG: Final = 92 * DAY
"""A hub that was off for longer than this is told so by somebody who knows, not by an unconfirmed clock."""

SETTLED: Final = 7 * DAY
"""After a step beyond `LONG`, whoever vouched for it, the clock is believed for so long before anything is deleted by
its age: a time server that is wrong, or a slip of a hand, must not cost years of records."""
FAR: Final = DAY
"""After a step beyond this age waits as long, without a word: a server wrong by a month would cost its pictures."""
FIRST: Final = 1_704_067_200 * SECOND
"""2024-01-01: no hub is older, so neither is any time that one can find."""


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
    this boot, None where none did. unsettled: µs of belief that are left until age is acted upon, see `SETTLED`.
    waits: the same after a step beyond `FAR` only, which nobody is told of.
    """

    boot: str
    utc: int
    mono: int
    trusted: bool
    known: int | None = None
    hand: int | None = None
    unsettled: int = 0
    waits: int = 0


@dataclass(frozen=True, slots=True)
class ClockState:
    """The clock as people see it. now: µs UTC that the hub works with; machine: what the machine's clock says.

    since: µs UTC from which `quality` holds. ntp_at: when NTP last vouched, None before. can_set: the hub may have the
    machine's clock set. unsettled: as in `Mark`.
    """

    quality: Quality
    trusted: bool
    now: int
    machine: int
    since: int
    ntp_at: int | None
    can_set: bool
    unsettled: int = 0
