"""A one-time code from the console: the first visit sets a password of the person's own."""

from __future__ import annotations

import asyncio

import pytest
from httpx import AsyncClient

from edge.facade import Account, Role
from tests.web.fakes import FakeHub
from web.auth.secrets import code_typed, new_code

CODE = "ABCDE-FGHJK"
OWN = "my-own-password"


def form(**change: str) -> dict[str, str]:
    return {"name": "chief", "code": CODE, "password": OWN, "again": OWN, **change}


@pytest.fixture
def chief(hub: FakeHub) -> FakeHub:
    """Somebody who has no password yet."""
    hub.people.by_name["chief"] = Account("chief", "chief", Role.ADMIN)
    hub.people.set_code("chief", CODE)
    return hub


@pytest.mark.parametrize("typed", [CODE, "abcdefghjk", " abcde fghjk "])
async def test_the_first_visit_sets_the_password_and_signs_in(
    chief: FakeHub, stranger: AsyncClient, typed: str
) -> None:
    page = await stranger.get("/code")
    assert page.status_code == 200
    assert "一次性代码" in page.text
    answer = await stranger.post("/code", data=form(code=typed))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert (await stranger.get("/api/v1/session")).json()["name"] == "chief"
    stranger.cookies.clear()
    assert (await stranger.post("/code", data=form())).status_code == 401, "it is used"
    assert (await stranger.post("/sign-in", data={"name": "chief", "password": OWN})).status_code == 303


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"code": "ABCDE-FGHJX"}, 401, "用户名或代码不对"),
        ({"name": "nobody"}, 401, "用户名或代码不对"),
        ({"name": ""}, 401, "用户名或代码不对"),
        ({"code": ""}, 401, "用户名或代码不对"),
        ({"password": "short", "again": "short"}, 422, "8 到 256"),
        ({"again": "another-one"}, 422, "不一致"),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_changed(
    chief: FakeHub, stranger: AsyncClient, change: dict[str, str], status: int, words: str
) -> None:
    answer = await stranger.post("/code", data=form(**change))
    assert answer.status_code == status
    assert words in answer.text
    assert CODE not in answer.text
    account = chief.people.by_name["chief"]
    assert account.password_hash is None
    assert chief.people.codes["chief"][1] == (4 if change.keys() == {"code"} else 5), (
        "only a wrong code costs a try"
    )


async def test_a_code_tried_too_often_is_worth_nothing(chief: FakeHub, stranger: AsyncClient) -> None:
    chief.people.set_code("chief", CODE, tries=1)
    assert (await stranger.post("/code", data=form(code="wrong"))).status_code == 401
    assert (await stranger.post("/code", data=form())).status_code == 401


async def test_who_guesses_waits(chief: FakeHub, stranger: AsyncClient) -> None:
    chief.people.set_code("chief", CODE, tries=100)
    codes = [(await stranger.post("/code", data=form(code="wrong"))).status_code for _ in range(6)]
    assert codes[-1] == 429


async def test_of_two_at_once_one_comes_in(chief: FakeHub, stranger: AsyncClient) -> None:
    answers = await asyncio.gather(*(stranger.post("/code", data=form()) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [303, 401]


def test_codes_are_easy_to_type_and_hard_to_guess() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert not set("".join(codes)) & set("01ILOo")
    assert all(code_typed(code.lower().replace("-", " ")) == code for code in codes)
