"""Cameras over the API: states, pictures with a reason, zones, findings, stills, and who may see them."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from edge.domain.footage import Shot
from edge.domain.instant import MINUTE, SECOND, to_rfc3339
from edge.domain.request import Acknowledge, Refusal, Reset
from edge.facade import Footage, Role
from tests.web.cameras import found, kept, show, with_cameras
from tests.web.fakes import PINS, FakeHub
from web.openings import QUARTER

ComeIn = Callable[[str], Awaitable[httpx.AsyncClient]]
ZONE: dict[str, Any] = {
    "id": "lane-2",
    "name": {"zh": "南车道", "en": "South lane"},
    "polygon": [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5]],
    "checks": ["left-object"],
    "dwell": 20,
}


@pytest.fixture(autouse=True)
def cameras(hub: FakeHub) -> None:
    with_cameras(hub)
    show(hub)


def viewings(hub: FakeHub) -> list[tuple[str, str | None, str | None, str]]:
    """(by, camera, alarm, reason) of each look on record, the oldest first."""
    rows = sorted(hub.case_rows.get("viewing", {}).values(), key=lambda row: (row["opened_at"], row["id"]))
    return [(row["by"], row["camera"], row["alarm"], row["reason"]) for row in rows]


async def open_(client: httpx.AsyncClient, reason: str = "duty") -> None:
    answer = await client.post("/api/v1/cameras/open", json={"reason": reason})
    assert answer.status_code == 200, answer.text


def ended(hub: FakeHub, alarm: str) -> None:
    """The alarm is closed."""
    hub._act(Acknowledge(alarm, "guard"))
    hub.clear(alarm)
    hub._act(Reset(alarm, "guard"))


# -- how they do ---------------------------------------------------------------------------------------------------


async def test_a_camera_says_how_it_does_and_what_it_looks_for(api: httpx.AsyncClient, hub: FakeHub) -> None:
    found(hub)
    items = (await api.get("/api/v1/cameras")).json()["items"]
    assert [item["id"] for item in items] == ["cm-01", "cm-02"]
    one = (await api.get("/api/v1/cameras/cm-01")).json()
    assert one["state"] == "ok"
    assert (one["width"], one["height"], one["version"]) == (1280, 720, 0)
    assert one["zones"][0] | {"polygon": None} == {
        "id": "lane", "name": {"zh": "消防车道", "en": "Fire lane"}, "checks": ["left-object"], "dwell": 60.0,
        "polygon": None,
    }  # fmt: skip
    assert one["figures"]["left-object"] == {"findings": 7, "real": 4, "false": 2}
    assert one["findings"] == one["last_findings"]
    assert one["findings"][0]["why"] == {"area": 0.04, "still": 61.0}
    other = items[1]
    assert other["state"] == "frozen"
    assert other["detail"]["zh"] == "画面冻结"
    assert other["models"] == [
        {"part": "verifier", "name": "fire.onnx", "licence": "Apache-2.0", "problem": None}
    ]


async def test_a_hub_that_cannot_see_says_off(api: httpx.AsyncClient, hub: FakeHub) -> None:
    hub.views["cm-01"] = None
    one = (await api.get("/api/v1/cameras/cm-01")).json()
    assert (one["state"], one["frame_at"], one["fps"]) == ("off", None, 0.0)


@pytest.mark.parametrize(
    "path", ["cameras/x", "cameras/x/picture", "cameras/x/story", "findings/x", "stills/x", "stills/x/y",
             "viewings/x", "alarms/x/stills"],
)  # fmt: skip
async def test_what_is_not_there(api: httpx.AsyncClient, path: str) -> None:
    answer = await api.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


# -- live pictures -------------------------------------------------------------------------------------------------


async def test_a_person_says_why_before_they_see_and_is_on_record_once(person: ComeIn, hub: FakeHub) -> None:
    guard = await person("guard")
    answer = await guard.get("/api/v1/cameras/cm-01/picture")
    assert (answer.status_code, answer.json()["code"]) == (403, "viewing_required")
    assert viewings(hub) == []
    await open_(guard)
    assert viewings(hub) == []  # nothing was seen yet
    for _ in range(3):
        picture = await guard.get("/api/v1/cameras/cm-01/picture")
        assert picture.status_code == 200
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.content.startswith(b"\xff\xd8")
    assert float(picture.headers["x-picture-age"]) < 60
    assert viewings(hub) == [("guard", "cm-01", None, "duty")]


async def test_a_reason_is_of_one_session(person: ComeIn) -> None:
    one, other = await person("guard"), await person("guard")
    await open_(one)
    assert (await one.get("/api/v1/cameras/cm-01/picture")).status_code == 200
    assert (await other.get("/api/v1/cameras/cm-01/picture")).status_code == 403


async def test_a_look_that_goes_on_is_on_record_each_quarter_of_an_hour_and_ends_without_pictures(
    person: ComeIn, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = [0]
    real = hub.now

    def later() -> Any:
        moment = real()
        return type(moment)(moment.utc + ahead[0], moment.mono + ahead[0], moment.trusted)

    monkeypatch.setattr(hub, "now", later)
    guard = await person("guard")
    await open_(guard)
    for _ in range(4):
        assert (await guard.get("/api/v1/cameras/cm-01/picture")).status_code == 200
        ahead[0] += QUARTER // 2
    assert len(viewings(hub)) == 2
    ahead[0] += QUARTER
    assert (await guard.get("/api/v1/cameras/cm-01/picture")).json()["code"] == "viewing_required"


async def test_nothing_newer_is_no_content_with_its_age(api: httpx.AsyncClient, hub: FakeHub) -> None:
    first = await api.get("/api/v1/cameras/cm-01/picture")
    at = first.headers["x-picture-time"]
    again = await api.get("/api/v1/cameras/cm-01/picture", params={"after": at})
    assert (again.status_code, again.content) == (204, b"")
    assert again.headers["x-picture-time"] == at
    earlier = to_rfc3339(hub.now().utc - MINUTE)
    assert (await api.get("/api/v1/cameras/cm-01/picture", params={"after": earlier})).status_code == 200
    assert (await api.get("/api/v1/cameras/cm-01/picture?after=x")).json()["code"] == "bad_parameter"


async def test_a_program_is_on_record_too(api: httpx.AsyncClient, hub: FakeHub) -> None:
    assert (await api.get("/api/v1/cameras/cm-01/picture")).status_code == 200
    assert viewings(hub) == [("program-admin", "cm-01", None, "program")]


async def test_a_camera_without_a_picture(api: httpx.AsyncClient) -> None:
    answer = await api.get("/api/v1/cameras/cm-02/picture")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_picture")


async def test_what_cannot_be_put_on_record_is_not_shown(
    api: httpx.AsyncClient, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(request: object, key: str | None = None) -> Any:

        raise Refusal("not_saved", "the journal cannot be written")

    monkeypatch.setattr(hub, "act", refuse)
    answer = await api.get("/api/v1/cameras/cm-01/picture")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_saved")


@pytest.mark.parametrize("role", [Role.MAINTENANCE, Role.WALL])
async def test_live_pictures_are_for_the_desk(
    program: Callable[[Role], httpx.AsyncClient], role: Role
) -> None:
    client = program(role)
    assert (await client.get("/api/v1/cameras")).status_code == 200
    assert (await client.get("/api/v1/cameras/cm-01/picture")).status_code == 403
    assert (await client.get("/api/v1/viewings")).status_code == 403
    assert (await client.post("/api/v1/cameras/open", json={"reason": "duty"})).status_code == 403


async def test_a_pin_at_a_wall_opens_no_live_picture(person: ComeIn) -> None:
    wall = await person("guard")
    made = await wall.post("/api/v1/wall")
    assert made.status_code == 200, made.text
    wall.headers["X-CSRF-Token"] = made.json()["csrf"]
    known = await wall.post("/api/v1/person", json={"person": "guard", "pin": PINS["guard"]})
    assert known.status_code == 200, known.text
    answer = await wall.get("/api/v1/cameras/cm-01/picture")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


# -- zones ---------------------------------------------------------------------------------------------------------


async def test_zones_are_one_version_each_and_stand_in_the_story(
    api: httpx.AsyncClient, hub: FakeHub
) -> None:
    mask = [[0, 0], [0.2, 0], [0.2, 0.2], [0, 0.2]]
    body = {"zones": [ZONE], "masks": [mask], "version": 0, "note": "挡住窗户"}
    drawn = await api.put("/api/v1/cameras/cm-01/zones", json=body)
    assert drawn.status_code == 200, drawn.text
    assert drawn.json()["version"] == 1
    assert drawn.json()["drawn_by"] == "program-admin"
    assert drawn.json()["zones"] == [ZONE]
    assert drawn.json()["masks"] == [mask]
    again = await api.put("/api/v1/cameras/cm-01/zones", json={"zones": [], "masks": [], "version": 0})
    assert (again.status_code, again.json()["code"]) == (409, "newer_version")
    now = await api.put("/api/v1/cameras/cm-01/zones", json={"zones": [], "masks": [], "version": 1})
    assert now.json()["version"] == 2
    story = (await api.get("/api/v1/cameras/cm-01/story")).json()["items"]
    assert [fact["camera"]["version"] for fact in story] == [1, 2]
    assert story[0]["note"] == "挡住窗户"


@pytest.mark.parametrize(
    ("wrong", "key", "code"),
    [
        ({"id": "Lane 2"}, "zones.0.id", "bad_id"),
        ({"name": {"zh": " ", "en": ""}}, "zones.0.name", "no_name"),
        ({"polygon": [[0, 0], [1, 1]]}, "zones.0.polygon", "corners"),
        ({"polygon": [[0, 0], [1.2, 0], [1, 1]]}, "zones.0.polygon", "outside"),
        ({"polygon": [[0, 0], [1, 1], [1, 0], [0, 1]]}, "zones.0.polygon", "crossed"),
        ({"polygon": [[0, 0], [0.001, 0], [0, 0.001]]}, "zones.0.polygon", "too_small"),
        ({"polygon": [[0, 0], [1, 0], [1, 1], [0, 0]]}, "zones.0.polygon", "same_corner"),
        (
            {"polygon": [[0, 0], [1, 0], [0.5, 0], [0.5, 1]]},
            "zones.0.polygon",
            "crossed",
        ),  # along its own side
        ({"polygon": [[0, 0]] * 1000}, "zones.0.polygon", "corners"),
        ({"name": {"zh": "", "en": "lane \u202egate"}}, "zones.0.name", "bad_name"),
        ({"name": {"zh": "车道\n二", "en": ""}}, "zones.0.name", "bad_name"),
        ({"checks": []}, "zones.0.checks", "no_checks"),
        ({"checks": ["e-bike"]}, "zones.0.checks", "no_detector"),
        ({"checks": ["faces"]}, "zones.0.checks", "unknown_check"),
        ({"checks": ["tamper"]}, "zones.0.checks", "unknown_check"),
        ({"dwell": 0}, "zones.0.dwell", "bad_dwell"),
        ({"dwell": 90_000}, "zones.0.dwell", "bad_dwell"),
    ],
)
async def test_problems_of_zones_are_named(
    api: httpx.AsyncClient, hub: FakeHub, wrong: dict[str, Any], key: str, code: str
) -> None:
    answer = await api.put(
        "/api/v1/cameras/cm-01/zones", json={"zones": [ZONE | wrong], "masks": [], "version": 0}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_zones")
    assert [(one["key"], one["code"]) for one in answer.json()["errors"]] == [(key, code)]
    assert "camera" not in hub.case_rows


async def test_zones_are_not_drawn_over_without_the_version_one_has_seen(
    api: httpx.AsyncClient, hub: FakeHub
) -> None:
    for body in ({"zones": [], "masks": []}, {"zones": [], "masks": [], "version": None}):
        answer = await api.put("/api/v1/cameras/cm-01/zones", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_body")
        assert answer.json()["errors"][0]["key"] == "version"
    assert "camera" not in hub.case_rows


async def test_a_corner_that_is_no_number_is_called_so(api: httpx.AsyncClient) -> None:
    body = {"zones": [ZONE | {"polygon": [[0, 0], [float("nan"), 0], [1, 1]]}], "masks": [], "version": 0}
    answer = await api.put(
        "/api/v1/cameras/cm-01/zones", content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    assert [one["code"] for one in answer.json()["errors"]] == ["not_number"]


async def test_masks_that_leave_nothing_to_see_are_refused(api: httpx.AsyncClient) -> None:
    left, right = [[0, 0], [0.6, 0], [0.6, 1], [0, 1]], [[0.4, 0], [1, 0], [1, 1], [0.4, 1]]
    body = {"zones": [], "masks": [left, right], "version": 0}
    answer = await api.put("/api/v1/cameras/cm-01/zones", json=body)
    assert [(one["key"], one["code"]) for one in answer.json()["errors"]] == [("masks", "all_masked")]
    assert (await api.put("/api/v1/cameras/cm-01/zones", json=body | {"masks": [left]})).status_code == 200


async def test_too_many_shapes_are_said_and_not_looked_at(api: httpx.AsyncClient) -> None:
    body = {"zones": [], "masks": [[[0, 0], [1, 1]]] * 500, "version": 0}
    answer = await api.put("/api/v1/cameras/cm-01/zones", json=body)
    assert [(one["key"], one["code"]) for one in answer.json()["errors"]] == [("masks", "too_many")]


async def test_every_problem_is_named_at_once(api: httpx.AsyncClient) -> None:
    zones = [ZONE | {"checks": []}, ZONE | {"dwell": -1}]
    body = {"zones": zones, "masks": [[[0, 0], [1, 1]]], "version": 0}
    answer = await api.put("/api/v1/cameras/cm-01/zones", json=body)
    assert {(one["key"], one["code"]) for one in answer.json()["errors"]} == {
        ("zones.0.checks", "no_checks"), ("zones.1.dwell", "bad_dwell"), ("zones.1.id", "same_id"),
        ("masks.0", "corners"),
    }  # fmt: skip


@pytest.mark.parametrize("body", [{"zones": []}, {"zones": [ZONE | {"colour": "red"}], "masks": []}, {}])
async def test_a_body_that_is_none_of_zones(api: httpx.AsyncClient, body: dict[str, Any]) -> None:
    assert (await api.put("/api/v1/cameras/cm-01/zones", json=body)).json()["code"] == "bad_body"


async def test_zones_are_drawn_by_admins_alone(person: ComeIn) -> None:
    guard = await person("guard")
    assert (
        await guard.put("/api/v1/cameras/cm-01/zones", json={"zones": [], "masks": [], "version": 0})
    ).status_code == 403


# -- findings ------------------------------------------------------------------------------------------------------


async def test_a_verdict_on_a_finding_and_its_correction(person: ComeIn, hub: FakeHub) -> None:
    finding = found(hub)
    guard = await person("guard")
    for kind in ("false", "real"):
        said = await guard.post(f"/api/v1/findings/{finding.id}/verdict", json={"kind": kind})
        assert said.status_code == 200, said.text
        assert said.json()["verdict"]["kind"] == kind
        assert said.json()["verdict"]["by"] == "guard"
    assert (await guard.post("/api/v1/findings/nothing/verdict", json={"kind": "real"})).status_code == 404
    assert (await guard.post(f"/api/v1/findings/{finding.id}/verdict", json={"kind": "x"})).status_code == 422


async def test_findings_are_filtered(api: httpx.AsyncClient, hub: FakeHub) -> None:
    found(hub)
    for query, count in (
        ("camera=cm-01", 1),
        ("camera=cm-02", 0),
        ("kind=left-object&open=true", 1),
        ("open=false", 0),
    ):
        assert len((await api.get(f"/api/v1/findings?{query}")).json()["items"]) == count, query
    one = (await api.get("/api/v1/findings/" + "f" * 26)).json()
    assert one["since"].endswith("Z")
    assert one["box"] == [0.4, 0.6, 0.2, 0.2]


# -- stills --------------------------------------------------------------------------------------------------------


async def test_stills_of_an_alarm_with_what_is_missing(api: httpx.AsyncClient, hub: FakeHub) -> None:
    alarm = hub.raise_alarm("sm-301.smoke")
    kept(hub, alarm)
    [one] = (await api.get(f"/api/v1/alarms/{alarm.id}/stills")).json()["items"]
    assert [(p["moment"], p["taken_at"] is None) for p in one["pictures"]] == [
        ("before", False), ("at", False), ("after", True),
    ]  # fmt: skip
    assert one["pictures"][2]["missing"] == {"zh": "摄像机失联", "en": "The camera is lost"}
    assert (await api.get(f"/api/v1/stills/{one['id']}")).json() == one
    assert (await api.get(f"/api/v1/stills/{one['id']}/{one['pictures'][2]['id']}")).status_code == 404
    picture = await api.get(f"/api/v1/stills/{one['id']}/{one['pictures'][1]['id']}")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")


async def test_who_handles_an_open_alarm_sees_its_stills_and_is_on_record(
    person: ComeIn, hub: FakeHub
) -> None:
    alarm = hub.raise_alarm("sm-301.smoke")
    one = kept(hub, alarm)
    guard = await person("guard")
    paths = [f"/api/v1/stills/{one.id}/{shot.id}" for shot in one.pictures if shot.kept]
    for path in paths:
        assert (await guard.get(path)).status_code == 200
    assert viewings(hub) == [("guard", "cm-01", alarm.id, "alarm")]
    ended(hub, alarm.id)
    assert (await guard.get(paths[0])).json()["code"] == "viewing_required"
    await open_(guard, "verify")
    assert (await guard.get(paths[0])).status_code == 200
    assert viewings(hub)[1] == ("guard", "cm-01", alarm.id, "verify")


async def test_pictures_of_two_alarms_are_seen_while_one_of_them_is_open(
    person: ComeIn, hub: FakeHub
) -> None:
    first, second = hub.raise_alarm("sm-301.smoke"), hub.raise_alarm("gas-1203.gas")
    one = replace(hub.sample_stills(first.id), others=(second.id,))
    hub.put_case("stills", one.to_dict(), "stills.kept")
    guard = await person("guard")
    [shown] = (await guard.get(f"/api/v1/alarms/{second.id}/stills")).json()["items"]
    assert (shown["alarm"], shown["others"]) == (first.id, [second.id])
    path = f"/api/v1/stills/{one.id}/{one.pictures[0].id}"
    ended(hub, first.id)
    assert (await guard.get(path)).status_code == 200
    assert viewings(hub) == [("guard", "cm-01", second.id, "alarm")]
    ended(hub, second.id)
    assert (await guard.get(path)).json()["code"] == "viewing_required"


async def test_a_wall_shows_stills_of_open_alarms_only(
    program: Callable[[Role], httpx.AsyncClient], hub: FakeHub
) -> None:
    alarm = hub.raise_alarm("sm-301.smoke")
    one = kept(hub, alarm)
    wall = program(Role.WALL)
    path = f"/api/v1/stills/{one.id}/{one.pictures[0].id}"
    assert (await wall.get(path)).status_code == 200
    ended(hub, alarm.id)
    assert (await wall.get(path)).json()["code"] == "forbidden"
    assert (await program(Role.MAINTENANCE).get(path)).json()["code"] == "forbidden"


async def test_a_picture_of_another_set_is_not_found_by_this_one(
    api: httpx.AsyncClient, hub: FakeHub
) -> None:
    alarm = hub.raise_alarm("sm-301.smoke")
    one = kept(hub, alarm)
    hub.put_case("stills", one.to_dict() | {"id": "st-1-9", "pictures": []}, "stills.kept")
    assert (await api.get(f"/api/v1/stills/st-1-9/{one.pictures[0].id}")).status_code == 404


async def test_erased_stills_are_gone(api: httpx.AsyncClient, hub: FakeHub) -> None:
    alarm = hub.raise_alarm("sm-301.smoke")
    one = kept(hub, alarm)
    hub.put_case("stills", one.to_dict() | {"open": False, "erased_at": hub.now().utc}, "stills.erased")
    [said] = (await api.get(f"/api/v1/alarms/{alarm.id}/stills")).json()["items"]
    assert said["erased_at"] is not None
    assert (await api.get(f"/api/v1/stills/{one.id}/{one.pictures[0].id}")).status_code == 404


async def test_a_film_comes_as_a_file_and_a_picture_is_shown(api: httpx.AsyncClient, hub: FakeHub) -> None:
    alarm = hub.raise_alarm("sm-301.smoke")
    one = kept(hub, alarm)
    at = 1_780_315_200_000_000  # 2026-06-01T12:00:00Z
    film = Shot("202606-" + "4" * 32, "clip", at, at, at + 40 * SECOND, "ab" * 32, 640, 360, 4)
    hub.put_case("stills", replace(one, pictures=(*one.pictures, film)).to_dict(), "stills.kept")
    hub.pictures[film.id] = Footage(at, "video/webm", b"webm")
    answer = await api.get(f"/api/v1/stills/{one.id}/{film.id}")
    assert answer.headers["content-disposition"] == 'attachment; filename="cm-01-20260601T120000Z.webm"'
    shown = await api.get(f"/api/v1/stills/{one.id}/{one.pictures[0].id}")
    assert re.fullmatch(r'inline; filename="cm-01-\d{8}T\d{6}Z\.jpg"', shown.headers["content-disposition"])


async def test_a_film_is_asked_for(api: httpx.AsyncClient) -> None:
    made = (await api.post("/api/v1/cameras/cm-01/clip")).json()
    [film] = made["pictures"]
    assert (film["moment"], film["taken_at"], film["mime"]) == ("clip", None, "video/webm")
    assert made["by"] == "program-admin"


# -- requests ------------------------------------------------------------------------------------------------------


async def test_a_request_is_decided_by_another_and_used_once(person: ComeIn, hub: FakeHub) -> None:
    alarm = hub.raise_alarm("sm-301.smoke")
    one = kept(hub, alarm)
    ended(hub, alarm.id)
    guard, chief = await person("guard"), await person("admin")
    now = hub.now().utc
    body = {
        "camera": "cm-01", "asker": "派出所 012345", "reason": "失窃", "start": to_rfc3339(now - MINUTE),
        "end": to_rfc3339(now + MINUTE),
    }  # fmt: skip
    asked = (await guard.post("/api/v1/viewings", json=body)).json()
    assert asked["state"] == "asked"
    path = f"/api/v1/viewings/{asked['id']}"
    assert (await guard.post(f"{path}/decide", json={"granted": True})).status_code == 403
    assert (await guard.post(f"{path}/open")).json()["code"] == "closed"
    said = await chief.post(f"{path}/decide", json={"granted": True, "answer": "同意"})
    assert (said.json()["state"], said.json()["decided_by"]) == ("granted", "admin")
    used = await guard.post(f"{path}/open")
    assert (used.json()["state"], used.json()["stills"]) == ("viewed", [one.id])
    assert (await guard.get(f"/api/v1/stills/{one.id}/{one.pictures[0].id}")).status_code == 200
    assert (await chief.get(f"/api/v1/stills/{one.id}/{one.pictures[0].id}")).status_code == 403
    assert (await guard.post(f"{path}/open")).json()["code"] == "closed"
    register = (await guard.get("/api/v1/viewings?state=viewed")).json()["items"]
    assert [row["asker"] for row in register] == ["派出所 012345"]


async def test_whoever_wrote_it_down_does_not_decide(api: httpx.AsyncClient, hub: FakeHub) -> None:
    now = hub.now().utc
    body = {
        "camera": "cm-01",
        "asker": "a",
        "reason": "b",
        "start": to_rfc3339(now - SECOND),
        "end": to_rfc3339(now),
    }
    asked = (await api.post("/api/v1/viewings", json=body)).json()
    answer = await api.post(f"/api/v1/viewings/{asked['id']}/decide", json={"granted": True})
    assert (answer.status_code, answer.json()["code"]) == (409, "same_person")
    for wrong, code in (
        ({"camera": "x"}, "not_found"),
        ({"end": "x"}, "bad_parameter"),
        ({"reason": " "}, "reason_required"),
    ):
        assert (await api.post("/api/v1/viewings", json=body | wrong)).json()["code"] == code


async def test_facts_say_times_as_times(api: httpx.AsyncClient, hub: FakeHub) -> None:
    alarm = hub.raise_alarm("sm-301.smoke")
    kept(hub, alarm, finding=found(hub, alarm.id))
    facts = (await api.get("/api/v1/journal?after=1-1")).json()["items"]
    finding = next(fact["finding"] for fact in facts if fact["kind"] == "finding.seen")
    stills = next(fact["stills"] for fact in facts if fact["kind"] == "stills.kept")
    moments = [
        finding["since"],
        stills["kept_until"],
        stills["pictures"][0]["taken"],
        stills["pictures"][0]["wanted"],
    ]
    assert all(str(moment).endswith("Z") for moment in moments), moments


async def test_openapi_knows_pictures_as_pictures(api: httpx.AsyncClient) -> None:
    paths = (await api.get("/api/v1/openapi.json")).json()["paths"]
    assert "image/jpeg" in paths["/api/v1/cameras/{id}/picture"]["get"]["responses"]["200"]["content"]
    assert "image/jpeg" in paths["/api/v1/stills/{id}/{picture}"]["get"]["responses"]["200"]["content"]
