"""The short form of `python -m tests.faults storm`: as many alarms in a second, for a sixth of the time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import storm


@pytest.mark.faults
@pytest.mark.slow
def test_in_a_storm_the_first_fire_is_told_at_once_and_no_alarm_is_forgotten(tmp_path: Path) -> None:
    outcome = storm.run(tmp_path, alarms=170, seconds=10, seed=7, say=lambda _line: None)
    figures = "\n".join(outcome.lines())
    assert outcome.ok, figures
    assert outcome.folded > 0, figures
