"""The size of a JPEG, read from its head. Pure."""

from __future__ import annotations

from typing import Final

_SIZED: Final = frozenset(range(0xC0, 0xD0)) - {
    0xC4,
    0xC8,
    0xCC,
}  # SOF markers, without the tables among them
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD8)})


def size_of(picture: bytes) -> tuple[int, int] | None:
    """(width, height) in pixels; None for what is no whole JPEG (ITU-T T.81 B.2)."""
    if not picture.startswith(b"\xff\xd8") or not picture.rstrip(b"\x00").endswith(b"\xff\xd9"):
        return None
    at = 2
    while at + 9 <= len(picture) and picture[at] == 0xFF:
        marker = picture[at + 1]
        if marker == 0xFF or marker in _BARE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _SIZED:
            height = int.from_bytes(picture[at + 5 : at + 7], "big")
            width = int.from_bytes(picture[at + 7 : at + 9], "big")
            return (width, height) if width and height else None
        at += 2 + int.from_bytes(picture[at + 2 : at + 4], "big")
    return None
