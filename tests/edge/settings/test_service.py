"""service/*.toml: the times by which the service is measured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge.domain.device import Signal
from edge.domain.rule import Priority
from edge.domain.service import ServiceTarget
from edge.resources import config_root
from edge.settings.problems import Problem, Report
from edge.settings.service import read_service

EXAMPLES = re.findall(
    r"~~~toml\n(.*?)~~~", (config_root() / "README.md").read_text(encoding="utf-8"), re.DOTALL
)
EXAMPLE = next(example for example in EXAMPLES if "[[target]]" in example)


def read(folder: Path, text: str | None = EXAMPLE) -> tuple[tuple[ServiceTarget, ...], list[Problem]]:
    if text is not None:
        (folder / "service").mkdir(exist_ok=True)
        (folder / "service" / "mine.toml").write_text(text, encoding="utf-8")
    report = Report()
    return read_service(report, folder), report.problems()


def test_the_example_is_read_whole(tmp_path: Path) -> None:
    (arrive, ack), problems = read(tmp_path)
    assert not problems
    assert (arrive.measure, arrive.within, arrive.share) == ("arrive", 180.0, 0.9)
    assert (arrive.priorities, ack.signals) == ((Priority.URGENT,), (Signal.FIRE,))


def test_without_a_folder_the_shipped_ones_count(tmp_path: Path) -> None:
    shipped, problems = read(tmp_path, None)
    assert not problems
    assert {target.measure for target in shipped} == {
        "ack",
        "accept",
        "arrive",
        "finish",
        "verify",
        "rectify",
    }


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('measure = "arrive"', 'measure = "arive"', "unknown_value"),
        ("seconds = 180", "seconds = 0", "value"),
        ("percent = 90", "percent = 101", "value"),
        ('id = "ack-fire"', 'id = "arrive-urgent"', "duplicate_id"),
        ('measure = "ack"', 'measure = "finish"', "value"),
        ('source = "practice"', "", "missing_key"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, old: str, new: str, code: str) -> None:
    _, problems = read(tmp_path, EXAMPLE.replace(old, new, 1))
    assert [problem.code for problem in problems] == [code]
    assert problems[0].file == "service/mine.toml"
    assert problems[0].line
