"""`python -m tests.faults cameras`, in short."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import cameras


@pytest.mark.faults
@pytest.mark.slow
def test_each_fault_of_a_stream_is_named_and_over(tmp_path: Path) -> None:
    lines: list[str] = []
    slack = max(1.5, cameras.load())
    tally = cameras.run(
        tmp_path, faults=6, lanes=1, seed=3, names=("kill", "stall", "freeze"), say=lines.append, slack=slack
    )
    assert not tally.problems, (tally.rows(), lines)
    assert len(tally.cases) >= 3
