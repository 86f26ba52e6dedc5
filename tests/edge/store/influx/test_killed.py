"""A real server that is killed while nothing new comes: what it had only in its memory is there again afterwards."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from edge.clock import SystemClock
from edge.domain.names import Text
from edge.domain.site import Uplink
from edge.store.followers import CaughtUp, Follower
from edge.store.influx.lines import Lines
from edge.store.influx.sink import InfluxSink
from tests.edge.store.influx.servers import PROGRAM, WHY_NOT, VictoriaMetrics
from tests.edge.store.making import START, Desk, point, reading

LEVEL = point("bin.level")
COUNT = 50


@pytest.mark.skipif(PROGRAM is None, reason=WHY_NOT)
async def test_a_server_killed_within_the_grace_of_the_last_rows_has_them_all(tmp_path: Path) -> None:
    now = SystemClock().now

    async def told(_one: CaughtUp) -> None:
        """An outage that nobody saw is not told."""

    async def asked(*_: object) -> None:
        raise AssertionError("nobody asked")

    with VictoriaMetrics(tmp_path / "vm") as server:
        async with Desk(tmp_path / "telemetry.db", followers=["dc"]) as desk:
            uplink = Uplink("dc", "influxdb", Text("中心", "Centre"), server.url, "o", "b", timeout=2)
            follower = Follower(
                "dc",
                InfluxSink(uplink, Lines("court", lambda _id: None), now),
                desk.telemetry.cursors,
                interval=0.1,
                grace=1.0,
                now=now,
                compact=desk.telemetry.compact,
                told=told,
                asked=asked,
                refused=lambda _id, one: pytest.fail(f"refused: {one}"),
            )
            following = asyncio.create_task(follower.run())

            async def until_taken(*, sure: bool) -> None:
                async with asyncio.timeout(60):
                    while True:
                        await asyncio.sleep(0.01)
                        had = (await desk.telemetry.cursors.ahead("dc", 0, 1)).standing.cursor
                        if (had if sure else follower.standing.cursor) == COUNT:
                            return

            await desk.store(*(reading(LEVEL, float(n), n) for n in range(1, COUNT + 1)))
            await until_taken(sure=False)
            await asyncio.to_thread(server.end, signal.SIGKILL)
            await asyncio.to_thread(server.start)
            await until_taken(sure=True)
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
            await follower.close()
        server.flush()
        found = {at: v for m, at, v in server.export() if m["__name__"] == "reading_value"}
    assert found == {START // 1000 + n * 1000: float(n) for n in range(1, COUNT + 1)}
