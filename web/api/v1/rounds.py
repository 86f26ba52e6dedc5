"""Rounds: as they were walked, and the files of guard-tour readers."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request
from starlette.responses import JSONResponse

from edge.domain.occurrence import UploadReader
from web.api.routers import api_router
from web.api.v1 import cases, shapes
from web.api.v1.params import Id, TheHub, answer, carried_out, shown
from web.api.v1.schema import FactShape, Listing
from web.auth import Perm, Visitor, require
from web.problems import Problem

router = api_router(tags=["duties"])
SEE: Final = Depends(require(Perm.SEE))
Doer = Annotated[Visitor, Depends(require(Perm.DUTY))]
MOST: Final = 2_000_000
"""Bytes of a reader's file."""


@router.get("/rounds", dependencies=[SEE], responses=shown(Listing[dict[str, Any]]))
async def rounds(
    hub: TheHub,
    page: cases.Page,
    is_open: cases.Open = None,
    duty: Annotated[str | None, Query(max_length=63)] = None,
) -> JSONResponse:
    """Rounds, newest first."""
    return await cases.listing(hub, "round", page, {"duty": duty}, is_open)


@router.get("/rounds/{id}", dependencies=[SEE])
async def one(hub: TheHub, id: Id) -> JSONResponse:
    """One round with its stops."""
    return answer(shapes.case(await cases.one(hub, "round", id)))


@router.get("/rounds/{id}/story", dependencies=[SEE], responses=shown(Listing[FactShape]))
async def story(hub: TheHub, id: Id) -> JSONResponse:
    """All facts about one round, oldest first."""
    return await cases.story(hub, "round", id)


@router.post("/rounds/reader")
async def reader(
    request: Request,
    hub: TheHub,
    visitor: Doer,
    duty: Annotated[
        str, Query(max_length=63, description="Whose rounds it holds, where lines fit several.")
    ] = "",
) -> JSONResponse:
    """Take a reader's file (CSV, UTF-8 or GB 18030, at most 2 MB): 422 `bad_file`, 409 `no_round`.

    Answers `lines`, `new` stops, `known` ones, `rounds`, and `aside`: each line that was not taken, with its reason
    (`columns`, `time`, `code`, `future`, `old`, `no_round`, `several`). The same file twice changes nothing.
    """
    raw = await request.body()
    if len(raw) > MOST:
        raise Problem(413, "too_large", f"The file is over {MOST} bytes.")
    told = await carried_out(
        hub, UploadReader(visitor.name, decoded(raw), duty), visitor, None, "duties are not kept here"
    )
    return answer({key: value for key, value in shapes.case(told).items() if key != "id"})


def decoded(raw: bytes) -> str:
    """The text of a file as people's programs write it; Problem 422 where it is none."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Problem(422, "bad_file", "The file is no text in UTF-8 or GB 18030.")
