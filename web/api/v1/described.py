"""OpenAPI, made when somebody asks for it: the shapes of all answers as schemas take 2 MB and a quarter of a start."""

from __future__ import annotations

import re
from typing import Any, Final

from fastapi import FastAPI
from pydantic import TypeAdapter

_SCHEMAS: Final = "#/components/schemas/"
_SHAPES: Final[dict[str, Any]] = {}
"""What routes answer with, by its name there; filled as the routes are made."""


def content(shape: Any) -> dict[str, Any]:
    """For a route's `responses`: JSON of this shape, a TypedDict; TypeError where another one has its name."""
    name = re.sub(r"\W", "_", re.sub(r"\w+\.", "", _written(shape)))
    if _SHAPES.setdefault(name, shape) != shape:
        raise TypeError(f"two shapes are called {name}")
    return {"content": {"application/json": {"schema": {"$ref": _SCHEMAS + name}}}}


def describe(app: FastAPI) -> dict[str, Any]:
    """The description of all routes of `app`, with the shapes; nothing of it is kept."""
    described = app.openapi()
    app.openapi_schema = None
    _, shapes = TypeAdapter.json_schemas(
        [(name, "serialization", TypeAdapter(shape)) for name, shape in _SHAPES.items()],
        ref_template=_SCHEMAS + "{model}",
    )
    described["components"]["schemas"] |= shapes["$defs"]
    return described


def _written(shape: Any) -> str:
    """`Listing[AlarmShape]` as it is written, with modules' names."""
    return shape.__qualname__ if isinstance(shape, type) else repr(shape)
