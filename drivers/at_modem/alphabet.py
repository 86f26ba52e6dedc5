"""The GSM 7-bit default alphabet with its extension, and its packing into octets (3GPP TS 23.038, 6.1.2 and 6.2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

ESCAPE: Final = 0x1B

_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
_SEPTETS: Final[dict[str, tuple[int, ...]]] = {
    **{char: (code,) for code, char in enumerate(_BASIC) if code != ESCAPE},
    **{char: (ESCAPE, code) for code, char in _EXTENDED.items()},
}


def septets_of(char: str) -> tuple[int, ...] | None:
    """One or two septets of a character; None when the alphabet does not have it."""
    return _SEPTETS.get(char)


def text_of(septets: Sequence[int]) -> str:
    """The characters; an escape to a character that is not in the extension shows the basic one (6.2.1.1)."""
    text: list[str] = []
    escaped = False
    for code in septets:
        if escaped:
            text.append(" " if code == ESCAPE else _EXTENDED.get(code, _BASIC[code]))
            escaped = False
        elif code == ESCAPE:
            escaped = True
        else:
            text.append(_BASIC[code])
    return "".join(text)


def pack(septets: Sequence[int], header: bytes = b"") -> bytes:
    """Octets of the septets; behind a user data header they begin at a septet boundary (TS 23.040, 9.2.3.24)."""
    start = -(-len(header) * 8 // 7)
    bits = int.from_bytes(header, "little")
    for at, code in enumerate(septets, start):
        bits |= code << 7 * at
    return bits.to_bytes(-(-(start + len(septets)) * 7 // 8), "little")


def unpack(data: bytes, first: int, end: int) -> list[int]:
    """Septets `first` up to, not including, `end`; those behind the last octet are zero."""
    bits = int.from_bytes(data, "little")
    return [bits >> 7 * at & 0x7F for at in range(first, end)]
