"""Incidents and plans over the API: who may do what, what is refused with which code, words for 119, the preview."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import httpx
import pytest

from edge.domain.device import Signal
from edge.domain.output import Do, Linkage, OutputKind, When
from edge.domain.roster import Call, Policy, Step, Tell
from edge.facade import Role
from tests.web.fakes import FakeHub
from tests.web.incidents import an_incident, with_incidents
from web.api.v1.muster import code_of

INCIDENTS = "/api/v1/incidents"


@pytest.fixture(autouse=True)
def machine(hub: FakeHub) -> FakeHub:
    return with_incidents(hub)


@pytest.fixture
def desk(program: Callable[[Role], httpx.AsyncClient]) -> httpx.AsyncClient:
    return program(Role.GUARD)


@pytest.fixture
def crew(program: Callable[[Role], httpx.AsyncClient]) -> httpx.AsyncClient:
    return program(Role.MAINTENANCE)


async def test_a_fire_and_its_plan(hub: FakeHub, desk: httpx.AsyncClient) -> None:
    made = an_incident(hub)
    (listed,) = (await desk.get(f"{INCIDENTS}?open=true&purpose=live")).json()["items"]
    one = (await desk.get(f"{INCIDENTS}/{made.id}")).json()
    assert listed["id"] == one["id"] == made.id
    assert (one["state"], one["plan"], one["count"]) == ("stage1", "p2-flat-smoke", 1)
    assert one["place"]["zh"] == "3号楼1单元 3层 301 客厅"
    step = one["steps"][0]
    assert (step["id"], step["title"]["zh"], "remaining" in step) == ("ack", "接警", False)
    assert step["due_at"].endswith("Z")
    assert (await desk.get(f"{INCIDENTS}?purpose=drill")).json()["items"] == []


async def test_the_plan_is_worked(hub: FakeHub, desk: httpx.AsyncClient, crew: httpx.AsyncClient) -> None:
    incident = an_incident(hub)
    path = f"{INCIDENTS}/{incident.id}"
    done = (await crew.post(f"{path}/steps/call/done")).json()
    assert next(s for s in done["steps"] if s["id"] == "call")["done_by"] == "program-maintenance"
    left = await desk.post(f"{path}/steps/look/skipped", json={"note": "门开着"})
    assert next(s for s in left.json()["steps"] if s["id"] == "look")["how"] == "skipped"
    wrong = await crew.post(f"{path}/muster", json={"person": "guard", "proof": "qr", "code": "0"})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "wrong_code")
    code = code_of(hub, incident.id)
    await crew.post(f"{path}/muster", json={"person": "guard", "proof": "qr", "code": code})
    body = (await desk.post(f"{path}/muster", json={"person": "maintenance"})).json()
    assert [one["person"] for one in body["roll"]] == ["guard", "maintenance"]
    story = (await desk.get(f"{path}/story")).json()["items"]
    assert [fact["note"] for fact in story if fact["note"]] == ["门开着"]


async def test_reports_with_photos(hub: FakeHub, crew: httpx.AsyncClient) -> None:
    path = f"{INCIDENTS}/{an_incident(hub).id}"
    body = (await crew.post(f"{path}/reports", json={"kind": "scene", "note": "门缝有烟"})).json()
    photos = f"{path}/reports/{body['reports'][0]['id']}/photos"
    for _ in range(2):
        kept = await crew.post(photos, content=b"\xff\xd8jpeg")
        assert kept.status_code == 200
    (photo,) = kept.json()["reports"][0]["photos"]
    assert (await crew.get(f"{path}/photos/{photo['id']}")).headers["content-type"] == "image/jpeg"
    assert (await crew.get(f"{path}/photos/nothing")).status_code == 404


async def test_by_hand_until_it_is_closed(desk: httpx.AsyncClient) -> None:
    body = (await desk.post(INCIDENTS, json={"plan": "p4-lift-trapped", "zone": "b3/s1/3f/301"})).json()
    path = f"{INCIDENTS}/{body['id']}"
    assert (body["opened_by"], body["alarm"]) == ("program-guard", None)
    assert (await desk.post(f"{path}/confirm", json={"note": "4 人"})).json()["confirmed_why"] == "person"
    left = await desk.post(f"{path}/all-clear")
    assert (left.status_code, left.json()["code"]) == (409, "steps_open")
    cleared = await desk.post(f"{path}/all-clear", json={"confirm": True})
    assert cleared.json()["state"] == "all_clear"
    assert (await desk.post(f"{path}/close", json={"note": "已救出"})).json()["state"] == "closed"
    again = await desk.post(f"{path}/muster", json={"person": "guard"})
    assert (again.status_code, again.json()["code"]) == (409, "closed")


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("{}/confirm", None, 409, "judge_alarm"),
        ("{}/all-clear", None, 409, "still_active"),
        ("{}/close", {"note": "x"}, 409, "not_all_clear"),
        ("{}/steps/call/skipped", None, 422, "reason_required"),
        ("{}/steps/dance/done", None, 404, "not_found"),
        ("{}/steps/call/danced", None, 422, "bad_parameter"),
        ("{}/muster", {"person": "nobody"}, 422, "unknown_person"),
        ("{}/reports", {"kind": "scene", "note": " "}, 422, "reason_required"),
        ("{}/reports", {"kind": "scene", "nota": "x"}, 422, "bad_body"),
        ("", {"plan": "p9", "zone": ""}, 404, "not_found"),
        ("inc-9-9/all-clear", None, 404, "not_found"),
    ],
)
async def test_refusals(
    hub: FakeHub, desk: httpx.AsyncClient, path: str, body: object, status: int, code: str
) -> None:
    id = an_incident(hub).id
    answer = await desk.post(f"{INCIDENTS}/{path.format(id)}".rstrip("/"), json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_crew_reports_but_does_not_command(hub: FakeHub, crew: httpx.AsyncClient) -> None:
    path = f"{INCIDENTS}/{an_incident(hub).id}"
    for act in ("confirm", "all-clear", "close"):
        assert (await crew.post(f"{path}/{act}")).status_code == 403
    assert (await crew.post(INCIDENTS, json={"plan": "p4-lift-trapped"})).status_code == 403


async def test_words_for_119(hub: FakeHub, desk: httpx.AsyncClient) -> None:
    path = f"{INCIDENTS}/{an_incident(hub).id}/call"
    body = (await desk.get(path)).json()
    for part in ("江州市和平路 18 号", "301", "燃烧物待核实", "暂无人员被困报告", "0571-00000000"):
        assert part in body["say"]["zh"]
    assert body["phones"] == []  # nobody calls 119 for what is not verified
    told = (await desk.get(path, params={"what": "电饭煲", "trapped": "一位老人"})).json()["say"]["zh"]
    assert "电饭煲" in told
    assert "一位老人" in told
    gas = an_incident(hub, "gas-1203.gas", Signal.GAS)
    (company,) = (await desk.get(f"{INCIDENTS}/{gas.id}/call")).json()["phones"]
    assert (company["number"], company["stage"]) == ("96777", 1)


async def test_plans_say_when_their_review_is_late(hub: FakeHub, desk: httpx.AsyncClient) -> None:
    plans = (await desk.get("/api/v1/plans")).json()["items"]
    assert [plan["id"][:2] for plan in plans] == [f"p{n}" for n in range(1, 10)]
    first = hub.site.emergency.plans[0]
    for review, late in ((date(2100, 1, 1), False), (date(2020, 1, 1), True)):
        plan = replace(first, review=review)
        hub.site = replace(hub.site, emergency=replace(hub.site.emergency, plans=(plan,)))
        assert (await desk.get(f"/api/v1/plans/{first.id}")).json()["overdue"] is late
    assert (await desk.get("/api/v1/plans/p9")).status_code == 404


async def test_who_and_what_would_hear_it(hub: FakeHub, desk: httpx.AsyncClient) -> None:
    call = Call("channel:wecom", ("wecom",), "alarm")
    policy = Policy(
        "vital", (Step(5, (call,)),), (Tell("confirmed", (call,)),), signals=frozenset({Signal.FIRE})
    )
    siren = Do("start", kind=OutputKind.SIREN, zone="b3")
    sirens = Linkage("sirens", hub.site.name, When(Signal.FIRE, 2, "b3"), (siren,), "practice")
    hub.site = replace(hub.site, policies=(policy,), linkages=(sirens,))
    zone = "b3/s1/3f/301"
    heard = (await desk.get("/api/v1/plans/preview", params={"zone": zone, "signal": "fire"})).json()
    assert (heard["plan"], heard["area"], heard["policy"]) == ("p2-flat-smoke", "b3/s1", "vital")
    assert heard["triggers"] == ["sm-301", "sm-402"]
    assert [(one["after"], one["people"], one["channels"]) for one in heard["calls"]] == [
        (5, [""], ["wecom"])
    ]
    assert [one["after"] for one in heard["told"]] == [None]
    for bad, status in (({"zone": "b9", "signal": "fire"}, 422), ({"zone": zone, "signal": "rain"}, 422)):
        assert (await desk.get("/api/v1/plans/preview", params=bad)).status_code == status
