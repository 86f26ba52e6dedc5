"""传感器佐证: whether a reading shows that the cause is gone, and when so many of them have shown it long enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edge.domain.hazard_parts import Proof
from edge.domain.instant import SECOND
from edge.domain.reading import Arrival, Purpose, Quality, Reading, Reason, Value
from edge.domain.rule import AlarmRule

_NOT_MEASURED: Final = (bool, str, type(None))
_JITTER: Final = 2 * SECOND
"""How much the delay of one device's messages may vary beside a tenth of the time; practice."""


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
    """Whether it counts at all: live, of no drill or test, of good quality (so not from a calibration).

    Of a device whose clock is wrong the time of receipt stands in its place, and its values are as good as ever.
    """
    return (
        reading.arrival is Arrival.LIVE
        and reading.purpose is Purpose.LIVE
        and (reading.quality is Quality.GOOD or reading.reason is Reason.CLOCK)
        and reading.evaluate
    )


@dataclass(slots=True)
class Count:
    """Good readings in a row since the work was done. since: mono µs of the first, last: of the latest.

    pace: (mono µs, lag µs) of the first of those that say to be from before the work was done.
    """

    good: int = 0
    since: int = 0
    since_utc: int = 0
    last: int = 0
    pace: tuple[int, int] | None = None

    def take(self, mono: int, utc: int, lag: int, done: int, longest: int) -> None:
        """One more trusted reading that is normal. lag: µs from its own time until it came; longest: µs, 0 for any.

        After a longer silence it begins anew: nobody knows what was meanwhile. What says to be from before the work was
        done tells of that time where it comes in a burst, as from a link that was cut; where it keeps the pace of the
        hub's clock the device's clock is slow, and it counts.
        """
        if self.good and longest and mono - self.last > longest:
            self.clear()
        if mono - lag < done and not self._keeps_pace(mono, lag):
            self.good, self.pace = 0, (mono, lag)
            return
        if self.good == 0:
            self.since, self.since_utc = mono, utc
        self.good, self.last = self.good + 1, mono

    def clear(self) -> None:
        """Begin anew."""
        self.good, self.pace = 0, None

    def _keeps_pace(self, mono: int, lag: int) -> bool:
        return self.pace is not None and abs(lag - self.pace[1]) <= _JITTER + (mono - self.pace[0]) // 10

    def meets(self, proof: Proof, mono: int) -> bool:
        """Whether it is enough, the last of them being at `mono`."""
        return self.good >= proof.readings and mono - self.since >= round(proof.seconds * SECOND)
