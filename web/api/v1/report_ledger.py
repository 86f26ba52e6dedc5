"""What the API and the pages of reports share: spans of local days, the wait for the child, rows as they come."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import timedelta
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import StreamingResponse

from edge.domain.cells import neutral
from edge.domain.days import Calendar
from edge.domain.instant import DAY, to_rfc3339
from edge.domain.service import ReportKind
from edge.facade import Hub
from web.problems import Problem

LONGEST: Final = 366 * DAY
WITH_SHIFTS: Final = 31 * DAY
"""A duty log has a page a day: nobody prints a year of it at once."""
_LOOK: Final = 0.5  # seconds between two looks whether the visitor is still there

T = TypeVar("T")
Lines = AsyncGenerator[Mapping[str, Any]]


def calendar(hub: Hub) -> Calendar:
    """The site's days, as people's clocks show them."""
    return Calendar(ZoneInfo(hub.site.timezone), hub.civil(0))


def today(hub: Hub) -> tuple[int, int]:
    """The local day that runs, as µs UTC."""
    days = calendar(hub)
    day = days.day_of(hub.now().utc)
    return days.start(day), days.start(day + timedelta(days=1))


def last_whole_month(hub: Hub) -> tuple[int, int]:
    """The local month before this one, as µs UTC."""
    days = calendar(hub)
    this = days.day_of(hub.now().utc).replace(day=1)
    return days.start((this - timedelta(days=1)).replace(day=1)), days.start(this)


def checked(kind: ReportKind, start: int, end: int) -> tuple[int, int]:
    """The span; Problem 422 when it is empty or longer than a report of this kind may be."""
    longest = WITH_SHIFTS if kind in {"duty-log", "daily"} else LONGEST
    if start >= end:
        raise Problem(422, "bad_parameter", "from: must be before to.")
    if end - start > longest + DAY:
        raise Problem(422, "span_too_long", f"A report of this kind covers {longest // DAY} days at most.")
    return start, end


async def begun(request: Request, lines: AsyncGenerator[T]) -> T:
    """The first item; whoever leaves before it comes ends the making."""
    first = asyncio.ensure_future(anext(lines))
    try:
        while not (await asyncio.wait({first}, timeout=_LOOK))[0]:
            if await request.is_disconnected():
                raise Problem(503, "left", "The visitor left before the report was made.")
        return first.result()
    finally:
        if not first.done():
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            await lines.aclose()


class Passed(StreamingResponse):
    """An answer made of `pieces`, which are closed when it ends, however it ends: the child ends with them."""

    def __init__(
        self,
        pieces: AsyncGenerator[Any],
        source: AsyncGenerator[Any],
        media_type: str,
        headers: Mapping[str, str],
    ) -> None:
        """source: what the pieces are made of; it is closed too, also when not one of them was asked for."""
        super().__init__(pieces, media_type=media_type, headers={"Cache-Control": "no-store", **headers})
        self._made = pieces, source

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            for generator in self._made:
                await generator.aclose()


def attachment(name: str) -> Mapping[str, str]:
    """So that a browser keeps it as a file."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}


async def as_json(head: Mapping[str, Any], lines: Lines) -> AsyncGenerator[str]:
    """One object, written as it comes."""
    clock = head["clock"]
    doubts = [{key: _time(doubt[key]) for key in ("from", "until")} for doubt in clock["doubtful"]]
    times = {key: _time(head[key]) for key in ("from", "to", "made_at")}
    whole = json.dumps({**head, **times, "clock": {**clock, "doubtful": doubts}}, ensure_ascii=False)
    yield f'{whole[:-1]}, "sections": ['
    columns: list[Mapping[str, str]] = []
    between, first = "", True
    async with aclosing(lines):
        async for line in lines:
            if "section" in line:
                columns = line["section"]["columns"]
                shown = json.dumps({"id": line["section"]["id"], "columns": columns}, ensure_ascii=False)
                yield f'{between}{shown[:-1]}, "rows": ['
                between, first = "]}, ", True
            elif "rows" in line:
                rows = ", ".join(json.dumps(_row(row, columns), ensure_ascii=False) for row in line["rows"])
                yield rows if first else f", {rows}"
                first = False
    yield f"{'' if not between else ']}'}]}}"


def _row(row: Mapping[str, Any], columns: list[Mapping[str, str]]) -> Mapping[str, Any]:
    """A row as the API says it."""
    shown: dict[str, Any] = {"link": row["link"]}
    for column in columns:
        value = row[column["id"]]
        if column["type"] == "time":
            value = _time(value)
        elif column["type"] == "text" and value is not None:
            value = {"zh": value[0], "en": value[1]}
        shown[column["id"]] = value
    return shown


def _time(utc: int | None) -> str | None:
    return None if utc is None else to_rfc3339(utc)


def written(rows: list[list[str]]) -> str:
    """Rows as CSV; what a table program would take for a formula gets an apostrophe before it."""
    out = io.StringIO()
    csv.writer(out).writerows([neutral(cell) for cell in row] for row in rows)
    return out.getvalue()
