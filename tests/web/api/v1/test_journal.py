from __future__ import annotations

import pytest

from web.api.v1.journal import _for_all


async def test_newest_first_or_onward_from_a_fact(api, hub):
    for _ in range(7):
        hub.raise_alarm()
    newest = (await api.get("/api/v1/journal?limit=3")).json()
    assert [fact["seq"] for fact in newest["items"]] == ["3-7", "3-6", "3-5"]
    older = (await api.get("/api/v1/journal", params={"limit": 3, "cursor": newest["next"]})).json()
    assert [fact["seq"] for fact in older["items"]] == ["3-4", "3-3", "3-2"]
    onward = (await api.get("/api/v1/journal?after=3-2&limit=3")).json()
    assert [fact["seq"] for fact in onward["items"]] == ["3-3", "3-4", "3-5"]
    rest = (await api.get("/api/v1/journal", params={"limit": 3, "cursor": onward["next"]})).json()
    assert [fact["seq"] for fact in rest["items"]] == ["3-6", "3-7"]
    assert rest["next"] is None
    assert (await api.get("/api/v1/journal?after=3-7")).json() == {"items": [], "next": None}


async def test_a_fact_names_its_subject(api, hub):
    hub.raise_alarm()
    hub.emit("health.changed", body={"check": "broker", "ok": False})
    hub.emit("hub.started")
    started, health, alarm = (await api.get("/api/v1/journal")).json()["items"]
    assert set(started) == {"seq", "kind", "time", "by", "note"}
    assert health["detail"] == {"check": "broker", "ok": False}
    assert (alarm["kind"], alarm["alarm"]["device"]) == ("alarm.raised", "sm-301")


async def test_a_position_that_never_was_asks_for_a_resync(api, hub):
    hub.raise_alarm()
    answer = await api.get("/api/v1/journal?after=4-1")
    assert (answer.status_code, answer.json()["code"]) == (410, "resync")


@pytest.mark.parametrize(
    "query", ["after=x", "after=3", "after=-1-2", "cursor=3-1", "cursor=after.x", "cursor=before."]
)
async def test_malformed_positions(api, query):
    answer = await api.get(f"/api/v1/journal?{query}")
    assert answer.status_code == 422
    assert answer.json()["code"] == ("bad_cursor" if query.startswith("cursor") else "bad_parameter")


async def test_crews_do_not_read_who_did_what(person):
    assert (await (await person("maintenance")).get("/api/v1/journal")).status_code == 403


def test_who_sees_alarms_is_not_told_what_people_wrote_and_where_they_signed_in():
    shown = ("alarm.raised", "order.notified", "notification.delivered", "handover.made", "hub.started")
    kept = ("notification.stranger", "notification.remark", "pin.refused", "wall.person", "session.opened")
    assert [_for_all(kind) for kind in (*shown, *kept, "account.pin", "anything.new")] == [True] * 5 + [
        False
    ] * 7
