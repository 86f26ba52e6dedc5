from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from edge.domain.device import Signal
from edge.domain.instant import HOUR, to_rfc3339
from edge.domain.reading import Purpose
from tests.web.fakes import PINS

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
KEYS = {
    "id", "key", "rule", "device", "point", "zone", "place", "signal", "priority", "state", "active", "acked",
    "latched", "suppression", "value", "limit", "unit", "received_at", "raised_at", "last_report_at",
    "returned_at", "acked_at", "acked_by", "closed_at", "verdict", "reports", "purpose", "persisted", "title",
    "response", "seq",
}  # fmt: skip


async def test_an_alarm_has_all_its_keys(api, hub):
    raised = hub.raise_alarm()
    alarm = (await api.get(f"/api/v1/alarms/{raised.id}")).json()
    assert set(alarm) >= KEYS
    assert alarm["state"] == "unacknowledged"
    assert alarm["key"] == f"{alarm['rule']}@{alarm['point']}"
    assert alarm["place"] == {
        "zh": "3号楼1单元 3层 301 客厅",
        "en": "Building 3 unit 1, floor 3, 301 living room",
    }
    assert alarm["seq"] == "3-1"
    assert alarm["persisted"] is True
    assert alarm["value"] is True
    for key in ("received_at", "raised_at", "last_report_at"):
        assert TIME.fullmatch(alarm[key])
    for key in (
        "returned_at",
        "acked_at",
        "acked_by",
        "closed_at",
        "verdict",
        "suppression",
        "limit",
        "unit",
    ):
        assert alarm[key] is None


async def test_a_number_json_cannot_say_is_null(api, hub):
    raised = hub.raise_alarm("gas-1203.gas", Signal.GAS)
    for odd in (math.nan, math.inf, -math.inf):
        hub.emit("alarm.raised", replace(raised, value=odd, limit=odd))
        answer = await api.get(f"/api/v1/alarms/{raised.id}")
        assert answer.status_code == 200
        assert answer.json()["value"] is answer.json()["limit"] is None
    assert (await api.get("/api/v1/journal")).status_code == 200


