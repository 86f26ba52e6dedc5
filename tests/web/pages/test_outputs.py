"""The page of outputs: what may be pressed, and the sentence where nothing may."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.conclude import Conclude
from edge.domain.conclusion import Happened
from edge.domain.device import Signal
from edge.domain.fact import Fact, Seq
from edge.domain.instant import Instant
from edge.outputs import Outputs
from tests.edge.outputs.stage import DEVICES, LINKAGES, START, Stage, alarm
from tests.web.fakes import FakeHub
from web.pages.outputs import feedback
from web.pages.view import View


@pytest.fixture(autouse=True)
def outputs(hub: FakeHub) -> Outputs:
    stage = Stage()
    devices = {device.id: device for device in DEVICES}
    tenant = Outputs(devices, stage.points, LINKAGES, stage.numbering, list, hub.desk)
    hub.conclude = Conclude([tenant])
    return tenant


async def test_a_valve_can_be_closed_and_never_opened(person):
    guard = await person("guard")
    page = (await guard.get("/outputs", headers={"Accept-Language": "zh-CN"})).text
    assert "现场复位,燃气公司检查后人工开启" in page
    assert "/api/v1/outputs/valve.valve/operate" in page
    assert "开阀" not in page
    assert '"act": "open"' not in page


async def test_what_must_not_be_switched_has_no_button(person):
    guard = await person("guard")
    page = (await guard.get("/outputs")).text
    assert "/api/v1/outputs/siren.siren/operate" in page
    assert "/api/v1/outputs/siren-in-flat.siren/operate" not in page
    assert "/api/v1/outputs/desk.desk/operate" not in page


async def test_stopping_takes_two_presses(person):
    guard = await person("guard")
    page = (await guard.get("/outputs")).text
    stops = [line for line in page.splitlines() if '"act": "stop"' in line]
    assert stops
    assert all("data-twice" in line for line in stops)


async def test_the_crew_sees_no_buttons(person):
    crew = await person("maintenance")
    page = (await crew.get("/outputs")).text
    assert "siren.siren" in page
    assert "data-operate" not in page


async def test_the_mode_stands_in_the_totals_of_every_page(person, hub):
    guard = await person("guard")
    await guard.post("/api/v1/linkage", json={"mode": "manual", "reason": "welding"})
    page = (await guard.get("/", headers={"Accept-Language": "zh-CN"})).text
    assert "联动 <b>手动</b>" in page


async def test_before_the_switch_it_is_said_what_it_starts(person, hub, outputs):
    guard = await person("guard")
    says = "报警仍在的待启动联动将立即启动"
    zh = {"Accept-Language": "zh-CN"}
    await guard.post("/api/v1/linkage", json={"mode": "manual", "reason": "welding"})
    assert says not in (await guard.get("/outputs", headers=zh)).text
    gas = alarm("al-1", Signal.GAS)
    fact = Fact(Seq(9, 900), "alarm.raised", START, None, "alarm", gas.to_dict())
    outputs.conclude(Happened([fact]), Instant(START, START))
    assert says in (await guard.get("/outputs", headers=zh)).text


async def test_feedback_is_told_in_words(hub):
    view = View(hub, "zh", {})
    states = {state.output.id: state for state in hub.outputs()}
    valve, siren = states["valve.valve"], states["siren.siren"]
    assert feedback(replace(valve, seen=None), view) == "无数据"
    (close,) = valve.output.spec.acts
    assert feedback(replace(valve, seen=close.confirm), view) == "已关阀"
    assert feedback(replace(valve, seen="open"), view) == "阀门开启"
    assert feedback(replace(valve, seen="half"), view) == "half"
    for act, words in (("start", "鸣响中"), ("stop", "未响")):
        confirmed = siren.output.spec.act(act)
        assert confirmed is not None
        assert feedback(replace(siren, seen=confirmed.confirm), view) == words
