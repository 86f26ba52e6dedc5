"""A wall as a device of its own: every act asks for the person, and no PIN stops the wall."""

from __future__ import annotations

import httpx
import pytest

from edge.domain.instant import DAY, MINUTE, SECOND
from edge.facade import Account, Role
from tests.web.conftest import ComeIn
from tests.web.fakes import PASSWORDS, PINS, FakeHub
from web.auth.visitor import COOKIE
from web.auth.walls import MOST


@pytest.fixture
async def wall(person: ComeIn, hub: FakeHub) -> httpx.AsyncClient:
    client = await person("guard")
    made = await client.post("/api/v1/wall")
    assert made.status_code == 200
    assert made.json()["role"] == "wall"
    client.headers["X-CSRF-Token"] = made.json()["csrf"]
    return client


async def come(wall: httpx.AsyncClient, name: str, pin: str = "") -> httpx.Response:
    return await wall.post("/api/v1/person", json={"person": name, "pin": pin or PINS[name]})


async def ack(wall: httpx.AsyncClient, hub: FakeHub) -> httpx.Response:
    return await wall.post(f"/api/v1/alarms/{hub.raise_alarm().id}/ack", json={})


async def test_the_person_who_made_it_is_signed_out_and_the_wall_stays_for_years(
    wall: httpx.AsyncClient, hub: FakeHub
) -> None:
    assert wall.cookies[COOKIE].startswith("wall.")
    assert (await wall.get("/api/v1/session")).json()["name"] == "wall-1"
    hub.frozen = hub.now().utc + 12 * 366 * DAY  # by a time server that is wrong
    assert (await wall.get("/api/v1/alarms")).status_code == 200
    assert (await wall.get("/api/v1/journal")).status_code == 403
    assert [row[0] for row in hub.people.sessions.values()] == ["wall-1"]


async def test_every_act_asks_for_the_person_and_is_theirs(wall: httpx.AsyncClient, hub: FakeHub) -> None:
    asked = await ack(wall, hub)
    assert (asked.status_code, asked.json()["code"]) == (403, "person_required")
    assert [who["name"] for who in asked.json()["people"]] == ["guard", "admin"]  # a crew may not acknowledge
    known = (await come(wall, "guard")).json()
    assert known["person"] == {"name": "guard", "display": "李强", "role": "guard"}
    assert 295 <= known["seconds"] <= 300
    assert (await ack(wall, hub)).json()["acked_by"] == "guard"


async def test_the_desk_is_silenced_by_whoever_stands_there(wall: httpx.AsyncClient) -> None:
    assert (await wall.post("/api/v1/desk/silence", json={})).status_code == 200


