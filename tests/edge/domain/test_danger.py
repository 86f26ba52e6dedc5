from __future__ import annotations

from dataclasses import replace

import pytest

from edge.domain.alarm import Verdict
from edge.domain.danger import endangers, near
from edge.domain.device import Signal
from edge.domain.reading import Purpose
from tests.edge.outputs.stage import START, alarm


@pytest.mark.parametrize(
    ("one", "other", "is_near"),
    [
        ("b3/s1/3f/301", "b3/s1/1f", True),
        ("b3/s1/3f/301", "b3/s2", False),
        ("b3", "b3/s1/3f/301", True),  # a fire somewhere in the building, and a job in a flat of it
        ("b3/s1/3f/301", "b3", True),
        ("b3/s1", "b2/s1", False),
        ("", "b3", False),
    ],
)
def test_what_burns_together(one: str, other: str, *, is_near: bool) -> None:
    assert near(one, other) is is_near
    assert near(other, one) is is_near


def test_only_what_may_really_burn_keeps_people_away() -> None:
    fire = alarm("al-1")
    assert endangers(fire, fire.zone)
    for harmless in (
        replace(fire, active=False),
        replace(fire, signal=Signal.FAULT),
        replace(fire, purpose=Purpose.DRILL),
        replace(fire, verdict=Verdict("false", "steam", "li", START)),
    ):
        assert not endangers(harmless, fire.zone)
