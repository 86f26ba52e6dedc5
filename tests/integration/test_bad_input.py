"""Floods, clocks that were never set, numbers out of order: stored as far as they can be believed, and counted."""

from __future__ import annotations

import asyncio
import json

from edge.domain.instant import SECOND, from_rfc3339
from edge.domain.reading import Quality, Reason
from edge.hub import RunningHub
from tests.integration.conftest import Start, until
from tests.integration.field import Field

SMOKE = "zigbee2mqtt/sm-303"
GAS = "site/gs-1203/up"
FLOOD = 3000


def metric(hub: RunningHub, name: str) -> float:
    return sum(value for metric in hub.metrics() if metric.name == name for _, value in metric.values)


async def test_a_flood_from_one_device_is_stored_counted_and_delays_no_fire(
    start_hub: Start, field: Field
) -> None:
    async with start_hub() as started:
        hub = started.hub
        since = hub.now().utc
        body = [json.dumps({"gas": 1.0, "t": since // 1000 + n, "seq": n}) for n in range(FLOOD)]
        for payload in body:
            field.shout(GAS, payload)
        loop = asyncio.get_running_loop()
        said = loop.time()
        field.shout(SMOKE, json.dumps({"smoke": True}))
        await until(lambda: any(alarm.point == "sm-303.smoke" for alarm in hub.open_alarms()))
        assert loop.time() - said < 5  # far under the 10 s of GB/T 45839-2025 5.4.1, on whatever machine
        await until(lambda: hub._line.inbox.received.get("json", 0) >= FLOOD)
        await hub.settled()
        assert metric(hub, "readings_rate_limited_total") > FLOOD / 2
        kept = await hub.series("gs-1203.gas", since - SECOND, since + 60 * SECOND, 10)
        assert kept.count == FLOOD
        assert metric(hub, "readings_lost_total") == 0


async def test_clocks_that_were_never_set_cost_a_reading_its_time_and_nothing_else(
    start_hub: Start, field: Field
) -> None:
    async with start_hub() as started:
        hub = started.hub
        since = hub.now().utc
        for n, time in enumerate((0, "1970-01-01T00:00:07Z", "2090-01-01T00:00:00Z", 3_786_912_000_000), 1):
            await asyncio.to_thread(field.say, "bench/load-1", {"seq": n, "t": time})
        await until(lambda: (p := hub.point("load-1.seq")) is not None and p.value == 4)
        await hub.settled()
        rows = (await hub.raw("load-1.seq", since - SECOND, since + 60 * SECOND, None, 10)).items
        assert [row.v for row in rows] == [1, 2, 3, 4]
        assert {row.q for row in rows} == {Quality.UNCERTAIN}
        state = hub.point("load-1.seq")
        assert state is not None
        assert state.reason is Reason.CLOCK
        for year in (1970, 2090):
            start = from_rfc3339(f"{year}-01-01T00:00:00Z")
            assert not (await hub.raw("load-1.seq", start, start + 60 * SECOND, None, 10)).items


async def test_numbers_out_of_order_and_repeated_are_stored_once_each_in_their_order(
    start_hub: Start, field: Field
) -> None:
    async with start_hub() as started:
        hub = started.hub
        since = hub.now().utc - 60 * SECOND
        for n in (3, 1, 2, 2, 5, 3, 4, 5):
            await asyncio.to_thread(field.say, "bench/load-1", {"seq": n, "t": since // 1000 + n})
        await until(lambda: hub._line.inbox.received.get("load", 0) == 8)
        await hub.settled()
        rows = (await hub.raw("load-1.seq", since, since + 60 * SECOND, None, 10)).items
        assert [row.v for row in rows] == [1, 2, 3, 4, 5]
        assert metric(hub, "duplicates_total") == 3
