"""Cells of tables that leave the hub as CSV."""

from __future__ import annotations


def neutral(text: str) -> str:
    """The text with an apostrophe before it where a table program would take it for a formula (OWASP CSV injection)."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
