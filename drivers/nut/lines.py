"""Lines of the UPS management protocol (RFC 9271): words, some of them in quotes. No I/O."""

from __future__ import annotations

import re
from typing import Final

from edge.domain.reading import ProtocolError

LONGEST: Final = 2048  # bytes of a line; RFC 9271 4.1 has 1024 in each direction, descriptions may be longer
_WORD: Final = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"(?=\s|$)|([^\s"\\]+)(?=\s|$))')
_ESCAPE: Final = re.compile(r"\\(.)")
_PLAIN: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


def split(line: str) -> list[str]:
    """The words of a line without its end; ProtocolError where a quote is not closed."""
    if "\r" in line or "\n" in line:
        raise ProtocolError(f"a line ends in the middle: {line[:80]!r}")
    words: list[str] = []
    at, end = 0, len(line.rstrip(" \t"))
    while at < end:
        found = _WORD.match(line, at, end)
        if found is None:
            raise ProtocolError(f"these are no words of the protocol: {line[at : at + 80]!r}")
        words.append(found[2] if found[1] is None else _ESCAPE.sub(r"\1", found[1]))
        at = found.end()
    return words


def join(*words: str) -> str:
    """One line of these words, without its end; ValueError for a word that no line can hold."""
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    if any(ord(mark) < 32 or mark == "\x7f" for mark in word):
        raise ValueError(
            "a word has a control character, which no line of the protocol can hold"
        )  # it may be a password
    if _PLAIN.fullmatch(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
