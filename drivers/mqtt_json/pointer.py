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


def put(document: Any, tokens: tuple[str, ...], value: Any) -> Any:
    """The document with `value` where the tokens lead; what is missing on the way is made, arrays for small numbers.

    ValueError where another value stands in the way.
    """
    if not tokens:
        return value
    token, rest = tokens[0], tokens[1:]
    if isinstance(document, list) or (
        document is None and token.isascii() and token.isdigit() and len(token) < 3
    ):
        items = list(document or ())
        index = int(token) if token.isascii() and token.isdigit() and len(token) < 3 else -1
        if index < 0:
            raise ValueError(f"{token!r} is no place in an array")
        items += [None] * (index + 1 - len(items))
        items[index] = put(items[index], rest, value)
        return items
    if document is not None and not isinstance(document, dict):
        raise ValueError(f"{token!r} would have to stand in a plain value")
    return {**(document or {}), token: put((document or {}).get(token), rest, value)}
