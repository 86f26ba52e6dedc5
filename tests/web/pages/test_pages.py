"""Each page in both languages, for each role, from an empty site and a busy one."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI

from edge.domain.device import Signal
from edge.domain.health import Check, Health, LinkReport
from edge.domain.instant import MINUTE
from edge.domain.names import Text
from edge.domain.reading import Quality
from edge.domain.request import Acknowledge
from tests.web.fakes import FakeHub, busy_day
from web.pages import routes

ComeIn = Callable[[str], Awaitable[httpx.AsyncClient]]
CHINESE = re.compile(r"[\u3400-\u9fff]")
PAGES = ["/", "/alarms", "/devices", "/devices/wp-1", "/health", "/journal"]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", PAGES)
async def test_pages_speak_the_readers_language(
    hub: FakeHub, person: ComeIn, path: str, language: str
) -> None:
    busy_day(hub)
    client = await person("guard")
    client.cookies.set("language", language)
    answer = await client.get(path)
    assert answer.status_code == 200
    assert f'<html lang="{"zh-CN" if language == "zh" else "en"}"' in answer.text
    shown = re.sub(r"<script.*?</script>", "", answer.text, flags=re.DOTALL)
    if language == "zh":
        assert "本平台不替代火灾报警控制器" in shown
    else:
        left = shown.replace("李强", "").replace("张伟", "").replace("王芳", "").replace("中文", "")
        assert not CHINESE.search(left), CHINESE.findall(left)


@pytest.mark.parametrize("path", PAGES)
async def test_pages_of_a_site_where_nothing_ever_happened(hub: FakeHub, person: ComeIn, path: str) -> None:
    assert (await (await person("admin")).get(path)).status_code == 200


@pytest.mark.parametrize("path", ["/alarms/a-9", "/devices/nothing", "/no-such-page"])
async def test_what_is_not_there_is_said_so(stranger: httpx.AsyncClient, person: ComeIn, path: str) -> None:
    assert (await (await person("guard")).get(path)).status_code == 404


async def test_every_page_but_the_door_asks_who_you_are(app: FastAPI, stranger: httpx.AsyncClient) -> None:
    for route in routes:
        path = getattr(route, "path", "")
        if path in {"/sign-in", "/code"}:  # both doors
            continue
        method = next(iter(getattr(route, "methods", {"GET"})))
        answer = await stranger.request(method, path.replace("{id}", "x"), headers={"accept": "text/html"})
        assert answer.status_code in {303, 401}, path
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/sign-in?next=")


async def test_signing_in_goes_on_to_the_wanted_page_of_this_panel(stranger: httpx.AsyncClient) -> None:
    form = {"name": "guard", "password": "guard-pw-2468", "next": "/devices?sort=name"}
    answer = await stranger.post("/sign-in", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/devices?sort=name")
    assert (await stranger.get("/sign-in")).headers["location"] == "/"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "/sign-in", ""]
)
async def test_signing_in_never_leads_elsewhere(stranger: httpx.AsyncClient, elsewhere: str) -> None:
    form = {"name": "guard", "password": "guard-pw-2468", "next": elsewhere}
    assert (await stranger.post("/sign-in", data=form)).headers["location"] == "/"


async def test_a_wrong_password_is_said_in_words_and_the_name_stays(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.post("/sign-in", data={"name": "guard", "password": "x"})
    assert answer.status_code == 401
    assert "用户名或密码不对" in answer.text
    assert 'value="guard"' in answer.text


async def test_too_many_attempts_are_told_how_long_to_wait(stranger: httpx.AsyncClient) -> None:
    for _ in range(7):
        answer = await stranger.post("/sign-in", data={"name": "guard", "password": "x"})
    assert answer.status_code == 429
    assert re.search(r"请 \d+ 秒后再试", answer.text)


async def test_signing_out_ends_the_session(person: ComeIn) -> None:
    client = await person("guard")
    csrf = client.headers.pop("X-CSRF-Token")
    assert (await client.post("/sign-out", data={"csrf": "wrong"})).status_code == 403
    assert (await client.post("/sign-out", data={"csrf": csrf})).headers["location"] == "/sign-in"
    assert (await client.get("/", headers={"accept": "text/html"})).status_code == 303


async def test_the_first_fire_is_pinned_and_stays_so_when_acknowledged(hub: FakeHub, person: ComeIn) -> None:
    client = await person("guard")
    first = hub.raise_alarm("sm-301.smoke")
    hub.raise_alarm("gas-1203.gas", Signal.GAS)
    hub.raise_alarm("sm-402.smoke")
    page = (await client.get("/")).text
    assert f'<section class="card first c-urgent" data-alarm="{first.id}"' in page
    assert "首火警" in page
    await hub.act(Acknowledge(first.id, "guard"))
    page = (await client.get("/")).text
    assert f'<section class="card first c-urgent" data-alarm="{first.id}"' in page
    assert "李强" in page
    assert "待核实" in page


async def test_an_acknowledged_fault_goes_to_the_list_and_leaves_the_wall_calm(
    hub: FakeHub, person: ComeIn
) -> None:
    client = await person("guard")
    fault = hub.raise_alarm("wp-1.link", Signal.FAULT)
    assert f'first c-medium" data-alarm="{fault.id}"' in (await client.get("/")).text
    await hub.act(Acknowledge(fault.id, "guard"))
    page = (await client.get("/")).text
    assert "没有待处理的报警" in page
    assert f'id="a-{fault.id}"' in page
    assert "李强 知悉" in page


async def test_quiet_says_since_when(hub: FakeHub, person: ComeIn) -> None:
    client = await person("guard")
    assert "一切正常" in (await client.get("/")).text
    fault = hub.raise_alarm("wp-1.link", Signal.FAULT)
    hub.clear(fault.id)
    assert re.search(r"一切正常,自 \d\d:\d\d:\d\d 起", (await client.get("/")).text)


async def test_buttons_are_those_the_role_may_press(hub: FakeHub, person: ComeIn) -> None:
    busy_day(hub)
    guard = (await (await person("guard")).get("/")).text
    crew = (await (await person("maintenance")).get("/")).text
    assert 'data-act="ack"' in guard
    for act in ("ack", "verdict", "reset", "silence"):
        assert f'data-act="{act}"' not in crew
    assert "/journal" not in crew


async def test_reset_is_greyed_with_the_reason_in_words(hub: FakeHub, person: ComeIn) -> None:
    client = await person("guard")
    alarm = hub.raise_alarm("sm-301.smoke")
    assert "现场仍在报警,不能复位" in (await client.get("/")).text
    hub.clear(alarm.id)
    assert "接警后方可复位" in (await client.get("/")).text
    await hub.act(Acknowledge(alarm.id, "guard"))
    page = (await client.get("/")).text
    assert 'data-act="reset"' in page
    assert "data-why" not in page


async def test_totals_never_show_what_is_not_built(hub: FakeHub, person: ComeIn) -> None:
    page = (await (await person("guard")).get("/")).text
    for word in ("屏蔽 <b>", "联动", "主电"):
        assert word not in page


async def test_an_alarm_that_is_not_saved_says_so(hub: FakeHub, person: ComeIn) -> None:
    client = await person("guard")
    hub.journal_down = True
    hub.raise_alarm("sm-301.smoke")
    assert "未存盘" in (await client.get("/")).text


async def test_not_armed_before_the_self_test(hub: FakeHub, person: ComeIn) -> None:
    client = await person("guard")
    hub.status = Health("starting", {}, None, None)
    page = (await client.get("/")).text
    assert "未投入" in page
    assert "一切正常" not in page


async def test_a_bus_with_a_silent_unit_has_the_shape_of_a_fault_in_the_watch(
    hub: FakeHub, person: ComeIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await person("guard")
    detail = Text("1 台设备失联", "1 of 2 devices does not answer")
    bus = LinkReport("bus-1", "serial", True, hub.now().utc, detail, slaves={"1": {"polls": 9, "ok": 0}})
    for links, look in (([bus], "medium"), ([replace(bus, slaves={"1": {"polls": 9, "ok": 9}})], "ok")):
        monkeypatch.setattr(hub, "links", lambda links=links: links)
        assert re.search(rf'<li class="c-{look}"><svg.*?1 台设备失联', (await client.get("/")).text)
        assert f'<tr class="c-{look}"><td><b>bus-1' in (await client.get("/health")).text


async def test_what_strangers_send_is_escaped(hub: FakeHub, person: ComeIn) -> None:
    hub.raise_alarm("sm-301.smoke")
    client = await person("guard")
    note = "<script>alert(1)</script>"
    await client.post("/api/v1/alarms/a-1/comment", json={"note": note})
    page = (await client.get("/alarms/a-1")).text
    assert note not in page
    assert "&lt;script&gt;alert(1)" in page


async def test_the_alarm_page_tells_the_story(hub: FakeHub, person: ComeIn) -> None:
    busy_day(hub)
    page = (await (await person("guard")).get("/alarms/a-1")).text
    story = re.search(r'<ol class="story">.*?</ol>', page, re.DOTALL)
    assert story is not None
    words = re.sub(r"<[^>]+>|\s+", " ", story.group())
    for said in ("火警", "李强", "接警", "现场恢复", "误报 · 烹饪油烟", "复位"):
        assert said in words


async def test_the_record_of_a_measured_alarm_has_its_trend(hub: FakeHub, person: ComeIn) -> None:
    now = hub.now().utc
    for minute in range(8):
        hub.set_value("gas-1203.gas", 3.0 * minute, time=now - (8 - minute) * MINUTE)
    alarm = hub.raise_alarm("gas-1203.gas", Signal.GAS)
    page = (await (await person("guard")).get(f"/alarms/{alarm.id}/record")).text
    assert 'class="spark"' in page
    assert 'class="limit"' in page
    assert "21 %LEL" in page


@pytest.mark.parametrize(("point", "value"), [("gone.smoke", True), ("gone.gas", 23.0)])
async def test_an_alarm_of_a_device_that_is_gone_shows_without_links_to_it(
    hub: FakeHub, person: ComeIn, point: str, value: float | bool
) -> None:
    client = await person("admin")
    alarm = replace(hub.raise_alarm("sm-301.smoke"), device="gone", point=point, value=value)
    hub.emit("alarm.reported", alarm)
    for path in ("/", "/alarms", f"/alarms/{alarm.id}", f"/alarms/{alarm.id}/record", "/devices", "/journal"):
        answer = await client.get(path)
        assert answer.status_code == 200, path
        assert "/devices/gone" not in answer.text, path
        assert 'class="chart"' not in answer.text, path
    assert "3号楼1单元 3层 301 客厅" in (await client.get("/")).text
    assert "gone" in (await client.get(f"/alarms/{alarm.id}")).text


async def test_alarm_records_filter_and_page(hub: FakeHub, person: ComeIn) -> None:
    client = await person("guard")
    for _ in range(60):
        hub.raise_alarm("wp-1.link", Signal.FAULT)
    hub.raise_alarm("sm-301.smoke")
    fires = (await client.get("/alarms?state=open&signal=fire")).text
    assert fires.count('<tr class="record') == 1
    page = (await client.get("/alarms?signal=fault&state=all")).text
    assert page.count('<tr class="record') == 50
    more = re.search(r'href="(\?[^"]*cursor=[^"]*)"', page)
    assert more is not None
    rest = (await client.get("/alarms" + more.group(1).replace("&amp;", "&"))).text
    assert rest.count('<tr class="record') == 10
    assert (await client.get("/alarms?state=nonsense&signal=x&days=y")).status_code == 200


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=1203", ["gas-1203"]),
        ("q=Bedroom", ["sm-402"]),
        ("category=bin", ["bin-1"]),
        ("zone=b1", ["wp-1", "gas-1203"]),
        ("online=no", []),
        ("sort=name&q=sm-", ["sm-301", "sm-402"]),
        ("sort=nonsense&online=nonsense&q=sm-402", ["sm-402"]),
    ],
)
async def test_devices_are_found(hub: FakeHub, person: ComeIn, query: str, expected: list[str]) -> None:
    page = (await (await person("guard")).get(f"/devices?{query}")).text
    assert re.findall(r'href="/devices/([a-z0-9-]+)"', page) == expected


async def test_a_doubtful_value_is_hatched_and_says_why(hub: FakeHub, person: ComeIn) -> None:
    hub.set_value("bin-1.level", 44.0, quality=Quality.UNCERTAIN)
    page = (await (await person("guard")).get("/devices/bin-1")).text
    assert "hatched" in page
    assert "读数存疑" in page
    hub.set_value("bin-1.level", None)
    assert "无数据" in (await (await person("guard")).get("/devices/bin-1")).text


async def test_the_journal_pages_by_number(hub: FakeHub, person: ComeIn) -> None:
    client = await person("guard")
    for _ in range(130):
        hub.raise_alarm("wp-1.link", Signal.FAULT)
    page = (await client.get("/journal?kind=alarm.")).text
    assert page.count("<time") == 101  # with the clock
    older = re.search(r'href="(/journal\?before=[^"]+)"', page)
    assert older is not None
    assert (await client.get(older.group(1).replace("&amp;", "&"))).text.count("<time") == 31
    assert (await client.get("/journal?before=x")).status_code == 422


async def test_the_health_page_says_what_each_line_means_and_what_to_do(
    hub: FakeHub, person: ComeIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    detail = Text("仅剩 12 MiB", "12 MiB free")
    hub.status = replace(hub.status, checks={"journal": Check("journal", False, hub.now().utc, detail)})
    alarm = replace(
        hub.raise_alarm("sm-301.smoke"),
        device="hub",
        point="hub.undervoltage",
        response=Text("换电源", "New supply"),
    )
    monkeypatch.setattr(hub, "open_alarms", lambda: [alarm])
    client = await person("guard")
    client.cookies.set("language", "en")
    shown = (await client.get("/health")).text
    assert "12 MiB free" in shown
    assert "it is never deleted" in shown
    assert re.search(
        r"Supply voltage</b> Abnormal<span class=\"sub\">[^<]+</span><span class=\"do\">→ New supply", shown
    )
    assert "power cut, plug or reset button · the supply had been too weak" in shown
    assert "/api/v1/logs" not in shown
    assert "/api/v1/logs" in (await (await person("admin")).get("/health")).text
