"""When each unit of a bus is asked next, and what has come of it so far. No I/O; moments are handed in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from drivers.modbus_rtu.config import DeviceRead
from drivers.modbus_rtu.frames import Request
from drivers.modbus_rtu.planning import plan_profile
from edge.domain.device import Device

LOST_AFTER: Final = 3  # misses in a row; one frame lost to noise is no loss of contact
RETRY: Final = 1.0
AFTER_WRITE: Final = (
    5.0  # seconds after a write in which a unit is polled more often: its feedback is waited for
)
BRISK: Final = 1.0
LAST_RETRY: Final = 60.0


@dataclass(slots=True)
class UnitCounters:
    """What one unit has done since start; times in µs UTC and ms."""

    polls: int = 0
    ok: int = 0
    timeouts: int = 0
    crc: int = 0
    foreign: int = 0
    noise: int = 0
    exceptions: int = 0
    last_ok: int = 0
    response_ms: int = 0
    writes: int = 0
    written: int = 0


@dataclass(slots=True)
class Unit:
    """One device on the bus.

    due: moment of the next poll in seconds. misses: polls in a row without an answer. answered: it ever did.
    urgent: it was written to, and is polled before all others. brisk_until: moment up to which its polls are hurried.
    """

    address: str
    number: int
    requests: tuple[Request, ...]
    poll: float
    timeout: float
    due: float = 0.0
    misses: int = 0
    answered: bool = False
    urgent: bool = False
    brisk_until: float = 0.0
    counters: UnitCounters = field(default_factory=UnitCounters)

    @classmethod
    def of(cls, device: Device, timeout: float) -> Unit:
        """The unit that is polled for `device`; timeout: the line's, where the profile has none."""
        read = device.profile.read or DeviceRead()
        number = int(device.address.rpartition("/")[2])
        requests = plan_profile(number, device.profile)
        return cls(device.address, number, requests, read.poll, read.timeout or timeout)

    @property
    def lost(self) -> bool:
        """Whether it counts as out of contact."""
        return self.misses >= LOST_AFTER

    def hit(self, now: float) -> None:
        """It answered: the next poll keeps the rhythm, unless the bus is too busy for it."""
        self.misses = 0
        self.answered = True
        self.due = max(self.due + (min(self.poll, BRISK) if now < self.brisk_until else self.poll), now)

    def told(self, now: float, *, answered: bool) -> None:
        """It was written to: it is read back at once, and briskly for a while, unless it has just failed to answer.

        Then its turn comes as it would have: a late answer to an old request must not pass for the next one's.
        """
        if answered or not self.misses:
            self.urgent = True
            self.due = min(self.due, now)
            self.brisk_until = now + AFTER_WRITE

    def miss(self, now: float) -> None:
        """It did not: it waits alone, soon at first, then ever longer, and costs the bus one time-out each time.

        Never so soon that a late answer to the old request could pass for the answer to the next.
        """
        self.misses += 1
        wait = max(RETRY, 3 * self.timeout)
        if self.lost:
            wait = max(self.poll, wait) * 2 ** min(self.misses - LOST_AFTER, 10)
        self.due = now + min(wait, max(LAST_RETRY, self.poll))
