"""`python -m tests.faults clock`, `broker` and `memory`: in short with the hub in this process, else as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import broker, ceilings, clock, memory
from tests.faults.moved_rig import Inside, MakeRig, apart
from tests.faults.verdict import Verdict

quiet = lambda _line: None  # noqa: E731
SHORT = ("ten years back at boot", "ten years ahead at noon")
LONG = [pytest.param(name, apart, marks=[pytest.mark.long, pytest.mark.slow]) for name in clock.LEAPS]


def figures(outcome: Verdict) -> str:
    return "\n".join(outcome.lines())


@pytest.mark.faults
@pytest.mark.parametrize(("name", "make"), [*((name, Inside) for name in SHORT), *LONG])
def test_a_clock_that_leaps_by_ten_years_costs_nothing(tmp_path: Path, name: str, make: MakeRig) -> None:
    outcome = clock.run(tmp_path, name, quiet, make)
    assert outcome.ok, figures(outcome)
    assert (outcome.arrived, outcome.cleared, outcome.lost, outcome.deleted) == (3, 0, 0, 0)
    assert outcome.stored == 3 * clock.NUMBERS


@pytest.mark.faults
@pytest.mark.parametrize(
    ("make", "hour"),
    [(Inside, 0.05), pytest.param(apart, 0.3, marks=[pytest.mark.long, pytest.mark.slow])],
)
def test_what_waits_a_day_for_its_broker_arrives_once(tmp_path: Path, make: MakeRig, hour: float) -> None:
    outcome = broker.run(tmp_path, rate=100, hour=hour, say=quiet, make=make)
    assert outcome.ok, figures(outcome)
    assert outcome.queued > 50
    assert (outcome.stored, outcome.lost, outcome.fires) == (outcome.published, 0, 1)


@pytest.mark.faults
@pytest.mark.long
@pytest.mark.slow
@pytest.mark.skipif(ceilings.why_not() is not None, reason=str(ceilings.why_not()))
def test_a_camera_under_a_memory_ceiling_shows_pictures_again() -> None:
    pytest.importorskip("cv2")
    outcome = memory.camera(1, quiet)
    assert outcome.ok, figures(outcome)
    assert outcome.kills == 1
