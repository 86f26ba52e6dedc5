"""The short form of `python -m tests.faults states`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import states
from tests.faults.stories import POINTS, fire, order, siren, valve

SHORT_FORM = [
    point
    for point in POINTS
    if (point.story, point.kind, dict(point.where).get("channel", dict(point.where).get("act")))
    in {
        (valve, "command.sent", None),
        (siren, "command.written", "stop"),
        (fire, "notification.sending", "wecom"),
        (fire, "notification.answered", None),
        (order, "order.held", None),
    }
]


@pytest.mark.faults
@pytest.mark.slow
def test_nothing_is_lost_and_nothing_comes_twice_without_saying_so(tmp_path: Path) -> None:
    assert len(SHORT_FORM) == 5
    tally = states.run(tmp_path, SHORT_FORM, times=1, seed=5)
    assert tally.ok, "\n".join([*(f"{name}: {value}" for name, value in tally.rows()), *tally.problems])
    assert tally.kills.total() == len(SHORT_FORM)
