"""The file of a guard-tour reader (巡更棒): one read tag a line, as CSV. Pure.

The first line names the columns; time and checkpoint are needed, the person may be named: else the line is nobody's.
Separated by commas, semicolons or tabs. Times with a zone (RFC 3339) or without one, then by the site's wall clock.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from edge.domain.instant import from_rfc3339
from edge.domain.request import Refusal

MOST_ROWS: Final = 5_000  # two months of five rounds a night are 3,000; all are read in one step of the line
_SHOWN: Final = 120  # characters of a line that is set aside
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "time": ("time", "datetime", "date and time", "时间", "巡检时间", "打卡时间", "刷卡时间"),
    "code": ("checkpoint", "code", "tag", "point", "点位", "巡更点", "地点", "地点编号", "卡号", "编号"),
    "person": ("person", "guard", "人员", "巡更员", "巡检人员", "姓名"),
}
"""What the columns may be called, in any case."""
_FORMS: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M")


@dataclass(frozen=True, slots=True)
class Row:
    """One read tag. at: µs UTC; person: as the file says, "" where it does not."""

    line: int
    at: int
    code: str
    person: str
    text: str


@dataclass(frozen=True, slots=True)
class Aside:
    """A line that was not taken, and why: a stable word."""

    line: int
    reason: str
    text: str


def read(text: str, to_utc: Callable[[datetime], int]) -> tuple[list[Row], list[Aside]]:
    """All lines, taken or set aside (columns, time); Refusal `bad_file` for what is no such file.

    to_utc: µs UTC of a wall time of the site.
    """
    lines = text.lstrip("\ufeff").replace("\0", "").splitlines()
    head = next((line for line in lines if line.strip()), "")
    mark = max(",;\t", key=head.count)
    table = list(_rows(lines, mark))
    if not table:
        raise Refusal("bad_file", "the file is empty")
    if len(table) > MOST_ROWS:
        raise Refusal("bad_file", f"more than {MOST_ROWS} lines: split the file")
    names = [cell.strip().casefold() for cell in table[0][1]]
    where = {key: _column(names, words) for key, words in COLUMNS.items()}
    time_at, code_at, person_at = where["time"], where["code"], where["person"]
    if time_at is None or code_at is None:
        raise Refusal(
            "bad_file", "the first line names the columns: at least time and checkpoint (时间, 点位)"
        )
    rows: list[Row] = []
    asides: list[Aside] = []
    for line, cells in table[1:]:
        shown = mark.join(cells)[:_SHOWN]
        if len(cells) <= max(time_at, code_at) or not cells[code_at].strip():
            asides.append(Aside(line, "columns", shown))
            continue
        at = moment(cells[time_at].strip(), to_utc)
        if at is None:
            asides.append(Aside(line, "time", shown))
            continue
        person = cells[person_at].strip() if person_at is not None and person_at < len(cells) else ""
        rows.append(Row(line, at, cells[code_at].strip(), person, shown))
    return rows, asides


def moment(text: str, to_utc: Callable[[datetime], int]) -> int | None:
    """µs UTC of a time as readers write it, None when it is none."""
    try:
        return from_rfc3339(text.replace(" ", "T", 1))
    except (ValueError, OverflowError):
        pass
    for form in _FORMS:
        try:
            return to_utc(datetime.strptime(text.replace("T", " ", 1), form))  # noqa: DTZ007 - the site's zone follows
        except (ValueError, OverflowError):
            continue
    return None


def _rows(lines: list[str], mark: str) -> Iterator[tuple[int, list[str]]]:
    """Each line that is not empty with its number. A quote that never ends costs its own line, not the rest."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield number, next(csv.reader([line], delimiter=mark))
            except csv.Error:
                yield number, [line]


def _column(names: list[str], words: tuple[str, ...]) -> int | None:
    return next((index for index, name in enumerate(names) if name in words), None)
