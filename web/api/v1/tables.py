"""Tables for others' programs: CSV, UTF-8 with a byte order mark."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastapi import Response

from edge.domain.cells import neutral
from edge.domain.instant import to_rfc3339
from edge.domain.names import Text


def file(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]], language: str) -> Response:
    """The rows as a file of that name. language: "zh" or "en", of what is said in both; the rest is as it is kept."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(columns)
    table.writerows([_cell(row[column], column, language) for column in columns] for row in rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _cell(value: Any, column: str, language: str) -> str:
    if value is None:
        return ""
    if column.endswith("_at") and isinstance(value, int):
        return to_rfc3339(value)
    if isinstance(value, list | tuple):  # as a case keeps what is said in both
        value = Text(*value)
    if isinstance(value, Text):
        value = value.in_(language) or value.zh
    return neutral(str(value))
