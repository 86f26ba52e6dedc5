"""Hazards through the whole line: proved by the sensor that showed them over a restart, a shop's, a major one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.domain.hazard import (
    AddHazardPhoto,
    AssignHazard,
    GradeHazard,
    Hazard,
    HazardState,
    Rectify,
    Reinspect,
    ReportHazard,
)
from edge.domain.names import Text
from edge.domain.order import AddPhoto, Advance, OrderState, Step, WorkOrder
from edge.domain.request import Acknowledge, Refusal, Reset
from edge.facade import CaseQuery
from edge.hub import RunningHub
from tests.integration.conftest import Start
from tests.integration.field import Field
from tests.integration.quick import quick_hazards

GAS, VALVE = "site/gs-1203/up", "site/gv-1203/up"


@pytest.fixture
def quick(site: Path) -> None:
    """A proof takes a second here, not a minute."""
    (site / "hazards.toml").write_text(quick_hazards(3, 1, "gas-leak"), encoding="utf-8")


async def hazard(hub: RunningHub, fits: Callable[[Hazard], bool]) -> Hazard:
    """The newest hazard that is as wanted, once there is one."""
    async with asyncio.timeout(20):
        while True:
            at = hub.position()
            for row in (await hub.cases("hazard", CaseQuery())).items:
                if fits(found := Hazard.from_dict(row)):
                    return found
            await hub.wait_facts(at)


async def order(hub: RunningHub, fits: Callable[[WorkOrder], bool]) -> WorkOrder:
    async with asyncio.timeout(20):
        while True:
            at = hub.position()
            for row in (await hub.cases("order", CaseQuery())).items:
                if fits(found := WorkOrder.from_dict(row)):
                    return found
            await hub.wait_facts(at)


async def worked(hub: RunningHub, job: WorkOrder, by: str) -> None:
    """Accepted, done and shown."""
    steps: tuple[Step, ...] = ("accept", "depart", "arrive")
    for step in steps:
        await hub.act(Advance(job.id, by, step))
    await hub.act(AddPhoto(job.id, by, "202611-" + "1" * 32, "after", "0" * 64, 800, 600))
    await hub.act(Advance(job.id, by, "finish", cause="worn", action="part_changed"))


@pytest.mark.usefixtures("quick")
async def test_gas_is_struck_off_when_its_own_sensor_has_proved_it(start_hub: Start, field: Field) -> None:
    async with start_hub() as started:
        hub = started.hub
        field.say(GAS, {"gas": 9.0})
        shown = await hazard(hub, lambda one: one.category == "gas")
        assert (shown.title.zh, shown.grade, shown.key) == (
            "燃气泄漏",
            "general",
            "combustible-gas@gs-1203.gas",
        )
        alarm = str(shown.alarm)
        await hub.act(Acknowledge(alarm, "li-qiang"))
        field.say(VALVE, {"state": "closed"})
        field.say(GAS, {"gas": 0.0})
        job = await order(hub, lambda one: one.alarm == alarm)
        await worked(hub, job, "sun-zhi")
        await hazard(hub, lambda one: one.state is HazardState.RECTIFIED)
    async with start_hub() as started:  # a power cut between the work and its proof
        hub = started.hub
        waiting = await hazard(hub, lambda one: one.id == shown.id)
        assert (waiting.state, waiting.rectified_by) == (HazardState.RECTIFIED, "sun-zhi")
        with pytest.raises(Refusal, match="same_person"):
            await hub.act(Reinspect(shown.id, "sun-zhi", passed=True))
        with pytest.raises(Refusal, match="not_proved"):
            await hub.act(Reinspect(shown.id, "liu-yang", passed=True))
        value = 0.0
        async with asyncio.timeout(20):
            while not (await hazard(hub, lambda one: one.id == shown.id)).proved:
                value = 0.1 if value == 0.0 else 0.0
                field.say(GAS, {"gas": value})
                await asyncio.sleep(0.4)
        await hub.act(Reset(alarm, "li-qiang"))
        await hub.act(Reinspect(shown.id, "liu-yang", passed=True))
        closed = await hazard(hub, lambda one: one.id == shown.id)
        assert (closed.state, closed.override) == (HazardState.CLOSED, None)
        done = await order(hub, lambda one: one.id == job.id and one.state is OrderState.VERIFIED)
        assert done.verified_by == "liu-yang"


async def test_a_shop_rectifies_by_its_notice_and_a_major_one_reaches_the_grid_officer(
    start_hub: Start,
) -> None:
    async with start_hub() as started:
        hub = started.hub
        found: Any = await hub.act(
            ReportHazard("he-jun", Text("消火栓阀门被遮挡", "Hydrant valve hidden"), "fire", zone="sh/s1")
        )
        assert found["unit"] == "shop-s1"
        with pytest.raises(Refusal, match="not_manager"):
            await hub.act(GradeHazard(found["id"], "li-qiang", "major", "lane-blocked", "看守"))
        await hub.act(GradeHazard(found["id"], "zhou-min", "major", "lane-blocked", "看守"))
        async with asyncio.timeout(20):
            while True:
                at = hub.position()
                rows = (await hub.cases("notification", CaseQuery(limit=200))).items
                if any(row["message"] == "hazard-major" and row["asked"] == "grid" for row in rows):
                    break
                await hub.wait_facts(at)
        await hub.act(AssignHazard(found["id"], "zhou-min", unit="shop-s1", measures="挪开货架"))
        await hub.act(
            AddHazardPhoto(found["id"], "he-jun", "202611-" + "2" * 32, "after", "0" * 64, 800, 600)
        )
        await hub.act(Rectify(found["id"], "he-jun"))
        await hub.act(Reinspect(found["id"], "zhou-min", passed=True))
        story = [fact.kind for fact in await hub.case_story("hazard", found["id"])]
        assert story == [
            "hazard.reported", "hazard.interim", "hazard.graded", "hazard.assigned", "hazard.photo", "hazard.rectified",
            "hazard.closed",
        ]  # fmt: skip
        assert "负责人" not in str(await hub.case("hazard", found["id"]))
