"""Hazards over the API: who may do what, what is refused with which code, photos, figures and the CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import httpx
import pytest

from edge.domain.hazard import AskExtension, DecideExtension
from edge.domain.reading import Purpose
from edge.facade import Role
from tests.web.fakes import FakeHub
from tests.web.hazards import a_hazard, with_hazards

Program = Callable[[Role], httpx.AsyncClient]
HAZARDS = "/api/v1/hazards"
REPORT = {"title": "消火栓被遮挡", "category": "fire", "zone": "yard/north", "spot": "东侧"}


@pytest.fixture(autouse=True)
def hazards(hub: FakeHub) -> FakeHub:
    return with_hazards(hub)


@pytest.fixture
def desk(program: Program) -> httpx.AsyncClient:
    return program(Role.GUARD)


@pytest.fixture
async def manager(person: Callable[[str], object]) -> httpx.AsyncClient:
    return await person("admin")  # type: ignore[misc, no-any-return]


@pytest.fixture
async def crew(person: Callable[[str], object]) -> httpx.AsyncClient:
    return await person("maintenance")  # type: ignore[misc, no-any-return]


async def code(client: httpx.AsyncClient, path: str, **body: object) -> tuple[int, str]:
    answer = await client.post(f"{HAZARDS}/{path}", json=body)
    said = answer.json()
    return answer.status_code, said.get("code", said.get("state"))


async def test_from_the_report_to_striking_off(desk: httpx.AsyncClient, crew: httpx.AsyncClient) -> None:
    made = (await crew.post(HAZARDS, json=REPORT)).json()
    assert (made["state"], made["grade"], made["unit"], made["person"]) == (
        "reported",
        None,
        "shop-s1",
        "admin",
    )
    assert (made["title"]["zh"], made["place"]["zh"]) == ("消火栓被遮挡", "院区 东侧")
    assert made["due_at"].endswith("Z")
    id = made["id"]
    assert await code(crew, f"{id}/grade", grade="general") == (403, "forbidden")
    assert await code(desk, f"{id}/assign", unit="shop-s1") == (409, "not_graded")
    assert await code(desk, f"{id}/grade", grade="general") == (200, "reported")
    assert await code(desk, f"{id}/assign", unit="nobody") == (422, "unknown_unit")
    assert await code(desk, f"{id}/assign", person="nobody") == (422, "unknown_person")
    assert await code(desk, f"{id}/assign", unit="shop-s1", due_hours=1000.0) == (403, "not_manager")
    assert await code(desk, f"{id}/assign", unit="shop-s1", measures="挪开") == (200, "assigned")
    assert await code(crew, f"{id}/rectify") == (409, "photo_required")
    picture = await crew.post(f"{HAZARDS}/{id}/photos?kind=after", content=b"\xff\xd8jpeg")
    (photo,) = picture.json()["photos"]
    assert (photo["kind"], photo["by"]) == ("after", "maintenance")
    again = await crew.post(f"{HAZARDS}/{id}/photos?kind=after", content=b"\xff\xd8jpeg")
    assert len(again.json()["photos"]) == 1
    shown = await desk.get(f"{HAZARDS}/{id}/photos/{photo['id']}")
    assert (shown.content, shown.headers["content-type"]) == (b"\xff\xd8jpeg", "image/jpeg")
    assert (await desk.get(f"{HAZARDS}/{id}/photos/202611-none")).status_code == 404
    assert await code(crew, f"{id}/rectify", note="已挪开") == (200, "rectified")
    assert await code(crew, f"{id}/reinspect", passed=True) == (403, "forbidden")
    assert await code(desk, f"{id}/reinspect", passed=False) == (422, "reason_required")
    assert await code(desk, f"{id}/reinspect", passed=True) == (200, "closed")
    assert await code(desk, f"{id}/comment", note="late") == (409, "closed")
    story = (await desk.get(f"{HAZARDS}/{id}/story")).json()["items"]
    assert [fact["kind"] for fact in story] == [
        "hazard.reported", "hazard.graded", "hazard.assigned", "hazard.photo", "hazard.rectified", "hazard.closed",
    ]  # fmt: skip


async def test_what_is_the_managers(
    hub: FakeHub, desk: httpx.AsyncClient, manager: httpx.AsyncClient, crew: httpx.AsyncClient
) -> None:
    id = (await a_hazard(hub, "assigned")).id
    major = {"grade": "major", "element": "lane-blocked", "interim": "专人看守"}
    assert await code(desk, f"{id}/grade", **major) == (403, "not_manager")
    assert await code(manager, f"{id}/grade", grade="major", interim="看守") == (422, "element_required")
    assert await code(manager, f"{id}/grade", grade="major", element="lane-blocked") == (
        422,
        "interim_required",
    )
    assert await code(crew, f"{id}/extension", hours=48.0, note="待料") == (200, "assigned")
    assert (await desk.get(f"{HAZARDS}/{id}")).json()["extensions"][0]["span"] == 48 * 3600
    assert await code(desk, f"{id}/extension/decide", granted=True) == (403, "not_manager")
    assert await code(manager, f"{id}/extension/decide", granted=True) == (200, "assigned")
    assert (await manager.post(f"{HAZARDS}/{id}/grade", json=major)).json()["interim_by"] == "admin"
    assert await code(desk, f"{id}/cancel", reason="mistaken") == (403, "not_manager")
    assert await code(desk, f"{id}/interim", note="拉警戒线") == (200, "assigned")


async def test_one_hazard_from_several_sources(hub: FakeHub, desk: httpx.AsyncClient) -> None:
    camera = (await desk.post(HAZARDS, json=REPORT | {"source": "camera", "source_id": "cm-01"})).json()
    resident = (await desk.post(HAZARDS, json=REPORT | {"source": "resident", "source_id": "A-1047"})).json()
    assert resident["id"] == camera["id"]
    assert [each["source"] if "source" in each else each["kind"] for each in resident["sources"]] == [
        "camera",
        "resident",
    ]
    assert camera["grade"] == "general"
    other = (await desk.post(HAZARDS, json=REPORT | {"separate": True})).json()
    assert other["id"] != camera["id"]
    alarm = hub.raise_alarm("wp-1.link")
    at_alarm = {"title": "门开着", "category": "facility", "alarm": alarm.id}
    made = (await desk.post(HAZARDS, json=at_alarm)).json()
    assert (made["device"], made["zone"], made["sources"][0]["id"]) == ("wp-1", "b1/pump", alarm.id)


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"zone": "nowhere"}, 422, "unknown_zone"),
        ({"device": "nothing"}, 404, "not_found"),
        ({"alarm": "a-9"}, 404, "not_found"),
        ({"unit": "nobody"}, 422, "unknown_unit"),
        ({"category": "ghost"}, 422, "bad_body"),
        ({"grade": "major"}, 422, "bad_body"),
    ],
)
async def test_reports_that_cannot_be(
    desk: httpx.AsyncClient, more: dict[str, str], status: int, code: str
) -> None:
    answer = await desk.post(HAZARDS, json=REPORT | more)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_the_list_filters(hub: FakeHub, desk: httpx.AsyncClient) -> None:
    one = await a_hazard(hub, "rectified")
    two = await a_hazard(hub, zone="b1/pump", category="water")

    async def ids(query: str) -> set[str]:
        return {item["id"] for item in (await desk.get(f"{HAZARDS}?{query}")).json()["items"]}

    assert await ids("") == {one.id, two.id}
    assert await ids("state=rectified") == await ids("unit=shop-s1") == await ids("grade=general") == {one.id}
    assert await ids("category=water") == await ids("unit=property") == await ids("zone=b1/pump") == {two.id}
    assert await ids("overdue=true") == set()
    assert await ids("overdue=false&open=true") == {one.id, two.id}
    assert (await desk.get(f"{HAZARDS}?cursor=x")).json()["code"] == "bad_cursor"
    assert (await desk.get(f"{HAZARDS}/hz-9-9")).status_code == 404


async def test_figures_and_csv(hub: FakeHub, desk: httpx.AsyncClient) -> None:
    await a_hazard(hub, "rectified")
    await a_hazard(hub, zone="b1/pump", category="water", title=hub.site.name.__class__("=1+1", "=1+1"))
    said = (await desk.get(f"{HAZARDS}/figures")).json()
    assert (said["total"], said["open"], said["waiting"], said["overdue"]) == (2, 2, 1, 0)
    assert said["grades"] == {"general": 1, "ungraded": 1}
    assert said["rectification"] is not None
    answer = await desk.get(f"{HAZARDS}/ledger.csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["title"] for row in rows] == ["'=1+1", "消火栓被遮挡"]
    assert rows[1]["rectified_by"] == "maintenance"
    assert {"element", "measures", "interim_at", "interim_by", "extensions"} <= rows[1].keys()


@pytest.mark.parametrize(
    ("language", "heads", "cells"),
    [
        ("zh", ("状态", "级别", "延期"), ("整改中", "一般隐患", "3 天 0 小时 · 同意")),
        ("en", ("State", "Grade", "Extensions"), ("Being rectified", "General hazard", "3 d 0 h · granted")),
    ],
)
async def test_the_ledger_in_the_words_of_its_reader(
    hub: FakeHub, desk: httpx.AsyncClient, language: str, heads: tuple[str, ...], cells: tuple[str, ...]
) -> None:
    hazard = await a_hazard(hub, "assigned")
    await hub.act(AskExtension(hazard.id, "maintenance", 3 * 86400, "等配件"))
    await hub.act(DecideExtension(hazard.id, "admin", granted=True))
    answer = await desk.get(f"{HAZARDS}/ledger.csv", params={"words": "true", "language": language})
    (row,) = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    state, grade, extensions = (row[head] for head in heads)
    assert (state, grade) == cells[:2]
    assert cells[2] in extensions
    assert not any(cell.endswith("Z") for cell in row.values())


async def test_a_stranger_sees_nothing(stranger: httpx.AsyncClient) -> None:
    assert (await stranger.get(f"{HAZARDS}/ledger.csv")).status_code == 401


async def test_an_alarm_of_a_drill_shows_no_hazard(desk: httpx.AsyncClient, hub: FakeHub) -> None:
    alarm = hub.raise_alarm("wp-1.link", purpose=Purpose.DRILL)
    answer = await desk.post(HAZARDS, json={"title": "门开着", "category": "facility", "alarm": alarm.id})
    assert (answer.status_code, answer.json()["code"]) == (409, "of_drill")
