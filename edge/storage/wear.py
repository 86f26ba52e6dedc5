"""How much is written a day, and how long a card bears that."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from edge.domain.instant import DAY, HOUR, MINUTE, Instant
from edge.domain.names import Text
from edge.domain.storage import CardAssumption, Wear
from edge.storage.counting import Disk, of_service, of_tree

BROKER: Final = "system.slice/edge-hub-broker.service"
EVERY: Final = 10 * MINUTE
_SHORTEST: Final = MINUTE
_TELLING: Final = HOUR  # a start writes more than a day does: no life is reckoned from it
_SAMPLES: Final = DAY // EVERY
_WORN: Final = 90  # percent of its life by an eMMC's own word: time to replace it


class Counts(NamedTuple):
    """Bytes so far; None where it cannot be seen."""

    hub: int | None
    broker: int | None
    disk: int | None


class WearWatch:
    """Rates of the last day, or since the start where that is less. total: bytes of the file system."""

    def __init__(
        self,
        disk: Disk,
        assumed: CardAssumption,
        counts: Callable[[], Counts] | None = None,
    ) -> None:
        self.wear: Wear | None = None
        self._disk = disk
        self._assumed = assumed
        self._counts = counts or (lambda: Counts(of_tree(os.getpid()), of_service(BROKER), disk.written()))
        self._samples: deque[tuple[int, Counts]] = deque(maxlen=_SAMPLES)  # (mono µs, counts)

    async def look(self, now: Instant, total: int) -> None:
        """Count, every minute; beside the loop, since all of /proc is read for it."""
        counts = await asyncio.to_thread(self._counts)
        if not self._samples or now.mono - self._samples[-1][0] >= EVERY:
            self._samples.append((now.mono, counts))
        since, before = self._samples[0]
        span = now.mono - since
        hub, broker, disk = (
            None if a is None or b is None or span < _SHORTEST else max(0, b - a) * DAY // span
            for a, b in zip(before, counts, strict=True)
        )
        size, used, spent = await asyncio.to_thread(self._of_disk)
        size = size or total
        daily = disk if disk is not None else None if hub is None else hub + (broker or 0)
        borne = size * self._assumed.cycles / self._assumed.amplification
        self.wear = Wear(
            hub, broker, disk, span, size, self._assumed,
            round(borne / daily) if daily and span >= _TELLING else None, used, spent,
        )  # fmt: skip

    def _of_disk(self) -> tuple[int | None, tuple[int, int] | None, bool]:
        return self._disk.size(), self._disk.used(), self._disk.spent()

    def check(self, _now: Instant) -> tuple[bool, Text]:
        """Whether the card itself says that it is worn; an estimate on an assumption is no reason for an alarm."""
        wear = self.wear
        if wear is not None and wear.spent:
            return False, Text("存储卡报告备用块即将用尽", "The card says that its spare blocks run out")
        if wear is not None and wear.used is not None and wear.used[1] > _WORN:
            low, high = wear.used
            return False, Text(
                f"存储卡报告寿命已用 {low}–{high}%",
                f"The card says that {low} to {high} % of its life is used",
            )
        return True, Text("正常", "In order")
