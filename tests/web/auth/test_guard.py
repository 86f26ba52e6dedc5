from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from starlette.requests import Request

from edge.domain.instant import SECOND
from web.auth.guard import while_signed_in


async def _ack(client, alarm, **headers: str | bytes):
    return await client.post(f"/api/v1/alarms/{alarm.id}/ack", json={}, headers=headers)


async def test_a_session_needs_its_csrf_token_to_write(person, hub):
    client, alarm = await person("guard"), hub.raise_alarm()
    for wrong in ("", "x", "é", client.headers["X-CSRF-Token"][:-1]):
        answer = await _ack(client, alarm, **{"X-CSRF-Token": wrong.encode("latin-1")})
        assert answer.status_code == 403
        assert answer.json()["code"] == "csrf"
    del client.headers["X-CSRF-Token"]
    assert (await _ack(client, alarm)).status_code == 403
    assert not (await hub.alarm(alarm.id)).acked


async def test_the_token_of_another_session_does_not_fit(person, hub):
    one, other, alarm = await person("guard"), await person("admin"), hub.raise_alarm()
    answer = await _ack(one, alarm, **{"X-CSRF-Token": other.headers["X-CSRF-Token"]})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1"},  # another port is another origin
        {"Origin": "null"},
        {"Referer": "http://evil.example/127.0.0.1:8080"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8080"},
    ],
)
async def test_other_origins_cannot_write_even_with_the_token(person, hub, headers):
    client, alarm = await person("guard"), hub.raise_alarm()
    answer = await _ack(client, alarm, **headers)
    assert answer.status_code == 403
    assert answer.json()["code"] == "cross_origin"


async def test_the_own_origin_can(person, hub):
    client, alarm = await person("guard"), hub.raise_alarm()
    answer = await _ack(client, alarm, Origin="http://127.0.0.1:8080", **{"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 200
    assert answer.json()["acked_by"] == "guard"


async def test_a_form_field_serves_as_well_as_the_header(person, hub):
    client, alarm = await person("guard"), hub.raise_alarm()
    csrf = client.headers.pop("X-CSRF-Token")
    answer = await client.post("/api/v1/desk/silence", data={"csrf": csrf})
    assert answer.status_code == 200
    answer = await client.post("/api/v1/desk/silence", data={"csrf": "wrong"})
    assert answer.status_code == 403
    assert not (await hub.alarm(alarm.id)).acked


async def test_a_program_needs_no_csrf_token(api, hub):
    assert (await _ack(api, hub.raise_alarm())).status_code == 200


async def test_a_stream_ends_when_its_session_has(app, person, hub, monkeypatch):
    client = await person("guard")
    scope = {
        "type": "http", "method": "GET", "path": "/", "query_string": b"", "app": app,
        "headers": [(b"cookie", f"edge_hub={client.cookies['edge_hub']}".encode())],
    }  # fmt: skip
    now = [0]
    real = hub.now

    def shifted():
        moment = real()
        return type(moment)(moment.utc, moment.mono + now[0])

    monkeypatch.setattr(hub, "now", shifted)

    async def chunks() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            now[0] += 30 * SECOND

    got = 0
    async for _ in while_signed_in(Request(scope), chunks()):
        got += 1
        if got == 7:
            hub.people.sessions.clear()
    assert 7 <= got <= 9
