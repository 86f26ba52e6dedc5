"""What a table program would take for a formula."""

from __future__ import annotations

import pytest

from edge.domain.cells import neutral


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+86",
        "-1",
        "@x",
        "\tx",
        "\rx",
        "\nx",
        " =1+1",
        "\n=1+1",
        "\x00=1",
        "\ufeff=1",
        "\u3000+1",
        "\xa0@x",
        "＝1+1",
        "＋86",
        "－1",
        "＠x",
        "﹣1",
        "\u200b＝1",
    ],
)
def test_formulas_become_text(text: str) -> None:
    assert neutral(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", " ", "3号楼", "1-2", "a=b", "'=1", "甲 =1", "\u200b3号楼"])
def test_all_else_stays(text: str) -> None:
    assert neutral(text) == text
