"""One device as it stands in the world: what its points measure now, by themselves or because a scenario says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge.domain.device import Device
from edge.domain.reading import Value
from edge.tools.simulator.rhythms import BIN_DEPTH, healthy


@dataclass(frozen=True, slots=True)
class Course:
    """A value held, or led along `values` in equal parts of `over` µs from the monotonic time `start`."""

    values: Sequence[Value]
    start: int = 0
    over: int = 0

    def at(self, mono: int) -> Value:
        """The value at a moment; before and after the course its ends."""
        last = len(self.values) - 1
        if not last or mono >= self.start + self.over:
            return self.values[-1]
        way = max(0, mono - self.start) * last / self.over
        index = int(way)
        here, there = self.values[index], self.values[index + 1]
        if isinstance(here, float | int) and isinstance(there, float | int):
            return here + (there - here) * (way - index)
        return here


class Actor:
    """The state of one simulated device. held: point id -> what a scenario makes it measure."""

    def __init__(self, device: Device, seed: int) -> None:
        self.device = device
        self.held: dict[str, Course] = {}
        self._healthy = {spec.id: healthy(device, spec, seed) for spec in device.profile.points}

    def values(self, hour: float, mono: int) -> Mapping[str, Value]:
        """What each point measures, in canonical units; a state is True while abnormal."""
        values: dict[str, Value] = {}
        for id, measure in self._healthy.items():
            course = self.held.get(id)
            values[id] = measure(hour) if course is None else course.at(mono)
        self._waste(values)
        return values

    def _waste(self, values: dict[str, Value]) -> None:
        """A level is made of a distance: the two never contradict each other."""
        by_quantity = {spec.quantity.id: spec.id for spec in self.device.profile.points if spec.quantity}
        level, distance = by_quantity.get("level"), by_quantity.get("distance")
        if level is not None and distance is not None and distance not in self.held:
            values[distance] = BIN_DEPTH * (1 - min(float(values[level]), 100.0) / 100)
