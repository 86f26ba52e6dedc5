"""Reports and the bundle of an incident: made by the hub's child, passed on row by row as they come."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Query, Request
from fastapi.responses import StreamingResponse
from starlette.responses import JSONResponse

from edge.domain.instant import to_rfc3339
from edge.domain.service import KINDS
from edge.facade import Hub
from web.api.routers import api_router
from web.api.v1.looking import look_kept, of_incident
from web.api.v1.params import Id, TheHub, answer, instant
from web.api.v1.report_ledger import (
    Lines,
    Passed,
    as_json,
    attachment,
    begun,
    calendar,
    checked,
    last_whole_month,
    today,
    written,
)
from web.auth import Perm, Visitor, require
from web.i18n import mark as _
from web.i18n import translations
from web.pages import report_words as words
from web.pages import wording
from web.pages.render import view_for
from web.pages.view import View, people
from web.problems import not_found

router = api_router(tags=["reports"])
_UNITS: Final = {"span": _("seconds"), "share": _("of 1")}
"""Of the numbers in a table, by type of column."""

Reader = Annotated[Visitor, Depends(require(Perm.JOURNAL))]
From = Annotated[
    str | None,
    Query(alias="from", description="RFC 3339; else today begins (monthly: last month)."),
]
To = Annotated[
    str | None,
    Query(description="RFC 3339, not included; else today ends (monthly: last month)."),
]


@router.get("/reports", dependencies=[Depends(require(Perm.JOURNAL))])
async def reports(hub: TheHub) -> JSONResponse:
    """The kinds of report, and what is being made just now."""
    now = hub.records.making()
    making = None
    if now is not None:
        making = {"name": now.name, "by": now.by, "share": now.share, "since": to_rfc3339(now.since)}
    return answer({"items": [{"kind": kind} for kind in KINDS], "next": None, "making": making})


@router.get("/reports/{kind}.csv")
async def table(
    request: Request, hub: TheHub, visitor: Reader, kind: str, start: From = None, to: To = None,
    language: Literal["zh", "en"] | None = None,
) -> StreamingResponse:  # fmt: skip
    """A report as CSV for table programs: UTF-8 with a byte order mark, one table after the other."""
    name, lines, head = await _ordered(request, hub, visitor, kind, start, to)
    view = await view_for(request, visitor)
    if language is not None:
        view = View(hub, language, view.names)
    return Passed(as_csv(view, head, lines), lines, "text/csv; charset=utf-8", attachment(f"{name}.csv"))


@router.get("/reports/{kind}")
async def report(
    request: Request, hub: TheHub, visitor: Reader, kind: str, start: From = None, to: To = None
) -> StreamingResponse:
    """A report: `sections`, each with typed `columns` and `rows`. 404 `not_found`, 422, 503 `unavailable`."""
    _, lines, head = await _ordered(request, hub, visitor, kind, start, to)
    return Passed(as_json(head, lines), lines, "application/json", {})


@router.get("/incidents/{id}/bundle", tags=["incidents"])
async def bundle(request: Request, hub: TheHub, visitor: Reader, id: Id) -> StreamingResponse:
    """警情档案包: a .zip that proves itself; the export is noted in the journal with its seal.

    Pictures of cameras are in it for those who may see them, who give a reason first (403 `viewing_required`).
    """
    incident = await hub.case("incident", id)
    if incident is None:
        raise not_found("incident", id)
    pictures = await of_incident(hub, incident) if visitor.may(Perm.CAMERA) else []
    for kept in pictures:
        await look_kept(request, hub, visitor, kept)
    roster = {person.id: person.name for person in hub.site.roster.persons.values()}
    names = {**roster, **await people(hub)}
    told = {kind: f"{translations('zh').gettext(said)} {said}" for kind, said in wording.KINDS.items()}
    stream = hub.records.bundle(incident, visitor.name, told, names, pictures=[kept.id for kept in pictures])
    head = await begun(request, stream)
    assert isinstance(head, Mapping)  # noqa: S101 - the facade's promise
    noted = {
        "id": id,
        "seal": head["seal"],
        "files": head["files"],
        "first": head["first"],
        "last": head["last"],
    }
    try:
        await hub.note("bundle.exported", visitor.name, noted)
    except BaseException:
        await stream.aclose()
        raise
    headers = {**attachment(f"{id}.zip"), "Content-Length": str(head["size"]), "X-Bundle-Seal": head["seal"]}
    return Passed(_bytes(stream), stream, "application/zip", headers)


async def _ordered(
    request: Request, hub: Hub, visitor: Visitor, kind: str, start: str | None, to: str | None
) -> tuple[str, Lines, Mapping[str, Any]]:
    """(name of a file, lines, head) of a report that is begun."""
    known = next((each for each in KINDS if each == kind), None)
    if known is None:
        raise not_found("report", kind)
    day = last_whole_month(hub) if known == "monthly" and start is None and to is None else today(hub)
    span = (day[0] if start is None else instant("from", start), day[1] if to is None else instant("to", to))
    lines = hub.records.report(known, *checked(known, *span), visitor.name)
    head = (await begun(request, lines))["head"]
    days = calendar(hub)
    name = f"{known}-{days.day_of(span[0]):%Y%m%d}-{days.day_of(span[1] - 1):%Y%m%d}"
    return name, lines, head


async def _bytes(stream: AsyncGenerator[Mapping[str, Any] | bytes]) -> AsyncGenerator[bytes]:
    async with aclosing(stream):
        async for piece in stream:
            if isinstance(piece, bytes):
                yield piece


async def as_csv(
    view: View, head: Mapping[str, Any], lines: AsyncIterator[Mapping[str, Any]]
) -> AsyncGenerator[str]:
    """The tables in words, each with its name above it."""
    title = [
        view.word(words.KINDS[head["kind"]]),
        view.full(head["from"]),
        view.full(head["to"]),
        head["seq"],
    ]
    yield "\ufeff" + written([title])
    columns: list[Mapping[str, str]] = []
    async for line in lines:
        if "section" in line:
            columns = line["section"]["columns"]
            heads = [_head(view, column) for column in columns]
            yield written([[], [words.section(view, line["section"]["id"])], heads])
        elif "rows" in line:
            yield written(
                [[_plain(view, column, row[column["id"]]) for column in columns] for row in line["rows"]]
            )


def _head(view: View, column: Mapping[str, str]) -> str:
    """What a column is called, with the unit of its bare numbers."""
    unit = _UNITS.get(column["type"])
    head = words.column(view, column["id"])
    return (
        head
        if unit is None
        else view.word(_("%(head)s (%(unit)s)")) % {"head": head, "unit": view.word(unit)}
    )


def _plain(view: View, column: Mapping[str, str], value: Any) -> str:
    """A cell as a table program can reckon with it: seconds and numbers bare, all else in words."""
    if column["type"] in {"span", "number", "share"} and value is not None:
        return f"{value:g}"
    return words.cell(view, column["id"], column["type"], value)
