"""Slowing down who guesses passwords: the wait grows with the failures in a row.

A living session is never touched: only signing in waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edge.domain.instant import MINUTE, SECOND
from edge.facade import Accounts


@dataclass(frozen=True, slots=True)
class Limit:
    """free: failures without a wait; then 1 s, doubled with each, up to `longest` µs."""

    free: int
    longest: int

    def wait(self, failures: int) -> int:
        """µs to wait after `failures` in a row."""
        over = failures - self.free
        return 0 if over < 0 else min(SECOND << min(over, 20), self.longest)


BY_NAME: Final = Limit(free=4, longest=5 * MINUTE)
BY_ADDRESS: Final = Limit(free=20, longest=MINUTE)  # many names from one place; a whole desk may share it


class Throttle:
    """Counts attempts of one name from one address, and of the address whatever the name.

    now: µs on the monotonic clock: one that is set back would lock everybody out until it has caught up.
    """

    def __init__(self, accounts: Accounts, name: str, address: str) -> None:
        self._accounts = accounts
        self._keys = ((f"{name}@{address}", BY_NAME), (f"@{address}", BY_ADDRESS))

    async def remaining(self, now: int) -> int:
        """µs until the next attempt is listened to; 0 when it may come now."""
        waits = [0]
        for key, limit in self._keys:
            failures, last = await self._accounts.failures(key)
            waits.append(last + limit.wait(failures) - now)
        return max(waits)

    async def count(self, now: int) -> None:
        """Note an attempt, before its password is checked: of many at once, each one counts."""
        for key, _ in self._keys:
            await self._accounts.note_failure(key, now)

    async def forget(self) -> None:
        """The attempt was good."""
        for key, _ in self._keys:
            await self._accounts.clear_failures(key)
