"""Which values are worth a row of telemetry: what moved, and everything now and then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edge.domain.instant import MINUTE
from edge.domain.reading import Value

AT_MOST_EVERY: Final = MINUTE  # between two rows of a number that keeps moving
AT_LEAST_EVERY: Final = 15 * MINUTE  # a trend without gaps, and proof that the value is still looked at


class Sparing:
    """A state or text is written when it changes, a number when it has moved by its step; all every quarter of an hour.

    steps: point -> what a number must move by; one that is not named is written whenever it changes.
    """

    def __init__(self, steps: Mapping[str, float]) -> None:
        self._steps = steps
        self._written: dict[str, tuple[Value, int]] = {}

    def due(self, values: Mapping[str, Value], mono: int) -> dict[str, Value]:
        """Those of `values` to be written at `mono` µs; they count as written."""
        worth = {name: value for name, value in values.items() if self._worth(name, value, mono)}
        self._written.update({name: (value, mono) for name, value in worth.items()})
        return worth

    def _worth(self, name: str, value: Value, mono: int) -> bool:
        known = self._written.get(name)
        if known is None:
            return True
        before, at = known
        if mono - at >= AT_LEAST_EVERY:
            return True
        if isinstance(value, bool | str) or isinstance(before, bool | str):
            return value != before
        return mono - at >= AT_MOST_EVERY and abs(value - before) >= self._steps.get(name, 1e-9)
