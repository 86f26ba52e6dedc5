"""Strict JSON and times, as all JSON dialects read them. No I/O, no clock."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from edge.domain.instant import SECOND, from_rfc3339
from edge.domain.reading import ProtocolError

DEPTH: Final = 32  # levels of nesting; honest devices use five
LARGEST: Final = (
    10**18
)  # of an integer: beyond it neither the store nor a float is exact, and no device counts so far
LATEST: Final = 253_402_300_800 * SECOND  # the year 10000, where RFC 3339 ends

TimeUnit = Literal["auto", "s", "ms", "us"]
"""auto: RFC 3339 text, or milliseconds since 1970 as a number."""

_FACTORS: Final = {"auto": 1000, "s": SECOND, "ms": 1000, "us": 1}
_TYPES: Final = {
    dict: "an object",
    list: "an array",
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "null",
}

_decoder: Final = msgspec.json.Decoder()


def load_json(payload: bytes) -> Any:
    """The one JSON value in `payload`, as plain dicts, lists, str, int, float, bool, None.

    ProtocolError for anything else, also for NaN, infinities, numbers beyond a double, invalid UTF-8, deep nesting.
    """
    try:
        value = _decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ProtocolError(f"no valid JSON: {error}") from error
    except RecursionError as error:
        raise ProtocolError(f"no valid JSON: nested deeper than {DEPTH} levels") from error
    if payload.count(b"[") + payload.count(b"{") > DEPTH and too_deep(value):
        raise ProtocolError(f"no valid JSON: nested deeper than {DEPTH} levels")
    return value


def too_deep(value: Any) -> bool:
    """Whether `value` nests deeper than `DEPTH`."""
    level = [value]
    for _ in range(DEPTH):
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
        ]
        if not level:
            return False
    return any(isinstance(node, dict | list) for node in level)


def describe(value: Any) -> str:
    """The value's JSON type, and a short value itself, for an error message."""
    kind = _TYPES.get(type(value), type(value).__name__)
    if isinstance(value, str):
        return f"{kind} ({value[:40]!r})"
    if isinstance(value, int) and not -LARGEST < value < LARGEST:
        return "a number beyond all counting"
    return f"{kind} ({value})" if isinstance(value, int | float) and kind == "a number" else kind


def source_time(value: Any, unit: TimeUnit) -> int:
    """µs since 1970 UTC of a device's time; ValueError says what is wrong with it."""
    if isinstance(value, str) and unit == "auto":
        time = from_rfc3339(value)
    elif not isinstance(value, int | float) or isinstance(value, bool):
        wanted = "a time" if unit == "auto" else f"a number of {unit} since 1970"
        raise ValueError(f"{wanted} is expected, not {describe(value)}")
    else:
        # Integers stay exact; a fraction of a second is exact to the µs in this century.
        time = round(value * _FACTORS[unit]) if 0 <= value < LATEST else -1
    if not 0 <= time < LATEST:
        raise ValueError(f"a time between 1970 and 9999 is expected, not {describe(value)}")
    return time


def documents(payload: bytes) -> list[tuple[str, bytes]]:
    """One JSON document, or several, one per line: (name for errors, bytes) of each."""
    lines = [(number, line) for number, line in enumerate(payload.splitlines(), 1) if line.strip()]
    if len(lines) < 2:
        return [("", payload)]
    try:
        load_json(payload)
    except ProtocolError:
        return [(f"line {number}: ", line) for number, line in lines]
    return [("", payload)]
