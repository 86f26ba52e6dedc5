from __future__ import annotations

import json
import re

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from edge.facade import Role
from web.auth.guard import GUARDS
from web.auth.permissions import Perm, allows

OPEN = {
    ("GET", "/healthz"),
    ("POST", "/api/v1/session"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/code"),
    ("POST", "/code"),
}
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
    schemas = described["components"]["schemas"]
    assert "acked_by" in schemas["AlarmShape"]["required"]
    asked = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(described)))
    assert "Listing_AlarmShape_" in asked
    assert asked <= set(schemas)
    assert (await stranger.get("/api/v1/openapi.json")).status_code == 401


async def test_large_answers_are_compressed(api, hub):
    for _ in range(5):
        hub.raise_alarm()
    answer = await api.get("/api/v1/alarms")
    assert answer.headers["content-encoding"] == "gzip"
