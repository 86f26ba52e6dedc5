"""The short form of `python -m tests.faults kills`, and of `memory`: one of the kills is by a memory ceiling."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import ceilings, kills


@pytest.mark.faults
@pytest.mark.slow
def test_what_the_broker_took_is_stored_once_over_kills_and_restarts(tmp_path: Path) -> None:
    squeezes = int(ceilings.why_not() is None)  # on some machines none can be set
    tally = kills.run(tmp_path, kills=3, squeezes=squeezes, restarts=2, rate=100, seed=5)
    assert tally.ok, "\n".join(tally.lines())
    assert (tally.kills, tally.squeezed) == (3, squeezes)
    assert tally.restarts == 2
    assert tally.taken > 100
    assert tally.episodes > 1
