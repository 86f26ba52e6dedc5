"""S4: the tank's hatch stands open and the water slowly goes bad, as its file tells it, ten times faster.

What waits in seconds of the site's own waits a sixtieth of that: two minutes of a limit become two seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.domain.hazard import Hazard, Reinspect
from edge.domain.incident import Incident
from edge.domain.order import AddPhoto, Advance, Step, WorkOrder
from edge.domain.request import Refusal
from edge.facade import CaseQuery
from edge.hub import RunningHub
from edge.resources import config_root
from edge.tools.broker import Broker
from tests.faults.outside import Group
from tests.integration.conftest import Start, until
from tests.integration.outside import Devices, devices
from tests.integration.quick import quick_hazards
from tests.integration.story import Story, after, at, in_the_morning, panel

SPEED, SHORTER = 10, 60
TURBIDITY, CHLORINE, HATCH = "wq-01.turbidity", "wq-01.free-chlorine", "dr-01.open"
PLUMBER, HEAD = "qian-shifu", "zhou-min"


def shortened(text: str, key: str, by: float = SHORTER) -> str:
    """Each `key = number` of a settings file, so many times smaller."""
    return re.sub(rf"\b{key} = ([\d.]+)", lambda found: f"{key} = {float(found[1]) / by:g}", text)


@pytest.fixture
def field_side(tmp_path: Path, site: Path, own_broker: Broker) -> Iterator[Devices]:
    water, plan, probe = site / "rules/water.toml", "plans/p5-tap-water.toml", "generic-485-water-probe.toml"
    text = water.read_text(encoding="utf-8")
    water.write_text(shortened(shortened(text, "on_delay"), "off_delay"), encoding="utf-8")
    (site / "plans").mkdir(exist_ok=True)
    text = (config_root() / plan).read_text(encoding="utf-8")
    (site / plan).write_text(shortened(text, "minutes"), encoding="utf-8")
    (site / "profiles").mkdir(exist_ok=True)
    text = (config_root() / "profiles" / probe).read_text(encoding="utf-8")
    (site / "profiles" / probe).write_text(shortened(text, "poll", 20), encoding="utf-8")
    (site / "hazards.toml").write_text(quick_hazards(5, 600 / SHORTER, "water"), encoding="utf-8")
    with devices(tmp_path, site, own_broker, over_mqtt=True) as playing:
        yield playing


async def hazards(hub: RunningHub) -> list[Hazard]:
    """Those of the water; what is wanting in the reserve has its own."""
    rows = (await hub.cases("hazard", CaseQuery())).items
    return [one for row in rows if (one := Hazard.from_dict(row)).category == "water"]


@pytest.mark.slow
async def test_s4_one_cause_one_incident_no_siren_and_a_new_measurement(
    start_hub: Start, field_side: Devices, group: Group, capsys: pytest.CaptureFixture[str]
) -> None:
    del group
    async with start_hub(civil_offset=in_the_morning()) as started:
        hub = started.hub
        needed = ("wq-01", "dr-01")
        await until(lambda: all(link.up for link in hub.links()))
        await until(lambda: all((d := hub.device(id)) is not None and d.online is True for id in needed))
        story = Story(hub)
        await field_side.play("s4", SPEED)

        hatch = await story.until("alarm.raised", at(HATCH))
        first = await story.until("alarm.raised", lambda body: body["point"] in {TURBIDITY, CHLORINE})
        second = await story.until(
            "alarm.raised", lambda body: body["point"] in {TURBIDITY, CHLORINE} - {first.body["point"]}
        )
        opened = await story.until("incident.opened", lambda body: body["plan"] == "p5-tap-water")
        certain = await story.until("incident.confirmed", lambda body: body["id"] == opened.body["id"])
        async with await panel(hub, started.address, HEAD) as page:
            shown = (await page.get(f"/incidents/{opened.body['id']}")).text
        job = await story.until("order.notified", lambda body: body["hazard"] is not None)

        # The good water of the end proves it, not before the work is done, and not by itself.
        ended = await story.until("alarm.returned", at(CHLORINE))
        water = await hazards(hub)
        for order in (WorkOrder.from_dict(row) for row in (await hub.cases("order", CaseQuery())).items):
            steps: tuple[Step, ...] = ("accept", "depart", "arrive")
            for step in steps:
                await hub.act(Advance(order.id, PLUMBER, step))
            await hub.act(AddPhoto(order.id, PLUMBER, "202611-" + "1" * 32, "after", "0" * 64, 800, 600))
            await hub.act(Advance(order.id, PLUMBER, "finish", cause="worn", action="cleaned"))
        one = water[0]
        with pytest.raises(Refusal, match="not_proved"):
            await hub.act(Reinspect(one.id, HEAD, passed=True))
        proved = await story.until("hazard.proved", lambda body: body["id"] == one.id)
        await hub.act(Reinspect(one.id, HEAD, passed=True))
        incidents = [Incident.from_dict(r) for r in (await hub.cases("incident", CaseQuery())).items]

    with capsys.disabled():
        print(f"\n{story.told(hatch.time)}")  # noqa: T201 - the record of the story

    # One cause, one incident: hatch, turbidity and chlorine, stage 2 by two values out for ten minutes.
    (incident,) = incidents
    three = {fact.body["id"] for fact in (hatch, first, second)}
    assert three <= set(incident.alarms)
    assert (certain.body["confirmed_why"], certain.body["stage"]) == ("lasting", 2)
    assert after(first, hatch.time) > 0
    for fact in (hatch, first, second):
        assert fact.body["title"][0] in shown
    assert [len(story.all("alarm.raised", point=point)) for point in (HATCH, TURBIDITY, CHLORINE)] == [1] * 3
    assert {fact.body["priority"] for fact in (first, second)} == {"high"}
    clauses = {rule.id: rule.source for rule in hub.site.rules if rule.id.startswith("water-")}
    assert all("GB 5749-2022" in source for source in clauses.values())

    # No siren, nothing rings, nothing is published by itself.
    switched = {fact.body["output"] for fact in story.facts if fact.subject == "command"}
    assert switched <= {"dk-01.beacon"}
    assert not [f for f in story.all("notification.sending") if f.body["channel"] == "ring"]
    assert not [line for line in field_side.lines if line.startswith("call to ")]
    notices = next(step for step in incident.steps if step.id == "notices")
    assert notices.how is None

    # One hazard of two limits; the plumber has its order, and the sensor measured again before it was struck off.
    assert [[source.kind for source in hazard.sources] for hazard in water] == [["limit", "limit"]]
    assert PLUMBER in job.body["offered"]
    assert ended.time < proved.time
