"""Records of a real hub: a gas alarm as the daily report tells it, and its bundle proved without the hub."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

from edge.domain.fact import Seq
from edge.domain.instant import HOUR
from edge.domain.request import Acknowledge, Judge
from edge.hub import RunningHub
from edge.reports import verify
from tests.integration.conftest import Start
from tests.integration.field import Field
from tests.integration.test_incidents import GAS, incident


async def sheet(hub: RunningHub, kind: Any) -> tuple[Mapping[str, Any], dict[str, list[Mapping[str, Any]]]]:
    """(head, rows by section) of a report over the last hour."""
    now = hub.now().utc
    head: Mapping[str, Any] = {}
    found: dict[str, list[Mapping[str, Any]]] = {}
    section = ""
    async for line in hub.records.report(kind, now - HOUR, now + HOUR, "li"):
        head = line.get("head", head)
        section = line["section"]["id"] if "section" in line else section
        found.setdefault(section, []).extend(line.get("rows", ()))
    return head, found


async def test_a_gas_alarm_in_the_records_and_its_bundle(start_hub: Start, field: Field) -> None:
    async with start_hub() as started:
        hub = started.hub
        field.say(GAS, {"gas": 23.0})
        opened = await incident(hub, lambda one: one.open)
        alarm = str(opened.alarm)
        await hub.act(Acknowledge(alarm, "li"))
        await hub.act(Judge(alarm, "zhou", "real", "hose", note="胶管老化"))
        await incident(hub, lambda one: one.stage == 2)
        await hub.settled()
        last = hub.position()

        head, daily = await sheet(hub, "daily")
        assert last <= Seq.parse(head["seq"]) <= hub.position()
        (row,) = daily["alarms-gas"]
        assert (row["link"], row["acked_by"], row["verdict"]) == (f"/alarms/{alarm}", "li", "real")
        proof = {row["figure"]: row["count"] for row in daily["self_proof"]}
        assert proof["self_tests"] == 1
        assert proof["devices"] > 10
        assert daily["shifts"]
        _, monthly = await sheet(hub, "monthly")
        targets = {row["link"]: row for row in monthly["response"]}
        assert targets["#target-ack-vital"]["met"] == 1

        body = await hub.case("incident", opened.id)
        assert body is not None
        stream = hub.records.bundle(body, "li", {}, {"li": "李明"}, pictures=())
        head_of = await anext(stream)
        assert isinstance(head_of, Mapping)
        content = b"".join([piece async for piece in stream if isinstance(piece, bytes)])
    assert len(content) == head_of["size"]
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    problems, _ = verify.verify(files)
    assert problems == []
    table = list(csv.DictReader(io.StringIO(files["readings.csv"].decode("utf-8-sig"))))
    assert "23.0" in [row["value"] for row in table]
    cases = json.loads(files["cases.json"])
    assert [a["verdict"]["cause"] for a in cases["alarm"] if a["id"] == alarm] == ["hose"]
    assert cases["command"]
    assert any(name.startswith("in-force/plans/") for name in files)
    assert any(name.startswith("in-force/rules/") for name in files)
    assert "胶管老化" in files["index.html"].decode()


async def test_the_line_goes_on_while_a_report_is_made(start_hub: Start, field: Field) -> None:
    async with start_hub() as started:
        hub = started.hub
        making = asyncio.create_task(sheet(hub, "monthly"))
        field.say(GAS, {"gas": 9.0})
        assert (await incident(hub, lambda one: one.open)).signal == "gas"
        assert (await making)[0]["kind"] == "monthly"
        assert hub.records.making() is None
