from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.polygons import CORNERS, covered, flaw


@pytest.mark.parametrize(
    "polygon",
    [
        [(0, 0), (1, 0), (1, 1)],
        [(0, 0), (1, 0), (1, 1), (0, 1)],
        [(0.1, 0.1), (0.9, 0.1), (0.5, 0.5), (0.9, 0.9), (0.1, 0.9)],  # a notch
        [(0, 0), (0.5, 0), (1, 0), (1, 1)],  # a corner on a straight side
    ],
)
def test_these_are_polygons(polygon: list[tuple[float, float]]) -> None:
    assert flaw(polygon) is None


@pytest.mark.parametrize(
    ("polygon", "why"),
    [
        ([], "has 0 corners"),
        ([(0, 0), (1, 1)], "needs at least 3"),
        ([(0, 0), (1, 0), (1, 1.01)], "outside"),
        ([(0, 0), (1, 0), (math.nan, 1)], "no number"),
        ([(0, 0), (1, 0), (1, math.inf)], "no number"),
        ([(0, 0), (1, 0), (1, 1), (0, 0)], "twice"),
        ([(0, 0), (1, 1), (1, 0), (0, 1)], "crosses itself"),
        ([(0, 0), (1, 0), (0.5, 0), (0.5, 1)], "crosses itself"),  # back along its own side
        ([(0.1, 0.1), (0.2, 0.1), (0.3, 0.1)], "too small"),
        ([(0, 0), (0.001, 0), (0, 0.001)], "too small"),
    ],
)
def test_these_are_none(polygon: list[tuple[float, float]], why: str) -> None:
    assert why in str(flaw(polygon))


def test_it_has_an_end() -> None:
    circle = [(0.5 + 0.4 * math.cos(n / 10), 0.5 + 0.4 * math.sin(n / 10)) for n in range(CORNERS + 1)]
    assert "the most" in str(flaw(circle))
    assert flaw(circle[:60]) is None


@given(st.lists(st.floats(0.01, 1), min_size=3, max_size=20), st.floats(0, 1))
def test_a_star_around_a_point_never_crosses_itself(radii: list[float], turn: float) -> None:
    step = 2 * math.pi / len(radii)
    star = [
        (0.5 + 0.49 * r * math.cos(turn + n * step), 0.5 + 0.49 * r * math.sin(turn + n * step))
        for n, r in enumerate(radii)
    ]
    assert "crosses" not in str(flaw(star))


@pytest.mark.parametrize(
    ("polygons", "part"),
    [
        ([], 0),
        ([[(0, 0), (1, 0), (1, 1), (0, 1)]], 1),
        ([[(0, 0), (1, 0), (0, 1)]], 0.5),
        (
            [[(0, 0), (0.6, 0), (0.6, 1), (0, 1)], [(0.4, 0), (1, 0), (1, 1), (0.4, 1)]],
            1,
        ),  # one over the other
        ([[(0, 0), (0.2, 0), (0.2, 1), (0, 1)], [(0.5, 0), (1, 0), (1, 0.5), (0.5, 0.5)]], 0.45),
        ([[(0, 0), (1, 0), (1, 1), (0.5, 0), (0, 1)]], 0.5),  # the notch is open
    ],
)
def test_how_much_of_the_picture_is_covered(polygons: list[list[tuple[float, float]]], part: float) -> None:
    assert covered(polygons) == pytest.approx(part, abs=0.01)
