"""The small trend: scaled with its limit, broken where nothing was heard."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from edge.domain.instant import MINUTE, SECOND
from edge.domain.reading import Quality, Value
from edge.facade import Bucket
from web.pages.sparkline import HEIGHT, WIDTH, sparkline

END = 10 * MINUTE


def rows(*values: Value | None, step: int = SECOND) -> list[Bucket]:
    return [Bucket(n * step, value, Quality.GOOD, None, None) for n, value in enumerate(values)]


def test_less_than_two_numbers_are_no_line() -> None:
    assert sparkline([], 0, END, None) is None
    assert sparkline(rows(1.0), 0, END, 5.0) is None
    assert sparkline(rows(True, False, "auto", None), 0, END, None) is None


def test_a_silence_is_a_gap() -> None:
    heard = [*rows(1.0, 2.0, 3.0), Bucket(END - SECOND, 4.0, Quality.GOOD, None, None)]
    drawn = sparkline(heard, 0, END, None)
    assert drawn is not None
    assert drawn.path.count("M") == 2
    assert drawn.path.count("L") == 2


def test_what_is_not_usable_is_a_gap_and_does_not_stretch_the_scale() -> None:
    good = sparkline(rows(90.0, 100.0, 95.0, 92.0, 91.0), 0, END, None)
    heard = rows(90.0, 100.0, 200.0, 92.0, 91.0)
    heard[2] = Bucket(2 * SECOND, 200.0, Quality.BAD, None, None)
    drawn = sparkline(heard, 0, END, None)
    assert good is not None
    assert drawn is not None
    assert (good.left_out, drawn.left_out) == (False, True)
    dots = re.findall(r"([ML])([\d.]+ [\d.]+)", good.path)
    assert re.findall(r"([ML])([\d.]+ [\d.]+)", drawn.path) == [*dots[:2], ("M", dots[3][1]), dots[4]]


@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=50), st.none() | st.floats(-1e9, 1e9))
def test_everything_lies_in_the_box(values: list[float], limit: float | None) -> None:
    drawn = sparkline(rows(*values), 0, END, limit)
    assert drawn is not None
    dots = re.findall(r"[ML]([\d.]+) ([\d.]+)", drawn.path)
    assert len(dots) == len(values)
    assert all(0 <= float(x) <= WIDTH and 0 <= float(y) <= HEIGHT for x, y in dots)
    assert drawn.limit is None or 0 <= drawn.limit <= HEIGHT
