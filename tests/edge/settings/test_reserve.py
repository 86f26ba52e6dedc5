"""reserve.toml: read whole, each mistake named."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.domain.plan import Material
from edge.domain.reserve import Batch, Reserve
from edge.resources import config_root
from edge.settings.problems import Problem, Report
from edge.settings.reserve import read_reserve, review_reserve
from tests.edge.emergency.scene import plan

WHOLE = """\
[[store]]
id = "station"
name = { zh = "站", en = "station" }
zone = "b1/1f"

[[item]]
id = "mask"
name = { zh = "呼吸器", en = "mask" }
store = "station"
unit = { zh = "具", en = "pcs" }
minimum = 20

[[item.batch]]
id = "old"
quantity = 4
expires = "2026-02"
calibrated_until = 2026-12-01
"""


def read(folder: Path, text: str) -> tuple[Reserve, list[Problem]]:
    (folder / "reserve.toml").write_text(text, encoding="utf-8")
    report = Report()
    return read_reserve(report, folder, {"b1/1f", "ug"}), report.problems()


def test_as_it_is_written(tmp_path: Path) -> None:
    reserve, problems = read(tmp_path, WHOLE)
    assert not problems
    assert reserve.items[0].batches == (Batch("old", 4, "2026-02-28", "2026-12-01"),)
    assert read_reserve(Report(), tmp_path / "nowhere", ()) == Reserve()


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("b1/1f", "b9", "unknown_zone"),
        ('store = "station"', 'store = "statoin"', "unknown_store"),
        ('"2026-02"', '"soon"', "value"),
        ("quantity = 4", "quantity = -4", "value"),
        ("minimum", "minimun", "unknown_key"),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, old: str, new: str, code: str) -> None:
    _, problems = read(tmp_path, WHOLE.replace(old, new, 1))
    assert code in {problem.code for problem in problems}
    assert all(problem.file == "reserve.toml" and problem.line for problem in problems)


def test_ids_twice(tmp_path: Path) -> None:
    _, problems = read(tmp_path, WHOLE + WHOLE)
    assert [problem.code for problem in problems] == ["duplicate_id", "duplicate_id"]


def test_a_plan_that_needs_what_is_not_there_is_named(tmp_path: Path) -> None:
    reserve, _ = read(tmp_path, WHOLE)
    plans = [plan("p", materials=(Material("mask", 1), Material("masks", 1)))]
    (tmp_path / "plans").mkdir()
    text = 'id = "p"\n\n[[material]]\nstock = "mask"\n\n[[material]]\nstock = "masks"\n'
    (tmp_path / "plans" / "mine.toml").write_text(text, encoding="utf-8")
    (problem,) = review_reserve(tmp_path, reserve, plans)
    assert (problem.file, problem.line, problem.code, problem.suggestion) == (
        "plans/mine.toml", 7, "unknown_stock", "mask",
    )  # fmt: skip
    assert review_reserve(tmp_path, Reserve(), plans) == []


def test_the_demo_site_has_what_its_plans_need() -> None:
    report = Report()
    reserve = read_reserve(report, config_root() / "site", {"b1/1f", "ug"})
    assert report.problems() == []
    assert len(reserve.items) == 15
