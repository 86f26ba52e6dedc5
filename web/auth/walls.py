"""Making the screen one is signed in at a wall: a session of its own that belongs to no person."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from fastapi import Request

from edge.facade import Account, Role, Unavailable
from web.auth.secrets import digest, new_session_secret
from web.auth.visitor import WALL_LASTS, WALL_MARK, Visitor, hub_of
from web.problems import Problem

MOST: Final = 16
"""More screens than a control room and its gates have; each is another place to try PINs at."""


async def make_wall(request: Request, visitor: Visitor) -> Visitor:
    """The wall with its fresh session, in the place of the person's, which ends.

    Problem 409 `no_session` for a program: a token is no screen; `too_many` where there are `MOST` already.
    """
    if visitor.session is None:
        raise Problem(409, "no_session", "Only a browser that is signed in can become a wall.")
    hub = hub_of(request)
    accounts = await hub.accounts.accounts()
    if sum(account.role is Role.WALL for account in accounts) >= MOST:
        raise Problem(
            409, "too_many", f"There are {MOST} walls already: remove the account of one that is gone."
        )
    taken = {account.name for account in accounts}
    number = next(n for n in range(1, len(taken) + 2) if f"wall-{n}" not in taken)
    wall = Account(f"wall-{number}", f"报警墙 {number}", Role.WALL, language=visitor.account.language)
    await hub.accounts.put(wall, visitor.name)
    secret, now = WALL_MARK + new_session_secret(), hub.now().utc
    await hub.accounts.open_session(digest(secret), wall.name, now, now + WALL_LASTS)
    with suppress(Unavailable):
        await hub.accounts.close_session(digest(visitor.session))
    await hub.note("wall.made", visitor.name, {"name": wall.name})
    return Visitor(wall, secret)
