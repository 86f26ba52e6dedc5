"""Signing in and out: the same answer and the same time for an unknown name and a wrong password."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from fastapi import Request

from edge.domain.instant import SECOND, Instant
from edge.facade import Account, Unavailable
from web.auth.guard import check_same_origin
from web.auth.secrets import (
    MAX_PASSWORD,
    MIN_PASSWORD,
    Passwords,
    code_typed,
    digest,
    hashed,
    new_session_secret,
)
from web.auth.throttle import Throttle
from web.auth.visitor import ABSOLUTE, COOKIE, Visitor, hub_of
from web.problems import Problem

_MAX_NAME = 64


async def sign_in(request: Request, name: str, password: str) -> Visitor:
    """The visitor with a fresh session (whose secret goes into the cookie).

    Problem 401 `wrong_credentials`, 429 `too_many_attempts` with Retry-After, 403 from a foreign page.
    """
    check_same_origin(request)
    hub = hub_of(request)
    accounts = hub.accounts
    passwords: Passwords = request.app.state.passwords
    address = _address(request)
    name, now = name.strip()[: _MAX_NAME + 1], hub.now()
    throttle = await _throttled(request, name, now)

    account = await accounts.account(name) if 0 < len(name) <= _MAX_NAME else None
    stored = account.password_hash if account is not None else None
    fits = await passwords.fits(password[: MAX_PASSWORD + 1], stored)
    if account is None or stored is None or not fits or len(password) > MAX_PASSWORD:
        # A name nobody has is often a password typed into the wrong field: it does not go into the journal.
        await hub.note("session.refused", account.name if account else "", {"address": address})
        raise Problem(401, "wrong_credentials", "Name or password is wrong.")
    await throttle.forget()

    renewed = await passwords.renewed(password, stored)
    with suppress(Unavailable):  # a full disk keeps nobody out: this is not needed to come in
        if renewed is not None:
            account = replace(account, password_hash=renewed)
            await accounts.put(account, account.name)
    return await _come_in(request, account, now.utc)


async def first_sign_in(request: Request, name: str, code: str, password: str, again: str) -> Visitor:
    """Sign in with a one-time code and set the password of one's own; the visitor with a fresh session.

    Problem 422 `differ` (the two passwords) and `bad_password`, which cost no try; 401 `wrong_code`, also for a code
    that is used, over or tried too often; 429 and 403 as in `sign_in`.
    """
    check_same_origin(request)
    if password != again:
        raise Problem(422, "differ", "The two passwords differ.")
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Problem(422, "bad_password", f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters.")
    hub = hub_of(request)
    passwords: Passwords = request.app.state.passwords
    name, now = name.strip()[: _MAX_NAME + 1], hub.now()
    throttle = await _throttled(request, name, now)
    account = await hub.accounts.account(name) if 0 < len(name) <= _MAX_NAME else None
    stored = None if account is None else await hub.accounts.try_code(name, now)
    fits = await passwords.fits(code_typed(code[:_MAX_NAME]), stored)
    wrong = Problem(401, "wrong_code", "Name or code is wrong, or the code was used or is over.")
    if account is None or stored is None or not fits:
        who = account.name if account else ""
        await hub.note("session.refused", who, {"address": _address(request), "by": "code"})
        raise wrong
    account = replace(account, password_hash=await hashed(password))
    if not await hub.accounts.redeem_code(account, stored):
        raise wrong
    await throttle.forget()
    return await _come_in(request, account, now.utc)


def _address(request: Request) -> str:
    return request.client.host if request.client else "?"


async def _throttled(request: Request, name: str, now: Instant) -> Throttle:
    """This try is counted; Problem 429 where it comes too soon."""
    throttle = Throttle(hub_of(request).accounts, name[:_MAX_NAME], _address(request))
    wait = await throttle.remaining(now.mono)
    if wait > 0:
        seconds = -(-wait // SECOND)
        raise Problem(
            429,
            "too_many_attempts",
            f"Too many failed attempts; try again in {seconds} s.",
            headers={"Retry-After": str(seconds)},
        )
    await throttle.count(now.mono)
    return throttle


async def _come_in(request: Request, account: Account, now: int) -> Visitor:
    """A fresh session; the browser's former one ends."""
    hub = hub_of(request)
    former = request.cookies.get(COOKIE)
    with suppress(Unavailable):  # a full disk keeps nobody out
        if former:
            await hub.accounts.close_session(digest(former))
    secret = new_session_secret()
    await hub.accounts.open_session(digest(secret), account.name, now, now + ABSOLUTE)
    await hub.note("session.opened", account.name, {"address": _address(request)})
    return Visitor(account, secret)


async def sign_out(request: Request, visitor: Visitor) -> None:
    """End the session the request came with; a token stays what it is."""
    if visitor.session is not None:
        hub = hub_of(request)
        await hub.accounts.close_session(digest(visitor.session))
        await hub.note("session.closed", visitor.name, {})
