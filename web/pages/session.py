"""Signing in and out."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from edge.facade import Role
from web.auth import (
    Perm,
    Visitor,
    drop_cookie,
    first_sign_in,
    identify,
    require,
    set_cookie,
    sign_in,
    sign_out,
)
from web.i18n import mark as _
from web.pages import render
from web.problems import SIGN_IN_PATH, Problem

router = APIRouter(include_in_schema=False)

_SAID: Final = {
    "wrong_credentials": _("Name or password is wrong."),
    "too_many_attempts": _("Too many failed attempts; try again in %(seconds)s s."),
    "wrong_code": _(
        "Name or code is wrong, or the code was used or is over. Another one: edge-hub user code."
    ),
    "bad_password": _("A password has 8 to 256 characters."),
    "differ": _("The two passwords differ."),
}
_CODE_PATH: Final = "/code"


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
        error = await _said(request, problem)
        return await render.page(
            request, None, "sign-in.html", problem.status_code, next=_own(next), name=name, error=error
        )
    return _in(request, visitor, _own(next))


@router.get(_CODE_PATH)
async def code_form(request: Request) -> Response:
    """Where a one-time code is turned into a password; who is signed in already goes on."""
    if await identify(request) is not None:
        return RedirectResponse("/", 303)
    return await render.page(request, None, "code.html", name="", error="")


@router.post(_CODE_PATH)
async def enter_by_code(
    request: Request,
    name: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
) -> Response:
    """Set the password and go on, or show the form again with the reason."""
    try:
        visitor = await first_sign_in(request, name, code, password, again)
    except Problem as problem:
        error = await _said(request, problem)
        return await render.page(request, None, "code.html", problem.status_code, name=name, error=error)
    return _in(request, visitor, "/")


async def _said(request: Request, problem: Problem) -> str:
    """The reason in the visitor's language; a problem that is none of the form's goes on."""
    if problem.code not in _SAID:
        raise problem
    view = await render.view_for(request, None)
    seconds = (problem.headers or {}).get("Retry-After", "")
    return view.word(_SAID[problem.code]) % {"seconds": seconds}


def _in(request: Request, visitor: Visitor, wanted: str) -> Response:
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
