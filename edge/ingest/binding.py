"""Step 1: from the address in a message to the device of the site it stands for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from edge.domain.device import LINK, Binding, Device, DeviceProfile, Point
from edge.domain.names import Text, is_id

ADOPTED: Final = (
    2000  # devices that may adopt themselves over trusted topics; the nominal site has 500 points
)


class Directory:
    """All devices and points of the site, by id and by address."""

    def __init__(self, devices: Iterable[Device], profiles: Mapping[str, DeviceProfile]) -> None:
        self._profiles = profiles
        self._bindings: dict[tuple[str, str], Binding] = {}
        self.devices: dict[str, Device] = {}
        self.points: dict[str, Point] = {}
        self._adopted = 0
        for device in devices:
            self.add(device)

    def add(self, device: Device) -> Binding:
        """Take a device in: its points come into being here, once."""
        by_field: dict[str, list[Point]] = {}
        for spec in device.profile.points:
            point = Point(f"{device.id}.{spec.id}", device, spec)
            self.points[point.id] = point
            by_field.setdefault(spec.field or spec.id, []).append(point)
        link = Point(f"{device.id}.{LINK.id}", device, LINK)
        self.points[link.id] = link
        for output in device.profile.outputs:
            fault = output.feedback_fault
            self.points[f"{device.id}.{fault.id}"] = Point(f"{device.id}.{fault.id}", device, fault)
        binding = Binding(device, {field: tuple(points) for field, points in by_field.items()}, link)
        self.devices[device.id] = device
        self._bindings[device.profile.dialect, device.address] = binding
        return binding

    def bind(self, dialect: str, address: str) -> Binding | None:
        """The device with that address, None when the site has none."""
        return self._bindings.get((dialect, address))

    def adopt(self, address: str, profile: str) -> tuple[Device, Binding] | str:
        """A new device with the given profile, or in plain words why it cannot be taken in."""
        if not is_id(address):
            return f"{address[:40]!r} is no valid device id"
        if address in self.devices:
            return f"the id {address!r} belongs to a device with another address"
        if self._adopted >= ADOPTED:
            return f"{ADOPTED} devices have adopted themselves already; the site takes no more"
        if profile not in self._profiles:
            return f"no profile {profile!r} on this site"
        device = adopted(address, self._profiles[profile])
        self._adopted += 1
        return device, self.add(device)

    def points_of(self, device: Device) -> list[Point]:
        """The device's points, the built-in ones last."""
        faults = [output.feedback_fault for output in device.profile.outputs]
        return [self.points[f"{device.id}.{spec.id}"] for spec in (*device.profile.points, LINK, *faults)]


def adopted(address: str, profile: DeviceProfile) -> Device:
    """A device that came over a trusted topic: no place is known yet, its id is its name."""
    return Device(
        id=address,
        profile=profile,
        name=Text(address, address),
        zone="",
        spot=Text("", ""),
        place=Text(f"未登记位置 {address}", f"Place not registered, {address}"),
        address=address,
        adopted=True,
    )
