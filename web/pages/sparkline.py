"""A small trend as an SVG path, drawn on the server: it prints, and needs no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from edge.facade import Bucket

WIDTH: Final = 300.0
HEIGHT: Final = 90.0
_MARGIN: Final = 6.0
_GAP: Final = 4.0  # times the usual distance of readings: more than this is a gap, not a line


@dataclass(frozen=True, slots=True)
class Sparkline:
    """path: SVG path data in a box of WIDTH x HEIGHT. limit: y of the limit line, None without one."""

    path: str
    limit: float | None


def sparkline(rows: Sequence[Bucket], start: int, end: int, limit: float | None) -> Sparkline | None:
    """The rows' values over start…end (µs), with room for `limit`; None when there are not two numbers."""
    dots = [
        (row.t, float(row.v))
        for row in rows
        if isinstance(row.v, int | float) and not isinstance(row.v, bool)
    ]
    if len(dots) < 2:
        return None
    values = [value for _, value in dots] + ([limit] if limit is not None else [])
    low, high = min(values), max(values)
    if low == high:
        low, high = low - 1, high + 1

    def x(t: int) -> float:
        return round((t - start) / (end - start) * WIDTH, 1)

    def y(value: float) -> float:
        return round(HEIGHT - _MARGIN - (value - low) / (high - low) * (HEIGHT - 2 * _MARGIN), 1)

    steps = [b[0] - a[0] for a, b in pairwise(dots)]
    gap = max(_GAP * median(steps), 1)
    parts = [f"M{x(dots[0][0])} {y(dots[0][1])}"]
    for step, (t, value) in zip(steps, dots[1:], strict=True):
        parts.append(f"{'M' if step > gap else 'L'}{x(t)} {y(value)}")
    return Sparkline("".join(parts), None if limit is None else y(limit))
