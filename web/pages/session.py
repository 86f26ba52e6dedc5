"""Signing in and out."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from edge.facade import Role
from web.auth import Perm, Visitor, drop_cookie, identify, require, set_cookie, sign_in, sign_out
from web.i18n import mark as _
from web.pages import render
from web.problems import SIGN_IN_PATH, Problem

router = APIRouter(include_in_schema=False)

_SAID: Final = {
    "wrong_credentials": _("Name or password is wrong."),
    "too_many_attempts": _("Too many failed attempts; try again in %(seconds)s s."),
}


@router.get(SIGN_IN_PATH)
async def form(request: Request, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    """The form; who is signed in already goes on."""
    if await identify(request) is not None:
        return RedirectResponse(_own(next), 303)
    return await render.page(request, None, "sign-in.html", next=_own(next), name="", error="")


@router.post(SIGN_IN_PATH)
async def enter(
    request: Request,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002 - the name of the field
) -> Response:
    """Sign in and go on to the page that was wanted, or show the form again with the reason."""
    try:
        visitor = await sign_in(request, name, password)
    except Problem as problem:
        if problem.code not in _SAID:
            raise
        view = await render.view_for(request, None)
        seconds = (problem.headers or {}).get("Retry-After", "")
        error = view.word(_SAID[problem.code]) % {"seconds": seconds}
        return await render.page(
            request, None, "sign-in.html", problem.status_code, next=_own(next), name=name, error=error
        )
    wanted = _own(next)
    if wanted == "/" and visitor.role is Role.MAINTENANCE:
        wanted = "/my"  # a crew's day is its orders
    answer = RedirectResponse(wanted, 303)
    set_cookie(answer, visitor.session or "", secure=request.app.state.secure)
    return answer


@router.post("/sign-out")
async def leave(request: Request, visitor: Annotated[Visitor, Depends(require(Perm.SEE))]) -> Response:
    """End the session."""
    await sign_out(request, visitor)
    answer = RedirectResponse(SIGN_IN_PATH, 303)
    drop_cookie(answer, secure=request.app.state.secure)
    return answer


def _own(wanted: str) -> str:
    """`wanted` if it is a page of this panel, else the wall: a link may not send a fresh session elsewhere."""
    if not wanted.startswith("/") or wanted.startswith(("//", "/\\", SIGN_IN_PATH)):
        return "/"
    return wanted
