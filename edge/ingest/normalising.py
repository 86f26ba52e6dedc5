"""Step 2: from a codec's samples to readings in canonical units, with a believable time and an honest quality.

What a value may be: a state is a bool, 0, 1 or one of the documented words; a measured value is a finite number; a
plain point takes numbers, bools and short texts. Anything else becomes no reading but a `Problem`, which the caller
counts. A value outside the quantity's physical range is kept, with quality bad: a broken sensor is worth seeing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edge.domain.device import Binding, Point, PointSpec
from edge.domain.instant import MINUTE
from edge.domain.quantity import Quantity, UnitError
from edge.domain.reading import Arrival, Quality, RawReading, Reading, Reason, Sample, Value

EARLIEST: Final = 1_577_836_800_000_000  # 2020-01-01: a device clock before it has never been set
AHEAD: Final = 5 * MINUTE  # a device clock may run so far ahead of the hub's
UNITS: Final = (
    16  # spellings of units remembered per spec of a point; a sender that invents them cannot grow the hub
)

ABNORMAL_WORDS: Final = frozenset(
    {"true", "on", "yes", "1", "alarm", "active", "abnormal", "triggered", "detected", "open", "fault"}
)
NORMAL_WORDS: Final = frozenset(
    {"false", "off", "no", "0", "normal", "inactive", "ok", "clear", "cleared", "closed", "close"}
)


@dataclass(frozen=True, slots=True)
class Problem:
    """A value that became no reading. reason: a short stable word; why: one sentence for a person."""

    reason: str
    field: str
    why: str


class Normaliser:
    """Makes readings of samples. One instance per loaded site: it keeps a small plan for each spec of a point.

    earliest: µs UTC before which no source time is believed. ahead: µs a source may be ahead of the hub's clock.
    """

    def __init__(self, *, earliest: int = EARLIEST, ahead: int = AHEAD) -> None:
        self._earliest = earliest
        self._ahead = ahead
        self._plans: dict[Point, _State | _Measured | _Plain] = {}
        self._by_spec: dict[int, _State | _Measured | _Plain] = {}  # by id(): the points above hold the specs
        self._problems: list[Problem] = []

    def readings(self, binding: Binding, samples: Sequence[Sample], raw: RawReading) -> list[Reading]:
        """One reading for each sample and each point it feeds; samples that feed none are left out."""
        made: list[Reading] = []
        received = raw.received
        now = received.utc
        latest = now + self._ahead if received.trusted else None
        for sample in samples:
            points = binding.by_field.get(sample.field)
            if points is None:
                continue
            time, quality, reason = sample.time, sample.quality, sample.reason
            if time is None:
                time = now
            elif time < self._earliest or (latest is not None and time > latest):
                time = now
                if quality is Quality.GOOD:
                    quality, reason = Quality.UNCERTAIN, Reason.CLOCK
            arrival = Arrival.HISTORY if sample.history else raw.arrival
            for point in points:
                plan = self._plans.get(point) or self._plan(point)
                try:
                    value = plan.read(sample)
                except _WrongValueError as wrong:
                    self._problems.append(Problem(wrong.reason, sample.field, str(wrong)))
                    continue
                reading = Reading(point, value, time, now, quality, reason, arrival, raw.purpose)
                if quality is not Quality.BAD and not plan.possible(value):
                    reading.quality, reading.reason = Quality.BAD, Reason.OUT_OF_RANGE
                made.append(reading)
        return made

    def problems(self) -> list[Problem]:
        """What became no reading since this was last asked."""
        problems, self._problems = self._problems, []
        return problems

    def _plan(self, point: Point) -> _State | _Measured | _Plain:
        spec = point.spec
        plan: _State | _Measured | _Plain
        if (known := self._by_spec.get(id(spec))) is not None:  # hundreds of devices of one model
            plan = known
        elif spec.signal is not None:
            plan = _State(spec)
        elif spec.quantity is not None:
            plan = _Measured(spec, spec.quantity)
        else:
            plan = _Plain(spec)
        self._plans[point] = self._by_spec[id(spec)] = plan
        return plan


class _WrongValueError(ValueError):
    def __init__(self, reason: str, why: str) -> None:
        super().__init__(why)
        self.reason = reason


class _State:
    """A point that is normal (False) or abnormal (True)."""

    __slots__ = ("_invert",)

    def __init__(self, spec: PointSpec) -> None:
        self._invert = spec.invert

    def read(self, sample: Sample) -> bool:
        value = sample.value
        if isinstance(value, str):
            word = value.strip().lower()
            if word in ABNORMAL_WORDS:
                value = True
            elif word in NORMAL_WORDS:
                value = False
            else:
                why = f"{value[:40]!r} is no word for a state: on, off, alarm, normal, …"
                raise _WrongValueError("unknown_word", why)
        elif value not in {0, 1}:
            raise _WrongValueError("wrong_type", f"{value!r} is no state: a state is true, false, 1 or 0")
        return bool(value) is not self._invert

    def possible(self, value: Value) -> bool:
        return True


class _Measured:
    """A point with a quantity: value * factor + offset is in its canonical unit."""

    __slots__ = ("_conversions", "_high", "_low", "_offset", "_quantity", "_scale", "_unit")

    def __init__(self, spec: PointSpec, quantity: Quantity) -> None:
        self._quantity = quantity
        self._scale, self._offset, self._unit = spec.scale, spec.offset, spec.unit
        self._low, self._high = quantity.low, quantity.high
        self._conversions: dict[str | None, tuple[float, float]] = {}

    def read(self, sample: Sample) -> float:
        value = sample.value
        if isinstance(value, bool | str):
            why = f"{str(value)[:40]!r} is no number, and {self._quantity.id} is measured"
            raise _WrongValueError("wrong_type", why)
        factor, offset = self._conversions.get(sample.unit) or self._conversion(sample.unit)
        try:
            value = float(value)
            if factor != 1.0 or offset != 0.0:
                # 267 * 0.1 is 26.700000000000003; no sensor means digits beyond the ninth.
                value = round(value * factor + offset, 9)
        except OverflowError:  # an integer no float can hold, or infinity rounded
            value = math.inf
        if not math.isfinite(value):
            raise _WrongValueError("not_a_number", f"{self._quantity.id} has no finite value")
        return value

    def possible(self, value: Value) -> bool:
        return isinstance(value, float) and self._low <= value <= self._high

    def _conversion(self, unit: str | None) -> tuple[float, float]:
        """Wire value to canonical unit in one step; what the message says of its unit outranks the profile."""
        try:
            factor, offset = self._quantity.conversion(unit if unit is not None else self._unit)
        except UnitError as error:
            raise _WrongValueError("unit", str(error)) from None
        both = (self._scale * factor, self._offset * factor + offset)
        if len(self._conversions) < UNITS:
            self._conversions[unit] = both
        return both


class _Plain:
    """A number or text that is kept and means no alarm by itself."""

    __slots__ = ("_identity", "_longest", "_offset", "_scale")

    def __init__(self, spec: PointSpec) -> None:
        self._longest = spec.longest
        self._scale, self._offset = spec.scale, spec.offset
        self._identity = spec.scale == 1.0 and spec.offset == 0.0

    def read(self, sample: Sample) -> Value:
        value = sample.value
        if isinstance(value, str):
            if len(value) > self._longest:
                why = f"a text of {len(value)} characters; {self._longest} are kept"
                raise _WrongValueError("too_long", why)
            return value
        if isinstance(value, bool):
            return value
        try:
            value = value if self._identity else round(value * self._scale + self._offset, 9)
            finite = math.isfinite(value)
        except OverflowError:
            finite = False
        if not finite:
            raise _WrongValueError("not_a_number", "the value is not finite")
        return value

    def possible(self, value: Value) -> bool:
        return True
