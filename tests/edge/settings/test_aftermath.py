"""One slip is one problem: what a faulty table means to define is not unknown elsewhere, all else still is."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.dialects import schemas
from edge.settings import check_site, install_template
from edge.settings.problems import Problem


@pytest.fixture
def site(tmp_path: Path) -> Path:
    install_template(tmp_path)
    return tmp_path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def problems(site: Path) -> list[Problem]:
    return check_site(site, schemas())


def test_a_wrong_type_of_one_person_is_one_problem(site: Path) -> None:
    change(site / "people.toml", 'id = "zhou-min"\n', 'id = "zhou-min"\nlanguage = 5\n')
    assert [(p.file, p.code) for p in problems(site)] == [("people.toml", "unknown_value")]


def test_a_file_that_is_no_toml_is_one_problem(site: Path) -> None:
    (site / "people.toml").write_text("[[person]\n", encoding="utf-8")
    assert [(p.file, p.code) for p in problems(site)] == [("people.toml", "syntax")]


def test_what_stands_nowhere_is_still_unknown(site: Path) -> None:
    change(site / "people.toml", 'id = "zhou-min"\n', 'id = "zhou-min"\nlanguage = 5\n')
    change(site / "channels.toml", 'modem = "modem-1"', 'modem = "modem-9"')
    change(site / "devices/building-3.toml", 'zone = "b3/s1/3f/301"', 'zone = "b3/s1/3f/310"')
    assert {(p.file, p.code) for p in problems(site)} == {
        ("people.toml", "unknown_value"),
        ("channels.toml", "unknown_bus"),
        ("devices/building-3.toml", "unknown_zone"),
    }


def test_a_faulty_device_brings_no_unknown_output(site: Path) -> None:
    change(site / "devices/outdoors.toml", 'id = "sr-eb"\n', 'id = "sr-eb"\nnote = 5\n')
    assert [(p.file, p.code) for p in problems(site)] == [("devices/outdoors.toml", "wrong_type")]
