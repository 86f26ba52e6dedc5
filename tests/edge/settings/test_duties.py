"""duties/*.toml and facilities.toml: recurring duties, checkpoints, routes and the register."""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.names import Text
from edge.domain.obligation import DutyBook
from edge.domain.roster import Person, Post, Roster
from edge.domain.site import Zone
from edge.resources import config_root
from edge.settings import load_site
from edge.settings.duties import Context, Days, read_duties
from edge.settings.problems import Problem, Report
from tests.edge.settings.test_template import shipped_schemas

EXAMPLES = re.findall(
    r"~~~toml\n(.*?)~~~", (config_root() / "README.md").read_text(encoding="utf-8"), re.DOTALL
)
DUTIES = next(example for example in EXAMPLES if "[[duty]]" in example)
FACILITIES = next(example for example in EXAMPLES if "[[facility]]" in example)
PLACE = Text("1号楼 1层", "Building 1 floor 1")
ROSTER = Roster(
    {"he": Person("he", "何军", Text("保安", "Guard"), roles=("guard",))},
    posts={"patrol": Post("patrol", Text("巡逻岗", "Patrol"), {})},
)


def read(folder: Path, duties: str = DUTIES, facilities: str = FACILITIES) -> tuple[DutyBook, list[Problem]]:
    (folder / "duties").mkdir(exist_ok=True)
    (folder / "duties/mine.toml").write_text(duties, encoding="utf-8")
    (folder / "facilities.toml").write_text(facilities, encoding="utf-8")
    report = Report()
    zones = {"b1/1f": Zone("b1/1f", Text("1层", "floor 1"), PLACE)}
    return read_duties(
        report, folder, Context(zones, {"dr-01.open"}, ROSTER, ["p2-smoke"])
    ), report.problems()


def test_the_examples_are_read_whole(tmp_path: Path) -> None:
    book, problems = read(tmp_path)
    assert not problems
    duty = book.duties["fire-patrol"]
    assert (duty.times, duty.window, duty.remind) == ((time(8), time(15), time(22)), 7200.0, 1800.0)
    assert (duty.evidence, duty.route, duty.tasks[0].category) == ("B", "fire", "fire")
    assert duty.recurrence.days(date(2026, 3, 1), date(2026, 3, 2)) == [date(2026, 3, 1), date(2026, 3, 2)]
    assert book.tagged("ha-04") == book.checkpoints["cp-lobby"]
    assert book.facilities["ext-01"].place == Text("1号楼 1层 门厅东", "Building 1 floor 1, lobby east")
    assert book.facilities["ext-01"].serviced == date(2026, 5, 12)


def test_without_a_folder_nothing_comes_due(tmp_path: Path) -> None:
    report = Report()
    assert read_duties(report, tmp_path, Context({}, (), Roster())) == DutyBook()
    assert report.problems() == []


