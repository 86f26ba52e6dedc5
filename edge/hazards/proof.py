"""传感器佐证: whether a reading shows that the cause is gone, and when so many of them have shown it long enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edge.domain.hazard import Proof
from edge.domain.instant import SECOND
from edge.domain.reading import Arrival, Purpose, Quality, Reading, Value
from edge.domain.rule import AlarmRule

_NOT_MEASURED: Final = (bool, str, type(None))


def shows_normal(rule: AlarmRule, value: Value | None) -> bool:
    """Whether `rule` would call the value normal, its deadband included; of a silence any word is the end."""
    if rule.condition == "state":
        return value is False
    if rule.condition == "no_data":
        return value is not None
    limit = rule.levels[0].limit
    if isinstance(value, _NOT_MEASURED) or limit is None:
        return False
    if rule.condition == "high":
        return float(value) < limit - rule.deadband
    return float(value) > limit + rule.deadband


def trusted(reading: Reading) -> bool:
    """Whether it counts at all: live, of no drill or test, and of good quality (so not from a calibration)."""
    return (
        reading.arrival is Arrival.LIVE
        and reading.purpose is Purpose.LIVE
        and reading.quality is Quality.GOOD
        and reading.evaluate
    )


@dataclass(slots=True)
class Count:
    """Good readings in a row since the work was done. since: mono µs of the first."""

    good: int = 0
    since: int = 0
    since_utc: int = 0

    def take(self, normal: bool, mono: int, utc: int) -> None:
        """One more trusted reading; one that is not normal begins anew."""
        if not normal:
            self.good = 0
        elif self.good == 0:
            self.good, self.since, self.since_utc = 1, mono, utc
        else:
            self.good += 1

    def meets(self, proof: Proof, mono: int) -> bool:
        """Whether it is enough, the last of them being at `mono`."""
        return self.good >= proof.readings and mono - self.since >= round(proof.seconds * SECOND)
