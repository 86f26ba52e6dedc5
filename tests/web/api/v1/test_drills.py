"""Drills over the API: two persons, what is refused, the times beside the last ones of the plan."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from edge.domain.device import Signal
from edge.domain.drill import EndDrill
from edge.facade import Role
from tests.web.api.v1.test_alarms import PINS
from tests.web.drills import a_drill, with_drills
from tests.web.fakes import FakeHub

DRILLS = "/api/v1/drills"
LIVE = {"kind": "live", "plan": "p2-flat-smoke", "point": "sm-301.smoke"}
SECOND = {"person": "guard", "pin": PINS["guard"]}


@pytest.fixture(autouse=True)
def machine(hub: FakeHub) -> FakeHub:
    return with_drills(hub)


async def test_a_drill_takes_two_persons_and_one_at_a_time(api: httpx.AsyncClient) -> None:
    assert (await api.post(DRILLS, json=LIVE)).json()["code"] == "second_person"
    wrong = await api.post(DRILLS, json=LIVE | {"second": {"person": "guard", "pin": "0000"}})
    assert wrong.json()["code"] == "wrong_pin"
    begun = (await api.post(DRILLS, json=LIVE | {"second": SECOND})).json()
    assert (begun["state"], begun["second"], begun["open"], begun["spans"]) == ("running", "guard", True, {})
    again = await api.post(DRILLS, json=LIVE | {"second": SECOND})
    assert (again.status_code, again.json()["code"]) == (409, "drill_running")
    ended = (await api.post(f"{DRILLS}/{begun['id']}/end", json={"note": "好"})).json()
    assert (ended["state"], ended["ended_why"], ended["open"]) == ("finished", "person", False)
    story = (await api.get(f"{DRILLS}/{begun['id']}/story")).json()["items"]
    assert [fact["kind"] for fact in story] == ["drill.started", "drill.finished"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"plan": "p99"}, 404, "not_found"),
        ({"point": "sm-999.smoke"}, 404, "not_found"),
        ({"outputs": ["no-such.siren"]}, 404, "not_found"),
        ({"point": "gas-1203.gas"}, 422, "value_required"),
        ({"kind": "table_top", "outputs": ["siren-b3.siren"]}, 409, "no_outputs"),
        ({"kind": "secret"}, 422, "bad_body"),
    ],
)
async def test_what_is_refused(
    api: httpx.AsyncClient, body: dict[str, object], status: int, code: str
) -> None:
    answer = await api.post(DRILLS, json=LIVE | {"second": SECOND} | body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_no_drill_beside_a_real_alarm(hub: FakeHub, api: httpx.AsyncClient) -> None:
    hub.raise_alarm("sm-402.smoke", Signal.FIRE)
    assert (await api.post(DRILLS, json=LIVE | {"second": SECOND})).json()["code"] == "real_alarm"


async def test_one_beside_the_last_ones(
    hub: FakeHub, api: httpx.AsyncClient, program: Callable[[Role], httpx.AsyncClient]
) -> None:
    first = await a_drill(hub)
    await hub.act(EndDrill(first["id"], "admin"))
    second = await a_drill(hub)
    one = (await api.get(f"{DRILLS}/{second['id']}")).json()
    assert [row["id"] for row in one["earlier"]] == [first["id"]]
    listed = (await api.get(f"{DRILLS}?state=finished&plan=p2-flat-smoke")).json()["items"]
    assert [row["id"] for row in listed] == [first["id"]]
    assert (await program(Role.MAINTENANCE).post(f"{DRILLS}/{second['id']}/end")).status_code == 403
    assert (await api.get(f"{DRILLS}/dr-9-9")).status_code == 404