async def test_it_lasts_five_minutes_from_the_last_act(
    wall: httpx.AsyncClient, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed, real = [0], hub.now

    def later() -> object:
        moment = real()
        return type(moment)(moment.utc + passed[0], moment.mono + passed[0])

    monkeypatch.setattr(hub, "now", later)
    await come(wall, "guard")
    for _ in range(3):
        passed[0] += 4 * MINUTE
        assert (await ack(wall, hub)).status_code == 200
    passed[0] += 5 * MINUTE
    assert (await ack(wall, hub)).json()["code"] == "person_required"


async def test_somebody_else_takes_over(wall: httpx.AsyncClient, hub: FakeHub) -> None:
    await come(wall, "guard")
    assert (await wall.delete("/api/v1/person")).status_code == 204
    assert (await wall.get("/api/v1/person")).json()["person"] is None
    await come(wall, "admin")
    assert (await ack(wall, hub)).json()["acked_by"] == "admin"


async def test_who_may_not_is_asked_for_somebody_who_may(wall: httpx.AsyncClient, hub: FakeHub) -> None:
    await come(wall, "maintenance")
    assert (await ack(wall, hub)).json()["code"] == "person_required"
    noted = await wall.post(f"/api/v1/alarms/{hub.raise_alarm().id}/comment", json={"note": "看过"})
    assert noted.status_code == 200


async def test_wrong_pins_lock_their_person_at_this_wall_and_nobody_else(
    wall: httpx.AsyncClient, person: ComeIn, hub: FakeHub
) -> None:
    for _ in range(4):
        assert (await come(wall, "guard", "9999")).json()["code"] == "wrong_pin"
    locked = await come(wall, "guard", "9999")
    assert (locked.status_code, locked.json()["code"]) == (429, "pin_locked")
    assert (await come(wall, "guard")).status_code == 429  # the right one as well
    assert (await come(wall, "admin")).status_code == 200
    assert (await ack(wall, hub)).json()["acked_by"] == "admin"
    assert (await wall.post("/api/v1/desk/silence", json={})).status_code == 200
    other = await person("admin")
    other.headers["X-CSRF-Token"] = (await other.post("/api/v1/wall")).json()["csrf"]
    assert (await come(other, "guard")).status_code == 200
    hub.frozen = hub.now().utc + 15 * MINUTE + SECOND
    assert (await come(wall, "guard")).status_code == 200


async def test_many_screens_give_no_more_guesses(
    wall: httpx.AsyncClient, person: ComeIn, hub: FakeHub
) -> None:
    screens = [wall]
    for _ in range(4):
        client = await person("admin")
        client.headers["X-CSRF-Token"] = (await client.post("/api/v1/wall")).json()["csrf"]
        screens.append(client)
    for screen in screens[:4]:
        await come(screen, "admin")  # others may come in between, and the person too
        for _ in range(4):
            assert (await come(screen, "guard", "9999")).json()["code"] == "wrong_pin"
    assert (await come(screens[4], "guard")).status_code == 200
    for _ in range(3):
        assert (await come(screens[4], "guard", "9999")).json()["code"] == "wrong_pin"
    assert (await come(screens[4], "guard", "9999")).json()["code"] == "pin_locked"
    assert (await come(screens[3], "guard")).json()["code"] == "pin_locked"
    assert (await come(screens[3], "admin")).status_code == 200
    hub.frozen = hub.now().utc + 60 * MINUTE + SECOND
    assert (await come(screens[3], "guard")).status_code == 200


async def test_a_clock_that_is_set_back_locks_no_pin_for_longer(
    wall: httpx.AsyncClient, hub: FakeHub
) -> None:
    hub.frozen = hub.now().utc
    for _ in range(5):
        last = await come(wall, "guard", "9999")
    assert last.json()["code"] == "pin_locked"
    hub.leap = -3650 * DAY
    hub.frozen += 15 * MINUTE + SECOND
    assert (await come(wall, "guard")).status_code == 200


async def test_there_are_only_so_many_walls(person: ComeIn, hub: FakeHub) -> None:
    for number in range(MOST):
        await hub.accounts.put(Account(f"wall-{number + 1}", "墙", Role.WALL), "admin")
    made = await (await person("guard")).post("/api/v1/wall")
    assert (made.status_code, made.json()["code"]) == (409, "too_many")


async def test_somebody_unknown_or_without_a_pin_is_answered_as_a_wrong_one(
    wall: httpx.AsyncClient, hub: FakeHub
) -> None:
    hub.people.add("new", Role.GUARD, "x")
    for name in ("new", "nobody", "wall-1", "x" * 64):
        assert (await come(wall, name, "4711")).json()["code"] == "wrong_pin"


async def test_a_changed_pin_ends_what_the_former_one_gave(
    wall: httpx.AsyncClient, person: ComeIn, hub: FakeHub
) -> None:
    await come(wall, "guard")
    own = await person("guard")
    changed = await own.put("/api/v1/person/pin", json={"password": PASSWORDS["guard"], "pin": "830264"})
    assert changed.status_code == 204
    assert (await ack(wall, hub)).json()["code"] == "person_required"
    assert (await come(wall, "guard")).status_code == 401
    assert (await come(wall, "guard", "830264")).status_code == 200


@pytest.mark.parametrize(
    "pin", ["", "123", "1111", "1234", "7890", "87654321", "1212", "2580", "123456789", "12a4", "１２３５"]
)
async def test_an_easy_pin_is_not_taken(person: ComeIn, pin: str) -> None:
    own = await person("guard")
    answer = await own.put("/api/v1/person/pin", json={"password": PASSWORDS["guard"], "pin": pin})
    assert (answer.status_code, answer.json()["code"]) == (422, "weak_pin")


async def test_ones_own_pin_wants_ones_password(person: ComeIn, wall: httpx.AsyncClient) -> None:
    own = await person("guard")
    answer = await own.put("/api/v1/person/pin", json={"password": "wrong", "pin": "830264"})
    assert answer.json()["code"] == "wrong_credentials"
    await come(wall, "guard")
    at_wall = await wall.put("/api/v1/person/pin", json={"password": PASSWORDS["guard"], "pin": "830264"})
    assert at_wall.json()["code"] == "forbidden"


async def test_only_a_wall_asks_and_a_program_is_no_screen(person: ComeIn, api: httpx.AsyncClient) -> None:
    assert (await come(await person("guard"), "guard")).json()["code"] == "not_a_wall"
    assert (await api.post("/api/v1/wall")).json()["code"] == "no_session"
    assert (await (await person("maintenance")).post("/api/v1/wall")).status_code == 403
