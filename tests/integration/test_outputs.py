"""From a sensor to an output and back, over a real broker: what is started, what proves it, and what is an alarm."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Mapping
from typing import Any

import pytest

from edge.domain.alarm import Alarm
from edge.domain.output import CommandState, Operate, SetLinkage
from edge.domain.request import Acknowledge, Refusal
from edge.facade import CaseQuery
from edge.hub import RunningHub
from tests.integration.conftest import Start, until
from tests.integration.field import Field

LEAK = {"gas": 9.0}
VALVE = "gv-1203.valve"


async def next_of(heard: queue.SimpleQueue[dict[str, Any]], seconds: float = 10) -> dict[str, Any]:
    return await asyncio.to_thread(heard.get, timeout=seconds)


async def commands(hub: RunningHub) -> list[tuple[str, str, str]]:
    page = await hub.cases("command", CaseQuery())
    return [(str(c["output"]), str(c["act"]), str(c["state"])) for c in page.items]


async def proved(hub: RunningHub) -> None:
    """The valve's own word has come through."""
    async with asyncio.timeout(20):
        at = hub.position()
        while (VALVE, "close", CommandState.CONFIRMED.value) not in await commands(hub):
            await hub.wait_facts(at)
            at = hub.position()


def alarms_at(hub: RunningHub, point: str) -> list[Alarm]:
    return [alarm for alarm in hub.open_alarms() if alarm.point == point]


async def test_gas_closes_the_valve_and_the_valve_proves_it(start_hub: Start, field: Field) -> None:
    async with start_hub() as started:
        hub = started.hub
        heard = await asyncio.to_thread(field.hear, "site/gv-1203/down")
        field.say("site/gs-1203/up", LEAK)
        assert await next_of(heard) == {"cmd": "close"}
        field.say("site/gv-1203/up", {"state": "closed"})
        await proved(hub)
        (alarm,) = alarms_at(hub, "gs-1203.gas")
        told = [fact.kind for fact in await hub.story(alarm.id)]
        assert told[0] == "alarm.raised"
        assert "command.confirmed" in told
        # S1: in a gas zone nothing else is switched, neither siren nor fan.
        assert {output for output, _, _ in await commands(hub)} <= {VALVE, "dk-01.beacon"}


async def test_a_valve_that_does_not_answer_is_an_alarm_until_it_does(start_hub: Start, field: Field) -> None:
    async with start_hub() as started:
        hub = started.hub
        heard = await asyncio.to_thread(field.hear, "site/gv-1203/down")
        field.say("site/gs-1203/up", LEAK)
        await next_of(heard)
        point = "gv-1203.valve-feedback"
        await until(lambda: bool(alarms_at(hub, point)))
        assert alarms_at(hub, point)[0].title.zh == "已令关阀·无反馈"
        assert heard.qsize() >= 1  # it was told again meanwhile
        field.say("site/gv-1203/up", {"state": "closed"})
        await until(lambda: not alarms_at(hub, point))
        await proved(hub)


async def test_nobody_opens_a_valve_and_nobody_sounds_a_siren_in_gas(start_hub: Start) -> None:
    async with start_hub() as started:
        hub = started.hub
        with pytest.raises(Refusal) as refused:
            await hub.act(Operate(outputs=(VALVE,), act="open", by="li"))
        assert refused.value.code in {"close_only", "not_found"}


async def test_a_restart_repeats_what_was_not_proved(start_hub: Start, field: Field) -> None:
    heard = await asyncio.to_thread(field.hear, "site/gv-1203/down")
    async with start_hub() as started:
        field.say("site/gs-1203/up", LEAK)
        await next_of(heard)
        (alarm,) = alarms_at(started.hub, "gs-1203.gas")
        await started.hub.act(Acknowledge(alarm.id, "li"))
    async with start_hub() as started:
        assert await next_of(heard) == {"cmd": "close"}
        field.say("site/gv-1203/up", {"state": "closed"})
        await proved(started.hub)


async def test_the_same_key_switches_once_also_over_a_restart(start_hub: Start) -> None:
    close, manual = Operate(act="close", by="li", outputs=(VALVE,)), SetLinkage("manual", "li", "works")
    async with start_hub() as started:
        first = await started.hub.act(close, "li/k-1")
        assert isinstance(first, Mapping)
        (command,) = first["commands"]
        await started.hub.act(manual, "li/k-2")
    async with start_hub() as started:
        again = await started.hub.act(close, "li/k-1")
        assert isinstance(again, Mapping)
        assert [c["id"] for c in again["commands"]] == [command["id"]]
        mode = await started.hub.act(manual, "li/k-2")
        assert isinstance(mode, Mapping)
        assert mode["mode"] == "manual"
        assert [c[:2] for c in await commands(started.hub) if c[0] == VALVE] == [(VALVE, "close")]
