"""One hub in memory and ways to come in: a program with a token, a person with a session, a stranger."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import httpx
import pytest
from fastapi import FastAPI

from edge.facade import Account, Role
from tests.web.fakes import PASSWORDS, FakeHub
from web.app import create_app
from web.auth.secrets import digest, new_token

BASE = "http://127.0.0.1:8080"
ComeIn = Callable[[str], Awaitable[httpx.AsyncClient]]


@pytest.fixture
def hub() -> FakeHub:
    return FakeHub()


@pytest.fixture
def app(hub: FakeHub) -> FastAPI:
    return create_app(hub)


def client_of(app: FastAPI, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("192.0.2.7", 50000))
    return httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers)


@pytest.fixture
async def stranger(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Nobody known."""
    async with client_of(app) as client:
        yield client


@pytest.fixture
async def program(app: FastAPI, hub: FakeHub) -> AsyncIterator[Callable[[Role], httpx.AsyncClient]]:
    """A program with a token of a role."""
    async with AsyncExitStack() as clients:

        def come_in(role: Role) -> httpx.AsyncClient:
            token = new_token()
            hub.people.tokens[digest(token)] = Account(f"program-{role}", "a program", role)
            client = client_of(app, authorization=f"Bearer {token}")
            clients.push_async_callback(client.aclose)
            return client

        yield come_in


@pytest.fixture
def api(program: Callable[[Role], httpx.AsyncClient]) -> httpx.AsyncClient:
    """A program that may do everything."""
    return program(Role.ADMIN)


@pytest.fixture
async def person(app: FastAPI) -> AsyncIterator[ComeIn]:
    """A person who signed in by name, with the session's cookie and CSRF header."""
    async with AsyncExitStack() as clients:

        async def come_in(name: str) -> httpx.AsyncClient:
            client = client_of(app)
            clients.push_async_callback(client.aclose)
            answer = await client.post("/api/v1/session", json={"name": name, "password": PASSWORDS[name]})
            assert answer.status_code == 200, answer.text
            client.headers["X-CSRF-Token"] = answer.json()["csrf"]
            return client

        yield come_in
