from __future__ import annotations

import pytest

from edge.domain.names import Text
from edge.domain.site import Person, Retention
from edge.settings import SettingsError, load_site

from .conftest import SCHEMAS, Folder


def test_a_site_is_read_whole(folder: Folder) -> None:
    site = load_site(folder.path, SCHEMAS)
    assert (site.id, site.name, site.timezone, site.commit_seconds) == (
        "court", Text("小区", "Court"), "Asia/Shanghai", 5.0,
    )  # fmt: skip
    assert site.unit.manager == Person("乙", Text("主管", "Head"), "19900000002")
    assert site.retention == Retention(raw_days=30)
    assert set(site.devices) == {"sm-301", "gs-1"}
    assert set(site.profiles) == {"maker-smoke", "maker-gas"}
    assert [c.id for c in site.connections] == ["radio", "bus-1"]
    assert [r.id for r in site.rules] == ["smoke", "gas", "pressure"]


def test_problems_are_raised_together(folder: Folder) -> None:
    folder.change("site.toml", "Asia/Shanghai", "Asia/Shanghay")
    folder.change("devices/all.toml", 'zone = "b3/s1"', 'zone = "b3/s9"')
    with pytest.raises(SettingsError) as caught:
        load_site(folder.path, SCHEMAS)
    assert list(caught.value.problems) == folder.problems()
    assert [p.code for p in caught.value.problems] == ["timezone", "unknown_zone"]


def test_an_unknown_time_zone(folder: Folder) -> None:
    folder.change("site.toml", "Asia/Shanghai", "Asia/Shanghia")
    problem = folder.only()
    assert (problem.key, problem.code, problem.suggestion) == ("site.timezone", "timezone", "Asia/Shanghai")
    assert problem.line == folder.line("site.toml", "Shanghia")


@pytest.mark.parametrize("table", ["site", "unit"])
def test_a_missing_table(folder: Folder, table: str) -> None:
    folder.change("site.toml", f"[{table}]\n", f"[{table}x]\n")
    assert (table, "missing_key") in [(p.key, p.code) for p in folder.problems()]


@pytest.mark.parametrize(("key", "days"), [("journal_days", 364), ("minute_days", 30)])
def test_history_is_kept_for_a_year(folder: Folder, key: str, days: int) -> None:
    folder.change("site.toml", "raw_days = 30", f"raw_days = 30\n{key} = {days}")
    problem = folder.only()
    assert (problem.key, problem.code) == (f"retention.{key}", "retention")
    assert problem.line == folder.line("site.toml", key)
    assert "GB/T 45839-2025 5.9.5" in problem.message


def test_a_year_is_enough(folder: Folder) -> None:
    folder.change("site.toml", "raw_days = 30", "raw_days = 30\njournal_days = 365\nminute_days = 365")
    assert folder.problems() == []


def test_responsible_person_and_manager_are_two(folder: Folder) -> None:
    folder.change("site.toml", 'name = "乙"', 'name = "甲"')
    assert (folder.only().key, folder.only().code) == ("unit.manager.name", "value")


def test_a_point_about_life_without_a_rule(folder: Folder) -> None:
    folder.change("rules/all.toml", 'applies = { signal = "fire" }', 'applies = { signal = "sos" }')
    problem = folder.only()
    assert (problem.file, problem.key, problem.code) == ("devices/all.toml", "device[0].id", "no_rule")
    assert "sm-301.smoke" in problem.message


def test_a_site_without_rules_of_its_own_has_the_shipped_ones(folder: Folder) -> None:
    (folder.path / "rules/all.toml").unlink()
    (folder.path / "rules").rmdir()
    assert [r.id for r in load_site(folder.path, SCHEMAS).rules if r.id == "combustible-gas"]
