"""Tables: both languages, times, and what a table program would take for a formula."""

from __future__ import annotations

import csv
import io
from types import ModuleType

import pytest

from edge.domain.names import Text
from web.api.v1 import duty_ledger, facilities, hazard_ledger, reserve, tables
from web.i18n import Language
from web.pages import table_words


@pytest.mark.parametrize(("language", "title"), [("zh", "检修"), ("en", "Repair")])
def test_cells(language: Language, title: str) -> None:
    row = {
        "title": ["检修", "Repair"],
        "name": Text("检修", ""),
        "at": "=1+1",
        "done_at": 0,
        "none": None,
        "n": 2,
    }
    answer = tables.file("x.csv", tuple(row), [row], tables.Wanted(language))
    assert answer.headers["content-disposition"] == 'attachment; filename="x.csv"'
    text = bytes(answer.body).decode()
    assert text.startswith("\ufeff")
    (found,) = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    assert found == {
        "title": title, "name": "检修", "at": "'=1+1", "done_at": "1970-01-01T00:00:00.000Z", "none": "", "n": "2",
    }  # fmt: skip


@pytest.mark.parametrize("module", [duty_ledger, facilities, hazard_ledger, reserve])
def test_each_column_has_a_head_in_words(module: ModuleType) -> None:
    assert set(module._COLUMNS) <= table_words.HEADS.keys()
