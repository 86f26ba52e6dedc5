"""hazards.toml, elements.toml and units.toml: read whole, and each mistake named."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.domain.device import Signal
from edge.domain.hazard_rules import HazardPolicy, Unit
from edge.domain.names import Text
from edge.domain.roster import Person, Roster
from edge.domain.site import Zone
from edge.settings.hazards import Context, read_elements, read_hazards, read_units, review_hazards
from edge.settings.problems import Problem, Report

WHOLE = """\
[due]
grading = 24
general = 72
suspected_major = 24
major = 360
reinspection = 48
source = "practice"
[overdue]
days = [0, 1, 3]
[proof]
readings = 5
seconds = 600
[nuisance]
times = 3
days = 30
source = "practice"
skill = "detectors"
[[hazard-rule]]
id = "leak"
on = "alarm"
rules = ["gas"]
signals = ["gas"]
kinds = ["gas-detector"]
category = "gas"
title = { zh = "泄漏", en = "Leak" }
grade = "general"
order = true
skill = "detectors"
unit = "shop"
due = { general = 2 }
proof = { readings = 3, seconds = 60 }
source = "practice"
"""
UNIT = """\
[[unit]]
id = "shop"
name = { zh = "面馆", en = "Restaurant" }
kind = "shop"
contact = { name = "负责人", phone = "19900000071" }
person = "zhou"
zones = ["sh/s1"]
"""
ROSTER = Roster({"zhou": Person("zhou", "周", Text("安防", "Security"), skills=("detectors",))})
CONTEXT = Context(
    {"gas"}, {"gas-detector"}, {"sh/s1": Zone("sh/s1", Text("面馆", "S1"), Text("面馆", "S1"))}, ROSTER
)


def read(folder: Path, text: str) -> tuple[HazardPolicy, list[Problem]]:
    (folder / "hazards.toml").write_text(text, encoding="utf-8")
    report = Report()
    units = (Unit("shop", Text("面馆", "Restaurant"), "shop"),)
    return read_hazards(report, folder, CONTEXT, units), report.problems()


def test_all_of_it(tmp_path: Path) -> None:
    policy, problems = read(tmp_path, WHOLE)
    assert not problems
    (rule,) = policy.rules
    assert (rule.signals, rule.kinds, rule.due, rule.proof) == (
        (Signal.GAS,), ("gas-detector",), {"general": 7200.0}, (3, 60.0),
    )  # fmt: skip
    assert (policy.due["major"], policy.climb, policy.repeat) == (
        360 * 3600,
        (0, 86400, 3 * 86400),
        7 * 86400,
    )
    assert (policy.proof, policy.nuisance.times, policy.nuisance.skill) == ((5, 600.0), 3, "detectors")


@pytest.mark.parametrize(
    ("before", "after", "code", "suggestion"),
    [
        ('rules = ["gas"]', 'rules = ["gaz"]', "unknown_rule", "gas"),
        ('kinds = ["gas-detector"]', 'kinds = ["gas-detectr"]', "unknown_category", "gas-detector"),
        ('unit = "shop"', 'unit = "shp"', "unknown_unit", "shop"),
        ('skill = "detectors"\nunit', 'skill = "detectrs"\nunit', "unknown_skill", "detectors"),
        ('grade = "general"', 'grade = "major"', "unknown_value", None),
        ('grade = "general"\n', "", "value", None),
        ('category = "gas"\n', "", "missing_key", None),
        ('on = "alarm"', 'on = "verdict"', "missing_key", None),
        ("days = [0, 1, 3]", "days = [0, 3, 1]", "steps", None),
        ("[proof]", "[prof]", "unknown_key", "proof"),
        ("general = 72", "general = 0", "value", None),
    ],
)
def test_mistakes(tmp_path: Path, before: str, after: str, code: str, suggestion: str | None) -> None:
    assert before in WHOLE
    _, problems = read(tmp_path, WHOLE.replace(before, after))
    assert (code, suggestion) in {(problem.code, problem.suggestion) for problem in problems}


def test_what_the_sites_own_file_leaves_out_is_as_shipped(tmp_path: Path) -> None:
    policy, problems = read(tmp_path, "[due]\ngeneral = 48\n" + WHOLE[WHOLE.index("[[hazard-rule]]") :])
    shipped = read_hazards(Report(), tmp_path / "none", CONTEXT, ())
    assert not problems
    assert [rule.id for rule in policy.rules] == ["leak"]
    assert policy.due == {**shipped.due, "general": 48 * 3600}
    assert (policy.climb, policy.repeat, policy.proof) == (shipped.climb, shipped.repeat, shipped.proof)
    assert (policy.nuisance.times, policy.nuisance.days) == (shipped.nuisance.times, shipped.nuisance.days)


def test_two_of_one_id(tmp_path: Path) -> None:
    again = WHOLE[WHOLE.index("[[hazard-rule]]") :]
    assert [problem.code for problem in read(tmp_path, WHOLE + again)[1]] == ["duplicate_id"]


def test_what_is_shipped_is_whole(tmp_path: Path) -> None:
    report = Report()
    policy = read_hazards(report, tmp_path, CONTEXT, ())
    elements = read_elements(report, tmp_path)
    assert report.problems() == []
    assert all(rule.source for rule in policy.rules)
    assert {"grading", "general", "suspected_major", "major", "reinspection"} == set(policy.due)
    assert len(elements) > 3
    assert all("paraphrase" in e.source or "read GB 35181-2025" in e.source for e in elements)


class TestUnits:
    def read(self, folder: Path, text: str) -> tuple[tuple[Unit, ...], list[Problem]]:
        (folder / "units.toml").write_text(text, encoding="utf-8")
        report = Report()
        return read_units(report, folder, CONTEXT), report.problems()

    def test_one(self, tmp_path: Path) -> None:
        (unit,), problems = self.read(tmp_path, UNIT)
        assert not problems
        assert (unit.kind, unit.phone, unit.person, unit.answers_for("sh/s1")) == (
            "shop", "19900000071", "zhou", True,
        )  # fmt: skip
        assert not unit.answers_for("sh/s10")

    @pytest.mark.parametrize(
        ("before", "after", "code"),
        [
            ('person = "zhou"', 'person = "zhau"', "unknown_person"),
            ('zones = ["sh/s1"]', 'zones = ["sh/s9"]', "unknown_zone"),
            ('kind = "shop"', 'kind = "store"', "unknown_value"),
        ],
    )
    def test_mistakes(self, tmp_path: Path, before: str, after: str, code: str) -> None:
        assert [problem.code for problem in self.read(tmp_path, UNIT.replace(before, after))[1]] == [code]

    def test_none_without_a_file(self, tmp_path: Path) -> None:
        assert read_units(Report(), tmp_path, CONTEXT) == ()


def test_somebody_must_be_able_to_judge() -> None:
    assert [problem.code for problem in review_hazards(ROSTER)] == ["no_fire_manager"]
    manager = Person("li", "李", Text("管理人", "Manager"), roles=("fire-manager",))
    assert review_hazards(Roster({"li": manager})) == review_hazards(Roster()) == []
