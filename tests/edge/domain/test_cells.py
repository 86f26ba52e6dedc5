"""What a table program would take for a formula."""

from __future__ import annotations

import pytest

from edge.domain.cells import neutral


@pytest.mark.parametrize("text", ["=1+1", "+86", "-1", "@x", "\tx", "\rx"])
def test_formulas_become_text(text: str) -> None:
    assert neutral(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "3号楼", "1-2", "a=b", "'=1"])
def test_all_else_stays(text: str) -> None:
    assert neutral(text) == text
