"""Tables: both languages, times, and what a table program would take for a formula."""

from __future__ import annotations

import csv
import io

import pytest

from edge.domain.names import Text
from web.api.v1 import tables


@pytest.mark.parametrize(("language", "title"), [("zh", "检修"), ("en", "Repair")])
def test_cells(language: str, title: str) -> None:
    row = {"title": ["检修", "Repair"], "name": Text("检修", ""), "at": "=1+1", "done_at": 0, "none": None, "n": 2}
    answer = tables.file("x.csv", tuple(row), [row], language)
    assert answer.headers["content-disposition"] == 'attachment; filename="x.csv"'
    text = bytes(answer.body).decode()
    assert text.startswith("\ufeff")
    (found,) = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    assert found == {
        "title": title, "name": "检修", "at": "'=1+1", "done_at": "1970-01-01T00:00:00.000Z", "none": "", "n": "2",
    }  # fmt: skip
