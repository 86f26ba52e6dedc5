"""Which requests read a device: its points in as few frames as its profile permits."""

from __future__ import annotations

from collections.abc import Iterable

from drivers.modbus_rtu.config import DeviceRead, PointRead
from drivers.modbus_rtu.frames import BITS, Request
from edge.domain.device import DeviceProfile


def plan(unit: int, reads: Iterable[PointRead], device: DeviceRead) -> tuple[Request, ...]:
    """The requests for all `reads`, by function and register.

    Neighbours share a request as long as no more than `device.gap` unasked registers lie between them and it stays
    within `device.limit` registers (16 times as many bits). A value is never divided: one wider than the limit gets
    a request of its own width.
    """
    requests: list[Request] = []
    for read in sorted(reads, key=lambda r: (r.function, r.first)):
        limit = device.limit * 16 if read.function in BITS else device.limit
        end = read.first + read.count
        if requests:
            last = requests[-1]
            last_end = last.register + last.count
            merged = max(last_end, end) - last.register
            if last.function == read.function and read.first - last_end <= device.gap and merged <= limit:
                requests[-1] = Request(unit, last.function, last.register, merged)
                continue
        requests.append(Request(unit, read.function, read.first, read.count))
    return tuple(requests)


def plan_profile(unit: int, profile: DeviceProfile) -> tuple[Request, ...]:
    """The requests for a unit of this make and model."""
    reads = (spec.read for spec in profile.points if spec.read is not None)
    return plan(unit, reads, profile.read or DeviceRead())
