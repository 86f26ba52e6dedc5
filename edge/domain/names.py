"""Identifiers and two-language texts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

ID_PATTERN: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def is_id(text: str) -> bool:
    """Whether `text` is a valid id: lower-case letters, digits and hyphens, at most 63."""
    return ID_PATTERN.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in Chinese and in English."""

    zh: str
    en: str

    def __str__(self) -> str:
        return self.en

    def in_(self, language: str) -> str:
        """The words in `language` ("zh…" or anything else for English)."""
        return self.zh if language.startswith("zh") else self.en
