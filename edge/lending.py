"""What the hub lends its drivers. They call from threads of their own; the line hears it on its loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from edge.clock import Clock
from edge.domain.conclusion import Receipt, Written
from edge.domain.instant import Instant
from edge.domain.reading import DeliveryKey, NewSession, RawReading
from edge.domain.site import Site
from edge.ingest.inbox import Inbox
from edge.ingest.quarantine import Rejects
from edge.pipeline import Pipeline


class LentHost:
    """`edge.driver.Host`, and the telemetry's way back into the line. pipeline: comes before the drivers start."""

    def __init__(
        self, site: Site, clock: Clock, inbox: Inbox, rejects: Rejects, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.site = site.id
        self._dialects = {connection.id: connection.dialect for connection in site.connections}
        self.pipeline: Pipeline | None = None
        self._clock = clock
        self._inbox = inbox
        self._rejects = rejects
        self._loop = loop

    def now(self) -> Instant:
        return self._clock.now()

    def offer(self, raw: RawReading) -> bool:
        return self._inbox.offer(raw)

    def reject(self, source: str, reason: str, channel: str, sample: bytes, error: str) -> None:
        self._call(self._rejects.count, source, reason, channel, sample, error, self._clock.now().utc)

    def session_new(self, source: str) -> None:
        self._inbox.offer(NewSession(source))

    def stored(self, keys: Sequence[DeliveryKey]) -> None:
        """The telemetry's word that readings are durable, or given up."""
        if self.pipeline is not None:
            self.pipeline.stored(keys)

    def heard(self, source: str, address: str, *, ok: bool) -> None:
        if self.pipeline is not None:
            self._call(self.pipeline.polled, self._dialects[source], address, ok)

    def written(self, receipt: Written) -> None:
        self.told(receipt)

    def told(self, receipt: Receipt) -> None:
        """What came back from outside."""
        if self.pipeline is not None:
            self._call(self.pipeline.told, receipt)

    def _call(self, function: Callable[..., object], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has closed: the hub is stopping
            self._loop.call_soon_threadsafe(function, *arguments)
