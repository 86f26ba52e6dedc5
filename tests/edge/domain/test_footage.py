"""Cases of cameras are the same after a journal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.camera import CameraZone
from edge.domain.conclusion import CASES
from edge.domain.footage import (
    CameraSetting,
    Finding,
    Judgement,
    Shot,
    StillSet,
    Viewing,
    zone_from_dict,
    zone_to_dict,
)
from edge.domain.names import Text

TEXT = st.builds(Text, st.text(max_size=9), st.text(max_size=9))
SHARE = st.floats(0, 1)
TIME = st.integers(0, 1 << 60)
WORD = st.text(max_size=9)
MAYBE_TIME = st.none() | TIME
POLYGON = st.lists(st.tuples(SHARE, SHARE), min_size=3, max_size=6).map(tuple)
ZONE = st.builds(CameraZone, WORD, TEXT, POLYGON, st.lists(WORD, max_size=3).map(tuple), st.floats(1, 86400))
FINDING = st.builds(
    Finding, WORD, TIME, WORD, WORD, WORD, WORD, WORD, SHARE, TIME, TIME,
    st.none() | st.tuples(SHARE, SHARE, SHARE, SHARE), st.dictionaries(WORD, SHARE, max_size=3),
    st.sampled_from((None, True, False)), closed_at=MAYBE_TIME, ended=MAYBE_TIME, aged=st.booleans(),
    alarm=st.none() | WORD, hazard=st.none() | WORD,
    verdict=st.none() | st.builds(Judgement, st.sampled_from(("real", "false")), WORD, TIME),
)  # fmt: skip
SHOT = st.builds(
    Shot, WORD, st.sampled_from(("before", "at", "after", "clip")), TIME, MAYBE_TIME, MAYBE_TIME, WORD,
    st.integers(0, 9999), st.integers(0, 9999), st.integers(0, 1 << 30), st.none() | TEXT,
)  # fmt: skip
STILLS = st.builds(
    StillSet, WORD, TIME, WORD, st.lists(SHOT, max_size=4).map(tuple), MAYBE_TIME, st.none() | WORD,
    st.none() | WORD, st.none() | WORD, WORD, MAYBE_TIME,
)  # fmt: skip
SETTING = st.builds(
    CameraSetting, WORD, TIME, st.integers(1, 99), WORD, st.lists(ZONE, max_size=3).map(tuple),
    st.lists(POLYGON, max_size=3).map(tuple),
)  # fmt: skip
VIEWING = st.builds(
    Viewing, WORD, TIME, WORD, st.sampled_from(("asked", "granted", "refused", "viewed", "lapsed")),
    st.none() | WORD, st.none() | WORD, st.lists(WORD, max_size=3).map(tuple), WORD, WORD, MAYBE_TIME, MAYBE_TIME,
    closed_at=MAYBE_TIME,
)  # fmt: skip


@given(st.one_of(FINDING, STILLS, SETTING, VIEWING))
def test_what_a_journal_holds_is_the_case(case: Any) -> None:
    row = json.loads(json.dumps(case.to_dict(), allow_nan=False))
    assert type(case).from_dict(row) == case
    assert type(case).from_dict({**row, "of_a_later_version": 1}) == case
    assert {"id", "open", "opened_at"} <= row.keys()


@given(ZONE)
def test_zones_too(zone: CameraZone) -> None:
    assert zone_from_dict(json.loads(json.dumps(zone_to_dict(zone)))) == zone


@pytest.mark.parametrize("subject", ["finding", "stills", "camera", "viewing"])
def test_they_are_cases_of_the_journal(subject: str) -> None:
    assert subject in CASES