async def test_the_life_of_an_alarm(api, hub):
    url = f"/api/v1/alarms/{hub.raise_alarm().id}"
    answer = await api.post(f"{url}/reset", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_acknowledged")
    assert answer.headers["content-type"] == "application/problem+json"
    acked = (await api.post(f"{url}/ack", json={"note": "going"})).json()
    assert acked["state"] == "acknowledged"
    assert acked["acked_by"] == "program-admin"
    answer = await api.post(f"{url}/reset", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "still_active")
    hub.clear(acked["id"])
    judged = (
        await api.post(f"{url}/verdict", json={"kind": "false", "cause": "cooking", "note": "toast"})
    ).json()
    assert judged["state"] == "latched"
    assert judged["verdict"]["kind"] == "false"
    assert judged["verdict"]["cause"] == "cooking"
    assert TIME.fullmatch(judged["verdict"]["at"])
    closed = (await api.post(f"{url}/reset")).json()
    assert closed["state"] == "normal"
    assert TIME.fullmatch(closed["closed_at"])
    answer = await api.post(f"{url}/reset", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "closed")


async def test_a_second_acknowledgement_is_fine_and_the_first_person_stays(api, person, hub):
    url = f"/api/v1/alarms/{hub.raise_alarm().id}/ack"
    await (await person("guard")).post(url, json={})
    answer = await api.post(url)  # no body at all is fine
    assert answer.status_code == 200
    assert answer.json()["acked_by"] == "guard"


async def test_forcing_a_reset_needs_a_reason(api, hub):
    url = f"/api/v1/alarms/{hub.raise_alarm().id}/reset"
    answer = await api.post(url, json={"force": True})
    assert (answer.status_code, answer.json()["code"]) == (422, "reason_required")
    body = {"force": True, "reason": "sensor removed"}
    assert (await api.post(url, json=body)).json()["code"] == "second_person"
    second = {"person": "guard", "pin": PINS["guard"]}
    forced = (await api.post(url, json={**body, "second": second})).json()
    assert (forced["forced"], forced["closed_second"]) == (True, "guard")
    assert forced["state"] == "normal"


async def test_shelving(api, hub):
    fire, bin_ = hub.raise_alarm(), hub.raise_alarm("bin-1.level", Signal.PROCESS)
    until = to_rfc3339(hub.now().utc + HOUR)
    answer = await api.post(f"/api/v1/alarms/{fire.id}/shelve", json={"until": until, "reason": "works"})
    assert (answer.status_code, answer.json()["code"]) == (409, "second_person")
    shelved = (
        await api.post(f"/api/v1/alarms/{bin_.id}/shelve", json={"until": until, "reason": "market"})
    ).json()
    assert shelved["suppression"] == {
        "kind": "shelved",
        "until": until,
        "by": "program-admin",
        "reason": "market",
        "second": None,
    }
    assert (await api.post(f"/api/v1/alarms/{bin_.id}/shelve", json={"until": None})).json()[
        "suppression"
    ] is None
    answer = await api.post(f"/api/v1/alarms/{bin_.id}/shelve", json={"until": "tomorrow", "reason": "x"})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_parameter")


async def test_the_story_tells_everything_oldest_first(api, hub):
    id = hub.raise_alarm().id
    await api.post(f"/api/v1/alarms/{id}/ack", json={"note": "going"})
    await api.post(f"/api/v1/alarms/{id}/comment", json={"note": "nobody at home"})
    story = (await api.get(f"/api/v1/alarms/{id}/story")).json()
    assert [fact["kind"] for fact in story["items"]] == ["alarm.raised", "alarm.acked", "alarm.commented"]
    assert [fact["note"] for fact in story["items"]] == [None, "going", "nobody at home"]
    assert story["items"][1]["by"] == "program-admin"
    assert story["items"][1]["alarm"]["state"] == "acknowledged"
    assert (await api.get("/api/v1/alarms/none/story")).status_code == 404


async def test_a_repeat_with_the_same_key_changes_nothing(api, person, hub):
    alarm = hub.raise_alarm()
    url, key = f"/api/v1/alarms/{alarm.id}/comment", {"Idempotency-Key": "k-1"}
    for _ in range(3):
        answer = await api.post(url, json={"note": "once"}, headers=key)
        assert answer.status_code == 200
    assert len(await hub.story(alarm.id)) == 2
    answer = await api.post(url, json={"note": "another"}, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")
    guard = await person("guard")  # the key of one account is nobody else's
    assert (await guard.post(url, json={"note": "once"}, headers=key)).status_code == 200
    assert len(await hub.story(alarm.id)) == 3
    for bad in ("", "k" * 201):
        answer = await api.post(url, json={"note": "x"}, headers={"Idempotency-Key": bad})
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_parameter")


async def test_with_the_journal_down_acknowledging_and_silencing_answer_unsaved(api, hub):
    alarm = hub.raise_alarm()
    hub.journal_down = True
    answer = await api.post(f"/api/v1/alarms/{alarm.id}/ack", json={})
    assert answer.status_code == 200
    assert answer.json()["persisted"] is False
    assert (await api.post("/api/v1/desk/silence")).status_code == 200
    answer = await api.post(f"/api/v1/alarms/{alarm.id}/reset", json={"force": True, "reason": "x"})
    assert (answer.status_code, answer.json()["code"]) == (503, "not_saved")


async def test_silencing_the_desk_ends_with_the_next_alarm(api, hub):
    silenced = (await api.post("/api/v1/desk/silence")).json()
    assert silenced["silenced_by"] == "program-admin"
    assert TIME.fullmatch(silenced["silenced_until"])
    assert (await api.get("/api/v1/desk")).json() == silenced
    hub.raise_alarm()
    assert (await api.get("/api/v1/desk")).json() == {"silenced_until": None, "silenced_by": None}


@pytest.fixture
def mixed(hub):
    """One of each: an open fire, a latched gas, a closed fault, a test."""
    fire = hub.raise_alarm()
    gas = hub.raise_alarm("gas-1203.gas", Signal.GAS)
    hub.clear(gas.id)
    fault = hub.raise_alarm("wp-1.link", Signal.FAULT)
    hub.clear(fault.id)
    test = hub.raise_alarm("sm-402.smoke", purpose=Purpose.TEST)
    return {"fire": fire.id, "gas": gas.id, "fault": fault.id, "test": test.id}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["gas", "fire"]),
        ("state=open", ["gas", "fire"]),
        ("state=closed", ["fault"]),
        ("state=all", ["fault", "gas", "fire"]),
        ("state=unacknowledged", ["fire"]),
        ("state=latched_unacknowledged", ["gas"]),
        ("state=normal", ["fault"]),
        ("state=acknowledged", []),
        ("state=all&signal=gas", ["gas"]),
        ("state=all&device=sm-301", ["fire"]),
        ("state=all&device=none", []),
        ("state=all&purpose=test", ["test"]),
        ("state=all&purpose=drill", []),
        ("state=all&since=2020-01-01T00:00:00Z", ["fault", "gas", "fire"]),
        ("state=all&since=2020-01-01T08:00:00+08:00", ["fault", "gas", "fire"]),
        ("state=all&since=2099-01-01T00:00:00.5Z", []),
    ],
)
async def test_filters(api, mixed, query, expected):
    answer = await api.get(f"/api/v1/alarms?{query}")
    assert [a["id"] for a in answer.json()["items"]] == [mixed[name] for name in expected]


