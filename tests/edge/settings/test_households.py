"""households.toml: read whole, each mistake named; and only an open live alarm of the flat opens it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edge.domain.device import Signal
from edge.domain.household import EmergencyContact, Household, household_of
from edge.domain.names import Text
from edge.domain.reading import Purpose
from edge.settings.households import read_households
from edge.settings.problems import Problem, Report
from tests.web.fakes import FakeHub

WHOLE = """\
[[household]]
zone = "b3/s1/3f/301"
marks = [{ zh = "独居", en = "lives alone" }]
contacts = [{ name = "赵琳", relation = { zh = "女儿", en = "daughter" }, phone = "19900000031" }]
"""
ZONES = {"b3/s1/3f/301", "b3/s1/4f/402"}


def read(folder: Path, text: str) -> tuple[tuple[Household, ...], list[Problem]]:
    (folder / "households.toml").write_text(text, encoding="utf-8")
    report = Report()
    return read_households(report, folder, ZONES), report.problems()


def test_a_household_as_it_is_written(tmp_path: Path) -> None:
    found, problems = read(tmp_path, WHOLE)
    assert not problems
    contact = EmergencyContact("赵琳", Text("女儿", "daughter"), "19900000031")
    assert found == (Household("b3/s1/3f/301", (Text("独居", "lives alone"),), (contact,)),)


def test_a_site_without_the_file_has_none(tmp_path: Path) -> None:
    assert read_households(Report(), tmp_path, ZONES) == ()


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("b3/s1/3f/301", "b3/s1/3f/302", "unknown_zone"),
        ("19900000031", "daughter", "value"),
        ("marks", "mark", "unknown_key"),
        ("[[household]]", "[[home]]", "unknown_key"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, code: str) -> None:
    assert code in {problem.code for problem in read(tmp_path, WHOLE.replace(old, new))[1]}


def test_a_flat_has_one_household(tmp_path: Path) -> None:
    assert [p.code for p in read(tmp_path, WHOLE + WHOLE)[1]] == ["duplicate_id"]


def test_only_a_live_alarm_of_the_flat_that_is_open_and_vital_opens_it() -> None:
    hub = FakeHub()
    alarm = hub.raise_alarm("sm-301.smoke")
    home = Household("b3/s1/3f/301")
    room = replace(alarm, zone="b3/s1/3f/301/kitchen")
    assert household_of(alarm, [home]) == household_of(room, [home]) == home
    for other in (
        replace(alarm, zone="b3/s1/3f/3011"),
        replace(alarm, zone=""),
        replace(alarm, zone="b3/s1"),
        replace(alarm, signal=Signal.FAULT),
        replace(alarm, purpose=Purpose.DRILL),
        replace(alarm, closed_at=alarm.raised_at + 1),
    ):
        assert household_of(other, [home]) is None
