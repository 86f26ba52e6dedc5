"""Errors as answers: RFC 9457 problem details for the API, a plain page in the visitor's language for the panel."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from edge.domain.request import Refusal
from edge.facade import Unavailable
from web.i18n import COOKIE, choose_language, translations
from web.i18n import mark as _
from web.look import chosen_theme, theme_by_clock

SIGN_IN_PATH: Final = "/sign-in"

REFUSALS: Final[Mapping[str, int]] = {
    "not_found": 404,
    "not_acknowledged": 409,
    "still_active": 409,
    "closed": 409,
    "gas_zone": 409,
    "close_only": 409,
    "automatic": 409,
    "wrong_step": 409,
    "judge_alarm": 409,
    "superseded": 409,
    "drill_running": 409,
    "real_alarm": 409,
    "suppressed": 409,
    "cannot_rehearse": 409,
    "no_outputs": 409,
    "not_stoppable": 409,
    "value_required": 422,
    "bad_quantity": 422,
    "bad_date": 422,
    "other_expiry": 409,
    "not_all_clear": 409,
    "not_yours": 409,
    "photo_required": 409,
    "too_late": 409,
    "too_many": 409,
    "assignee_required": 422,
    "not_shelvable": 409,
    "second_person": 409,
    "same_person": 409,
    "newer_version": 409,
    "out_of_service": 409,
    "reason_required": 422,
    "bad_parameter": 422,
    "too_long": 422,
    "bad_cursor": 422,
    "key_reused": 422,  # draft-ietf-httpapi-idempotency-key-header, 2.7: another payload under a used key
    "not_graded": 409,
    "by_fact": 409,
    "still_sounding": 409,
    "steps_open": 409,
    "place_required": 422,
    "not_proved": 409,
    "not_manager": 403,
    "element_required": 422,
    "interim_required": 422,
    "no_round": 409,
    "stops_missing": 409,
    "tasks_missing": 409,
    "unchecked": 409,
    "unknown_code": 422,
    "bad_time": 422,
    "bad_file": 422,
    "no_backup": 409,
    "clock": 409,
    "not_installed": 409,
    "far": 409,
    "ntp": 409,
    "not_saved": 503,
}
"""HTTP status of each code with which the hub refuses."""

_PLAIN_CODES: Final[Mapping[int, str]] = {
    400: "bad_json",
    401: "not_signed_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
}
_PLAIN_DETAILS: Final[Mapping[int, str]] = {
    400: "The body is not valid JSON in UTF-8.",
    404: _("There is nothing at this address."),
    405: "This address does not take that method.",
}
_MISSING: Final[Mapping[str, str]] = {
    "alarm": _("There is no alarm %(id)s."),
    "handover": _("There is no hand-over %(id)s."),
    "device": _("There is no device %(id)s."),
    "point": _("There is no point %(id)s."),
    "order": _("There is no work order %(id)s."),
    "hazard": _("There is no hazard %(id)s."),
    "report": _("There is no report %(id)s."),
    "duty": _("There is no occurrence of a duty %(id)s."),
    "round": _("There is no round %(id)s."),
    "facility": _("The register has no entry %(id)s."),
    "photo": _("There is no photo %(id)s."),
    "incident": _("There is no incident %(id)s."),
    "plan": _("There is no plan %(id)s."),
    "drill": _("There is no drill %(id)s."),
    "stock": _("The reserve has no item %(id)s."),
    "camera": _("There is no camera %(id)s."),
    "finding": _("There is no finding %(id)s."),
    "stills": _("There is no set of stills %(id)s."),
    "still": _("There is no picture %(id)s, or it is erased."),
    "viewing": _("There is no viewing %(id)s."),
}


class Problem(HTTPException):
    """An answer that is an error. code: stable, for programs; detail: one sentence for a person, with the mend.

    values: what stands in the places of `detail`, which is then a message of the panel's catalogue (`%(id)s`).
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
        values: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail % values if values else detail, dict(headers) if headers else None)
        self.code = code
        self.message = detail
        self.values = values
        self.more = dict(more or {})


def not_found(what: str, id: str) -> Problem:
    """404 for an id that names nothing."""
    return Problem(404, "not_found", _MISSING[what], values={"id": repr(id[:80])})


def problem_response(problem: Problem) -> JSONResponse:
    """`problem` as application/problem+json."""
    status = problem.status_code
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": problem.code,
        "detail": problem.detail,
        **problem.more,
    }
    return JSONResponse(body, status, headers=problem.headers, media_type="application/problem+json")