@pytest.mark.parametrize(
    ("before", "after", "code", "suggestion"),
    [
        ("FREQ=DAILY", "FREQ=HOURLY", "recurrence", None),
        ("FREQ=DAILY", "FREQ=DAILY;INTERVAL=0", "recurrence", None),
        ("FREQ=DAILY", "FREQ=DAILY;BYHOUR=9", "recurrence", None),
        ("FREQ=DAILY", "every day", "recurrence", None),
        ("FREQ=DAILY", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "recurrence", None),
        ("FREQ=DAILY", "FREQ=DAILY;UNTIL=20251231", "recurrence", None),
        ("post:patrol", "post:patrl", "unknown_target", "post:patrol"),
        ('route = "fire"', 'route = "fires"', "unknown_route", "fire"),
        ('stops = ["cp-lobby"]', 'stops = ["cp-loby"]', "unknown_checkpoint", "cp-lobby"),
        ('stops = ["cp-lobby"]', 'stops = ["cp-lobby", "cp-lobby"]', "value", None),
        ('zone = "b1/1f"', 'zone = "b1/1g"', "unknown_zone", "b1/1f"),
        ('evidence = "B"', 'evidence = "A"', "missing_key", None),
        ('evidence = "B"', 'evidence = "B"\nproof = { point = "dr-01.opn" }', "unknown_point", "dr-01.open"),
        ('evidence = "B"', 'evidence = "B"\nproof = { op = "above" }', "value", None),
        ('evidence = "B"', 'evidence = "B"\nproof = { fact = "stock.counted", mustered = 1 }', "value", None),
        ('evidence = "B"', 'evidence = "B"\nproof = { fact = "drill.finished", whole = true }', "value", None),
        (
            'evidence = "B"',
            'evidence = "B"\nproof = { fact = "drill.finished", plans = ["p2-smok"] }',
            "unknown_plan",
            "p2-smoke",
        ),
        ("remind_minutes = 30", "remind_minutes = 120", "value", None),
        ('"08:00", "15:00"', '"08:00", "08:00"', "value", None),
        ('"08:00", "15:00"', '"8", "15:00"', "value", None),
        ('id = "fire-patrol"', f'id = "{"x" * 41}"', "id", None),
        ('kind = "fire_patrol"', 'kind = "fire-patrol"', "unknown_value", "fire_patrol"),
        ("window_minutes", "window_minute", "unknown_key", "window_minutes"),
    ],
)  # fmt: skip
def test_mistakes_are_named(
    tmp_path: Path, before: str, after: str, code: str, suggestion: str | None
) -> None:
    assert before in DUTIES
    problems = read(tmp_path, DUTIES.replace(before, after, 1))[1]
    assert [(p.file, p.code) for p in problems] == [("duties/mine.toml", code)]
    assert suggestion is None or problems[0].suggestion == suggestion


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ('kind = "extinguisher-powder"', 'kind = "extinguisher-power"', "unknown_kind"),
        ('zone = "b1/1f"', 'zone = "b9"', "unknown_zone"),
        ("serviced = 2026-05-12", "serviced = 2020-05-12", "value"),
        ("count = 2", "count = 0", "value"),
    ],
)
def test_mistakes_of_the_register_are_named(tmp_path: Path, before: str, after: str, code: str) -> None:
    problems = read(tmp_path, facilities=FACILITIES.replace(before, after, 1))[1]
    assert [(p.file, p.code) for p in problems] == [("facilities.toml", code)]


def test_two_of_a_name_or_code_are_named(tmp_path: Path) -> None:
    twice = DUTIES + DUTIES.replace('"fire-patrol"', '"other"').replace('"cp-lobby"', '"cp-other"')
    problems = read(tmp_path, twice.replace('id = "fire"\nname', 'id = "fire"\nname', 1))[1]
    assert [p.code for p in problems] == ["duplicate_id", "duplicate_id"]  # the code HA-04, the route


def test_the_shipped_duties_are_those_of_a_community() -> None:
    site = load_site(config_root() / "site", shipped_schemas())
    assert sum(f.count for f in site.duties.facilities.values() if f.kind.startswith("extinguisher")) == 38
    assert len(site.duties.stops("night-round")) == 9
    assert len(site.duties.duties["night-round"].times) == 5
    assert site.duties.duties["fire-patrol"].kind != "fire_inspection"
    assert all(duty.source for duty in site.duties.duties.values())


def test_the_common_duties_name_nothing_of_one_site() -> None:
    for path in (config_root() / "duties").glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        assert tomllib.loads(text).keys() == {"duty"}
        assert "zone =" not in text
        assert "route =" not in text


@given(st.text("FREQDAILYWKMONTH=;,0123456789BY+-", max_size=60))
def test_no_rule_raises_anything_but_a_sentence(text: str) -> None:
    with suppress(ValueError):
        assert Days(text, date(2026, 1, 1)).days(date(2026, 1, 1), date(2038, 1, 1))
