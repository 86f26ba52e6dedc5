"""The short form of `python -m tests.faults states`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import states
from tests.faults.casework import POINTS, emergency, walk
from tests.faults.hazard_story import hazard
from tests.faults.stories import Story, fire

SHORT_FORM = {(fire, "notification.sending", "wecom"), (hazard, "hazard.rectified", None)}
MORE = {(emergency, "incident.confirmed", None), (walk, "round.stop", None)}


@pytest.mark.faults
@pytest.mark.slow
@pytest.mark.parametrize(
    "chosen", [SHORT_FORM, pytest.param(MORE, marks=pytest.mark.long)], ids=["short", "more"]
)
def test_nothing_is_lost_and_nothing_comes_twice_without_saying_so(
    tmp_path: Path, chosen: set[tuple[Story, str, str | None]]
) -> None:
    hit = [p for p in POINTS if (p.story, p.kind, dict(p.where).get("channel")) in chosen]
    assert len(hit) == len(chosen)
    tally = states.run(tmp_path, hit, times=1, seed=5)
    assert tally.ok, "\n".join(tally.lines())
    assert tally.kills.total() == len(hit)
