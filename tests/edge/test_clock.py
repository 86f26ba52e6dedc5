"""Which leaps of the civil clock are believed."""

from __future__ import annotations

import pytest

from edge.clock import Calendar
from edge.domain.instant import DAY, HOUR, MINUTE, SECOND, Instant

START = 1_790_000_000 * SECOND
YEARS = 3650 * DAY


def at(hours: int, leap: int = 0, *, trusted: bool = True) -> Instant:
    return Instant(START + hours * HOUR + leap, 5 * SECOND + hours * HOUR, trusted)


def test_a_clock_that_runs_on_is_believed() -> None:
    calendar = Calendar(at(0))
    assert calendar.certain(at(1))
    assert calendar.certain(at(9000, leap=-4 * MINUTE))


@pytest.mark.parametrize("leap", [YEARS, -YEARS, 6 * MINUTE])
def test_a_leap_is_not_believed_until_it_is_taken_back(leap: int) -> None:
    calendar = Calendar(at(0))
    assert not calendar.certain(at(1, leap))
    assert not calendar.certain(at(2, leap))
    assert calendar.certain(at(3))


def test_the_first_setting_of_the_clock_is_the_leap_that_is_right() -> None:
    calendar = Calendar(at(0, -YEARS, trusted=False))
    assert not calendar.certain(at(1, -YEARS, trusted=False))
    assert calendar.certain(at(2))
    assert not calendar.certain(at(3, YEARS))
