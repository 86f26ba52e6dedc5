"""Limits of the demo site through the whole line: which plan opens, which hazard is reported, and who goes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from edge.dialects import schemas
from edge.domain.alarm import Alarm
from edge.domain.device import Signal
from edge.domain.roster import Policy
from edge.facade import CaseQuery
from edge.hub import RunningHub
from edge.resources import config_root
from edge.settings import load_site
from tests.integration.conftest import Start
from tests.integration.field import Field
from tests.integration.story import clock_at


@pytest.fixture
def at_once(site: Path) -> None:
    """No limit waits."""
    for path in (site / "rules").glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(
            re.sub(r"^(on_delay|off_delay) = .*$", r"\1 = 0", text, flags=re.MULTILINE), encoding="utf-8"
        )


async def once(hub: RunningHub, found: Callable[[], Any]) -> Any:
    async with asyncio.timeout(20):
        while True:
            position = hub.position()
            if result := found():
                return result
            await hub.wait_facts(position)


async def alarm(hub: RunningHub, rule: str) -> Alarm:
    alarm: Alarm = await once(hub, lambda: next((a for a in hub.open_alarms() if a.rule == rule), None))
    return alarm


async def case(hub: RunningHub, kind: str, **wanted: Any) -> Mapping[str, Any]:
    async with asyncio.timeout(20):
        while True:
            position = hub.position()
            for row in (await hub.cases(kind, CaseQuery())).items:
                if all(row[key] == value for key, value in wanted.items()):
                    return row
            await hub.wait_facts(position)


@pytest.mark.usefixtures("at_once")
async def test_a_full_pit_opens_the_plan_for_floods_and_sends_the_plumber(
    start_hub: Start, field: Field
) -> None:
    async with start_hub() as started:
        hub = started.hub
        field.say("site/sw-01/up", {"depth": 150, "battery": 97})
        full = await alarm(hub, "sewage-level")
        assert (full.value, full.limit, full.unit, full.priority) == (1500, 1400, "mm", "high")
        incident = await case(hub, "incident", alarm=full.id)
        assert (incident["plan"], incident["stage"]) == ("p6-flood", 1)
        hazard = await case(hub, "hazard", alarm=full.id)
        assert (hazard["category"], hazard["state"]) == ("sewage", "assigned")
        await case(hub, "order", hazard=hazard["id"])


@pytest.mark.usefixtures("at_once")
async def test_mains_that_are_lost_open_the_plan_for_power_cuts_and_end_when_they_are_back(
    start_hub: Start, field: Field
) -> None:
    async with start_hub() as started:
        hub = started.hub
        field.say("site/up-01/up", {"on_battery": True, "charge": 98, "minutes": 470})
        lost = await alarm(hub, "mains-fault")
        assert (lost.title.zh, lost.signal) == ("主电故障", Signal.FAULT)
        assert (await case(hub, "incident", alarm=lost.id))["plan"] == "p7-power-cut"
        field.say("site/up-01/up", {"on_battery": True, "charge": 25, "minutes": 90})
        low = await alarm(hub, "backup-low")
        assert (low.title.zh, low.value) == ("备电电量低", 25)
        field.say("site/up-01/up", {"on_battery": False, "charge": 40, "minutes": 140})
        await once(hub, lambda: not {a.rule for a in hub.open_alarms()} & {"mains-fault", "backup-low"})


@pytest.mark.usefixtures("at_once")
async def test_the_restaurants_fume_is_a_hazard_of_the_restaurant(start_hub: Start, field: Field) -> None:
    async with start_hub() as started:
        hub = started.hub
        field.say("site/fu-s1/up", {"fume": 2.3, "fault": False})
        fume = await alarm(hub, "oil-fume")
        hazard = await case(hub, "hazard", alarm=fume.id)
        assert (hazard["category"], hazard["unit"]) == ("fume", "shop-s1")
        proof = hazard["proof"]  # measured again: the averages of three hours, none of them yet
        assert (proof["readings"], proof["seconds"], proof["met_at"]) == (3, 3 * 3600, None)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(("hour", "rule"), [(23, "noise-night"), (12, None)])
async def test_sixty_decibels_are_too_much_at_night_only(
    start_hub: Start, field: Field, hour: int, rule: str | None
) -> None:
    async with start_hub(civil_offset=clock_at(hour, 0)) as started:
        hub = started.hub
        field.say("site/ns-01/up", {"laeq": 60, "battery": 97})
        field.say("site/hy-01/up", {"pressure": 120, "battery": 97})  # behind it on the same line
        low = await alarm(hub, "hydrant-pressure")
        assert (low.limit, low.unit, low.priority, low.signal) == (140, "kPa", "medium", "supervisory")
        noises = [a.rule for a in hub.open_alarms() if a.rule.startswith("noise")]
        assert noises == ([] if rule is None else [rule])
        if rule is not None:
            (noise,) = (a for a in hub.open_alarms() if a.rule == rule)
            assert (await case(hub, "hazard", alarm=noise.id))["draft"] is True


@pytest.mark.usefixtures("at_once")
async def test_a_hydrant_without_pressure_and_a_low_tank(start_hub: Start, field: Field) -> None:
    async with start_hub() as started:
        hub = started.hub
        field.say("site/hy-01/up", {"pressure": 80, "battery": 97})
        field.say("site/tk-01/up", {"depth": 120, "battery": 97})
        tank = await alarm(hub, "fire-tank-level")
        hydrant = await alarm(hub, "hydrant-pressure")
        assert (hydrant.priority, hydrant.limit) == ("high", 100)
        assert (tank.signal, tank.limit) == (Signal.SUPERVISORY, 1500)
        for found in (hydrant, tank):
            hazard = await case(hub, "hazard", alarm=found.id)
            assert (hazard["category"], hazard["grade"]) == ("fire", "general")


def test_nothing_about_limits_and_faults_rings() -> None:
    site = load_site(config_root() / "site", schemas())

    def about_limits(policy: Policy) -> bool:
        return (policy.subject == "alarm" and not policy.signals) or "process" in policy.signals

    calls = [
        call
        for policy in site.policies
        if about_limits(policy)
        for step in policy.steps
        for call in step.calls
    ]
    assert calls
    assert not [call for call in calls if "ring" in call.by]


def test_every_limit_names_its_clause_or_says_that_it_is_practice() -> None:
    site = load_site(config_root() / "site", schemas())
    for rule in site.rules:
        if rule.condition in {"high", "low"}:
            assert re.search(r"practice|\b(GB|GB/T|EN) ?\d", rule.source), rule.id
