"""A stored row as a line of InfluxDB's line protocol (InfluxDB OSS v2, "Line protocol reference").

    temperature,site=heanyuan,zone=b3/s1/3f/301,device=ht-1,point=temperature,unit=°C,quality=good,arrival=live value=21.5 1790000000000000

measurement: the quantity; `state` where the point has a signal; else `reading`.
tags: site, zone, device, point, unit, quality, arrival; signal of a state; reason and purpose only where there is
something to say.
field: `value` a number (always a float, so that a measurement never changes its type), `state` a boolean (true:
abnormal), `text` a string (also an infinite number), `missing=true` where the device said it has no value.
time: µs since 1970, UTC.
"""  # noqa: E501 - the example is one line

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Final

from edge.domain.device import Point
from edge.store.cursors import Entry
from edge.store.rows import Stored, last_value

_TAG: Final = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ ", **dict.fromkeys("\r\n\t", r"\ ")})
_TEXT: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\r": " ", "\n": " "})


class Lines:
    """point: what is known of a point by its id; rows of one that is gone are sent without place and unit."""

    def __init__(self, site: str, point: Callable[[str], Point | None]) -> None:
        self._site = site
        self._point = point
        self._heads: dict[tuple[str, int], str] = {}  # measurement and tags, by point and flags

    def of(self, row: Entry) -> str:
        """The row as a line, without the line break."""
        _n, point, time, _delta, value, flags = row
        head = self._heads.get((point, flags))
        if head is None:
            head = self._heads[point, flags] = self._head(row)
        return f"{head} {_field(value)} {time}"

    def mark(self, time: int) -> str:
        """A line of the hub's own, which no server has a reason to refuse, and by which it is read back."""
        return f"edgehub_uplink,site={_tag(self._site)} mark={time}i {time}"

    def _head(self, row: Entry) -> str:
        """Measurement and tags."""
        id, flags = row[1], row[5]
        said = last_value(id, (0, 0, 0, 0, None, flags))
        point = self._point(id)
        device, _, name = id.partition(".")
        measurement = "reading"
        tags = {"site": self._site, "device": device, "point": name}
        if point is not None:
            if point.spec.quantity is not None:
                measurement = point.spec.quantity.id
            elif point.spec.signal is not None:
                measurement = "state"
                tags["signal"] = point.spec.signal.value
            tags |= {"zone": point.device.zone, "unit": point.unit}
        tags |= {"quality": said.quality, "arrival": said.arrival}
        if said.reason is not None:
            tags["reason"] = said.reason
        if said.purpose != "live":
            tags["purpose"] = said.purpose
        return ",".join([_tag(measurement), *(f"{key}={_tag(word)}" for key, word in tags.items() if word)])


def _field(value: Stored) -> str:
    if value is None:
        return "missing=true"
    if isinstance(value, bytes):
        return "state=true" if value == b"\x01" else "state=false"
    if isinstance(value, str):
        return f'text="{value.translate(_TEXT)}"'
    number = float(value)
    return f"value={number!r}" if isfinite(number) else f'text="{number!r}"'


def _tag(word: str) -> str:
    return word.translate(_TAG).rstrip("\\") or "-"
