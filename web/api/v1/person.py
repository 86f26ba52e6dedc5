"""Who stands at a wall: the name and PIN that each act there asks for, and one's own PIN."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from pydantic import Field
from starlette.responses import JSONResponse, Response

from edge.domain.instant import SECOND, to_rfc3339
from edge.facade import Account, Hub, Role
from web.api.routers import api_router
from web.api.v1.params import Body, TheHub, Writable, answer, shown
from web.api.v1.schema import AtWallShape, OthersShape, PersonShape, SessionShape
from web.api.v1.session import shape
from web.auth import Perm, Visitor, require, set_cookie
from web.auth.grants import Grants
from web.auth.permissions import NOT_AT_A_WALL, allows
from web.auth.pins import check_pin, people_with_pins, weakness_of
from web.auth.secrets import MAX_PASSWORD, Passwords, hashed
from web.auth.walls import make_wall
from web.problems import Problem

router = api_router(tags=["person"])
Seen = Annotated[Visitor, Depends(require(Perm.SEE))]


class PinBody(Body):
    """person: name of the account."""

    person: Annotated[Writable, Field(max_length=64)]
    pin: Annotated[Writable, Field(max_length=64)]


class OwnPinBody(Body):
    """password: one's own; whoever finds a desk left signed in shall not take its person's name at the wall."""

    password: Writable
    pin: Annotated[Writable, Field(max_length=64)]


def _person(account: Account) -> PersonShape:
    return {"name": account.name, "display": account.display, "role": account.role.value}


async def _at_wall(request: Request, hub: Hub, session: str) -> AtWallShape:
    grants: Grants = request.app.state.grants
    found = await grants.person(hub, session, used=False)
    acts = [perm for perm in Perm if perm not in NOT_AT_A_WALL and not allows(Role.WALL, perm)]
    people = [
        _person(who)
        for who in (await people_with_pins(hub)).values()
        if any(allows(who.role, perm) for perm in acts)
    ]
    return {
        "person": None if found is None else _person(found[0]),
        "seconds": 0 if found is None else found[1] // SECOND,
        "until": None if found is None else to_rfc3339(hub.now().utc + found[1]),
        "people": people,
    }


def _wall_session(visitor: Visitor) -> str:
    if visitor.role is not Role.WALL or visitor.session is None:
        raise Problem(409, "not_a_wall", "This is no wall: here acts are those of who is signed in.")
    return visitor.session


@router.get("/person", responses=shown(AtWallShape))
async def at_wall(request: Request, hub: TheHub, visitor: Seen) -> JSONResponse:
    """Who is known at this wall, and who could be."""
    return answer(await _at_wall(request, hub, _wall_session(visitor)))


@router.get("/person/others", responses=shown(OthersShape))
async def others(hub: TheHub, visitor: Seen) -> JSONResponse:
    """Who has a PIN besides oneself, and so can be the second person."""
    known = (await people_with_pins(hub)).values()
    return answer({"people": [_person(who) for who in known if who.name != visitor.name]})


@router.post("/person", responses=shown(AtWallShape))
async def come(request: Request, hub: TheHub, visitor: Seen, body: PinBody) -> JSONResponse:
    """Be known at this wall for 5 min from the last act on; 401 `wrong_pin`, 429 `pin_locked`."""
    session = _wall_session(visitor)
    passwords: Passwords = request.app.state.passwords
    known = await check_pin(hub, passwords, visitor.name, body.person, body.pin)
    grants: Grants = request.app.state.grants
    grants.give(session, known, hub.now().mono)
    await hub.note("wall.person", known.account.name, {"wall": visitor.name})
    return answer(await _at_wall(request, hub, session))


@router.delete("/person", status_code=204)
async def go(request: Request, visitor: Seen) -> Response:
    """Be known at this wall no longer: somebody else takes over."""
    grants: Grants = request.app.state.grants
    grants.end(_wall_session(visitor))
    return Response(status_code=204)


@router.put("/person/pin", status_code=204)
async def own_pin(
    request: Request,
    hub: TheHub,
    visitor: Annotated[Visitor, Depends(require(Perm.PIN))],
    body: OwnPinBody,
) -> Response:
    """Give oneself a PIN: 4 to 8 digits, none too easy. The former one, and what it opened, ends."""
    passwords: Passwords = request.app.state.passwords
    key, now = f"own-pin:{visitor.name}", hub.now().mono
    failures, last = await hub.accounts.failures(key)
    if failures >= 5 and now - last < 60 * SECOND:
        raise Problem(
            429,
            "too_many_attempts",
            "Too many failed attempts; try again in 60 s.",
            headers={"Retry-After": "60"},
        )
    await hub.accounts.note_failure(key, now)
    if not await passwords.fits(body.password[: MAX_PASSWORD + 1], visitor.account.password_hash):
        raise Problem(403, "wrong_credentials", "The password is wrong.")
    await hub.accounts.clear_failures(key)
    if (weakness := weakness_of(body.pin)) is not None:
        raise Problem(422, "weak_pin", weakness)
    await hub.accounts.put_pin(visitor.name, await hashed(body.pin), visitor.name)
    return Response(status_code=204)


@router.post("/wall", responses=shown(SessionShape))
async def wall(request: Request, visitor: Annotated[Visitor, Depends(require(Perm.WALL))]) -> JSONResponse:
    """Turn this browser into a wall: a session that lasts until its account is removed, and belongs to nobody."""
    made = await make_wall(request, visitor)
    response = answer(shape(made))
    set_cookie(response, made.session or "", secure=request.app.state.secure)
    return response
