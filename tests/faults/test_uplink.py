"""`python -m tests.faults uplink`, in short."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.edge.store.influx.servers import PROGRAM, WHY_NOT
from tests.faults import uplink


@pytest.mark.faults
@pytest.mark.slow
@pytest.mark.skipif(PROGRAM is None, reason=WHY_NOT)
def test_every_row_arrives_once_through_kills_pauses_and_restarts(tmp_path: Path) -> None:
    lines: list[str] = []
    tally = uplink.run(tmp_path, readings=30_000, rate=3000, rounds=1, grace=5, seed=3, say=lines.append)
    assert tally.ok, (tally.rows(), lines)
    assert tally.outages
