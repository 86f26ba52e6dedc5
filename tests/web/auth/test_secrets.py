from __future__ import annotations

import asyncio

import pytest
from argon2 import extract_parameters

from web.auth import secrets


def test_tokens_are_recognisable_and_never_the_same():
    one, other = secrets.new_token(), secrets.new_token()
    assert one.startswith("ehub_")
    assert one != other
    assert len(one) > 40
    assert len(secrets.digest(one)) == 32


async def test_the_hash_of_nobody_costs_as_much_as_anybodys():
    nobody, today = (extract_parameters(h) for h in (secrets._NOBODY, secrets.hash_password("x")))
    assert nobody.memory_cost == today.memory_cost
    assert nobody.time_cost == today.time_cost
    assert nobody.parallelism == today.parallelism


@pytest.mark.parametrize("password", ["", "nobody", "x", "\ud800"])
async def test_no_password_fits_nobody(password):
    assert not await secrets.Passwords().fits(password, None)


async def test_two_passwords_at_a_time(monkeypatch):
    running, most = 0, 0
    gate = asyncio.Event()

    async def slow(_call, *_args: object):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await gate.wait()
        running -= 1
        return False

    monkeypatch.setattr(asyncio, "to_thread", slow)
    passwords = secrets.Passwords()
    tries = [asyncio.create_task(passwords.fits("x", None)) for _ in range(5)]
    for _ in range(10):
        await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(*tries) == [False] * 5
    assert most == 2


async def test_a_damaged_hash_fits_nothing():
    assert not await secrets.Passwords().fits("x", "not a hash")


def test_the_csrf_token_is_bound_to_its_session():
    assert secrets.csrf_token("a") == secrets.csrf_token("a") != secrets.csrf_token("b")
