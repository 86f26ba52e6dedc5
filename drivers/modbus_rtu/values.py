"""Numbers and bits in the data bytes of an answer: integers and IEEE 754 floats of 16 to 64 bit, in any word order."""

from __future__ import annotations

import struct
from typing import Final, Literal

NumberType = Literal["uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"]
WordOrder = Literal["ABCD", "CDAB", "BADC", "DCBA"]

_FORMATS: Final[dict[NumberType, str]] = {
    "uint16": ">H",
    "int16": ">h",
    "uint32": ">I",
    "int32": ">i",
    "uint64": ">Q",
    "int64": ">q",
    "float32": ">f",
    "float64": ">d",
}


def width(number: NumberType) -> int:
    """Registers a number of this type takes."""
    return struct.calcsize(_FORMATS[number]) // 2


def number_in(data: bytes, register: int, number: NumberType, order: WordOrder = "ABCD") -> float:
    """The number that begins at the given register of `data`; NaN and infinities as they are.

    order, named by the bytes of a 32-bit value: ABCD big-endian; CDAB low word first; BADC bytes swapped within each
    word; DCBA both. A wider value follows the same two choices.
    """
    code = _FORMATS[number]
    raw = data[register * 2 : register * 2 + struct.calcsize(code)]
    if order in {"BADC", "DCBA"}:
        raw = bytes(raw[i ^ 1] for i in range(len(raw)))
    if order in {"CDAB", "DCBA"}:
        raw = b"".join(raw[i : i + 2] for i in range(len(raw) - 2, -2, -2))
    value: float = struct.unpack(code, raw)[0]
    return _shortest(value, raw) if number == "float32" else value


def bit_in(data: bytes, index: int) -> bool:
    """One coil or discrete input: the first is the lowest bit of the first byte (V1.1b3, 6.1)."""
    return bool(data[index // 8] >> index % 8 & 1)


def register_bit(data: bytes, register: int, bit: int, order: WordOrder = "ABCD") -> bool:
    """One bit of a register, 0 the lowest."""
    return bool(int(number_in(data, register, "uint16", order)) >> bit & 1)


def put_number(
    data: bytearray, register: int, value: float, number: NumberType, order: WordOrder = "ABCD"
) -> None:
    """The inverse of `number_in`; struct.error or OverflowError when the type cannot hold the value."""
    code = _FORMATS[number]
    raw = struct.pack(code, value if number.startswith("float") else round(value))
    if order in {"CDAB", "DCBA"}:
        raw = b"".join(raw[i : i + 2] for i in range(len(raw) - 2, -2, -2))
    if order in {"BADC", "DCBA"}:
        raw = bytes(raw[i ^ 1] for i in range(len(raw)))
    data[register * 2 : register * 2 + len(raw)] = raw


def put_bit(data: bytearray, index: int, on: bool) -> None:
    """The inverse of `bit_in`."""
    mask = 1 << index % 8
    data[index // 8] = data[index // 8] | mask if on else data[index // 8] & ~mask


def put_register_bit(data: bytearray, register: int, bit: int, on: bool, order: WordOrder = "ABCD") -> None:
    """The inverse of `register_bit`."""
    word = int(number_in(bytes(data), register, "uint16", order))
    put_number(data, register, word | 1 << bit if on else word & ~(1 << bit), "uint16", order)


def _shortest(value: float, raw: bytes) -> float:
    """The shortest decimal that is the same float32: 7.21, not the 7.210000038146973 it widens to."""
    for digits in (6, 7, 8):
        short = float(f"{value:.{digits}g}")
        try:
            if struct.pack(">f", short) == raw:
                return short
        except OverflowError:  # rounded up beyond the largest float32
            continue
    return value
