"""The guard before every route: known, allowed, and not sent by somebody else's page."""

from __future__ import annotations

import hmac
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request

from edge.domain.instant import MINUTE
from edge.facade import Role
from web.auth.grants import Grants
from web.auth.permissions import NOT_AT_A_WALL, Perm, allows
from web.auth.pins import people_with_pins
from web.auth.visitor import Visitor, hub_of, identify
from web.problems import Problem

CSRF_HEADER: Final = "X-CSRF-Token"
CSRF_FIELD: Final = "csrf"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")

Guard = Callable[[Request], Awaitable[Visitor]]


def _guard(perm: Perm) -> Guard:
    async def visitor(request: Request) -> Visitor:
        found = await identify(request)
        if found is None:
            raise Problem(
                401,
                "not_signed_in",
                "Sign in, or send a valid token as Authorization: Bearer.",
                headers={"WWW-Authenticate": 'Bearer realm="edge-hub"'},
            )
        request.state.language = found.account.language  # an error page speaks as the other pages do
        if found.session is not None and request.method not in _SAFE:
            check_same_origin(request)
            await _check_csrf(request, found)
        if found.role is Role.WALL and not found.may(perm):
            found = await _at_wall(request, found, perm)
        if not found.may(perm):
            raise Problem(403, "forbidden", f"The role {found.role.value} may not do this.")
        return found

    return visitor


GUARDS: Final[Mapping[Perm, Guard]] = {perm: _guard(perm) for perm in Perm}


async def _at_wall(request: Request, wall: Visitor, perm: Perm) -> Visitor:
    """The person at the wall, who acts; Problem 403 `person_required` with those who could, when nobody is known."""
    if perm in NOT_AT_A_WALL or wall.session is None:
        return wall  # refused as any role that may not
    hub = hub_of(request)
    grants: Grants = request.app.state.grants
    found = await grants.person(hub, wall.session, used=True)
    if found is not None and allows(found[0].role, perm):
        return Visitor(found[0], wall.session, wall.account)
    people = [
        {"name": who.name, "display": who.display}
        for who in (await people_with_pins(hub)).values()
        if allows(who.role, perm)
    ]
    raise Problem(403, "person_required", "Choose your name and enter your PIN.", more={"people": people})


def require(perm: Perm) -> Guard:
    """The dependency that lets pass who may do `perm`, and gives the route its `Visitor`."""
    return GUARDS[perm]


def check_same_origin(request: Request) -> None:
    """Refuse a writing request that a page of another origin sent.

    Chromium gives no Sec-Fetch-Site to plain-http names of a LAN, but always an Origin with a POST; what is neither
    given nor referred cannot come from a form of today's browsers, and the session's token is asked for besides.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        raise _forged()
    origin = request.headers.get("origin") or request.headers.get("referer")
    if origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower():
        raise _forged()


async def _check_csrf(request: Request, visitor: Visitor) -> None:
    given = request.headers.get(CSRF_HEADER)
    if given is None and request.headers.get("content-type", "").startswith(_FORMS):
        field = (await request.form()).get(CSRF_FIELD)
        given = field if isinstance(field, str) else None
    if given is None or not hmac.compare_digest(given.encode(), (visitor.csrf or "").encode()):
        raise Problem(
            403,
            "csrf",
            f"The request lacks this session's {CSRF_HEADER}; load the page again, then repeat it.",
        )


async def while_signed_in(
    request: Request, chunks: AsyncGenerator[bytes, None]
) -> AsyncGenerator[bytes, None]:
    """Pass a stream on until its session or token ends; asked once a minute, which also keeps a watched wall alive."""
    hub = hub_of(request)
    asked = hub.now().mono
    async with aclosing(chunks):
        async for chunk in chunks:
            if hub.now().mono - asked >= MINUTE:
                asked = hub.now().mono
                if await identify(request) is None:
                    return
            yield chunk


def _forged() -> Problem:
    return Problem(403, "cross_origin", "The request came from a page of another site.")
