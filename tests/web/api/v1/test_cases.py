"""Every list of cases is asked and answers in the same way."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from edge.facade import Role
from tests.web.fakes import FakeHub

LISTS = {
    "work-orders": "order", "hazards": "hazard", "incidents": "incident", "duties": "duty", "rounds": "round",
    "drills": "drill", "handovers": "handover", "notifications": "notification", "outages": "outage",
    "commands": "command",
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
async def test_lists_are_alike(hub: FakeHub, program: Callable[[Role], httpx.AsyncClient], name: str) -> None:
    hub.put_case(LISTS[name], {"id": "of-1970", "open": True, "opened_at": 1}, f"{LISTS[name]}.opened", None)
    desk = program(Role.GUARD)
    answer = await desk.get(f"/api/v1/{name}", params={"since": "2026-01-01T00:00:00Z", "limit": 1})
    assert answer.status_code == 200
    assert answer.json() == {"items": [], "next": None}
    for wrong, code in (({"cursor": "x"}, "bad_cursor"), ({"since": "x"}, "bad_parameter")):
        assert (await desk.get(f"/api/v1/{name}", params=wrong)).json()["code"] == code
    assert (await desk.get(f"/api/v1/{name}", params={"limit": 0})).status_code == 422
