"""A report as data: sections of typed columns, written line by line so that nobody ever holds all of it at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

ColumnType = Literal[
    "time", "date", "text", "words", "word", "person", "people", "span", "number", "share", "photos"
]
"""time: µs UTC; date: ISO text; text: [zh, en]; words: as written; word: stable word; span: seconds; share: 0 to 1;
photos: addresses."""

_CHUNK: Final = 10
"""Rows in one line: what the hub's loop takes apart at a time."""

Row = Mapping[str, Any]
"""Value by column; beside them `link`, the address of what the row is about, or of what its figure counts."""


@dataclass(frozen=True, slots=True)
class Section:
    """One table. columns: id › type. main: what the report is about; without it the report is empty."""

    id: str
    columns: Mapping[str, ColumnType]
    rows: Sequence[Row]
    main: bool = True


@dataclass(frozen=True, slots=True)
class Sheet:
    """One report. head: what stands above and below it."""

    head: Mapping[str, Any]
    sections: Sequence[Section] = field(default_factory=tuple)

    @property
    def empty(self) -> bool:
        """Whether nothing happened."""
        return not any(section.rows for section in self.sections if section.main)


def lines(sheet: Sheet) -> Iterable[bytes]:
    """The report as lines of JSON: `{"head"}`, of each section `{"section"}` and its `{"rows"}`, then `{"end"}`."""
    yield _line({"head": {**sheet.head, "empty": sheet.empty}})
    for section in sheet.sections:
        columns = [{"id": id, "type": kind} for id, kind in section.columns.items()]
        yield _line({"section": {"id": section.id, "columns": columns, "count": len(section.rows)}})
        for at in range(0, len(section.rows), _CHUNK):
            yield _line({"rows": [_whole(section, row) for row in section.rows[at : at + _CHUNK]]})
    yield _line({"end": True})


def _whole(section: Section, row: Row) -> Mapping[str, Any]:
    return {**{id: row.get(id) for id in section.columns}, "link": row.get("link")}


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace") + b"\n"


Progress = Callable[[float], None]
"""Told how much is done, 0 to 1."""
