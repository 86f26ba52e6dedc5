"""The pages of hazards: both languages, what each person may do, and what is printed."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

import httpx
import pytest

from edge.domain.hazard import ENDS, AskExtension, GradeHazard, InterimControl, Reinspect
from edge.domain.instant import DAY
from edge.domain.names import Text
from tests.web.fakes import FakeHub
from tests.web.hazards import a_hazard, with_hazards

ComeIn = Callable[[str], Awaitable[httpx.AsyncClient]]
PAGES = [
    "/hazards",
    "/hazards?show=closed",
    "/hazards/report",
    "/hazards/ledger",
    "/hazards/{id}",
    "/hazards/{id}/notice",
]
NAMES = [
    "李强",
    "张伟",
    "王芳",
    "王建国",
    "李明",
    "周敏",
    "中文",
    "和安苑物业服务中心",
    "和安物业",
    "面馆负责人",
]
NAMES += ["挪开杂物,恢复标识"]
CHINESE = re.compile(r"[\u3400-\u9fff]")


@pytest.fixture(autouse=True)
def hazards(hub: FakeHub) -> FakeHub:
    return with_hazards(hub)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", PAGES)
async def test_pages_speak_the_readers_language(
    hub: FakeHub, person: ComeIn, path: str, language: str
) -> None:
    english = {"title": Text("遮挡", "hidden"), "note": "in the way"}
    hazard = await a_hazard(hub, "graded", **english)
    await hub.act(AskExtension(hazard.id, "maintenance", 86400.0, "parts"))
    rectified = await a_hazard(hub, "rectified", category="waste", **english)
    await hub.act(Reinspect(rectified.id, "guard", passed=False, reason="not_repaired"))
    client = await person("admin")
    client.cookies.set("language", language)
    answer = await client.get(path.format(id=hazard.id))
    assert answer.status_code == 200
    shown = re.sub(r"<script.*?</script>", "", answer.text, flags=re.DOTALL)
    if language == "en":
        for name in NAMES:
            shown = shown.replace(name, "")
        assert not CHINESE.search(shown), CHINESE.findall(shown)


@pytest.mark.parametrize("path", ["/hazards", "/hazards/report", "/hazards/ledger"])
async def test_an_empty_ledger(person: ComeIn, path: str) -> None:
    assert (await (await person("guard")).get(path)).status_code == 200


async def test_filters_and_figures(hub: FakeHub, person: ComeIn) -> None:
    await a_hazard(hub, "rectified")
    await a_hazard(hub, category="water", title=Text("水箱", "Tank"))
    client = await person("guard")
    page = (await client.get("/hazards?show=rectified")).text
    assert "消火栓被遮挡" in page
    assert "水箱" not in page
    assert "水箱" in (await client.get("/hazards?category=water&sort=newest")).text
    assert (await client.get("/hazards?show=nonsense&cursor=x")).status_code == 200
    assert (await client.get("/hazards/hz-9-9")).status_code == 404


async def test_acts_are_those_of_the_person(hub: FakeHub, person: ComeIn) -> None:
    hazard = await a_hazard(hub, "graded")
    guard = (await (await person("guard")).get(f"/hazards/{hazard.id}")).text
    manager = (await (await person("admin")).get(f"/hazards/{hazard.id}")).text
    crew = (await (await person("maintenance")).get(f"/hazards/{hazard.id}")).text
    assert "判定为重大火灾隐患" in manager
    assert "判定为重大火灾隐患" not in guard
    assert "撤销登记" in manager
    assert "撤销登记" not in guard
    for step in ("assign", "interim"):
        assert f'data-step="{step}"' in guard
        assert f'data-step="{step}"' not in crew
    assert 'data-step="extension"' in crew


async def test_a_repeat_names_what_it_repeats(hub: FakeHub, person: ComeIn) -> None:
    first = await a_hazard(hub, "rectified")
    await hub.act(Reinspect(first.id, "guard", passed=True))
    again = await a_hazard(hub)
    page = (await (await person("guard")).get(f"/hazards/{again.id}")).text
    assert "重复隐患" in page
    assert f"/hazards/{first.id}" in page


async def test_the_notice_is_for_the_shop_and_threatens_nobody(hub: FakeHub, person: ComeIn) -> None:
    hazard = await a_hazard(hub, "assigned")
    page = (await (await person("guard")).get(f"/hazards/{hazard.id}/notice")).text
    for words in ("隐患整改通知书", "S1 面馆", "面馆负责人", "挪开杂物,恢复标识", "责任单位(签字)", "劝阻"):
        assert words in page
    for path in (f"/hazards/{hazard.id}/notice", "/hazards", f"/hazards/{hazard.id}", "/hazards/ledger"):
        assert "处罚" not in (await (await person("guard")).get(path)).text
    assert "19900000071" not in page
    assert "面馆负责人" not in str(hub.case_rows["hazard"])


async def test_the_notice_says_what_controls_it_meanwhile_and_by_which_clause(
    hub: FakeHub, person: ComeIn
) -> None:
    hub.site = replace(hub.site, elements=(replace(hub.site.elements[0], source="GB 35181-2025 6.1"),))
    hazard = await a_hazard(hub, "graded")
    await hub.act(InterimControl(hazard.id, "guard", "拉警戒线"))
    await hub.act(GradeHazard(hazard.id, "admin", "major", "lane-blocked", "专人看守北门"))
    page = (await (await person("guard")).get(f"/hazards/{hazard.id}/notice")).text
    assert "专人看守北门" in page
    assert "拉警戒线" not in page
    assert "GB 35181-2025 6.1" in page


async def test_what_is_open_stays_in_figures_and_ledger_however_old(hub: FakeHub, person: ComeIn) -> None:
    await a_hazard(hub)
    closed = await a_hazard(hub, "rectified", category="waste", title=Text("垃圾", "Litter"))
    await hub.act(Reinspect(closed.id, "guard", passed=True))
    for id, row in hub.case_rows["hazard"].items():
        hub.case_rows["hazard"][id] = {**row, "opened_at": row["opened_at"] - 91 * DAY}
    client = await person("guard")
    for path in ("/hazards/ledger", "/hazards/ledger?show=open"):
        page = (await client.get(path)).text
        assert "消火栓被遮挡" in page
        assert "垃圾" not in page
    figures = (await client.get("/api/v1/hazards/figures?since=2100-01-01T00:00:00Z")).json()
    assert (figures["total"], figures["open"], figures["counted"]) == (1, 1, True)


async def test_a_major_one_shows_its_element_and_control(hub: FakeHub, person: ComeIn) -> None:
    hazard = await a_hazard(hub, "graded")
    await hub.act(GradeHazard(hazard.id, "admin", "major", "lane-blocked", "专人看守"))
    page = (await (await person("guard")).get(f"/hazards/{hazard.id}")).text
    assert "消防车通道被占用(释义)" in page
    assert "专人看守" in page


async def test_from_a_device_and_an_alarm(hub: FakeHub, person: ComeIn) -> None:
    alarm = hub.raise_alarm("sm-301.smoke")
    client = await person("guard")
    assert f"/hazards/report?alarm={alarm.id}" in (await client.get(f"/alarms/{alarm.id}")).text
    assert "/hazards/report?device=wp-1" in (await client.get("/devices/wp-1")).text
    assert 'data-device="wp-1"' in (await client.get("/hazards/report?device=wp-1")).text
    assert f'data-alarm="{alarm.id}"' in (await client.get(f"/hazards/report?alarm={alarm.id}")).text


async def test_an_alarm_of_a_sensor_that_goes_on_and_on_leads_to_its_hazard(
    hub: FakeHub, person: ComeIn
) -> None:
    hazard = await a_hazard(hub, device="sm-301")
    alarm = hub.raise_alarm("sm-301.smoke")
    many = [{"kind": "alarm", "id": f"x-{n}", "by": None, "at": hazard.opened_at} for n in range(ENDS)]
    row = {**hazard.to_dict(), "key": alarm.key, "sources": many}
    hub.case_rows["hazard"][hazard.id] = row
    client = await person("guard")
    assert f"/hazards/{hazard.id}" in (await client.get(f"/alarms/{alarm.id}")).text
    hub.case_rows["hazard"][hazard.id] = {**row, "key": "other@sm-301.smoke"}
    assert f"/hazards/{hazard.id}" not in (await client.get(f"/alarms/{alarm.id}")).text
