"""Tables: CSV, UTF-8 with a byte order mark; with stable words for programs, or in words for people."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import Depends, Query, Request, Response

from edge.domain.cells import neutral
from edge.domain.instant import to_rfc3339
from edge.domain.names import Text
from web.auth import hub_of
from web.i18n import Language

if TYPE_CHECKING:
    from web.pages.view import View


@dataclass(frozen=True, slots=True)
class Wanted:
    """language: of what is said in both. view: None for programs (stable words, ids, RFC 3339 in UTC)."""

    language: Language
    view: View | None = None  # the pages import the API: their words are fetched where they are wanted


async def wanted(
    request: Request,
    language: Literal["zh", "en"] = "zh",
    words: Annotated[
        bool, Query(description="In words, on the site's clock and with people's names, for people.")
    ] = False,
) -> Wanted:
    """How a table is asked for."""
    if not words:
        return Wanted(language)
    from web.pages.view import View, people

    hub = hub_of(request)
    return Wanted(language, View(hub, language, await people(hub)))


As = Annotated[Wanted, Depends(wanted)]


def file(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]], told: Wanted) -> Response:
    """The rows as a file of that name."""
    out = io.StringIO()
    table = csv.writer(out)
    view = told.view
    if view is None:
        table.writerow(columns)
        table.writerows([_cell(row[column], column, told.language) for column in columns] for row in rows)
    else:
        from web.pages import table_words

        table.writerow([table_words.head(view, column) for column in columns])
        table.writerows(
            [neutral(table_words.cell(view, column, row[column])) for column in columns] for row in rows
        )
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _cell(value: Any, column: str, language: Language) -> str:
    if value is None:
        return ""
    if column.endswith("_at") and isinstance(value, int):
        return to_rfc3339(value)
    if column == "extensions":
        granted = {None: "asked", True: "granted", False: "refused"}
        return " ".join(f"{each['span'] // 1_000_000}s:{granted[each['granted']]}" for each in value)
    if isinstance(value, list | tuple):  # as a case keeps what is said in both
        value = Text(*value)
    if isinstance(value, Text):
        value = value.in_(language) or value.zh
    return neutral(str(value))
