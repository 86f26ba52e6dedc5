"""One device as it stands in the world: what its points measure now, by themselves or because a scenario says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edge.domain.device import Device
from edge.domain.output import ActSpec, OutputSpec
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


@dataclass(frozen=True, slots=True)
class Flaw:
    """How the feedback of a device's outputs fails. late: seconds more than usual."""

    withhold: bool = False
    wrong: bool = False
    late: float = 0.0


SOUND: Final = Flaw()


class Actor:
    """The state of one simulated device. held: point id -> what a scenario makes it measure.

    done: output id -> the act it was told last. flaw: what is wrong with its feedback.
    """

    def __init__(self, device: Device, seed: int) -> None:
        self.device = device
        self.held: dict[str, Course] = {}
        self.done: dict[str, str] = {}
        self.flaw = SOUND
        self._shown = {
            output.feedback: _rest(output) for output in device.profile.outputs if output.feedback is not None
        }
        self._healthy = {spec.id: healthy(device, spec, seed) for spec in device.profile.points}

    def values(self, hour: float, mono: int) -> Mapping[str, Value]:
        """What each point measures, in canonical units; a state is True while abnormal."""
        values: dict[str, Value] = {}
        for id, measure in self._healthy.items():
            course = self.held.get(id)
            shown = self._shown.get(id)
            values[id] = course.at(mono) if course else measure(hour) if shown is None else shown
        self._waste(values)
        return values

    def obey(self, output: OutputSpec, act: ActSpec) -> None:
        """Do it, and let the feedback follow as far as nothing is wrong with it."""
        self.done[output.id] = act.id
        if output.feedback is not None and act.confirm is not None and not self.flaw.withhold:
            self._shown[output.feedback] = _another(output, act) if self.flaw.wrong else act.confirm

    @property
    def confirmed(self) -> bool:
        """Whether one of its outputs was told to do something, and its feedback says so."""
        return any(
            act.id == self.done.get(output.id)
            and output.feedback is not None
            and self._shown[output.feedback] == act.confirm
            for output in self.device.profile.outputs
            for act in output.acts
        )

    def rest(self) -> None:
        """Everything it was told is undone, as if by hand on site."""
        self.done.clear()
        self._shown = {
            output.feedback: _rest(output)
            for output in self.device.profile.outputs
            if output.feedback is not None
        }

    def _waste(self, values: dict[str, Value]) -> None:
        """A level is made of a distance: the two never contradict each other."""
        by_quantity = {spec.quantity.id: spec.id for spec in self.device.profile.points if spec.quantity}
        level, distance = by_quantity.get("level"), by_quantity.get("distance")
        if level is not None and distance is not None and distance not in self.held:
            values[distance] = BIN_DEPTH * (1 - min(float(values[level]), 100.0) / 100)


def _rest(output: OutputSpec) -> Value | None:
    """What the feedback shows of an output that nobody has told anything; None: as a healthy device of its category."""
    for act in output.acts:
        if act.id in {"stop", "off"}:
            return act.confirm
    return False if any(act.confirm is True for act in output.acts) else None


def _another(output: OutputSpec, act: ActSpec) -> Value:
    """A feedback that does not confirm the act."""
    if isinstance(act.confirm, bool):
        return not act.confirm
    others = (other.confirm for other in output.acts if other.confirm != act.confirm)
    return next((other for other in others if other is not None), "jammed")
