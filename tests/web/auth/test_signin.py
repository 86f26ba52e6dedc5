from __future__ import annotations

import asyncio

from edge.domain.instant import DAY, HOUR, MINUTE, SECOND
from edge.facade import Role, Unavailable
from tests.web.conftest import client_of
from tests.web.fakes import PASSWORDS, FakeHub
from web.app import create_app
from web.auth.secrets import csrf_token, digest

START = 1_780_000_000 * SECOND


async def _try(client, name="guard", password=PASSWORDS["guard"], **headers: str):
    return await client.post("/api/v1/session", json={"name": name, "password": password}, headers=headers)


async def test_sign_in_sets_a_cookie_scripts_cannot_read(stranger, hub):
    answer = await _try(stranger)
    assert answer.status_code == 200
    secret = stranger.cookies["edge_hub"]
    assert answer.json() == {"name": "guard", "role": "guard", "display": "李强", "csrf": csrf_token(secret)}
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie
    assert list(hub.people.sessions) == [digest(secret)]  # the secret itself is kept nowhere
    assert secret not in repr(hub.people.sessions)
    assert (await stranger.get("/api/v1/session")).json()["name"] == "guard"


async def test_over_tls_the_cookie_is_secure(hub):
    async with client_of(create_app(hub, secure=True)) as client:
        assert "secure" in (await _try(client)).headers["set-cookie"].lower()


async def test_wrong_password_and_unknown_name_get_the_same_answer(stranger):
    wrong, unknown, empty = [
        await _try(stranger, *who) for who in (("guard", "no"), ("nobody", "no"), ("", ""))
    ]
    assert wrong.status_code == unknown.status_code == empty.status_code == 401
    assert wrong.json() == unknown.json() == empty.json()
    assert wrong.json()["code"] == "wrong_credentials"
    assert "set-cookie" not in wrong.headers


async def test_an_account_without_password_cannot_sign_in(stranger, hub):
    account = hub.people.by_name["guard"]
    hub.people.by_name["robot"] = type(account)("robot", "robot", Role.ADMIN, None)
    assert (await _try(stranger, "robot", "")).status_code == 401


async def test_endless_names_and_passwords_are_refused_and_not_hashed_whole(stranger, hub):
    hub.people.add("long", Role.GUARD, "p" * 300)
    for name, password in (("n" * 5000, "x"), ("long", "p" * 300), ("guard", "x" * 20_000)):
        assert (await _try(stranger, name, password)).status_code == 401
    assert all(len(key) < 100 for key in hub.people.failed)


async def test_signing_in_again_ends_the_former_session(stranger, hub):
    await _try(stranger)
    first = stranger.cookies["edge_hub"]
    await _try(stranger)
    assert stranger.cookies["edge_hub"] != first
    assert list(hub.people.sessions) == [digest(stranger.cookies["edge_hub"])]


async def test_signing_out_ends_the_session(person, hub):
    client = await person("guard")
    answer = await client.delete("/api/v1/session")
    assert answer.status_code == 204
    assert hub.people.sessions == {}
    assert (await client.get("/api/v1/session")).status_code == 401


async def test_old_password_hashes_are_renewed_on_the_way(stranger, hub):
    before = hub.people.by_name["guard"].password_hash
    assert (await _try(stranger)).status_code == 200
    after = hub.people.by_name["guard"].password_hash
    assert after != before
    assert "m=19456,t=2,p=1" in after
    assert (await _try(stranger)).status_code == 200
    assert hub.people.by_name["guard"].password_hash == after


async def test_a_full_disk_keeps_nobody_out(stranger, hub, monkeypatch):
    async def full(*_args: object) -> None:
        raise Unavailable("the disk is full")

    monkeypatch.setattr(hub.people, "put", full)
    monkeypatch.setattr(hub.people, "close_session", full)
    assert (await _try(stranger)).status_code == 200
    answer = await stranger.delete(
        "/api/v1/session", headers={"X-CSRF-Token": csrf_token(stranger.cookies["edge_hub"])}
    )
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


