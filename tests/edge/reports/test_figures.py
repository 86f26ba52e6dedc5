"""Figures add up, whatever they are made of."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.reports.figures import kept, rank

SPANS = st.lists(st.floats(0, 1e6), max_size=50)


@given(SPANS, st.floats(0.1, 1e5), SPANS)
def test_met_and_missed_are_all_that_counts(
    seconds: list[float], within: float, waiting: list[float]
) -> None:
    got = kept(seconds, within, waiting)
    assert got.met + got.missed == got.count == len(seconds) + sum(span > within for span in waiting)
    assert got.met == sum(span <= within for span in seconds)
    assert (
        got.share is None
        if got.count == 0
        else 0 <= got.share * got.count - got.met < 1e-6 or got.share == got.met / got.count
    )
    if got.median is not None and got.p90 is not None:
        assert got.median <= got.p90


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.floats(0.01, 1))
def test_a_percentile_is_one_of_the_sample_and_covers_its_part(values: list[float], part: float) -> None:
    values.sort()
    found = rank(values, part)
    assert found in values
    assert sum(value <= found for value in values) >= part * len(values) - 1e-9


def test_nothing_has_no_median() -> None:
    assert kept([], 30).median is None
    assert kept([], 30, [10]).count == 0  # not through yet, and not late yet
    assert kept([], 30, [40]).missed == 1
