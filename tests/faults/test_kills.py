"""The short form of `python -m tests.faults kills`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import kills


@pytest.mark.faults
@pytest.mark.slow
def test_what_the_broker_took_is_stored_once_over_kills_and_restarts(tmp_path: Path) -> None:
    tally = kills.run(tmp_path, kills=4, restarts=2, rate=100, seed=5)
    assert tally.ok, "\n".join([*(f"{name}: {value}" for name, value in tally.rows()), *tally.problems])
    assert tally.kills == 4
    assert tally.restarts == 2
    assert tally.taken > 100
    assert tally.episodes > 1
