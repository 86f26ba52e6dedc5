"""When the machine rests: late, never on one odd value, never while life is at stake."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.instant import MINUTE, SECOND, Instant
from edge.domain.power import PowerPlan, Supply
from edge.power.stopping import AGAIN, HELD, Stopping

PLAN = PowerPlan("up-01", 3.0)
LOW = Supply(lost=True, low=None, minutes=2.5, charge=8.0)


def at(seconds: float) -> Instant:
    return Instant(round(seconds * SECOND), round(seconds * SECOND))


@pytest.mark.parametrize(
    ("supply", "rests"),
    [
        (LOW, True),
        (Supply(True, False, 3.0, 49.0), True),
        (Supply(True, False, 3.0, None), True),
        (Supply(True, False, 0.0, 50.0), False),
        (Supply(True, None, 0.0, 100.0), False),
        (Supply(True, True, 0.0, 100.0), True),
        (Supply(True, False, 3.1, 4.0), False),
        (Supply(True, True, 40.0, 50.0), True),
        (Supply(True, None, None, 5.0), True),
        (Supply(True, False, None, 5.0), False),
        (Supply(True, None, None, None), False),
        (Supply(False, True, 0.0, 0.0), False),
        (Supply(None, True, 0.0, 0.0), False),
        (Supply(), False),
    ],
)
def test_mains_away_and_little_left(supply: Supply, rests: bool) -> None:
    stopping = Stopping(PLAN)
    assert not stopping.due(supply, False, at(0))
    assert stopping.due(supply, False, at(HELD / SECOND)) is rests


def test_minutes_that_ran_down_are_believed_whatever_the_charge() -> None:
    stopping = Stopping(PLAN)
    few = Supply(True, None, 2.0, 80.0)
    assert not stopping.due(Supply(True, None, 9.0, 90.0), False, at(0))
    assert not stopping.due(few, False, at(10))
    assert stopping.due(few, False, at(30))
    assert not stopping.due(Supply(False, None, 9.0, 90.0), False, at(40)), "the next outage begins anew"
    assert not any(stopping.due(few, False, at(second)) for second in range(50, 200, 5))


def test_one_odd_value_stops_nothing() -> None:
    stopping = Stopping(PLAN)
    for second in range(0, 200, 5):
        supply = LOW if second % 15 else Supply(False, False, 470.0, 98.0)
        assert not stopping.due(supply, False, at(second))


def test_it_hears_on_while_life_is_at_stake_and_rests_then() -> None:
    stopping = Stopping(PLAN)
    assert not any(stopping.due(LOW, True, at(second)) for second in range(0, 600, 5))
    assert stopping.due(LOW, False, at(600))


def test_it_is_asked_once_and_again_where_nobody_took_it_up() -> None:
    stopping = Stopping(PLAN)
    asked = [second for second in range(0, 700, 5) if stopping.due(LOW, False, at(second))]
    assert asked == [20, 20 + AGAIN // SECOND, 20 + 2 * AGAIN // SECOND]
    assert not stopping.due(Supply(lost=False), False, at(800))
    assert not stopping.due(LOW, False, at(801))


@given(
    st.builds(
        Supply, st.none() | st.booleans(), st.none() | st.booleans(), st.floats(0, 99), st.floats(0, 100)
    )
)
def test_what_something_else_sees_to_is_left_alone(supply: Supply) -> None:
    stopping = Stopping(PowerPlan("up-01", 0.0))
    stopping.due(supply, False, at(0))
    assert not stopping.due(supply, False, Instant(0, 9 * MINUTE))
