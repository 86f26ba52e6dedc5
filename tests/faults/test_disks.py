"""`python -m tests.faults disks`, scenario by scenario."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import disks
from tests.faults.tmpfs import why_not


@pytest.mark.faults
@pytest.mark.slow
@pytest.mark.parametrize("scenario", disks.SHORT, ids=lambda scenario: scenario.__name__)
def test_the_hub_goes_on_hearing_and_heals_without_a_restart(
    scenario: disks.Scenario, tmp_path: Path
) -> None:
    if (reason := why_not()) is not None:
        pytest.skip(reason)
    outcome = disks.run(scenario, tmp_path / "site")
    assert outcome.ok, "\n".join(outcome.lines())
