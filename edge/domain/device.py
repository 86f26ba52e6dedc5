"""Devices, their profiles, and the points they measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Literal

from edge.domain.names import Text
from edge.domain.quantity import Quantity

if TYPE_CHECKING:
    from edge.domain.output import OutputSpec  # which itself needs the points it is read back by


class Signal(StrEnum):
    """What an alarm is about; never merged (GB/T 26875.3, EN 54-2)."""

    FIRE = "fire"
    GAS = "gas"  # combustible gas and carbon monoxide
    SOS = "sos"
    FAULT = "fault"
    SUPERVISORY = "supervisory"
    DISABLEMENT = "disablement"
    PROCESS = "process"  # a measured limit


Report = Literal["level", "momentary"]
Watches = Literal["fire-lane", "stair", "bins", "other"]


@dataclass(frozen=True, slots=True)
class PointSpec:
    """One measurable of a device model, as its profile describes it.

    id: last part of the point's id. Exactly one of quantity (a measured value) and signal (a state, True = abnormal),
    or neither (a plain number or text that is kept but means no alarm by itself).
    unit: unit on the wire (None: canonical). value = wire value * scale + offset, before unit conversion.
    report: "level" repeats while abnormal and says when normal; "momentary" only says "now" (a push button).
    hold, rearm: seconds, for momentary points (design: 300 and 60).
    longest: characters of a text that is kept; a longer one is refused.
    read: dialect-specific instructions, checked by the driver's own schema.
    """

    id: str
    name: Text
    quantity: Quantity | None = None
    signal: Signal | None = None
    unit: str | None = None
    scale: float = 1.0
    offset: float = 0.0
    invert: bool = False
    report: Report = "level"
    hold: float = 300.0
    rearm: float = 60.0
    field: str = ""
    read: Any = None
    longest: int = 200


LINK: Final = PointSpec("link", Text("失联", "No contact"), signal=Signal.FAULT)
"""The built-in point of every device, `<device>.link`: True while it is out of contact. No profile may name it."""


@dataclass(frozen=True, slots=True)
class DeviceProfile:
    """A make and model: which points it has and how to read them.

    id: `<maker>-<model>`. category: "smoke-detector", "gas-detector", "bin", "water-probe", … (rules select by it).
    expect: seconds within which a healthy device is heard, 0 when it never speaks by itself.
    confirmed: False when no manual or capture proved the reading; shown on the panel.
    read: dialect-specific instructions for the whole device (poll interval, pointers to time and sequence).
    built_in: the hub's own, not the site's: a rule applies to it only when it names its category.
    """

    id: str
    maker: str
    model: str
    category: str
    dialect: str
    points: tuple[PointSpec, ...]
    source: str
    expect: float
    name: Text
    confirmed: bool = True
    rate: float = (
        10.0  # measured values per second and device that are evaluated; the rest is stored and counted
    )
    read: Any = None
    built_in: bool = False
    outputs: tuple[OutputSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Device:
    """One physical thing with an address.

    watches: what a camera's zones for things left there are for.
    zone: `/`-path of ids ("b3/s1/3f/301"); place: the same in words, down to the spot ("3号楼1单元 3层 301 客厅").
    address: key within the dialect. adopted: it was not in the site file but came over a trusted topic.
    """

    id: str
    profile: DeviceProfile
    name: Text
    zone: str
    spot: Text
    place: Text
    address: str
    adopted: bool = False
    note: str = ""
    ex_proof: bool = False  # explosion-proof: may be switched where gas may be
    watches: Watches = "other"
    flat: str = ""  # path of the flat that its zone is or lies in, "" where it lies in none


@dataclass(slots=True, eq=False)
class Point:
    """One measurable of one device; compared by identity, made once per device and point.

    id: `<device>.<point>`. series: small integer key of the telemetry store, given by it, -1 before.
    """

    id: str
    device: Device
    spec: PointSpec
    series: int = -1

    @property
    def unit(self) -> str:
        """The canonical unit, empty for states and plain numbers."""
        return self.spec.quantity.unit if self.spec.quantity else ""


@dataclass(frozen=True, slots=True)
class Binding:
    """What a bound message is read with: the device, and its points by the field that feeds them."""

    device: Device
    by_field: Mapping[str, tuple[Point, ...]] = field(default_factory=dict)
    link: Point | None = None  # the built-in point `<device>.link`: True while out of contact
