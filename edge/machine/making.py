"""Puts the knowledge of the machine together for one run of the hub."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from edge import __version__
from edge.clock import Clock
from edge.domain.device import PointSpec
from edge.domain.health import Start
from edge.domain.rule import AlarmRule
from edge.domain.site import Site
from edge.logbook import Logbook, keeping
from edge.machine.certificates import Wanted
from edge.machine.points import measured, rules
from edge.machine.starts import KIND, Starts
from edge.machine.system import System
from edge.machine.watch import MachineWatch, queue_gauges
from edge.masking import site_masks
from edge.pipeline import Line, Pipeline
from edge.store.disk import DiskGuard

BROKER_HERE: Final = frozenset({"127.0.0.1", "::1", "localhost", "broker"})  # "broker": so in compose.yaml
FIELD_PORT: Final = 8883  # where the broker of this machine speaks TLS with gateways and devices

log = logging.getLogger(__name__)


class Machine:
    """The machine of one run: its points and rules, why the hub was started, and the watch over it.

    data: the data folder. folder: the site's. panel: the panel's certificate. authority: of the broker on this machine,
    None where it has none. sending: how many messages are being sent, set by who sends. starts: the last ones, newest
    first.
    """

    def __init__(
        self,
        data: Path,
        folder: Path,
        site: Site,
        panel: Path | None,
        clock: Clock,
        authority: Path | None = None,
    ) -> None:
        self._system = System()
        self._clock = clock
        self._wanted = certificates_of(site, panel, authority)
        self.log = Logbook(data / "log", site_masks(folder))
        self._starts = Starts(data, self._system, __version__)
        self.points: Sequence[PointSpec] = measured(self._system, (one.name for one in self._wanted))
        self.rules: Sequence[AlarmRule] = rules(self.points)
        self.started = self._starts.begin(clock.now())
        self.starts: Sequence[Start] = self._starts.kept
        self.sending: Callable[[], int] = lambda: 0

    @contextlib.contextmanager
    def run(self) -> Iterator[None]:
        """Keep the log; leave the mark of a stop in order when everything else has stopped."""
        with keeping(self.log):
            yield
            self._starts.end(self._clock.now())

    @asynccontextmanager
    async def watching(self, line: Line, pipeline: Pipeline, guard: DiskGuard) -> AsyncIterator[None]:
        """Tell the start, then watch."""
        watch = MachineWatch(
            self._system,
            self.points,
            queue_gauges(
                line.inbox.depth,
                lambda: line.telemetry.depth,
                lambda: line.log.tail_depth,
                self._being_sent,
                lambda: None if guard.report is None else guard.report.free,
            ),
            self._wanted,
            line.inbox.offer,
            self._clock,
            self._starts.weak,
        )
        task = asyncio.create_task(self._run(watch, pipeline), name="machine")
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _being_sent(self) -> int:
        return self.sending()

    async def _run(self, watch: MachineWatch, pipeline: Pipeline) -> None:
        log.info("the hub was started: %s", self.started.cause.value)
        await pipeline.note(KIND, None, self.started.body())
        await watch.run()


def certificates_of(site: Site, panel: Path | None, authority: Path | None = None) -> list[Wanted]:
    """The panel's certificate, those its brokers show, and the authorities that signed these.

    authority: of the broker on this machine: what that shows to the field counts, too, where the hub comes in clear.
    """
    found = [] if panel is None else [Wanted("panel", file=panel)]
    connected = [getattr(connection.settings, "broker", None) for connection in site.connections]
    for settings in (*connected, *(outlet.settings for outlet in site.outlets)):
        tls: Any = getattr(settings, "tls", None)
        if settings is None or tls is None:
            continue
        found.append(Wanted("broker", server=settings.address))
        if tls.ca is not None:
            found.append(Wanted("ca", file=tls.ca))
    if authority is not None:
        here = [one.address[0] for one in connected if one is not None and one.address[0] in BROKER_HERE]
        found += [Wanted("broker", server=(host, FIELD_PORT)) for host in here]
        found.append(Wanted("ca", file=authority))
    return list(dict.fromkeys(found))
