"""Signing in and out: the same answer and the same time for an unknown name and a wrong password."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from fastapi import Request

from edge.domain.instant import SECOND
from edge.facade import Unavailable
from web.auth.guard import check_same_origin
from web.auth.secrets import MAX_PASSWORD, Passwords, digest, new_session_secret
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
    address = request.client.host if request.client else "?"
    name, now = name.strip()[: _MAX_NAME + 1], hub.now().utc

    throttle = Throttle(accounts, name[:_MAX_NAME], address)
    wait = await throttle.remaining(now)
    if wait > 0:
        seconds = -(-wait // SECOND)
        raise Problem(
            429,
            "too_many_attempts",
            f"Too many failed attempts; try again in {seconds} s.",
            headers={"Retry-After": str(seconds)},
        )
    await throttle.count(now)

    account = await accounts.account(name) if 0 < len(name) <= _MAX_NAME else None
    stored = account.password_hash if account is not None else None
    fits = await passwords.fits(password[: MAX_PASSWORD + 1], stored)
    if account is None or stored is None or not fits or len(password) > MAX_PASSWORD:
        # A name nobody has is often a password typed into the wrong field: it does not go into the journal.
        await hub.note("session.refused", account.name if account else "", {"address": address})
        raise Problem(401, "wrong_credentials", "Name or password is wrong.")
    await throttle.forget()

    renewed = await passwords.renewed(password, stored)
    former = request.cookies.get(COOKIE)
    with suppress(Unavailable):  # a full disk keeps nobody out: neither of these is needed to come in
        if renewed is not None:
            account = replace(account, password_hash=renewed)
            await accounts.put(account, account.name)
        if former:
            await accounts.close_session(digest(former))
    secret = new_session_secret()
    await accounts.open_session(digest(secret), account.name, now, now + ABSOLUTE)
    await hub.note("session.opened", account.name, {"address": address})
    return Visitor(account, secret)


async def sign_out(request: Request, visitor: Visitor) -> None:
    """End the session the request came with; a token stays what it is."""
    if visitor.session is not None:
        hub = hub_of(request)
        await hub.accounts.close_session(digest(visitor.session))
        await hub.note("session.closed", visitor.name, {})
