"""The latest value of every point, in memory: what the wall, the device pages and the value stream show."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from edge.domain.device import Point
from edge.domain.reading import Arrival, Quality, Reading, Reason
from edge.facade import PointState


class LatestValues:
    """One `Reading` per point; a version number tells a follower what changed since it last looked."""

    def __init__(self) -> None:
        self._readings: OrderedDict[Point, tuple[int, Reading]] = (
            OrderedDict()
        )  # least recently changed first
        self._version = 0

    def restore(self, readings: Iterable[Reading]) -> None:
        """What was known before the start; it counts as not heard live since."""
        self.update(replace(reading, arrival=Arrival.RETAINED) for reading in readings)

    def update(self, readings: Iterable[Reading]) -> None:
        """Take in new readings. A record of the past or a broker's copy never hides something newer."""
        table = self._readings
        version = self._version
        for reading in readings:
            if reading.arrival is not Arrival.LIVE:
                known = table.get(reading.point)
                if known is not None and known[1].time >= reading.time:
                    continue
            version += 1
            table[reading.point] = (version, reading)
            table.move_to_end(reading.point)
        self._version = version

    def state(self, point: Point, *, overdue: bool) -> PointState:
        """The point's latest value; `overdue`: its device is out of contact, so a good value counts as stale."""
        known = self._readings.get(point)
        if known is None:
            return PointState(
                point, None, None, None, Quality.UNCERTAIN, Reason.STALE, retained=False, version=0
            )
        version, reading = known
        quality, reason = reading.quality, reading.reason
        if overdue and quality is Quality.GOOD:
            quality, reason = Quality.UNCERTAIN, Reason.STALE
        return PointState(
            point,
            reading.value,
            reading.time,
            reading.received,
            quality,
            reason,
            retained=reading.arrival is not Arrival.LIVE,
            version=version,
        )

    def changed(self, since: int) -> tuple[int, Sequence[Point]]:
        """(newest version, points changed after version `since`), newest first."""
        points: list[Point] = []
        for point, (version, _) in reversed(self._readings.items()):
            if version <= since:
                break
            points.append(point)
        return self._version, points
