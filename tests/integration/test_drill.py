"""A drill on the whole hub: marked bytes at the driver's edge, real texts on a modem, and a real alarm that ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from edge.domain.alarm import Alarm
from edge.domain.drill import EndDrill, StartDrill
from edge.domain.incident import Muster
from edge.domain.reading import Purpose
from edge.domain.request import Judge, Refusal
from edge.facade import AlarmQuery, CaseQuery
from edge.hub import RunningHub
from edge.tools.broker import Broker
from edge.tools.modem import SentText
from tests.faults.outside import Group
from tests.integration.conftest import Start, until
from tests.integration.field import Field
from tests.integration.outside import Devices, devices
from tests.integration.story import BUSY, Story, after, at, in_the_morning, panel
from tests.integration.test_reports import sheet

SMOKE = StartDrill("zhou-min", "li-qiang", "live", "p2-flat-smoke", "sm-301.smoke", note="楼道火")
STAIR = StartDrill("zhou-min", "li-qiang", "live", "p2-flat-smoke", "sm-s1.smoke", note="楼道火")
HEAD, GUARD = "zhou-min", "li-qiang"
CREW = ("zhou-min", "he-jun", "ma-chao")
SMOKE_OF_STAIR, CO, BEACON = "sm-s1.smoke", "co-b3.carbon-monoxide", "dk-01.beacon"
SPEED = 4


@pytest.fixture
def stage(tmp_path: Path, site: Path, own_broker: Broker) -> Iterator[Devices]:
    """All devices, as the demo has them; the 30 s until the first phone rings pass as fast as the story is told."""
    steps = site / "dispatch/1-vital.toml"
    text = steps.read_text(encoding="utf-8")
    steps.write_text(text.replace("after = 30", f"after = {30 / SPEED}"), encoding="utf-8")
    with devices(tmp_path, site, own_broker, over_mqtt=True) as playing:
        yield playing


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


@pytest.mark.slow
async def test_s8_as_its_file_tells_it(
    start_hub: Start, group: Group, stage: Devices, capsys: pytest.CaptureFixture[str]
) -> None:
    async with start_hub(civil_offset=in_the_morning()) as started:
        hub, modem = started.hub, stage.modem
        await until(lambda: all(link.up for link in hub.links()))
        await until(lambda: all((d := hub.device(id)) and d.online is True for id in ("sm-s1", "co-b3")))

        def ends(words: str) -> list[SentText]:
            return [text for text in modem.texts if words in text.text]

        # Two earlier ones to compare with; whoever judges a drill's alarm false spoils no statistics.
        for n in range(2):
            before = await begun(hub, STAIR)
            await settled(hub, before, has="message")
            (row,) = rows(hub)
            await hub.act(Judge(row.id, GUARD, "false", "cooking"))
            await hub.act(EndDrill(before, HEAD))
            people = {one["person"] for one in (await drill(hub, before))["told"]}
            await until(lambda: len(ends("演练结束")) >= (n + 1) * len(people))  # noqa: B023

        story = Story(hub)
        heard = len(modem.texts)
        id = await begun(hub, STAIR)
        await stage.play("s8", SPEED)
        shown = await story.until("alarm.raised", at(SMOKE_OF_STAIR))
        incident = await story.until("incident.opened", lambda body: body["drill"] == id)
        async with await panel(hub, started.address, GUARD) as guard:
            wall = (await guard.get("/")).text
            for person in CREW:
                await hub.act(Muster(incident.body["id"], GUARD, person))
            mustered = len((await drill(hub, id))["mustered"])

            # 38 s of the file: carbon monoxide in flat 105, and it is no drill.
            raised = await story.until("alarm.raised", at(CO))
            ended = await story.until("drill.ended", lambda body: body["id"] == id)
            stopped = (await guard.get("/")).text
            home = (await guard.get(f"/api/v1/alarms/{raised.body['id']}/household")).json()
            worked = await story.until("incident.opened", lambda body: body["alarm"] == raised.body["id"])
            await story.until("notification.sending", lambda body: body["channel"] == "ring")
            people = {one["person"] for one in (await drill(hub, id))["told"]}
            await until(lambda: len(ends("演练终止")) == len(people))
            with pytest.raises(Refusal, match="real_alarm"):
                await hub.act(STAIR)
            began = (await drill(hub, id))["times"]["reading"]
            kept = (await guard.get(f"/api/v1/drills/{id}")).json()
            record = (await guard.get(f"/drills/{id}/record")).text
            await guard.post(f"/api/v1/drills/{id}/seen")
            after_reading = (await guard.get("/")).text
        with capsys.disabled():
            print(f"\n{story.told(began)}")  # noqa: T201 - the record of the story

        texts = [(text.number, text.text) for text in list(modem.texts)[heard:]]
        commands = (await hub.cases("command", CaseQuery(limit=200))).items
        real = (await hub.alarms(AlarmQuery(purpose=Purpose.LIVE))).items
        _, monthly = await sheet(hub, "monthly")
        left = rows(hub)

    # Sensor, row, message: within five seconds; then three of three on the roll.
    spans = kept["spans"]
    assert 0 <= spans["alarm"] <= 3
    assert 0 <= spans["message"] <= 5
    assert shown.body["purpose"] == "drill"
    assert "【演练】" in wall
    assert mustered == len(CREW)

    # What is real ends it at once: the notice over all, the end of row and incident, the tone, the plan, the ring.
    assert 0 <= after(ended, raised.time) <= 1 + BUSY
    assert left == []
    assert "drill-stopped" in stopped
    assert "演练终止" in stopped
    assert "drill-stopped" not in after_reading
    tones = [f.body["act"] for f in story.all("command.sent", output=BEACON) if f.time >= raised.time]
    assert tones[:1] == ["gas"]
    assert worked.body["plan"] is not None
    assert (home["zone"], [mark["zh"] for mark in home["marks"]]) == (
        "b3/s1/1f/105", ["独居", "81 岁", "听力弱"],
    )  # fmt: skip
    assert [each["name"] for each in home["contacts"]] == ["赵琳"]

    # Each who was told of it hears once of its end, and nothing of a drill is said about what is real.
    lines = [number for number, text in texts if "演练终止" in text]
    told = {number for number, text in texts if text.startswith("【演练】")}
    assert len(lines) == len(set(lines)) == len(people) >= len(CREW)
    assert told == set(lines)
    assert all(text.startswith("【演练】") for _, text in texts if "楼梯间" in text or "演练" in text)
    assert not any("【演练】" in text for _, text in texts if "一氧化碳" in text)
    assert any("一氧化碳" in text for _, text in texts)

    # The record: unfinished, with its times beside those of the last two.
    assert (kept["state"], kept["ended_why"], kept["ended_by_alarm"]) == (
        "unfinished", "alarm", raised.body["id"],
    )  # fmt: skip
    assert list(spans) == ["reading", "alarm", "message", "scene"]
    assert len(kept["earlier"]) == 2
    assert all("message" in one["spans"] for one in kept["earlier"])
    assert "未完成" in record

    # MUST NOT: an output that nobody ticked, a word outside, a drill among what is real.
    assert {row["output"] for row in commands} <= {BEACON}
    assert [row for row in commands if row["cause"] == id] == []
    assert not any("楼梯间" in text for text in group.texts)
    assert "sm-s1" not in {alarm.device for alarm in real}
    assert [row["link"] for row in monthly["false_alarms"]] == ["/devices/co-b3"]


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
        commands = await asyncio.wait_for(_commands(hub, id, 2), 60)
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
        assert not [text for text in played.modem.texts if "演练" in text.text]  # a duty may be due just now
        out = await begun(hub, StartDrill("zhou-min", "li-qiang", "call_out", "p2-flat-smoke", zone="b3/s1"))
        await settled(hub, out, has="message")
        called = [text.text for text in played.modem.texts if "演练" in text.text]
        assert called
        assert all(text.startswith("【演练】") for text in called)
        await hub.act(EndDrill(out, "zhou-min"))
        body = await drill(hub, out)
        await until(lambda: sum("演练结束" in t.text for t in played.modem.texts) >= len(body["told"]))


async def _commands(hub: RunningHub, id: str, number: int) -> list[Mapping[str, Any]]:
    """What the drill has ordered, once it is on record."""
    while True:
        commands = list((await hub.cases("command", CaseQuery(where={"cause": id}))).items)
        if len(commands) >= number:
            return commands
        await asyncio.sleep(0.02)