def is_api(path: str) -> bool:
    """Whether programs ask here (problem+json) rather than persons (a page)."""
    return path.startswith("/api/") or path in {"/api", "/healthz", "/metrics"}


def install(app: FastAPI) -> None:
    """Let every error of `app` leave through this module."""
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(Refusal, _on_refusal)
    app.add_exception_handler(Unavailable, _on_unavailable)
    app.add_exception_handler(Exception, _on_crash)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type
    if isinstance(error, Problem):
        return _answer(request, error)
    status = error.status_code
    detail = _PLAIN_DETAILS.get(status, str(error.detail))
    code = _PLAIN_CODES.get(status, "error")
    return _answer(request, Problem(status, code, detail, headers=error.headers))


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type
    faults = [
        {
            "in": str(e["loc"][0]),
            "key": ".".join(str(part) for part in e["loc"][1:]),
            "message": str(e["msg"]),
        }
        for e in error.errors()[:20]
    ]
    if any(e["type"] == "json_invalid" for e in error.errors()):
        return _answer(request, Problem(400, "bad_json", _PLAIN_DETAILS[400]))
    if any(fault["in"] == "body" and not fault["key"] for fault in faults) and not _says_json(request):
        return _answer(
            request, Problem(415, "not_json", "Send the body as JSON, with Content-Type: application/json.")
        )
    first = faults[0]
    where = f"{first['in']} {first['key']}".strip()
    code = "bad_body" if first["in"] == "body" else "bad_parameter"
    return _answer(request, Problem(422, code, f"{where}: {first['message']}.", more={"errors": faults}))


async def _on_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101 - registered for this type
    return _answer(request, Problem(REFUSALS.get(error.code, 409), error.code, error.message))


async def _on_unavailable(request: Request, error: Exception) -> Response:
    return _answer(request, Problem(503, "unavailable", f"{error}."))


async def _on_crash(request: Request, error: Exception) -> Response:
    del error  # Starlette raises it again after this answer, and the server logs it
    return _answer(request, Problem(500, "internal", _("The hub failed at this request; its log says why.")))


def _says_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def _answer(request: Request, problem: Problem) -> Response:
    if is_api(request.url.path):
        return problem_response(problem)
    if problem.status_code == HTTPStatus.UNAUTHORIZED and _opens_page(request):
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"{SIGN_IN_PATH}?next={quote(wanted, safe='/')}", 303)
    headers = {**(problem.headers or {}), "Vary": "Cookie, Accept-Language"}
    return HTMLResponse(_page(request, problem), problem.status_code, headers=headers)


def _opens_page(request: Request) -> bool:
    """Whether a browser is opening a page, and not a script asking for part of one."""
    return (
        request.method == "GET"
        and "hx-request" not in request.headers
        and "text/html" in request.headers.get("accept", "")
    )


_SAID: Final[Mapping[int, str]] = {
    401: _("Sign in first"),
    403: _("You may not do this"),
    404: _("There is no such page"),
    429: _("Too many attempts, try again later"),
    500: _("The hub failed at this request"),
    503: _("The hub is starting or cannot save just now"),
}


def _page(request: Request, problem: Problem) -> str:
    """What went wrong, and the reason; a reason the catalogue does not know stays in the English of the API."""
    account = getattr(request.state, "language", None)  # set by the guard, when it came so far
    language = choose_language(request.cookies.get(COOKIE), account, request.headers.get("accept-language"))
    word = translations(language).gettext
    said = word(_SAID.get(problem.status_code, _("The request could not be carried out")))
    reason, back = word(problem.message), word(_("Back"))
    lang = "en" if language == "en" or reason == problem.message else "zh-CN"
    if problem.values:
        reason %= problem.values
    theme = chosen_theme(request) or theme_by_clock(request.app.state.hub)
    return f"""<!doctype html>
<html lang="{"en" if language == "en" else "zh-CN"}" data-theme="{theme}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{problem.status_code} {escape(said)}</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/css/tokens.css"><link rel="stylesheet" href="/static/css/panel.css"></head>
<body><div></div><main class="entry"><div class="card door"><h1>{escape(said)}</h1>
<p lang="{lang}" class="dim">{escape(reason)}</p>
<a class="button primary" href="/">{escape(back)}</a></div></main></body></html>"""
