"""The second person, where one alone may not: known by their PIN, at the same screen."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request
from pydantic import Field

from edge.facade import Hub
from web.api.v1.params import Body, Writable
from web.auth import Perm, Visitor
from web.auth.permissions import allows
from web.auth.pins import check_pin
from web.problems import Problem


class SecondBody(Body):
    """person: name of the other account; pin: theirs."""

    person: Annotated[Writable, Field(max_length=64)]
    pin: Annotated[Writable, Field(max_length=64)]


async def second_of(
    request: Request, hub: Hub, visitor: Visitor, perm: Perm, body: SecondBody | None
) -> str | None:
    """Name of the second person, None when none was given.

    Problem 409 `same_person`, 401 `wrong_pin`, 429 `pin_locked`, 403 `forbidden`.
    """
    if body is None:
        return None
    if body.person == visitor.name:
        raise Problem(409, "same_person", "The second person must be another one.")
    where = (visitor.wall or visitor.account).name
    known = await check_pin(hub, request.app.state.passwords, where, body.person, body.pin)
    if not allows(known.account.role, perm):
        raise Problem(403, "forbidden", f"The role {known.account.role.value} may not do this.")
    return known.account.name
