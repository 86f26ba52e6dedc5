"""The site's data centres: a follower for each, run beside the line and stopped before the stores."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from edge.clock import Clock
from edge.domain.device import Point
from edge.domain.instant import to_rfc3339
from edge.domain.site import Site
from edge.facade import Unavailable
from edge.ingest.quarantine import Rejects
from edge.pipeline import Pipeline
from edge.store.cursors import Resend
from edge.store.followers import CaughtUp, Follower
from edge.store.influx.lines import Lines
from edge.store.influx.sink import InfluxSink
from edge.store.sink import Refused
from edge.store.telemetry import Telemetry

REFUSED: Final = "refused_by_uplink"


def followers(
    site: Site,
    telemetry: Telemetry,
    points: Mapping[str, Point],
    clock: Clock,
    rejects: Rejects,
    pipeline: Pipeline,
) -> list[Follower]:
    """One for each [[uplink]]. An outage that was made up for, and a resend, become facts."""

    async def told(made_up: CaughtUp) -> None:
        counts = {"sent": made_up.sent, "repeated": made_up.repeated, "rejected": made_up.rejected}
        span = {"from": to_rfc3339(made_up.at), "to": to_rfc3339(made_up.until)}
        await note("uplink.caught_up", {"id": made_up.uplink, **counts, "lost": made_up.lost, **span})

    async def asked(id: str, ask: Resend, rows: int) -> None:
        span = {"from": to_rfc3339(ask.start), "to": to_rfc3339(ask.until)}
        await note("uplink.resent", {"id": id, "sent": rows, **span, "asked_by": ask.by})

    async def note(kind: str, body: Mapping[str, object]) -> None:
        with suppress(Unavailable):
            await pipeline.note(kind, None, body)

    def refused(id: str, one: Refused) -> None:
        rejects.count(id, REFUSED, "", one.line.encode(), one.reason, clock.now().utc)

    return [
        Follower(
            uplink.id,
            InfluxSink(uplink, Lines(site.id, points.get), clock.now),
            telemetry.cursors,
            batch=uplink.batch,
            interval=uplink.interval,
            now=clock.now,
            compact=telemetry.compact,
            told=told,
            asked=asked,
            refused=refused,
        )
        for uplink in site.uplinks
    ]


@asynccontextmanager
async def following(all_of_them: Sequence[Follower]) -> AsyncIterator[None]:
    """Let them run, and end them."""
    tasks = [asyncio.create_task(one.run(), name=f"uplink {one.id}") for one in all_of_them]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for one in all_of_them:
            await one.close()
