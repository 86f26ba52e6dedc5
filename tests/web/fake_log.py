"""The log of facts of the hub in memory, and its clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from edge.domain.fact import Fact, Numbering, Seq
from edge.domain.instant import Instant


class FakeLog:
    """Part of the hub in memory. Set `frozen` to stop its clocks, `journal_down` to make nothing durable.

    leap: µs by which the civil clock alone was set.
    """

    def __init__(self, frozen: int | None = None, ring: int = 5000) -> None:
        self.frozen = frozen
        self.leap = 0
        self.journal_down = False
        self.ring = ring
        self._numbering = Numbering(3, 0)
        self._facts: list[Fact] = []
        self._unsaved: set[Seq] = set()
        self._waiters: list[asyncio.Future[None]] = []

    def now(self) -> Instant:
        if self.frozen is not None:
            return Instant(self.frozen + self.leap, self.frozen)
        return Instant(time.time_ns() // 1000 + self.leap, time.monotonic_ns() // 1000)

    def _append(self, fact: Fact) -> None:
        self._facts.append(fact)
        del self._facts[: -self.ring]
        if self.journal_down:
            self._unsaved.add(fact.seq)
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def persisted(self, seq: Seq) -> bool:
        return seq not in self._unsaved

    async def note(self, kind: str, by: str, body: Mapping[str, Any]) -> None:
        self._append(Fact(self._numbering.next(), kind, self.now().utc, by, "", dict(body)))

    def position(self) -> Seq:
        return Seq(self._numbering.epoch, self._numbering.last)

    async def facts(self, after: Seq, limit: int = 1000) -> Sequence[Fact] | None:
        oldest = self._facts[0].seq.number if self._facts else self._numbering.last + 1
        if after.epoch > self._numbering.epoch or not oldest - 1 <= after.number <= self._numbering.last:
            return None
        return [f for f in self._facts if f.seq.number > after.number][:limit]

    async def wait_facts(self, after: Seq) -> None:
        while self._numbering.last <= after.number:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    async def latest_facts(self, before: Seq | None, limit: int, prefix: str = "") -> Sequence[Fact]:
        rows = [
            f
            for f in self._facts
            if f.kind.startswith(prefix) and (before is None or f.seq.number < before.number)
        ]
        return rows[::-1][:limit]
