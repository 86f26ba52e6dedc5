"""kill -9 in the states of a hazard at which something follows for its work order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import states
from tests.faults.hazard_story import HAZARDS

SHORT_FORM = [p for p in HAZARDS if p.kind in {"hazard.assigned", "hazard.sent_back", "hazard.closed"}]


@pytest.mark.faults
@pytest.mark.long
@pytest.mark.slow
def test_no_crew_is_sent_twice_and_no_step_is_lost(tmp_path: Path) -> None:
    tally = states.run(tmp_path, SHORT_FORM, times=1, seed=7)
    assert tally.ok, "\n".join(tally.lines())
    assert tally.kills.total() == len(SHORT_FORM) == 3
