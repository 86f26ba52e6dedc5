"""On which line of a TOML text each key stands: what tomllib forgets and an error message needs."""

from __future__ import annotations

import re
import tomllib
from typing import Final

Path = tuple[str | int, ...]
"""Keys and indices from the root of a document: ("device", 0, "address", "name")."""

_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR: Final = re.compile(r"[^,\]}#\n]*")


def positions(text: str) -> dict[Path, int]:
    """The line (1-based) of every key and every array item of `text`, which tomllib must have accepted before.

    The item of an array of tables stands at its `[[header]]`. RecursionError for absurdly deep nesting.
    """
    return _Scanner(text.replace("\r\n", "\n")).scan()


class _Scanner:
    """Walks a valid document once; it need not find errors, only keys."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._counted = 0
        self._lines: dict[Path, int] = {}
        self._items: dict[Path, int] = {}  # arrays of tables: how many items so far

    def scan(self) -> dict[Path, int]:
        base: Path = ()
        self._skip()
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                base = self._header()
            else:
                self._assignment(base)
            self._skip()
        return self._lines

    def _skip(self) -> None:
        match = _BLANK.match(self._text, self._at)
        if match is not None:
            self._at = match.end()

    def _note(self, path: Path, *, anew: bool = False) -> None:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        if anew or path not in self._lines:
            self._lines[path] = self._line

    def _header(self) -> Path:
        of_array = self._text.startswith("[[", self._at)
        self._at += 2 if of_array else 1
        parts = self._key()
        base: Path = ()
        for more, part in zip(range(len(parts) - 1, -1, -1), parts, strict=True):
            base = (*base, part)
            self._note(base)
            if base in self._items and (more or not of_array):
                base = (*base, self._items[base] - 1)
        if of_array:
            index = self._items.get(base, 0)
            self._items[base] = index + 1
            base = (*base, index)
        self._note(base, anew=True)
        self._skip()
        self._at += 2 if of_array else 1
        return base

    def _key(self) -> list[str]:
        """A dotted key; stands behind it and its blanks afterwards."""
        parts: list[str] = []
        while True:
            self._skip()
            if (match := _BARE_KEY.match(self._text, self._at)) is not None:
                parts.append(match.group())
                self._at = match.end()
            else:
                parts.append(tomllib.loads("key = " + self._string())["key"])
            self._skip()
            if not self._text.startswith(".", self._at):
                return parts
            self._at += 1

    def _assignment(self, base: Path) -> None:
        self._skip()
        start = self._at
        parts = self._key()
        behind, self._at = self._at, start
        path = base
        for part in parts:
            path = (*path, part)
            self._note(path)
        self._at = behind + 1  # the equals sign
        self._value(path)

    def _value(self, path: Path) -> None:
        self._skip()
        opening = self._text[self._at]
        if opening in "\"'":
            self._string()
        elif opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        elif (match := _SCALAR.match(self._text, self._at)) is not None:
            self._at = match.end()

    def _array(self, path: Path) -> None:
        self._at += 1
        index = 0
        self._skip()
        while self._text[self._at] != "]":
            self._note((*path, index))
            self._value((*path, index))
            index += 1
            self._separator()
        self._at += 1

    def _inline_table(self, path: Path) -> None:
        self._at += 1
        self._skip()
        while self._text[self._at] != "}":
            self._assignment(path)
            self._separator()
        self._at += 1

    def _separator(self) -> None:
        self._skip()
        if self._text[self._at] == ",":
            self._at += 1
            self._skip()

    def _string(self) -> str:
        match = _STRING.match(self._text, self._at)
        if match is None:
            raise ValueError(f"no string at offset {self._at}; has tomllib accepted this text?")
        self._at = match.end()
        return match.group()
