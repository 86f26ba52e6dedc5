"""Every list of cases is asked and answers in the same way."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from edge.facade import Role

LISTS = [
    "work-orders", "hazards", "incidents", "duties", "rounds", "drills", "handovers", "notifications", "outages",
    "commands",
]  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
async def test_lists_are_alike(program: Callable[[Role], httpx.AsyncClient], name: str) -> None:
    desk = program(Role.GUARD)
    answer = await desk.get(f"/api/v1/{name}", params={"since": "2026-01-01T00:00:00Z", "limit": 1})
    assert answer.status_code == 200
    assert set(answer.json()) == {"items", "next"}
    for wrong, code in (({"cursor": "x"}, "bad_cursor"), ({"since": "x"}, "bad_parameter")):
        assert (await desk.get(f"/api/v1/{name}", params=wrong)).json()["code"] == code
    assert (await desk.get(f"/api/v1/{name}", params={"limit": 0})).status_code == 422
