"""The pages of duties: both languages, today by crew, the month, one occurrence, the phone, and what is printed."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

import httpx
import pytest

from edge.domain.names import Text
from edge.domain.obligation import DutyBook
from edge.domain.occurrence import CheckFacilities, DoDuty, MarkStop
from tests.web.duties import BOOK, due, with_duties
from tests.web.fakes import FakeHub

ComeIn = Callable[[str], Awaitable[httpx.AsyncClient]]
PAGES = [
    "/duties", "/duties?crew=post:patrol&kind=patrol", "/duties/calendar", "/duties/calendar?month=2026-01",
    "/duties/reader", "/duties/record", "/duties/record?kind=patrol",
    "/duties/record?kind=check&first=2026-11-01&last=2026-11-30",
    "/duties/tags",
    "/duties/{round}", "/duties/{round}/walk", "/duties/{check}", "/facilities", "/facilities?state=overdue&sort=place",
    "/facilities/print", "/facilities/ext-01",
]  # fmt: skip
NAMES = ["李强", "张伟", "王芳", "王建国", "李明", "周敏", "中文", "和安苑物业服务中心"]
CHINESE = re.compile(r"[\u3400-\u9fff]")


@pytest.fixture(autouse=True)
def duties(hub: FakeHub) -> FakeHub:
    return with_duties(hub)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", PAGES)
async def test_pages_speak_the_readers_language(
    hub: FakeHub, person: ComeIn, path: str, language: str
) -> None:
    round_, check = due(hub, "night-round"), due(hub, "extinguisher-check")
    await hub.act(MarkStop(round_, "guard", "HA-02", "qr"))
    client = await person("admin")
    client.cookies.set("language", language)
    answer = await client.get(path.format(round=round_, check=check))
    assert answer.status_code == 200
    shown = re.sub(r"<script.*?</script>", "", answer.text, flags=re.DOTALL)
    if language == "en":
        for name in NAMES:
            shown = shown.replace(name, "")
        assert not CHINESE.search(shown), CHINESE.findall(shown)


async def test_what_is_done_shows_who_when_and_how_well(hub: FakeHub, person: ComeIn) -> None:
    id = due(hub, "extinguisher-check")
    await hub.act(CheckFacilities("guard", ("ext-01", "ext-02")))
    await hub.act(DoDuty(id, "guard", {"seal": "not_ok"}, {"seal": "broken"}))
    client = await person("guard")
    page = (await client.get(f"/duties/{id}")).text
    assert "低于要求" in page
    assert "C 级" in page
    record = (await client.get("/duties/record?kind=check")).text
    assert "☒ 铅封完好" in record
    assert "(签字)" in record


async def test_a_walk_knows_the_sites_clock(hub: FakeHub, person: ComeIn) -> None:
    page = (await (await person("guard")).get(f"/duties/{due(hub, 'night-round')}/walk")).text
    given = json.loads(page.partition('id="page">')[2].partition("</script>")[0])
    assert (given["zone"], given["civil"]) == ("Asia/Shanghai", 0)


async def test_a_code_leads_to_the_round_that_is_due(hub: FakeHub, person: ComeIn) -> None:
    client = await person("guard")
    proof = hub.device_code("checkpoint cp-pump")
    answer = await client.get("/at/cp-pump", params={"k": proof})
    assert answer.headers["location"].startswith(f"/duties/{due(hub, 'night-round')}/walk?here=cp-pump&k=")
    guessed = await client.get(f"/duties/{due(hub, 'night-round')}/walk?here=cp-pump&k=1")
    assert 'data-here=""' in guessed.text
    assert (await client.get("/at/nowhere")).headers["location"] == "/duties"
    assert 'data-here="cp-pump"' in (await client.get(answer.headers["location"])).text


async def test_a_code_leads_to_the_work_that_is_due_there(hub: FakeHub, person: ComeIn) -> None:
    check = next(duty for duty in BOOK.duties.values() if duty.route is None)
    other = replace(check, id="other", title=Text("清洁", "Cleaning"))
    read = {"k": hub.device_code("checkpoint cp-pump")}
    client = await person("guard")
    for duties in ((check,), (check, other)):
        hub.case_rows.clear()
        with_duties(hub, replace(BOOK, duties={duty.id: duty for duty in duties}))
        answer = await client.get("/at/cp-pump", params=read)
        if answer.status_code == 303:
            assert answer.headers["location"].startswith(f"/duties/{due(hub, check.id)}?here=cp-pump&k=")
            assert 'data-here="/at/cp-pump?k=' in (await client.get(answer.headers["location"])).text
            assert (
                "data-here" not in (await client.get(f"/duties/{due(hub, check.id)}?here=cp-pump&k=1")).text
            )
    assert answer.text.count("?here=cp-pump&amp;k=") == 2


async def test_codes_are_drawn(person: ComeIn) -> None:
    client = await person("guard")
    for path in ("/duties/tags/cp-pump.svg", "/facilities/ext-01.svg"):
        answer = await client.get(path)
        assert answer.headers["content-type"].startswith("image/svg+xml")
    for path in (
        "/duties/tags/x.svg",
        "/facilities/x.svg",
        "/facilities/x",
        "/duties/du-x",
        "/duties/du-x/walk",
    ):
        assert (await client.get(path)).status_code == 404


async def test_only_a_manager_is_offered_to_waive(hub: FakeHub, person: ComeIn) -> None:
    id = due(hub, "night-round")
    assert 'data-step="waive"' in (await (await person("admin")).get(f"/duties/{id}")).text
    assert 'data-step="waive"' not in (await (await person("guard")).get(f"/duties/{id}")).text


async def test_a_site_without_duties_says_so(hub: FakeHub, person: ComeIn) -> None:
    with_duties(hub, DutyBook())
    hub.site = replace(hub.site, duties=DutyBook())
    hub.case_rows.clear()
    client = await person("guard")
    assert "本站点没有值守任务" in (await client.get("/duties")).text
    assert (await client.get("/duties/calendar")).status_code == 200
    assert "暂无器材" in (await client.get("/facilities")).text
    assert "本站点没有点位" in (await client.get("/duties/tags")).text


@pytest.mark.parametrize("path", ["/duties/record?first=soon", "/duties/calendar?month=2026-99"])
async def test_days_that_are_none(person: ComeIn, path: str) -> None:
    assert (await (await person("guard")).get(path)).status_code == 422