async def test_coming_and_going_stand_in_the_journal_and_mistyped_names_do_not(stranger, hub):
    await _try(stranger, "guard", "wrong")
    await _try(stranger, "my secret typed into the wrong field", "x")
    answer = await _try(stranger)
    await stranger.delete("/api/v1/session", headers={"X-CSRF-Token": answer.json()["csrf"]})
    facts = await hub.latest_facts(None, 10, "session.")
    assert [(f.kind, f.by) for f in reversed(facts)] == [
        ("session.refused", "guard"),
        ("session.refused", ""),
        ("session.opened", "guard"),
        ("session.closed", "guard"),
    ]
    assert "secret" not in repr(facts)
    assert facts[-1].body == {"address": "192.0.2.7"}


async def test_a_session_ends_after_a_shift_without_use_and_after_a_week_anyway():
    hub = FakeHub(frozen=START)
    async with client_of(create_app(hub)) as client:
        await _try(client)
        for _ in range(16):
            hub.frozen += 10 * HOUR
            assert (await client.get("/api/v1/session")).status_code == 200
        hub.frozen += 10 * HOUR  # 7 d and 2 h
        assert (await client.get("/api/v1/session")).status_code == 401
        await _try(client)
        hub.frozen += 12 * HOUR
        assert (await client.get("/api/v1/session")).status_code == 401


async def test_guessing_gets_slower_and_slower_but_a_living_session_goes_on():
    hub = FakeHub(frozen=START)
    async with client_of(create_app(hub)) as living, client_of(create_app(hub)) as guessing:
        await _try(living)
        waits = []
        for _ in range(9):
            while (answer := await _try(guessing, "guard", "guess")).status_code == 429:
                waits.append(int(answer.headers["retry-after"]))
                assert answer.json()["code"] == "too_many_attempts"
                assert (await _try(guessing)).status_code == 429  # the right password has to wait as well
                hub.frozen += waits[-1] * SECOND
            assert answer.status_code == 401
        assert waits == [1, 2, 4, 8, 16]
        assert (await living.get("/api/v1/alarms")).status_code == 200
        hub.frozen += 32 * SECOND
        assert (await _try(guessing)).status_code == 200
        assert hub.people.failed == {}


async def test_the_wait_survives_a_restart_of_the_hub():
    hub = FakeHub(frozen=START)
    for _ in range(5):
        async with client_of(create_app(hub)) as client:
            await _try(client, "guard", "guess")
    async with client_of(create_app(hub)) as client:
        assert (await _try(client)).status_code == 429
    hub.leap = -3 * DAY  # a clock set back locks nobody out for days
    async with client_of(create_app(hub)) as client:
        assert int((await _try(client)).headers["retry-after"]) == 1
        hub.frozen += SECOND
        assert (await _try(client)).status_code == 200


async def test_many_guesses_at_once_all_count():
    hub = FakeHub(frozen=START)
    async with client_of(create_app(hub)) as client:
        answers = await asyncio.gather(*(_try(client, "guard", f"guess {n}") for n in range(12)))
    codes = [answer.status_code for answer in answers]
    assert codes.count(401) == 4
    assert codes.count(429) == 8


async def test_one_address_cannot_try_name_after_name():
    hub = FakeHub(frozen=START)
    async with client_of(create_app(hub)) as client:
        codes = [(await _try(client, f"name-{n}", "guess")).status_code for n in range(22)]
        assert codes == [401] * 20 + [429] * 2
        hub.frozen += MINUTE
        assert (await _try(client)).status_code == 200


async def test_a_page_of_another_site_cannot_sign_in_for_somebody(stranger):
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        answer = await _try(stranger, **headers)
        assert answer.status_code == 403
        assert answer.json()["code"] == "cross_origin"
    assert (
        await _try(stranger, Origin="http://127.0.0.1:8080", **{"Sec-Fetch-Site": "same-origin"})
    ).status_code == 200


async def test_bad_sign_in_bodies_are_problems(stranger):
    for body in (
        {},
        {"name": "guard"},
        {"name": 1, "password": "x"},
        {"name": "guard", "password": None},
        [],
    ):
        answer = await stranger.post("/api/v1/session", json=body)
        assert answer.status_code == 422
        assert answer.json()["code"] == "bad_body"
