"""The inbox: where driver threads leave messages and the line picks them up, fairly.

One bounded queue per source, served round-robin, so that a flood on one source cannot delay a fire on another.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import Final

from edge.domain.reading import NewSession, RawReading

DEPTH: Final = (
    20_000  # messages per source; above the widest in-flight window, so QoS 1 never meets a full queue
)
SHARE: Final = 64  # messages one source may put into a batch before the next source has its turn


class Inbox:
    """A bridge from many threads to one event loop."""

    def __init__(self, depth: int = DEPTH) -> None:
        self._queues: dict[str, deque[RawReading | NewSession]] = {}
        self._lock = threading.Lock()
        self._depth = depth
        self._waiting = False
        self._ready = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn = 0
        self.received: dict[str, int] = {}

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Name the loop that takes the messages; call it on that loop before drivers start."""
        self._loop = loop

    def offer(self, raw: RawReading | NewSession) -> bool:
        """Queue one message, from any thread; False when its source's queue is full. A new session always fits."""
        with self._lock:
            queue = self._queues.get(raw.source)
            if queue is None:
                queue = self._queues[raw.source] = deque()
                self.received[raw.source] = 0
            if isinstance(raw, RawReading):
                if len(queue) >= self._depth:
                    return False
                self.received[raw.source] += 1
            queue.append(raw)
            wake = not self._waiting
            self._waiting = True
        if wake and self._loop is not None:
            # One wake-up for however many messages arrive until the line looks again.
            try:
                self._loop.call_soon_threadsafe(self._ready.set)
            except RuntimeError:  # the loop has closed: the hub is stopping, the sender keeps the message
                return False
        return True

    def wake(self) -> None:
        """Let the line look now; on the loop only (a person's command, the end)."""
        self._ready.set()

    async def wait(self) -> None:
        """Return as soon as there may be something to do."""
        await self._ready.wait()

    def take(self, limit: int) -> list[RawReading | NewSession]:
        """Up to `limit` messages, in order within a source, sources in turn. Empty when there are none."""
        batch: list[RawReading | NewSession] = []
        with self._lock:
            queues = list(self._queues.values())
            if queues:
                self._turn = (self._turn + 1) % len(queues)
                queues = queues[self._turn :] + queues[: self._turn]
            while queues and len(batch) < limit:
                for queue in queues:
                    share = min(SHARE, limit - len(batch), len(queue))
                    batch.extend(queue.popleft() for _ in range(share))
                queues = [queue for queue in queues if queue]
            if not queues:
                self._waiting = False
                self._ready.clear()
        return batch

    @property
    def waiting(self) -> bool:
        """Whether messages came since `take` last found no more, or it left some. Cheap: no lock."""
        return self._waiting

    def depth(self) -> int:
        """Messages waiting, over all sources."""
        with self._lock:
            return sum(len(queue) for queue in self._queues.values())
