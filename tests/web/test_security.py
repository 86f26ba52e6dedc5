from __future__ import annotations

from tests.web.conftest import client_of
from tests.web.fakes import FakeHub
from web.app import create_app


async def test_every_answer_carries_the_security_headers(stranger):
    for path in ("/healthz", "/api/v1/alarms", "/nowhere", "/static/none.js"):
        headers = (await stranger.get(path)).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["referrer-policy"] == "same-origin"
        assert "camera=()" in headers["permissions-policy"]
        assert headers["cache-control"] in {"no-store", "no-cache"}


async def test_the_app_knows_only_its_own_names():
    app = create_app(FakeHub(), names=["hub.example"])
    async with client_of(app) as client:
        for host, status in {
            "hub.example": 200, "HUB.example:8080": 200, "192.0.2.1:8080": 200, "[2001:db8::1]:8080": 200,
            "localhost": 200,
            "evil.example": 421, "hub.example.evil": 421, "": 421, "127.0.0.1.evil": 421, "[evil": 421,
        }.items():  # fmt: skip
            answer = await client.get("/healthz", headers={"host": host})
            assert answer.status_code == status, host


async def test_bodies_are_limited_announced_or_not(app, hub, api):
    alarm = hub.raise_alarm()
    big = b'{"note":"' + b"x" * 70_000 + b'"}'

    async def pieces():
        for start in range(0, len(big), 4096):
            yield big[start : start + 4096]

    for content in (big, pieces()):
        answer = await api.post(
            f"/api/v1/alarms/{alarm.id}/comment",
            content=content,
            headers={"content-type": "application/json"},
        )
        assert answer.status_code == 413
        assert answer.json()["code"] == "too_large"
    assert [f.kind for f in await hub.story(alarm.id)] == ["alarm.raised"]
