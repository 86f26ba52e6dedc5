"""Which devices are out of service just now: kept by the tenant, asked by the engine."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from edge.domain.alarm import Suppression


class Outages:
    """Suppressions by device. `version` grows with every change, and once more when they are taken up at a start."""

    def __init__(self) -> None:
        self._by_device: dict[str, Suppression] = {}
        self.version = 0

    def suppression_of(self, device: str) -> Suppression | None:
        """Why alarms of `device` are kept quiet; None when they are not."""
        return self._by_device.get(device)

    @property
    def devices(self) -> Mapping[str, Suppression]:
        """All of them, a view that follows."""
        return MappingProxyType(self._by_device)

    def put(self, device: str, suppression: Suppression) -> None:
        """The device is out of service."""
        self._by_device[device] = suppression
        self.version += 1

    def take(self, device: str) -> None:
        """It is in service again."""
        self._by_device.pop(device, None)
        self.version += 1

    def taken_up(self) -> None:
        """The start is over: what was kept quiet without a reason that still stands is to sound."""
        self.version += 1
