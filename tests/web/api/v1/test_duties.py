"""Duties over the API: occurrences, stops, the checklist, waiving, photos, the calendar, files and the register."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from edge.domain.instant import MINUTE, to_rfc3339
from edge.facade import Role
from tests.web.duties import due, with_duties
from tests.web.fakes import FakeHub
from web.api.v1 import duty_ledger

Program = Callable[[Role], httpx.AsyncClient]
DUTIES = "/api/v1/duties"


@pytest.fixture(autouse=True)
def duties(hub: FakeHub) -> FakeHub:
    return with_duties(hub)


@pytest.fixture
def desk(program: Program) -> httpx.AsyncClient:
    return program(Role.GUARD)


async def code(client: httpx.AsyncClient, path: str, **body: object) -> tuple[int, str]:
    answer = await client.post(path, json=body)
    said = answer.json()
    return answer.status_code, said.get("code", said.get("state"))


async def test_a_round_from_its_start_to_its_end(hub: FakeHub, desk: httpx.AsyncClient) -> None:
    id = due(hub, "night-round")
    assert await code(desk, f"{DUTIES}/{id}/start") == (200, "under_way")
    assert await code(desk, f"{DUTIES}/{id}/done") == (409, "stops_missing")
    assert await code(desk, f"{DUTIES}/{id}/stops", code="XX", how="qr") == (422, "unknown_code")
    for how in ("eye", "reader"):  # a reader's word comes as its file
        assert await code(desk, f"{DUTIES}/{id}/stops", code="HA-01", how=how) == (422, "bad_body")
    for how in ("qr", "nfc"):  # the id stands on every page
        assert await code(desk, f"{DUTIES}/{id}/stops", code="cp-lobby", how=how) == (422, "unknown_code")
    guessed = "https://hub/at/cp-lobby?k=guessed"
    assert await code(desk, f"{DUTIES}/{id}/stops", code=guessed, how="qr") == (422, "unknown_code")
    printed = f"https://hub/at/cp-lobby?k={hub.device_code('checkpoint cp-lobby')}"
    for tag, how in (("HA-02", "nfc"), (printed, "qr"), ("HA-03", "nfc")):
        assert (await code(desk, f"{DUTIES}/{id}/stops", code=tag, how=how))[0] == 200
    assert await code(desk, f"{DUTIES}/{id}/done") == (200, "done")
    body = (await desk.get(f"{DUTIES}/{id}")).json()
    assert (body["reached"], body["evidence"], body["short"]) == ("B", "B", False)
    walk = (await desk.get(f"/api/v1/rounds/{body['round']}")).json()
    assert [stop["id"] for stop in walk["stops"]] == ["cp-lobby", "cp-pump", "cp-gate"] or len(
        walk["stops"]
    ) == 3
    assert walk["stops"][0]["at"].endswith("Z")
    story = (await desk.get(f"{DUTIES}/{id}/story")).json()["items"]
    assert [fact["kind"] for fact in story] == ["duty.due", "duty.started", "duty.done"]
    assert (await desk.get("/api/v1/rounds", params={"duty": "night-round"})).json()["items"][0][
        "id"
    ] == body["round"]
    assert (await desk.get(f"/api/v1/rounds/{body['round']}/story")).status_code == 200


async def test_what_a_phone_kept_comes_with_its_time(hub: FakeHub, desk: httpx.AsyncClient) -> None:
    id = due(hub, "night-round")
    ahead = to_rfc3339(hub.now().utc + 60 * MINUTE)
    assert await code(desk, f"{DUTIES}/{id}/stops", code="HA-01", how="nfc", at=ahead) == (422, "bad_time")
    assert await code(desk, f"{DUTIES}/{id}/stops", code="HA-01", how="nfc", at="now") == (
        422,
        "bad_parameter",
    )
    assert (await code(desk, f"{DUTIES}/{id}/stops", code="HA-01", how="nfc", at=to_rfc3339(hub.now().utc)))[
        0
    ] == 200


async def test_the_checklist_the_register_and_a_photo(hub: FakeHub, desk: httpx.AsyncClient) -> None:
    id = due(hub, "extinguisher-check")
    assert await code(desk, f"{DUTIES}/{id}/done") == (409, "tasks_missing")
    ok = {"ticks": {"seal": "ok"}}
    assert await code(desk, f"{DUTIES}/{id}/done", **ok) == (409, "unchecked")
    checked = await desk.post("/api/v1/facilities/check", json={"facilities": ["ext-01", "ext-02"]})
    assert checked.status_code == 200
    picture = await desk.post(f"{DUTIES}/{id}/photos?about=seal", content=b"\xff\xd8jpeg")
    (photo,) = picture.json()["photos"]
    again = await desk.post(f"{DUTIES}/{id}/photos?about=seal", content=b"\xff\xd8jpeg")
    assert len(again.json()["photos"]) == 1
    assert (await desk.get(f"{DUTIES}/{id}/photos/{photo['id']}")).content == b"\xff\xd8jpeg"
    assert (await desk.get(f"{DUTIES}/{id}/photos/202611-none")).status_code == 404
    assert await code(desk, f"{DUTIES}/{id}/stops", code="cp-pump", how="said") == (409, "no_round")
    assert await code(desk, f"{DUTIES}/{id}/stops", code="HA-02", how="nfc") == (200, "due")
    assert await code(desk, f"{DUTIES}/{id}/done", **ok) == (200, "done")
    body = (await desk.get(f"{DUTIES}/{id}")).json()
    assert (body["reached"], body["seen"]) == ("B", "cp-pump")


async def test_a_manager_waives(
    hub: FakeHub, desk: httpx.AsyncClient, person: Callable[[str], object]
) -> None:
    id = due(hub, "night-round")
    assert await code(desk, f"{DUTIES}/{id}/waive", reason="storm") == (403, "not_manager")
    admin: httpx.AsyncClient = await person("admin")  # type: ignore[misc, assignment]
    assert await code(admin, f"{DUTIES}/{id}/waive", reason=" ") == (422, "reason_required")
    assert await code(admin, f"{DUTIES}/{id}/waive", reason="storm") == (200, "waived")
    assert await code(desk, f"{DUTIES}/{id}/start") == (409, "closed")


async def test_who_may_only_see_does_nothing(hub: FakeHub, program: Program) -> None:
    id = due(hub, "night-round")
    wall = program(Role.WALL)
    assert (await wall.get(f"{DUTIES}/{id}")).status_code == 200
    assert (await wall.post(f"{DUTIES}/{id}/done", json={})).status_code == 403


async def test_the_list_and_what_is_not_there(desk: httpx.AsyncClient) -> None:
    items = (await desk.get(DUTIES, params={"open": True, "kind": "patrol"})).json()["items"]
    assert [item["duty"] for item in items] == ["night-round"]
    assert items[0]["title"] == {"zh": "巡更", "en": "Security patrol"}
    assert (await desk.get(f"{DUTIES}/du-none")).json()["code"] == "not_found"
    assert (await desk.get("/api/v1/rounds/rd-none")).status_code == 404
    assert (await desk.get(f"{DUTIES}?cursor=x")).json()["code"] == "bad_cursor"


async def test_the_plan_and_the_calendar(hub: FakeHub, desk: httpx.AsyncClient) -> None:
    plan = {item["id"]: item for item in (await desk.get(f"{DUTIES}/plan")).json()["items"]}
    assert [stop["id"] for stop in plan["night-round"]["checkpoints"]] == ["cp-lobby", "cp-pump", "cp-gate"]
    assert plan["extinguisher-check"]["next_at"].endswith("Z")
    today = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=hub.now().utc, hours=8)).date()
    month = (await desk.get(f"{DUTIES}/calendar")).json()
    day = next(each for each in month["days"] if each["day"] == today.isoformat())
    assert (day["open"], day["late"]) == (2, 0)
    assert sum(each["planned"] for each in month["days"]) >= (len(month["days"]) - today.day) * 3
    assert (await desk.get(f"{DUTIES}/calendar?month=2026-13")).json()["code"] == "bad_parameter"


def test_what_was_told_late_is_counted_apart() -> None:
    kept = {"state": "done", "reached": "B", "short": False, "late": False}
    found = duty_ledger.coverage([kept, kept | {"late": True}, {"state": "missed"}]).shape()
    assert (found["done"], found["late"], found["rate"]) == (2, 1, 2 / 3)


async def test_records_as_csv(hub: FakeHub, desk: httpx.AsyncClient) -> None:
    id = due(hub, "night-round")
    await desk.post(f"{DUTIES}/{id}/stops", json={"code": "HA-01", "how": "nfc"})
    answer = await desk.get(f"{DUTIES}/records.csv", params={"kind": "patrol", "language": "en"})
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert [(row["title"], row["stops"], row["missing"]) for row in rows] == [
        ("Security patrol", "1", "cp-pump cp-gate")
    ]
    told = {"kind": "patrol", "language": "en", "words": "true"}
    text = (await desk.get(f"{DUTIES}/records.csv", params=told)).text.lstrip("\ufeff")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["What"], row["State"], row["told later"]) == ("Security patrol", "Under way", "no")
    assert len(row["From"]) == len("2026-11-23 22:00:00")
    far = {"from": "2026-01-01T00:00:00Z", "to": "2026-12-01T00:00:00Z"}
    assert (await desk.get(f"{DUTIES}/records.csv", params=far)).json()["code"] == "too_long"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
async def test_a_readers_file(hub: FakeHub, desk: httpx.AsyncClient, encoding: str) -> None:
    now = to_rfc3339(hub.now().utc)
    text = f"时间,点位\n{now},HA-01\n{now},泵房\n乱,HA-02\n".encode(encoding)
    told = (await desk.post("/api/v1/rounds/reader", content=text)).json()
    assert (told["lines"], told["new"], told["known"]) == (3, 1, 0)
    assert [(aside["line"], aside["reason"]) for aside in told["aside"]] == [(3, "code"), (4, "time")]
    again = (await desk.post("/api/v1/rounds/reader", content=text)).json()
    assert (again["new"], again["known"]) == (0, 1)


async def test_a_file_that_is_none(desk: httpx.AsyncClient) -> None:
    for content in (b"\xff\xff\xff", b"", b"a,b\n"):
        assert (await desk.post("/api/v1/rounds/reader", content=content)).json()["code"] == "bad_file"
    assert (await desk.post("/api/v1/rounds/reader", content=b"x" * 2_000_001)).status_code == 413
    path = "/api/v1/rounds/reader?duty=extinguisher-check"
    assert (await desk.post(path, content=b"time,code\n")).json()["code"] == "no_round"


async def test_the_register(desk: httpx.AsyncClient) -> None:
    items = {item["id"]: item for item in (await desk.get("/api/v1/facilities")).json()["items"]}
    assert items["ext-01"]["state"] == "overdue"
    assert items["ext-02"]["next_service"] == "2031-01-01"
    overdue = (await desk.get("/api/v1/facilities", params={"state": "overdue"})).json()["items"]
    assert [item["id"] for item in overdue] == ["ext-01"]
    assert await code(desk, "/api/v1/facilities/check", facilities=["x"]) == (404, "not_found")
    assert await code(desk, "/api/v1/facilities/check", facilities=["ext-01"], ok=False) == (
        422,
        "reason_required",
    )
    made = {"facilities": ["ext-01"], "made": "2099-01-01"}
    assert await code(desk, "/api/v1/facilities/check", **made) == (422, "bad_time")
    await desk.post("/api/v1/facilities/check", json={"facilities": ["ext-01"], "made": "2026-01-10"})
    one = (await desk.get("/api/v1/facilities/ext-01")).json()
    assert (one["state"], one["scrap_on"]) == ("good", "2036-01-10")
    assert (await desk.get("/api/v1/facilities/ext-01/story")).json()["items"][-1][
        "kind"
    ] == "facility.checked"
    assert (await desk.get("/api/v1/facilities/x")).status_code == 404
    table = list(
        csv.DictReader(io.StringIO((await desk.get("/api/v1/facilities.csv")).text.lstrip("\ufeff")))
    )
    assert [row["id"] for row in table] == ["ext-01", "ext-02"]
