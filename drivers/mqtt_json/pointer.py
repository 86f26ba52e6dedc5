"""JSON Pointer (RFC 6901)."""

from __future__ import annotations

from typing import Any, Final

MISSING: Final = object()


def split_pointer(pointer: str) -> tuple[str, ...]:
    """The pointer's tokens, unescaped; ValueError when it is none. "" is the whole document."""
    if pointer and not pointer.startswith("/"):
        raise ValueError(f"{pointer!r} is no JSON pointer: it starts with a slash, as in /gas/lel")
    tokens = pointer.split("/")[1:]
    for token in tokens:
        if "~" in token.replace("~0", "").replace("~1", ""):
            raise ValueError(f"{pointer!r} is no JSON pointer: write ~0 for ~ and ~1 for /")
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in tokens)


def join_pointer(parent: str, token: str) -> str:
    """The pointer to a child of `parent`."""
    return f"{parent}/{token.replace('~', '~0').replace('/', '~1')}"


def find(document: Any, tokens: tuple[str, ...]) -> Any:
    """The value the tokens lead to, or MISSING."""
    node = document
    for token in tokens:
        if isinstance(node, dict):
            node = node.get(token, MISSING)
        elif isinstance(node, list) and token.isascii() and token.isdigit() and len(token) < 7:
            index = int(token)
            node = node[index] if index < len(node) else MISSING
        else:
            return MISSING
        if node is MISSING:
            return MISSING
    return node
