"""`python -m tests.faults clock`, `broker` and `memory`, in short."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import broker, ceilings, clock, memory

quiet = lambda _line: None  # noqa: E731


def figures(outcome) -> str:
    return "\n".join([*(f"{name}: {value}" for name, value in outcome.rows()), *outcome.problems])


@pytest.mark.faults
@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("name", clock.LEAPS)
def test_a_clock_that_leaps_by_ten_years_costs_nothing(tmp_path: Path, name: str) -> None:
    outcome = clock.run(tmp_path, name, quiet)
    assert outcome.ok, figures(outcome)
    assert outcome.arrived == 3


@pytest.mark.faults
@pytest.mark.long
@pytest.mark.slow
def test_what_waits_a_day_for_its_broker_arrives_once(tmp_path: Path) -> None:
    outcome = broker.run(tmp_path, rate=100, hour=0.3, say=quiet)
    assert outcome.ok, figures(outcome)
    assert outcome.queued > 100


@pytest.mark.faults
@pytest.mark.long
@pytest.mark.slow
@pytest.mark.skipif(ceilings.why_not() is not None, reason=str(ceilings.why_not()))
def test_nothing_taken_is_lost_under_a_memory_ceiling(tmp_path: Path) -> None:
    outcome = memory.run(tmp_path, times=1, rate=100, seed=3, say=quiet)
    assert outcome.ok, figures(outcome)
    assert outcome.hub_kills == 1
