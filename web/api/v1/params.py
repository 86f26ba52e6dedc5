"""What the routes take and give in the same way: limits, cursors, times, keys of repetition, answers."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import Depends, Header, Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from edge.domain.instant import from_rfc3339
from edge.domain.request import Refusal
from edge.domain.request import Request as Wish
from edge.facade import Hub
from web.api.v1.described import content
from web.auth import Visitor, hub_of
from web.problems import Problem


def _writable(text: str) -> str:
    """JSON may spell half a surrogate pair, which no store and no answer can hold."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("is not valid Unicode") from error
    return text


Writable = Annotated[str, AfterValidator(_writable)]
"""Text that a store and an answer can hold, of any length a body may have."""


def _plain(text: str) -> str:
    """No control characters but line breaks and tabs, and none that turn the direction of what stands around them."""
    if any((unicodedata.category(c) == "Cc" and c not in "\n\r\t") or c in _TURNS for c in text):
        raise ValueError("has control characters or turns the direction of writing")
    return text


_TURNS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

Prose = Annotated[Writable, AfterValidator(_plain), Field(max_length=2000)]
"""A person's own words in a body; an alarm carries its verdict's along, on every wall and stream."""

TheHub = Annotated[Hub, Depends(hub_of)]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many items at most.")]
Cursor = Annotated[str | None, Query(max_length=200, description="`next` of the page before.")]
Id = Annotated[str, Path(max_length=200)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Of your choice; a repeat within 24 h changes nothing and answers with the object as it stands.",
    ),
]

PROBLEM: Final = {
    "description": "Problem details (RFC 9457) with a stable `code`.",
    "content": {
        "application/problem+json": {
            "schema": {
                "type": "object",
                "required": ["type", "title", "status", "code", "detail"],
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            }
        }
    },
}


class Body(BaseModel):
    """What a write is given. A key that is not known is refused: a misspelt `reason` must not pass for none."""

    model_config = ConfigDict(extra="forbid", strict=True)


def shown(model: Any) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: an answer of shape `model`, or a problem."""
    return {200: content(model), "4XX": PROBLEM}


def answer(body: Any) -> JSONResponse:
    """A shape as JSON; it is made of plain values already and is not validated again."""
    return JSONResponse(body)


def instant(name: str, text: str) -> int:
    """µs UTC of the parameter `name`; Problem 422 when it is no RFC 3339 time.

    A `+` that came unescaped in a query arrives as a blank: +08:00 is meant.
    """
    if len(text) > 6 and text[-6] == " ":
        text = f"{text[:-6]}+{text[-5:]}"
    try:
        return from_rfc3339(text)
    except ValueError as error:
        raise Problem(422, "bad_parameter", f"{name}: {error}; write it as 2026-06-01T12:00:00Z.") from error


def scoped(visitor: Visitor, key: str | None) -> str | None:
    """The key as the hub keeps it: nobody's key is another's."""
    return None if key is None else f"{visitor.name}/{key}"


async def carried_out(
    hub: Hub, wish: Wish, visitor: Visitor, key: str | None, missing: str
) -> Mapping[str, Any]:
    """The case a wish is about, as it then stands; Refusal as the hub says it, or not_found with `missing`."""
    done = await hub.act(wish, scoped(visitor, key))
    if not isinstance(done, Mapping):
        raise Refusal("not_found", missing)
    return done


def bad_cursor() -> Problem:
    """422 for a cursor that is none of this list's."""
    return Problem(
        422, "bad_cursor", "The cursor is none of this list's; take `next` of the page before as it is."
    )
