"""Profiles and devices as the site's files would make them."""

from __future__ import annotations

from typing import Any

from drivers.modbus_rtu.config import SCHEMA, DeviceRead, PointRead, UnitAddress
from edge.domain.device import Device, DeviceProfile, PointSpec, Signal
from edge.domain.names import Text
from edge.domain.quantity import QUANTITIES

NAME = Text("测试", "test")


def point(id: str, *, quantity: str | None = None, signal: Signal | None = None, **read: Any) -> PointSpec:
    scale = read.pop("scale", 1.0)
    return PointSpec(
        id,
        NAME,
        quantity=QUANTITIES[quantity] if quantity else None,
        signal=signal,
        scale=scale,
        read=PointRead.model_validate(read),
    )


def profile(*points: PointSpec, id: str = "acme-meter", **read: Any) -> DeviceProfile:
    return DeviceProfile(
        id=id,
        maker="Acme",
        model="meter",
        category="meter",
        dialect="modbus-rtu",
        points=points,
        source="test",
        expect=30,
        name=NAME,
        read=DeviceRead.model_validate(read),
    )


def device(unit: int, of: DeviceProfile, bus: str = "bus-1") -> Device:
    address = SCHEMA.key(UnitAddress(bus=bus, unit=unit))
    return Device(f"dev-{unit}", of, NAME, "b1", NAME, NAME, address)
