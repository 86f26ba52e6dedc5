from __future__ import annotations

import re

import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from edge.facade import Role
from tests.web.conftest import client_of
from tests.web.fakes import FakeHub
from web.app import create_app
from web.auth.guard import GUARDS
from web.auth.permissions import Perm, allows

OPEN = {("GET", "/healthz"), ("POST", "/api/v1/session"), ("GET", "/sign-in"), ("POST", "/sign-in")}
PERM_OF = {guard: perm for perm, guard in GUARDS.items()}


def _perms(dependant: Dependant) -> set[Perm]:
    found = {PERM_OF[dependant.call]} if dependant.call in PERM_OF else set()
    return found.union(*(_perms(part) for part in dependant.dependencies))


def _routes(app: FastAPI) -> list[tuple[str, str, set[Perm]]]:
    """(method, path, permissions asked for) of every route there is."""
    rows = []
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, Mount):
            assert route.path == "/static", f"{route.path}: only static files may be mounted"
            continue
        assert route.dependant is not None, f"{route.path}: a route without dependencies cannot have a guard"
        rows += [(method, route.path, _perms(route.dependant)) for method in sorted(route.methods or ())]
    return rows


def test_every_route_has_a_guard_or_is_open_on_purpose(app):
    rows = _routes(app)
    assert len(rows) > 20
    unguarded = {(method, path) for method, path, perms in rows if not perms}
    assert unguarded <= OPEN
    assert {("GET", "/healthz"), ("POST", "/api/v1/session")} <= unguarded


def _fill(path: str) -> str:
    return re.sub(r"{\w+(:path)?}", "a-1", path)


async def test_nobody_comes_in_without_credentials(app, stranger):
    for method, path, perms in _routes(app):
        if not perms:
            continue
        answer = await stranger.request(method, _fill(path))
        assert answer.status_code == 401, (method, path, answer.status_code)
        if path.startswith("/api"):
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"] == "not_signed_in"


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_gets_what_the_permission_table_says(app, program, role):
    client = program(role)
    for method, path, perms in _routes(app):
        if not perms or not path.startswith("/api") or path.endswith("/stream"):
            continue
        answer = await client.request(method, _fill(path), json={} if method == "POST" else None)
        allowed = all(allows(role, perm) for perm in perms)
        assert (answer.status_code != 403) is allowed, (method, path, answer.status_code)
        assert answer.status_code != 401


@pytest.mark.parametrize(
    "header", ["Bearer wrong", "Bearer ", "Bearer", "Basic Z3VhcmQ6eA==", "ehub_x", "Bearer \x7f\xe9"]
)
async def test_a_bad_token_is_nobody_even_beside_a_good_cookie(person, header):
    client = await person("guard")
    answer = await client.get("/api/v1/alarms", headers={"authorization": header.encode("latin-1")})
    assert answer.status_code == 401


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


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/nothing",
        "/api/v1/alarms/..%2f..%2fetc%2fpasswd",
        "/api/v1/points/%00/readings",
        "/api/v1/points/%ff%fe",
        "/api/v1/devices/" + "x" * 190,
        "/api/v1/alarms/' OR 1=1 --",
        "/api/v1/devices/a%0d%0aX-Evil:1",
        "/api/v1/points/sm-301.smoke.x",
        "/api//v1/alarms",
    ],
)
async def test_hostile_paths_are_not_found(api, path):
    answer = await api.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"
    assert "x-evil" not in answer.headers


async def test_static_files_stay_in_their_folder(stranger):
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2f..%2fpyproject.toml"):
        answer = await stranger.get(path)
        assert answer.status_code == 404


async def test_no_interactive_docs_from_a_cdn(api):
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert (await api.get(path)).status_code == 404


async def test_openapi_describes_the_api_and_not_the_panel(api, stranger):
    described = (await api.get("/api/v1/openapi.json")).json()
    assert described["openapi"].startswith("3.")
    assert {path.split("/")[1] for path in described["paths"]} == {"api", "healthz", "metrics"}
    assert "acked_by" in described["components"]["schemas"]["AlarmShape"]["required"]
    assert (await stranger.get("/api/v1/openapi.json")).status_code == 401


async def test_an_error_of_the_program_is_a_problem_without_its_inside(app, hub, api, monkeypatch):
    def broken() -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(hub, "devices", broken)
    answer = await api.get("/api/v1/devices")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert "secret" not in answer.text


async def test_large_answers_are_compressed(api, hub):
    for _ in range(5):
        hub.raise_alarm()
    answer = await api.get("/api/v1/alarms")
    assert answer.headers["content-encoding"] == "gzip"


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


async def test_pages_fail_as_pages(stranger: httpx.AsyncClient):
    answer = await stranger.get("/no-such-page", headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "没有这个页面" in answer.text
