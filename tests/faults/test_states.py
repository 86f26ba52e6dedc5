"""The short form of `python -m tests.faults states`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import states
from tests.faults.casework import POINTS, emergency, walk
from tests.faults.hazard_story import hazard
from tests.faults.stories import fire

SHORT_FORM = [
    point
    for point in POINTS
    if (point.story, point.kind, dict(point.where).get("channel"))
    in {
        (fire, "notification.sending", "wecom"),
        (emergency, "incident.confirmed", None),
        (hazard, "hazard.rectified", None),
        (walk, "round.stop", None),
    }
]


@pytest.mark.faults
@pytest.mark.slow
def test_nothing_is_lost_and_nothing_comes_twice_without_saying_so(tmp_path: Path) -> None:
    assert len(SHORT_FORM) == 4
    tally = states.run(tmp_path, SHORT_FORM, times=1, seed=5)
    assert tally.ok, "\n".join([*(f"{name}: {value}" for name, value in tally.rows()), *tally.problems])
    assert tally.kills.total() == len(SHORT_FORM)