@pytest.mark.parametrize(
    "query",
    ["state=broken", "signal=smoke", "since=yesterday", "since=2020-01-01", "purpose=x", "limit=0", "limit=1001",
     "limit=x", "cursor=%00", "device=" + "x" * 64, "cursor=" + "9" * 201],
)  # fmt: skip
async def test_bad_parameters_say_which(api, query):
    answer = await api.get(f"/api/v1/alarms?{query}")
    assert answer.status_code == 422
    body = answer.json()
    assert body["code"] in {"bad_parameter", "bad_cursor"}
    assert query.split("=")[0] in body["detail"]


async def test_pages_cover_the_list_once(api, hub):
    ids = [hub.raise_alarm().id for _ in range(7)]
    seen, cursor = [], None
    while True:
        page = (
            await api.get("/api/v1/alarms", params={"limit": 3, **({"cursor": cursor} if cursor else {})})
        ).json()
        assert len(page["items"]) <= 3
        seen += [a["id"] for a in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ids[::-1]


@pytest.mark.parametrize("act", ["ack", "reset", "verdict", "shelve", "comment"])
async def test_acts_on_unknown_alarms_are_not_found(api, act):
    body = {"verdict": {"kind": "real"}, "shelve": {"until": None}, "comment": {"note": "x"}}.get(act, {})
    answer = await api.post(f"/api/v1/alarms/no-such-alarm/{act}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "bad_json"),
        (b'{"kind": "real"', "application/json", 400, "bad_json"),
        (b"\xff\xfe{}", "application/json", 400, "bad_json"),
        (b"[" * 60_000, "application/json", 400, "bad_json"),
        (b"[]", "application/json", 422, "bad_body"),
        (b"null", "application/json", 422, "bad_body"),
        (b'{"kind": "maybe"}', "application/json", 422, "bad_body"),
        (b'{"kind": NaN}', "application/json", 422, "bad_body"),
        (b'{"kind": "real", "note": "\\ud800"}', "application/json", 422, "bad_body"),
        (b'{"kind": "real", "reson": "x"}', "application/json", 422, "bad_body"),
        (b'{"kind": "real", "cause": "%s"}' % (b"x" * 2001), "application/json", 422, "bad_body"),
        (b"kind=real", "application/x-www-form-urlencoded", 415, "not_json"),
        (b'{"kind": "real"}', "text/plain", 415, "not_json"),
    ],
)
async def test_bad_bodies_are_told_apart(api, hub, content, kind, status, code):
    url = f"/api/v1/alarms/{hub.raise_alarm().id}/verdict"
    answer = await api.post(url, content=content, headers={"content-type": kind})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["detail"]


async def test_a_fire_is_shelved_by_two_persons(person, hub):
    client, fire = await person("guard"), hub.raise_alarm()
    body = {"until": to_rfc3339(hub.now().utc + HOUR), "reason": "hot_work"}

    async def shelve(name: str, pin: str):
        second = {"person": name, "pin": pin}
        return await client.post(f"/api/v1/alarms/{fire.id}/shelve", json={**body, "second": second})

    assert (await shelve("guard", PINS["guard"])).json()["code"] == "same_person"
    assert (await shelve("admin", "0000")).json()["code"] == "wrong_pin"
    done = (await shelve("admin", PINS["admin"])).json()
    assert (done["suppression"]["by"], done["suppression"]["second"]) == ("guard", "admin")
