"""A drill on the whole hub: marked bytes at the driver's edge, real texts on a modem, and a real alarm that ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from edge.domain.alarm import Alarm
from edge.domain.drill import EndDrill, SeeDrillStopped, StartDrill
from edge.domain.incident import Muster
from edge.domain.reading import Purpose
from edge.domain.request import Refusal
from edge.facade import AlarmQuery, CaseQuery
from edge.hub import RunningHub
from edge.tools.broker import Broker
from tests.faults.outside import Group
from tests.integration.conftest import Start, until
from tests.integration.field import Field
from tests.integration.outside import Devices, devices

SMOKE = StartDrill("zhou-min", "li-qiang", "live", "p2-flat-smoke", "sm-301.smoke", note="楼道火")
CREW = ("zhou-min", "he-jun", "ma-chao")
CO = "zigbee2mqtt/co-b3"


@pytest.fixture
def played(tmp_path: Path, site: Path, own_broker: Broker) -> Iterator[Devices]:
    with devices(tmp_path, site, own_broker, over_mqtt=False) as playing:
        yield playing


def rows(hub: RunningHub) -> list[Alarm]:
    return [alarm for alarm in hub.open_alarms() if alarm.purpose is Purpose.DRILL]


async def drill(hub: RunningHub, id: str) -> Mapping[str, Any]:
    body = await hub.case("drill", id)
    assert body is not None
    return body


async def settled(hub: RunningHub, id: str, *, has: str = "", ended: bool = False) -> Mapping[str, Any]:
    """The drill as recorded once it has that time, or is over."""
    async with asyncio.timeout(30):
        while True:
            body = await drill(hub, id)
            if (has in body["times"] or not has) and (not ended or body["state"] != "running"):
                return body
            await asyncio.sleep(0.02)


async def begun(hub: RunningHub, request: StartDrill = SMOKE) -> str:
    body = await hub.act(request)
    assert isinstance(body, Mapping)
    return str(body["id"])


async def test_s8_a_drill_meets_a_real_alarm(
    start_hub: Start, field: Field, group: Group, played: Devices
) -> None:
    async with start_hub() as started:
        hub = started.hub
        heard = await asyncio.to_thread(field.hear, "zigbee2mqtt/sr-b3a/set")
        id = await begun(hub)
        body = await settled(hub, id, has="message")
        (row,) = rows(hub)
        assert row.point == "sm-301.smoke"
        (incident,) = hub.incidents()
        assert (incident.purpose, incident.drill) == (Purpose.DRILL, id)
        for person in CREW:
            await hub.act(Muster(incident.id, "li-qiang", person))
        body = await drill(hub, id)
        assert len(body["mustered"]) == 3
        assert hub.totals().fire == 0

        async with asyncio.timeout(60):
            while len((await drill(hub, id))["told"]) < 5:  # noqa: ASYNC110 - one text after the other
                await asyncio.sleep(0.05)
        await asyncio.to_thread(field.say, CO, {"carbon_monoxide": True, "co": 120})
        await until(lambda: any(alarm.device == "co-b3" for alarm in hub.open_alarms()))
        await until(lambda: not rows(hub))
        body = await settled(hub, id, ended=True)
        assert (body["state"], body["ended_why"], body["open"]) == ("unfinished", "alarm", True)
        assert set(body["times"]) == {"reading", "alarm", "message", "scene"}
        assert 0 <= body["times"]["alarm"] - body["times"]["reading"] < 1_000_000
        assert [i for i in hub.incidents() if i.purpose is Purpose.DRILL] == []
        people = {one["person"] for one in body["told"]}
        assert {"he-jun", "ma-chao", "luo-yong", "zhou-min"} <= people

        def ends() -> list[str]:
            return [text.text for text in played.modem.texts if "演练终止" in text.text]

        await until(lambda: len(ends()) == len(people), 60)
        texts = [text.text for text in played.modem.texts]
        about_drill = [text for text in texts if "301" in text]
        assert about_drill
        assert all(text.startswith("【演练】") for text in [*about_drill, *ends()])
        assert not any("【演练】" in text for text in texts if "一氧化碳" in text)

        # MUST NOT: no output that was not ticked, and no drill among what is real.
        assert heard.empty()
        commands = (await hub.cases("command", CaseQuery(where={"cause": id}))).items
        assert commands == []
        assert not any("301" in text for text in group.texts)
        live = (await hub.alarms(AlarmQuery(purpose=Purpose.LIVE))).items
        assert all(alarm.device != "sm-301" for alarm in live)

        with pytest.raises(Refusal) as refused:
            await hub.act(SMOKE)
        assert refused.value.code == "real_alarm"
        await hub.act(SeeDrillStopped(id, "li-qiang"))
        assert (await drill(hub, id))["open"] is False


async def test_a_ticked_siren_sounds_until_the_end_and_nothing_else_does(
    start_hub: Start, field: Field, played: Devices
) -> None:
    del played
    async with start_hub() as started:
        hub = started.hub
        siren = await asyncio.to_thread(field.hear, "zigbee2mqtt/+/set")
        request = StartDrill(
            "zhou-min", "li-qiang", "live", "p2-flat-smoke", "sm-301.smoke", outputs=("sr-b3a.siren",)
        )
        id = await begun(hub, request)
        await settled(hub, id, has="alarm")
        await asyncio.to_thread(siren.get, True, 20)
        ended = await hub.act(EndDrill(id, "zhou-min"))
        assert isinstance(ended, Mapping)
        assert ended["state"] == "finished"
        await until(lambda: not rows(hub))
        commands = await asyncio.wait_for(_commands(hub, id, 2), 20)
        assert sorted((c["output"], c["act"]) for c in commands) == [
            ("sr-b3a.siren", "start"),
            ("sr-b3a.siren", "stop"),
        ]
        every = (await hub.cases("command", CaseQuery())).items
        assert {c["output"] for c in every if c["kind"] != "desk"} == {"sr-b3a.siren"}
        assert hub.incidents() == []


async def test_a_call_out_calls_the_plans_people_and_one_on_the_table_nobody(
    start_hub: Start, played: Devices
) -> None:
    async with start_hub() as started:
        hub = started.hub
        table = await begun(hub, StartDrill("zhou-min", "li-qiang", "table_top", "p2-flat-smoke"))
        await until(lambda: len(hub.incidents()) == 1)
        await hub.act(EndDrill(table, "zhou-min"))
        await until(lambda: hub.incidents() == [])
        assert played.modem.texts == []
        out = await begun(hub, StartDrill("zhou-min", "li-qiang", "call_out", "p2-flat-smoke", zone="b3/s1"))
        await settled(hub, out, has="message")
        assert all(text.text.startswith("【演练】") for text in played.modem.texts)
        await hub.act(EndDrill(out, "zhou-min"))
        body = await drill(hub, out)
        await until(lambda: sum("演练结束" in t.text for t in played.modem.texts) >= len(body["told"]), 60)


async def _commands(hub: RunningHub, id: str, number: int) -> list[Mapping[str, Any]]:
    """What the drill has ordered, once it is on record."""
    while True:
        commands = list((await hub.cases("command", CaseQuery(where={"cause": id}))).items)
        if len(commands) >= number:
            return commands
        await asyncio.sleep(0.02)
