"""A hub with a data centre, which is a stand-in: what arrives, what is shown of an outage, and what becomes of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from edge.domain.fact import Fact
from edge.domain.health import LinkReport
from edge.hub import RunningHub
from tests.edge.store.influx.servers import Reply, Request, StandIn, said, takes_all
from tests.integration.conftest import Start, until
from tests.integration.field import Field

UPLINK = """
[[uplink]]
id = "centre"
kind = "influxdb"
name = {{ zh = "数据中心", en = "Data centre" }}
url = "{url}"
org = "heanyuan"
bucket = "readings"
interval = 0.2
"""


def link(hub: RunningHub) -> LinkReport:
    return next(one for one in hub.links() if one.source == "centre")


async def facts(hub: RunningHub) -> list[Fact]:
    return [fact for fact in await hub.latest_facts(None, 200) if fact.kind.startswith("uplink.")]


async def test_readings_reach_the_data_centre_and_an_outage_is_made_up_for(
    start_hub: Start, field: Field, site: Path
) -> None:
    away = False

    def answer(request: Request) -> Reply:
        if request.path != "/api/v2/write":
            return said(400, "no Flux here")
        return said(503, "busy", **{"Retry-After": "0"}) if away else takes_all(request)

    with StandIn(answer) as server:
        with (site / "site.toml").open("a", encoding="utf-8") as file:
            file.write(UPLINK.format(url=server.url))
        async with start_hub() as started:
            hub = started.hub

            async def say(value: float, at: int) -> None:
                body = {"seq": at, "t": hub.now().utc // 1000, "value": value}
                await asyncio.to_thread(field.say, "bench/load-1", body)
                await until(lambda: (s := hub.point("load-1.seq")) is not None and s.value == at)
                await hub.settled()

            await say(20.5, 1)
            await until(lambda: any(" value=20.5 " in line for line in server.lines()))
            (line,) = [line for line in server.lines() if " value=20.5 " in line]
            assert "site=heanyuan,device=load-1," in line
            assert link(hub).up
            assert hub.health().checks["centre"].ok

            away = True
            await say(21.5, 2)
            await until(lambda: not link(hub).up)
            assert "takes nothing now (503): busy" in link(hub).detail.en
            await until(lambda: not hub.health().checks["centre"].ok)
            assert not [line for line in server.lines() if " value=21.5 " in line]

            away = False
            await until(lambda: any(" value=21.5 " in line for line in server.lines()))
            await until(lambda: link(hub).up)
            async with asyncio.timeout(20):
                while not (told := await facts(hub)):  # noqa: ASYNC110  # the journal is asked: there is no event
                    await asyncio.sleep(0.05)
            (made_up,) = told
            assert (made_up.kind, made_up.body["id"], made_up.body["lost"]) == (
                "uplink.caught_up",
                "centre",
                0,
            )
            assert made_up.body["sent"] > 0
            counted = {m.name: m.values for m in hub.metrics() if m.name.startswith("uplink_")}
            assert counted["uplink_lost_total"] == [({"uplink": "centre"}, 0.0)]
            assert counted["uplink_sent_total"][0][1] > 0
