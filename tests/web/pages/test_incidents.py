"""Incidents on the panel: the next step, verification, the household, the folded storm, plans, the muster point."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from edge.domain.device import Signal
from edge.domain.household import EmergencyContact, Household
from edge.domain.incident import Incident
from edge.domain.names import Text
from edge.domain.notification import About, Notification, NotificationState
from edge.domain.output import Command, CommandState, OutputKind, OutputState
from edge.domain.request import Acknowledge, Judge, Reset
from edge.domain.reserve import Batch, Item, Reserve, Stock, Store
from edge.domain.rule import Priority
from tests.edge.emergency.scene import a_command, an_output
from tests.web.conftest import ComeIn
from tests.web.fakes import FakeHub
from tests.web.incidents import an_incident, following
from web.api.v1.muster import code_of
from web.pages import incident_words as iw
from web.pages.view import View

HOME = Household("b3/s1/3f/301", (), (EmergencyContact("赵琳", Text("女儿", "daughter"), "19900000031"),))


@pytest.fixture(autouse=True)
def machine(hub: FakeHub) -> FakeHub:
    following(hub)
    hub.site = replace(hub.site, households=(HOME,))
    return hub


def level(hub: FakeHub, incident: Incident, priority: Priority) -> None:
    assert incident.alarm is not None
    hub._alarms[incident.alarm] = replace(hub._alarms[incident.alarm], priority=priority)


def test_the_next_step_is_what_a_person_does_at_this_level(hub: FakeHub) -> None:
    gas = an_incident(hub, "gas-1203.gas", Signal.GAS)
    level(hub, gas, Priority.HIGH)
    low = iw.next_step(gas, hub.open_alarms())
    assert low is not None
    assert low.id == "call"
    level(hub, gas, Priority.URGENT)
    high = iw.next_step(gas, hub.open_alarms())
    assert high is not None
    assert high.title.zh.startswith("高限:敲门,勿按门铃")


def test_what_the_hub_does_itself_is_next_only_when_it_is_late(hub: FakeHub) -> None:
    gas = an_incident(hub, "gas-1203.gas", Signal.GAS)
    late = replace(gas, steps=tuple(replace(s, overdue=s.id == "valve") for s in gas.steps))
    step = iw.next_step(late, hub.open_alarms())
    assert step is not None
    assert step.id == "valve"


async def test_the_wall_says_what_is_next_and_links_the_incident(hub: FakeHub, person: ComeIn) -> None:
    incident = an_incident(hub)
    page = (await (await person("guard")).get("/", headers={"accept-language": "zh"})).text
    first = page[page.index('id="first"') : page.index('id="others"')]
    assert "呼叫住户" in first
    assert f'href="/incidents/{incident.id}"' in first
    assert "第一阶段·待核实" in first
    assert "开阀" not in page


async def test_a_storm_is_one_row(hub: FakeHub, person: ComeIn) -> None:
    incident = an_incident(hub)
    alarms = [hub.raise_alarm(point) for point in ("sm-402.smoke", "sm-402.battery", "sm-402.link")]
    ids = (str(incident.alarm), *(alarm.id for alarm in alarms))
    hub.put_case("incident", replace(incident, alarms=ids, count=len(ids)).to_dict())
    page = (await (await person("guard")).get("/", headers={"accept-language": "zh"})).text
    assert page.count('data-folded="yes"') == len(hub.open_alarms()) - 1
    assert f"另有 {len(hub.open_alarms()) - 1} 条报警" in page
    assert 'data-urgent="yes"' in page  # the highest one is what sounds


async def test_the_alarm_page_says_what_to_check_and_what_stands_near(hub: FakeHub, person: ComeIn) -> None:
    incident = an_incident(hub)
    hub.set_value("sm-402.smoke", True)
    page = (
        await (await person("guard")).get(f"/alarms/{incident.alarm}", headers={"accept-language": "zh"})
    ).text
    assert [page.index(words) for words in ("按此顺序核实", "看猫眼", "核实结果")] == sorted(
        page.index(words) for words in ("按此顺序核实", "看猫眼", "核实结果")
    )
    near = page[page.index("周边情况") :]
    assert "3号楼1单元 4层 402 卧室" in near
    assert "同单元" in near
    assert "data-household-show" in page
    assert "赵琳" not in page


async def test_the_household_is_offered_only_while_the_alarm_is_open(hub: FakeHub, person: ComeIn) -> None:
    incident = an_incident(hub)
    guard = await person("guard")
    pages = (f"/alarms/{incident.alarm}", f"/incidents/{incident.id}")
    for path in pages:
        assert "data-household-show" in (await guard.get(path)).text
    alarm = str(incident.alarm)
    hub._act(Acknowledge(alarm, "guard"))
    hub.clear(alarm)
    hub._act(Judge(alarm, "guard", "false", "cooking"))
    hub._act(Reset(alarm, "guard"))
    for path in pages:
        page = await guard.get(path)
        assert page.status_code == 200
        assert "data-household-show" not in page.text
        assert "赵琳" not in page.text


async def test_pictures_that_two_alarms_share_are_shown_once(hub: FakeHub, person: ComeIn) -> None:
    incident = an_incident(hub)
    more = hub.raise_alarm("sm-402.smoke", Signal.FIRE).id
    hub.put_case("incident", replace(incident, alarms=(*incident.alarms, more), count=2).to_dict())
    shared = replace(hub.sample_stills(str(incident.alarm)), others=(more,))
    hub.put_case("stills", shared.to_dict(), "stills.kept")
    page = (await (await person("guard")).get(f"/incidents/{incident.id}")).text
    assert page.count('<img src="/api/v1/stills/st-1-1/') == 2  # before and at


async def test_each_household_of_an_incident_is_offered_once(hub: FakeHub, person: ComeIn) -> None:
    other = Household("b3/s1/4f/402", (), HOME.contacts)
    hub.site = replace(hub.site, households=(HOME, other))
    incident = an_incident(hub)
    more = [hub.raise_alarm(point, Signal.FIRE).id for point in ("sm-402.smoke", "sm-402.battery")]
    hub.put_case("incident", replace(incident, alarms=(*incident.alarms, *more), count=3).to_dict())
    page = (await (await person("guard")).get(f"/incidents/{incident.id}")).text
    assert page.count("data-household-show") == 2
    assert re.findall(r'id="household-([^"]+)" data-alarm="([^"]+)"', page) == [
        (str(id), str(id)) for id in (incident.alarm, more[0])
    ]


async def test_a_closed_incident_keeps_its_record_and_offers_nothing(hub: FakeHub, person: ComeIn) -> None:
    incident = an_incident(hub)
    hub.put_case("incident", replace(incident, state="closed", closed_at=incident.opened_at + 1).to_dict())
    page = (await (await person("guard")).get(f"/incidents/{incident.id}")).text
    assert "data-do=" not in page
    assert "data-report=" not in page
    listed = (await (await person("guard")).get("/incidents")).text
    assert incident.id not in listed
    assert incident.id in (await (await person("guard")).get("/incidents?show=closed")).text


async def test_the_code_at_the_muster_point_leads_to_the_roll(hub: FakeHub, person: ComeIn) -> None:
    incident = an_incident(hub)
    crew = await person("maintenance")
    drawn = await crew.get(f"/incidents/{incident.id}/muster.svg")
    assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/svg+xml")
    assert (await crew.get("/muster/0000")).status_code == 404
    code = code_of(hub, incident.id)
    page = await crew.get(f"/muster/{code}")
    assert page.status_code == 200
    assert f"/api/v1/incidents/{incident.id}/muster" in page.text
    hub.put_case("incident", replace(incident, state="closed", closed_at=1).to_dict())
    assert (await crew.get(f"/muster/{code}")).status_code == 404


async def test_words_for_119_are_filled_in(hub: FakeHub, person: ComeIn) -> None:
    incident = an_incident(hub)
    page = (
        await (await person("guard")).get(f"/incidents/{incident.id}/call", headers={"accept-language": "zh"})
    ).text
    assert "江州市和平路 18 号,3号楼1单元 3层 301 客厅,发生火警" in page
    assert "报警人李强" in page
    assert "tel:119" in page


async def test_a_report_is_prefilled_without_names_of_residents(hub: FakeHub) -> None:
    incident = an_incident(hub)
    alarm = hub._alarms[str(incident.alarm)]
    said = iw.prefilled(View(hub, "zh", {}), incident, alarm)
    assert "3号楼1单元 3层 301 客厅" in said["first"]
    assert "核实中" in said["first"]
    assert "赵琳" not in "".join(said.values())
    assert said["scene"] == ""
    certain = replace(
        incident,
        confirmed_at=incident.opened_at,
        confirmed_why="two_triggers",
        all_clear_at=incident.opened_at,
    )
    final = iw.prefilled(View(hub, "zh", {}), certain, alarm)["final"]
    assert "两只独立触发器件" in final
    assert "应急结束" in final


async def test_plans_and_who_would_hear(hub: FakeHub, person: ComeIn) -> None:
    guard = await person("guard")
    zh = {"accept-language": "zh"}
    plans = (await guard.get("/plans", headers=zh)).text
    assert plans.count('href="/plans/p') == 9
    assert "逾期" not in plans
    one = (await guard.get("/plans/p1-kitchen-gas", headers=zh)).text
    assert "敲门,勿按门铃" in one
    assert "96777" in one
    heard = (await guard.get("/plans", params={"zone": "b3/s1/3f/301", "signal": "fire"}, headers=zh)).text
    assert "3号楼1单元402卧室烟感" in heard
    assert (await guard.get("/plans/p9")).status_code == 404


async def test_a_plan_whose_review_is_late_is_amber(hub: FakeHub, person: ComeIn) -> None:
    rules = hub.site.emergency
    old = replace(rules.plans[0], review=rules.plans[0].review.replace(year=2020))
    hub.site = replace(hub.site, emergency=replace(rules, plans=(old, *rules.plans[1:])))
    page = (await (await person("guard")).get("/plans", headers={"accept-language": "zh"})).text
    assert re.search(r'class="c-high tone">2020-06-30', page)


async def test_a_step_that_ticks_itself_offers_what_ticks_it(hub: FakeHub, person: ComeIn) -> None:
    incident = an_incident(hub)
    only = tuple(step for step in incident.steps if step.id in {"ack", "verdict"})
    guard = await person("guard")
    hub.put_case("incident", replace(incident, steps=only[:1]).to_dict())
    page = (await guard.get(f"/incidents/{incident.id}")).text
    top = page[page.index("next-step") : page.index('id="work-columns"')]
    assert 'data-act="ack"' in top
    assert "/steps/ack/done" not in page
    hub.put_case("incident", replace(incident, steps=only[1:]).to_dict())
    page = (await guard.get(f"/incidents/{incident.id}")).text
    top = page[page.index("next-step") : page.index('class="members"')]
    assert f'href="/alarms/{incident.alarm}"' in top
    assert "/steps/verdict/done" not in page


async def test_before_the_all_clear_what_sounds_can_be_stopped(hub: FakeHub, person: ComeIn) -> None:
    incident = an_incident(hub)
    command = a_command("sr-1", incident.id)
    states = [OutputState(an_output("sr-1", "b3/s1"), command, None, None)]
    hub.outputs = lambda: states  # type: ignore[method-assign]
    page = (await (await person("guard")).get(f"/incidents/{incident.id}")).text
    end = page[page.index('id="work-end"') : page.index('id="work-story"')]
    assert "/api/v1/outputs/sr-1.sound/operate" in end
    assert 'name="confirm" required' in end
    cleared = replace(incident, state="all_clear", all_clear_at=incident.opened_at)
    hub.put_case("incident", cleared.to_dict())
    page = (await (await person("guard")).get(f"/incidents/{incident.id}")).text
    assert "/steps/" not in page  # late steps are done no longer


async def test_what_was_switched_who_was_called_and_where_the_materials_lie(
    hub: FakeHub, person: ComeIn
) -> None:
    incident = an_incident(hub)
    at = incident.opened_at
    siren = Command(
        "cmd-1", "sr-b3a.sound", "sr-b3a", OutputKind.SIREN, "start", Text("启动警报", "Sound sirens"),
        Text("3号楼1单元", "Building 3 stair 1"), "b3/s1", CommandState.CONFIRMED, at, alarm=incident.alarm,
        confirmed_at=at + 3_000_000,
    )  # fmt: skip
    silent = replace(siren, id="cmd-2", state=CommandState.UNCONFIRMED, confirmed_at=None)
    valve = replace(
        siren, id="cmd-3", kind=OutputKind.VALVE, act="close", name=Text("关阀", "Close the valve")
    )
    desk = replace(siren, id="cmd-4", kind=OutputKind.DESK, name=Text("灯柱", "Beacon"))
    for command in (siren, silent, valve, desk):
        hub.put_case("command", command.to_dict())
    call = Notification(
        "nt-1", "sms", "guard", "guard", "alarm", NotificationState.ANSWERED, open=False, opened_at=at,
        about=About(), alarm=incident.alarm, alarms=(str(incident.alarm),), answered_at=at + 11_000_000,
    )  # fmt: skip
    hub.put_case("notification", call.to_dict())
    pieces = Text("个", "pieces")
    items = tuple(
        Item(id, Text(name, id), "store", pieces, 1.0, (Batch("b", count),))
        for id, name, count in (("fire-hose", "消防水带", 6.0), ("escape-mask", "自救呼吸器", 2.0))
    )
    hub.site = replace(hub.site, reserve=Reserve((Store("store", Text("库房", "Store"), "b1"),), items))
    for item in items:
        stock = Stock(
            item.id, at, item.name, "store", Text("1号楼库房", "Store"), "b1", pieces, 1.0, item.batches
        )
        hub.put_case("stock", stock.to_dict())
    page = (
        await (await person("guard")).get(f"/incidents/{incident.id}", headers={"accept-language": "zh"})
    ).text
    outputs = page[page.index("outputs-title") : page.index("calls-title")]
    for words in ("1/2", " 3 秒</span>", "已启动·无反馈", "现场复位,燃气公司检查后人工开启"):
        assert words in outputs
    assert "开阀" not in page
    assert "灯柱" not in outputs  # it follows the alarms by itself
    assert "报警后 11 秒" in page
    assert "1号楼库房" in page
    materials = page[page.index("应急物资") :]
    assert re.search(r'class="c-high">.*自救呼吸器.*缺额 · 可用 2', materials)
    assert "台账无此物资" in materials
