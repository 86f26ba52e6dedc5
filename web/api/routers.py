"""Where each subject of the API hangs its routes.

No router is included in another: FastAPI builds an included route a second time when the first request comes by, which
takes half a second of one core and 5 MB for all of them, while the line waits. They are put side by side instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter
from fastapi.params import Depends

BASE: Final = "/api/v1"


def api_router(prefix: str = "", tags: Sequence[str] = (), dependencies: Sequence[Depends] = ()) -> APIRouter:
    """A router whose paths begin with `BASE` and `prefix`."""
    return APIRouter(prefix=BASE + prefix, tags=list(tags), dependencies=list(dependencies))
