"""From a canonical value back to what a device of this make puts on the wire: the reverse of normalising. Pure."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

from drivers.modbus_rtu.values import NumberType, WordOrder
from edge.domain.device import PointSpec
from edge.domain.reading import Value

Words = tuple[Sequence[bool | int | str], Sequence[bool | int | str] | None]
"""What means abnormal, and what normal (None: anything else), of a state that comes as a code or word."""

FINER: Final = 1  # digits a sensor gives beyond those the panel shows
WHOLE: Final = frozenset(
    {"battery", "link_quality", "level", "distance", "depth", "rssi"}
)  # given as whole numbers
_CODES: Final[dict[NumberType, str]] = {
    "uint16": "H",
    "int16": "h",
    "uint32": "I",
    "int32": "i",
    "uint64": "Q",
    "int64": "q",
    "float32": "f",
    "float64": "d",
}


def measured(spec: PointSpec, value: float) -> float:
    """The number on the wire of a quantity or plain number: unit, scale and offset of the profile undone."""
    factor, offset = (1.0, 0.0)
    if spec.quantity is not None:
        factor, offset = spec.quantity.conversion(spec.unit)
        value = round(value, spec.quantity.decimals + (0 if spec.quantity.id in WHOLE else FINER))
    wire = (value - spec.offset * factor - offset) / (spec.scale * factor)
    wire = round(wire, 9)
    return int(wire) if wire.is_integer() else wire


def state(spec: PointSpec, abnormal: bool, words: Words | None = None) -> bool | int | str:
    """The state on the wire. words: the profile's, where it comes as a code or word."""
    if words is None:
        return abnormal is not spec.invert
    means_abnormal, means_normal = words
    if abnormal is not spec.invert:
        return means_abnormal[0]
    if means_normal:
        return means_normal[0]
    unused: tuple[bool | int | str, ...] = ("normal", "ok", 0, 1, 2)
    kind = type(means_abnormal[0])
    alike = [word for word in unused if type(word) is kind and word not in means_abnormal]
    return alike[0] if alike else "normal"


def words_of(value: float, number: NumberType, order: WordOrder = "ABCD") -> list[int]:
    """The registers of a number; an integer that does not fit sticks at the end of its range, as a sensor does."""
    code = ">" + _CODES[number]
    if number not in {"float32", "float64"}:
        bits = struct.calcsize(code) * 8
        low, high = (0, 2**bits - 1) if code[1].isupper() else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        value = max(low, min(high, round(value)))
    raw = struct.pack(code, value)
    if order in {"CDAB", "DCBA"}:
        raw = b"".join(raw[i : i + 2] for i in range(len(raw) - 2, -2, -2))
    if order in {"BADC", "DCBA"}:
        raw = bytes(raw[i ^ 1] for i in range(len(raw)))
    return list(struct.unpack(f">{len(raw) // 2}H", raw))


def on_the_wire(spec: PointSpec, value: Value, words: Words | None = None) -> bool | float | str:
    """Any point's value as the device says it."""
    if spec.signal is not None or words is not None:
        return state(spec, bool(value), words)
    if isinstance(value, bool | str):
        return value
    return measured(spec, value)
