"""Signing in by the API, as the panel does; programs use tokens."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import JSONResponse, Response

from web.api.routers import api_router
from web.api.v1.params import Body, Writable, answer, shown
from web.api.v1.schema import SessionShape
from web.auth import Perm, Visitor, drop_cookie, require, set_cookie, sign_in, sign_out

router = api_router(prefix="/session", tags=["session"])
Seen = Annotated[Visitor, Depends(require(Perm.SEE))]


class Credentials(Body):
    """What a person signs in with."""

    name: Writable
    password: Writable


def shape(visitor: Visitor) -> SessionShape:
    """Who is signed in, as the API says it."""
    account = visitor.account
    return {
        "name": account.name,
        "role": account.role.value,
        "display": account.display,
        "csrf": visitor.csrf,
    }


@router.post("", responses=shown(SessionShape))
async def open_session(request: Request, body: Credentials) -> JSONResponse:
    """Sign in. Sets the cookie `edge_hub`; `csrf` goes into X-CSRF-Token of every writing request."""
    visitor = await sign_in(request, body.name, body.password)
    response = answer(shape(visitor))
    set_cookie(response, visitor.session or "", secure=request.app.state.secure)
    return response


@router.get("", responses=shown(SessionShape))
async def session(visitor: Seen) -> JSONResponse:
    """Who is asking."""
    return answer(shape(visitor))


@router.delete("", status_code=204)
async def close_session(request: Request, visitor: Seen) -> Response:
    """Sign out."""
    await sign_out(request, visitor)
    response = Response(status_code=204)
    drop_cookie(response, secure=request.app.state.secure)
    return response
