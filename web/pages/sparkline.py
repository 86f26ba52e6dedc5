"""A small trend as an SVG path, drawn on the server: it prints, and needs no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from edge.domain.reading import Quality
from edge.facade import Bucket

WIDTH: Final = 300.0
HEIGHT: Final = 90.0
_MARGIN: Final = 6.0
_GAP: Final = 4.0  # times the usual distance of readings: more than this is a gap, not a line


@dataclass(frozen=True, slots=True)
class Sparkline:
    """path: SVG path data in a box of WIDTH x HEIGHT. limit: y of the limit line, None without one.

    left_out: some readings were not usable (quality bad) and are not in the path.
    """

    path: str
    limit: float | None
    left_out: bool


def sparkline(rows: Sequence[Bucket], start: int, end: int, limit: float | None) -> Sparkline | None:
    """The rows' values over start…end (µs), with room for `limit`; None when there are not two usable numbers."""
    dots = [
        (row.t, float(row.v), row.q is not Quality.BAD)
        for row in rows
        if isinstance(row.v, int | float) and not isinstance(row.v, bool)
    ]
    usable = [value for _, value, good in dots if good]
    if len(usable) < 2:
        return None
    values = [*usable, limit] if limit is not None else usable
    low, high = min(values), max(values)
    if low == high:
        low, high = low - 1, high + 1

    def x(t: int) -> float:
        return round((t - start) / (end - start) * WIDTH, 1)

    def y(value: float) -> float:
        return round(HEIGHT - _MARGIN - (value - low) / (high - low) * (HEIGHT - 2 * _MARGIN), 1)

    gap = max(_GAP * median(b[0] - a[0] for a, b in pairwise(dots)), 1)
    parts = []
    drawn_to: int | None = None  # µs of the dot before, when the line may go on from it
    for t, value, good in dots:
        if good:
            parts.append(f"{'M' if drawn_to is None or t - drawn_to > gap else 'L'}{x(t)} {y(value)}")
        drawn_to = t if good else None
    return Sparkline("".join(parts), None if limit is None else y(limit), len(usable) < len(dots))
