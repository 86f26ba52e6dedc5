"""Channels over the API: what each can prove, and a test of one before the real machine of messages."""

from __future__ import annotations

from datetime import UTC

import pytest

from edge.conclude import Conclude
from edge.dispatch.channel import Proof
from edge.dispatch.messages import Words
from edge.dispatch.notifications import Notifications, Route
from edge.domain.fact import Numbering
from edge.facade import Role
from tests.web.fakes import FakeHub


@pytest.fixture(autouse=True)
def machine(hub: FakeHub) -> None:
    routes = {
        "sms": Route("sms", Proof(delivered=True), 1, lambda person: person == "guard"),
        "desk": Route("desk", Proof(), 1, lambda _: True),
        "wecom": Route("wecombot", Proof(), 1, lambda person: person == ""),
    }
    hub.conclude = Conclude([Notifications(routes, Words(UTC), Numbering(9, 0), lambda _: "zh")])


async def test_channels_say_what_they_can_prove_and_whom_they_reach(api):
    sms, wecom = (await api.get("/api/v1/channels")).json()["items"]
    assert (sms["id"], sms["proves"]) == ("sms", ["accepted", "delivered", "answered"])
    assert sms["name"] == {"zh": "短信", "en": "SMS"}
    assert (sms["reaches"], wecom["reaches"]) == (["guard"], [None])
    assert (sms["last_ok"], sms["last_error"]) == ("1970-01-01T00:00:01.000Z", None)
    assert (wecom["state"], wecom["counters"]) == ("failing", {"failed": 1})


@pytest.mark.parametrize("role", [Role.GUARD, Role.ADMIN])
@pytest.mark.parametrize(("channel", "body"), [("sms", {"person": "guard"}), ("wecom", {})])
async def test_a_test_is_sent_and_stands_in_the_list(program, role, channel, body):
    client = program(role)
    answer = await client.post(f"/api/v1/channels/{channel}/test", json=body)
    assert answer.status_code == 200
    said = answer.json()
    assert (said["channel"], said["person"], said["message"]) == (channel, body.get("person"), "proof")
    assert said["by"] == f"program-{role}"
    listed = (await client.get("/api/v1/notifications")).json()["items"]
    assert [item["id"] for item in listed] == [said["id"]]


@pytest.mark.parametrize(
    ("channel", "body", "status", "code"),
    [
        ("pigeon", {}, 404, "not_found"),
        ("sms", {}, 404, "not_found"),
        ("desk", {"person": "nobody"}, 404, "not_found"),
        ("wecom", {"person": "guard"}, 404, "not_found"),
        ("wecom", {"persn": "guard"}, 422, "bad_body"),
    ],
)
async def test_refusals(api, channel, body, status, code):
    answer = await api.post(f"/api/v1/channels/{channel}/test", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_the_crew_sees_channels_but_does_not_test_them(program):
    crew = program(Role.MAINTENANCE)
    assert (await crew.get("/api/v1/channels")).status_code == 200
    assert (await crew.post("/api/v1/channels/wecom/test", json={})).status_code == 403


async def test_the_group_needs_no_body(api):
    assert (await api.post("/api/v1/channels/wecom/test")).status_code == 200
