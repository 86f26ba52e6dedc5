"""Incidents through the whole line: the plan that a real alarm opens, what ticks its steps, and a crash in between."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable
from typing import Any

from edge.domain.incident import AllClear, FileReport, Incident, StepState, TickStep
from edge.domain.request import Acknowledge, Judge, Reset
from edge.facade import CaseQuery
from edge.hub import RunningHub
from tests.integration.conftest import Start
from tests.integration.field import Field

GAS, VALVE = "site/gs-1203/up", "site/gv-1203"


async def incident(hub: RunningHub, fits: Callable[[Incident], bool]) -> Incident:
    """The one incident, once it is as wanted."""
    async with asyncio.timeout(60):
        while True:
            at = hub.position()
            rows = [Incident.from_dict(row) for row in (await hub.cases("incident", CaseQuery())).items]
            if len(rows) == 1 and fits(rows[0]):
                return rows[0]
            await hub.wait_facts(at)


def step(of: Incident, id: str) -> StepState:
    return next(step for step in of.steps if step.id == id)


async def order(heard: queue.SimpleQueue[dict[str, Any]]) -> None:
    assert await asyncio.to_thread(heard.get, timeout=60) == {"cmd": "close"}


async def test_gas_in_a_flat_from_the_alarm_to_the_all_clear(start_hub: Start, field: Field) -> None:
    async with start_hub() as started:
        hub = started.hub
        heard = await asyncio.to_thread(field.hear, f"{VALVE}/down")
        field.say(GAS, {"gas": 9.0})
        await order(heard)
        opened = await incident(hub, lambda one: one.open)
        assert (opened.plan, opened.state, opened.signal) == ("p1-kitchen-gas", "stage1", "gas")
        field.say(f"{VALVE}/up", {"state": "closed"})
        assert (
            step(await incident(hub, lambda one: step(one, "valve").how is not None), "valve").how == "fact"
        )
        field.say(GAS, {"gas": 23.0})
        alarm = str(opened.alarm)
        await hub.act(Acknowledge(alarm, "li"))
        assert step(await incident(hub, lambda one: step(one, "ack").how is not None), "ack").done_by is None
        await hub.act(TickStep(opened.id, "li", "call", "done"))
        before = await incident(hub, lambda one: step(one, "call").how == "person")
    async with start_hub() as started:
        hub = started.hub
        again = await incident(hub, lambda one: one.open)
        assert (again.id, [s.how for s in again.steps]) == (before.id, [s.how for s in before.steps])
        await hub.act(Judge(alarm, "zhou", "real", "hose"))
        certain = await incident(hub, lambda one: one.stage == 2)
        assert (certain.confirmed_why, certain.confirmed_by, step(certain, "evacuate").stage) == (
            "person", "zhou", 2,
        )  # fmt: skip
        field.say(GAS, {"gas": 0.0})
        await incident(hub, lambda one: step(one, "normal").how == "fact")
        await hub.act(Acknowledge(alarm, "li"))  # it had risen since
        await hub.act(Reset(alarm, "li"))
        await hub.act(AllClear(certain.id, "zhou", "已通风", confirm=True))
        await hub.act(FileReport(certain.id, "zhou", "final", "胶管老化"))
        closed = await incident(hub, lambda one: not one.open)
        told = [fact.kind for fact in await hub.case_story("incident", closed.id)]
        assert told.count("incident.confirmed") == 1
        assert told[-2:] == ["incident.report", "incident.closed"]
        switched = {str(row["output"]) for row in (await hub.cases("command", CaseQuery())).items}
        assert switched <= {"gv-1203.valve", "dk-01.beacon"}
