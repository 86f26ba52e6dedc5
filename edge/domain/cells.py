"""Cells of tables that leave the hub as CSV."""

from __future__ import annotations

import unicodedata
from typing import Final

_STARTS: Final = frozenset("=+-@")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
"""Categories of characters that a table program may leave out before it looks: controls, formats and blanks."""


def neutral(text: str) -> str:
    """The text with an apostrophe before it where a table program would take it for a formula (OWASP CSV injection).

    Full-width signs count as their own; so do a tab and a new line at the beginning, which some programs drop.
    """
    seen = next((sign for sign in text if unicodedata.category(sign) not in _UNSEEN), "")
    formula = unicodedata.normalize("NFKC", seen)[:1] in _STARTS if seen else False
    return f"'{text}" if formula or text.startswith(("\t", "\r", "\n")) else text
