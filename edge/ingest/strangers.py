"""Senders nobody registered that say fire, gas or SOS: each gets a point of its own, so that its alarm names it."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from edge.domain.device import Device, DeviceProfile, Point, PointSpec, Signal
from edge.domain.names import Text

CATEGORY: Final = "stranger"
ALARM: Final = PointSpec(
    "alarm", Text("未登记设备", "Unregistered device"), signal=Signal.SUPERVISORY, report="momentary"
)
MOST: Final = 50  # senders with a point of their own; a flood of invented names shares one more
SHOWN: Final = 60  # characters of an address that are shown

_PROFILE: Final = DeviceProfile(
    id="edge-stranger",
    maker="edge-hub",
    model=CATEGORY,
    category=CATEGORY,
    dialect="",
    points=(ALARM,),
    source="built in",
    expect=0.0,
    name=Text("未登记设备", "Unregistered device"),
    built_in=True,
)


class Strangers:
    """The points made so far. An alarm at one keeps its place in its row, also over a restart."""

    def __init__(self) -> None:
        self._points: dict[tuple[str, str], Point] = {}

    def point(self, source: str, room: Text, address: str) -> tuple[Point, bool]:
        """(the sender's point, whether it is new). room: where the connection stands, in words."""
        if (source, address) not in self._points and len(self._points) >= MOST:
            address = "…"
        known = self._points.get((source, address))
        if known is not None:
            return known, False
        shown = "".join(c if c.isprintable() else "?" for c in address[:SHOWN])
        mark = blake2b(f"{source}/{address}".encode(errors="replace"), digest_size=5).hexdigest()
        device = Device(
            id=f"unknown-{mark}",
            profile=_PROFILE,
            name=Text(shown, shown),
            zone="",
            spot=Text("", ""),
            place=Text(f"{room.zh} 未登记设备 {shown}", f"{room.en}, unregistered device {shown}"),
            address=address,
        )
        point = self._points[source, address] = Point(f"{device.id}.{ALARM.id}", device, ALARM)
        return point, True
