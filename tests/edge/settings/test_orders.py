"""orders.toml: by which rules work orders open themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.domain.device import Signal
from edge.domain.names import Text
from edge.domain.order import OrderRule
from edge.domain.rule import Priority
from edge.settings.orders import read_order_rules
from edge.settings.problems import Problem, Report

WHOLE = """\
[[order-rule]]
id = "hose"
on = "raised"
rules = ["gas"]
signals = ["gas"]
categories = ["gas-detector"]
skill = "gas"
title = { zh = "检修胶管", en = "Check the hose" }
task = { zh = "试漏", en = "Test for leaks" }
due_hours = 8
priority = "high"
needs_photos = true
source = "practice"
"""


def read(folder: Path, text: str) -> tuple[tuple[OrderRule, ...], list[Problem]]:
    (folder / "orders.toml").write_text(text, encoding="utf-8")
    report = Report()
    rules = read_order_rules(report, folder, {"gas", "battery-low"}, {"gas-detector"}, {"gas", "electric"})
    return rules, report.problems()


def test_a_rule_is_read_whole(tmp_path: Path) -> None:
    rules, problems = read(tmp_path, WHOLE)
    assert not problems
    assert rules == (
        OrderRule(
            "hose", "raised", "gas", Text("检修胶管", "Check the hose"), "practice", Text("试漏", "Test for leaks"),
            ("gas",), (Signal.GAS,), ("gas-detector",), 28800.0, Priority.HIGH, True,
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "line", "code", "suggestion"),
    [
        ('rules = ["gas"]', 'rules = ["battery-lov"]', 4, "unknown_rule", "battery-low"),
        ('categories = ["gas-detector"]', 'categories = ["gas-detectr"]', 6, "unknown_category", "gas-detector"),
        ('on = "raised"', 'on = "verdict"', 3, None, None),
        ('skill = "gas"', 'skill = "gaz"', 7, "unknown_skill", "gas"),
        ('skill = "gas"', 'skill = "wizardry"', 7, "unknown_skill", None),
        ("due_hours = 8", "due_hours = 0", 10, None, None),
        ("due_hours", "due_hour", 10, "unknown_key", "due_hours"),
        ('source = "practice"\n', "", 1, "missing_key", None),
    ],
)  # fmt: skip
def test_a_mistake_is_named_where_it_is(
    tmp_path: Path, before: str, after: str, line: int, code: str | None, suggestion: str | None
) -> None:
    _, problems = read(tmp_path, WHOLE.replace(before, after))
    assert [(p.file, p.line) for p in problems] == [("orders.toml", line)]
    assert code in {None, problems[0].code}
    assert suggestion in {None, problems[0].suggestion}


def test_two_rules_of_one_id(tmp_path: Path) -> None:
    assert [p.code for p in read(tmp_path, WHOLE + WHOLE)[1]] == ["duplicate_id"]


def test_what_is_shipped_stands_in_and_fits_any_site(tmp_path: Path) -> None:
    report = Report()
    rules = read_order_rules(report, tmp_path, (), ())
    assert not report.problems()
    assert {rule.on for rule in rules} == {"raised", "fault"}
    assert all(rule.source and rule.title.zh and rule.title.en for rule in rules)
