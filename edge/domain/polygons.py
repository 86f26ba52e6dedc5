"""Shapes in a picture: whether a polygon is one. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

CORNERS: Final = 64
"""At most; practice: a drawn zone has about six."""
_LEAST: Final = 1e-4  # of the picture: an area of 5 x 5 pixels in 640 x 360 and no less
_ROWS: Final = 100

Corner = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with one. said: in one sentence.

    code: corners, not_number, outside, same_corner, crossed or too_small.
    """

    code: str
    said: str

    def __str__(self) -> str:
        return self.said


def flaw(polygon: Sequence[Corner]) -> Flaw | None:
    """Why `polygon` cannot be a zone or a mask; None when it can.

    Corners (x, y) relative to the picture: (0, 0) is its upper left corner, (1, 1) its lower right one.
    """
    if len(polygon) < 3:
        return Flaw("corners", f"has {len(polygon)} corners and needs at least 3")
    if len(polygon) > CORNERS:
        return Flaw("corners", f"has {len(polygon)} corners; {CORNERS} are the most")
    if not all(math.isfinite(each) for corner in polygon for each in corner):
        return Flaw("not_number", "has a corner that is no number")
    for x, y in polygon:
        if not (0 <= x <= 1 and 0 <= y <= 1):
            said = f"has a corner outside the picture, ({x:g}, {y:g}): x and y go from 0 (left, top) to 1"
            return Flaw("outside", said)
    if len(set(polygon)) < len(polygon):
        return Flaw("same_corner", "has the same corner twice")
    sides = list(zip(polygon, [*polygon[1:], polygon[0]], strict=True))
    for (n, one), (m, other) in combinations(enumerate(sides), 2):
        neighbours = m - n == 1 or (n == 0 and m == len(sides) - 1)
        if not neighbours and _cross(*one, *other):
            said = f"crosses itself: the side from {_said(one[0])} and the side from {_said(other[0])} meet"
            return Flaw("crossed", said)
    area = abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in sides)) / 2
    return Flaw("too_small", "is too small to see anything in") if area < _LEAST else None


def covered(polygons: Sequence[Sequence[Corner]]) -> float:
    """Which part of the picture lies under at least one of `polygons`, 0 to 1, to about one in a hundred."""
    return sum(_along((row + 0.5) / _ROWS, polygons) for row in range(_ROWS)) / _ROWS


def _along(y: float, polygons: Sequence[Sequence[Corner]]) -> float:
    """How much of the line across the picture at `y` is covered."""
    spans: list[tuple[float, float]] = []
    for polygon in polygons:
        sides = zip(polygon, [*polygon[1:], polygon[0]], strict=True)
        met = sorted(
            a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]) for a, b in sides if (a[1] > y) != (b[1] > y)
        )
        spans += zip(met[::2], met[1::2], strict=True)
    length = reached = 0.0
    for start, end in sorted(spans):
        length += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return length


def _cross(a: Corner, b: Corner, c: Corner, d: Corner) -> bool:
    """Whether the stretches ab and cd have a point in common."""
    turns = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if turns[0] != turns[1] and turns[2] != turns[3]:
        return True
    on = ((a, b, c, turns[0]), (a, b, d, turns[1]), (c, d, a, turns[2]), (c, d, b, turns[3]))
    return any(turn == 0 and _between(start, end, point) for start, end, point, turn in on)


def _turn(a: Corner, b: Corner, c: Corner) -> int:
    side = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return 0 if math.isclose(side, 0, abs_tol=1e-12) else int(math.copysign(1, side))


def _between(a: Corner, b: Corner, point: Corner) -> bool:
    """Whether a point on the line of ab lies in its stretch."""
    return min(a[0], b[0]) <= point[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= point[1] <= max(a[1], b[1])


def _said(corner: Corner) -> str:
    return f"({corner[0]:g}, {corner[1]:g})"
