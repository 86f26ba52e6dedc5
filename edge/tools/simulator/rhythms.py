"""What a healthy device measures at a time of day: a daily rhythm, an offset of its own, noise. No I/O, no clock."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from edge.domain.device import Device, PointSpec
from edge.domain.reading import Value

Measure = Callable[[float], Value]
"""Hour of the day (0 to 24) -> value in the canonical unit, False for a state."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """In the quantity's canonical unit.

    swing: above the mean at `peak` o'clock, below it twelve hours later. spread: how far devices of the same kind
    differ. noise: standard deviation from reading to reading.
    """

    mean: float
    swing: float = 0.0
    peak: float = 15.0
    spread: float = 0.0
    noise: float = 0.0


EVENING: Final = 20.0  # when most is cooked, lit and charged

RHYTHMS: Final[Mapping[str, Rhythm]] = {
    "distance": Rhythm(900, 100, 6, 50, 3),
    "level": Rhythm(35),  # bins fill: see _Filling
    "depth": Rhythm(1800, 60, 4, 40, 4),
    "temperature": Rhythm(22, 3, 15, 1, 0.1),
    "humidity": Rhythm(55, -8, 15, 4, 0.5),
    "battery": Rhythm(94, spread=5),
    "voltage": Rhythm(3.0, spread=0.05, noise=0.005),
    "current": Rhythm(12, 6, EVENING, 2, 0.3),
    "conductivity": Rhythm(420, 6, 15, 20, 2),
    "tds": Rhythm(210, 3, 15, 10, 1),
    "turbidity": Rhythm(0.3, 0.03, 7, 0.03, 0.01),
    "ph": Rhythm(7.3, 0.05, 15, 0.05, 0.01),
    "free_chlorine": Rhythm(0.32, -0.03, 7, 0.02, 0.005),
    "dissolved_oxygen": Rhythm(7.5, 0.4, 15, 0.3, 0.05),
    "orp": Rhythm(320, 10, 15, 15, 2),
    "pressure": Rhythm(280, -20, EVENING, 10, 1),
    "combustible_gas": Rhythm(0.4, 0.3, 18.5, 0.1, 0.15),
    "co": Rhythm(1.0, 0.8, 18.5, 0.3, 0.3),
    "h2s": Rhythm(0.1, noise=0.05),
    "nh3": Rhythm(0.3, 0.2, 15, 0.1, 0.05),
    "hcho": Rhythm(25, 5, 15, 5, 1),
    "pm": Rhythm(30, 10, 8, 8, 2),
    "noise": Rhythm(52, 7, 14, 2, 1),
    "oil_fume": Rhythm(0.4, 0.3, 18.5, 0.1, 0.05),
    "residual_current": Rhythm(60, 20, EVENING, 15, 2),
    "co2": Rhythm(550, 120, EVENING, 50, 8),
    "illuminance": Rhythm(300, 290, 13, 50, 5),
    "rssi": Rhythm(-78, spread=12, noise=2),
    "snr": Rhythm(7, spread=2, noise=0.5),
    "link_quality": Rhythm(130, spread=60, noise=4),
    "delay": Rhythm(40, spread=10, noise=5),
    "data": Rhythm(900, spread=200, noise=5),
    "share": Rhythm(30, 5, EVENING, 5, 1),
    "remaining": Rhythm(200, spread=50),
}
_OF_CATEGORY: Final[Mapping[tuple[str, str], Rhythm]] = {
    ("electrical-fire-monitor", "temperature"): Rhythm(40, 7, EVENING, 2, 0.2),
    ("bin", "temperature"): Rhythm(24, 5, 15, 1, 0.1),
    ("water-probe", "temperature"): Rhythm(17, 0.5, 17, 0.5, 0.05),
    ("sewage-pit", "depth"): Rhythm(650, 150, EVENING, 40, 15),
    ("fire-tank", "depth"): Rhythm(2400, 0, spread=30, noise=3),
    ("ups", "battery"): Rhythm(100),
}
PLAIN: Final[Mapping[str, Value]] = {"gas-valve": "open", "ups": 470.0}  # of a UPS: minutes left on battery
"""Category -> what a plain point says, that is neither a state nor measured."""

BIN_DEPTH: Final = 1200.0  # mm from the sensor to the bottom
COLLECTED: Final = 7.0  # o'clock; and again twelve hours later


class _Daily:
    """One measured point of one device."""

    def __init__(self, spec: PointSpec, rhythm: Rhythm, chance: random.Random) -> None:
        self._mean = rhythm.mean + rhythm.spread * chance.uniform(-1, 1)
        self._rhythm = rhythm
        self._chance = chance
        self._low, self._high = (spec.quantity.low, spec.quantity.high) if spec.quantity else (0.0, 0.0)

    def __call__(self, hour: float) -> float:
        rhythm = self._rhythm
        daily = rhythm.swing * math.cos((hour - rhythm.peak) / 12 * math.pi)
        noise = max(-2.0, min(2.0, self._chance.gauss())) * rhythm.noise
        return max(self._low, min(self._high, self._mean + daily + noise))


class _Filling:
    """A bin: nearly empty after each collection, then filling until the next."""

    def __init__(self, chance: random.Random) -> None:
        self._full = chance.uniform(50, 70)
        self._chance = chance

    def __call__(self, hour: float) -> float:
        return 3 + (self._full - 3) * ((hour - COLLECTED) % 12 / 12) + self._chance.uniform(0, 0.5)


def healthy(device: Device, spec: PointSpec, seed: int) -> Measure:
    """How the point behaves while nothing happens; the same for the same seed."""
    chance = random.Random(f"{seed}/{device.id}/{spec.id}")
    if spec.signal is not None:
        return lambda _hour: False
    if spec.quantity is None:
        plain = PLAIN.get(device.profile.category, 0.0)
        return lambda _hour: plain
    if spec.quantity.id == "level":
        return _Filling(chance)
    rhythm = _OF_CATEGORY.get((device.profile.category, spec.quantity.id)) or RHYTHMS[spec.quantity.id]
    return _Daily(spec, rhythm, chance)
