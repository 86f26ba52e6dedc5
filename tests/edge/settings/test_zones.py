from __future__ import annotations

from datetime import date

import pytest

from edge.domain.names import Text
from edge.settings import load_site, review_site
from edge.settings.zones import within

from .conftest import SCHEMAS, Folder


def test_a_place_in_words(folder: Folder) -> None:
    site = load_site(folder.path, SCHEMAS)
    assert site.zones["b3/s1/301"].full == Text("3号楼1单元 301", "Building 3 stair 1, flat 301")
    assert site.devices["sm-301"].place == Text(
        "3号楼1单元 301 客厅", "Building 3 stair 1, flat 301, living room"
    )


@pytest.mark.parametrize(
    ("around", "name", "full"),
    [
        (Text("3号楼", "Building 3"), Text("1层", "floor 1"), Text("3号楼 1层", "Building 3, floor 1")),
        (
            Text("3号楼", "Building 3"), Text("3号楼1单元", "Building 3 stair 1"),
            Text("3号楼1单元", "Building 3 stair 1"),
        ),
    ],
)  # fmt: skip
def test_a_name_that_repeats_what_is_around_it_stands_alone(around: Text, name: Text, full: Text) -> None:
    assert within(around, name) == full


def test_zones_may_stand_in_any_order(folder: Folder) -> None:
    first = '[[zone]]\npath = "b3"\nname = { zh = "3号楼", en = "Building 3" }\n'
    folder.change("site.toml", first, "")
    folder.change("site.toml", "[[mqtt]]", first + "\n[[mqtt]]")
    assert load_site(folder.path, SCHEMAS).zones["b3/s1/301"].full.zh == "3号楼1单元 301"


def test_a_zone_without_the_one_around_it(folder: Folder) -> None:
    folder.change("site.toml", 'path = "b3/s1"', 'path = "b3/s2"')
    found = [(p.file, p.line, p.key, p.code, p.suggestion) for p in folder.problems()]
    line = folder.line("site.toml", "b3/s1/301")
    assert ("site.toml", line, "zone[2].path", "unknown_zone", "b3/s2") in found


def test_a_zone_listed_twice(folder: Folder) -> None:
    folder.change("site.toml", 'path = "b3/s1"', 'path = "b3"')
    problem = next(p for p in folder.problems() if p.code == "duplicate_id")
    assert problem.line == folder.line("site.toml", '"3号楼1单元"') - 2
    assert f"site.toml:{folder.line('site.toml', 'path')}" in problem.message


def test_a_zone_that_is_no_path_of_ids(folder: Folder) -> None:
    folder.change("site.toml", 'path = "b3/s1/301"', 'path = "b3//301"')
    assert "id" in [p.code for p in folder.problems()]


def test_what_lies_in_a_flat_belongs_to_it_and_what_is_around_it_does_not(folder: Folder) -> None:
    site = load_site(folder.path, SCHEMAS)
    assert {id: zone.flat for id, zone in site.zones.items()} == {
        "b3": "", "b3/s1": "b3/s1", "b3/s1/301": "b3/s1",
    }  # fmt: skip
    assert {device.flat for device in site.devices.values()} == {"b3/s1"}


def test_gas_in_no_flat_is_said(folder: Folder) -> None:
    folder.change("site.toml", 'kind = "flat"\n', "")
    problems, warnings = review_site(folder.path, SCHEMAS, date(2026, 3, 1))
    assert problems == []
    line = folder.line("site.toml", 'path = "b3/s1"') - 1
    assert [(w.file, w.line, w.key, w.code) for w in warnings] == [("site.toml", line, "zone[1]", "gas_flat")]


def test_what_detects_gas_is_not_adopted_without_a_place(folder: Folder) -> None:
    folder.change(
        "site.toml", 'base = "z"', 'base = "z"\ntopics = [{ pattern = "a", profile = "maker-gas" }]'
    )
    assert [(p.key, p.code) for p in folder.problems()] == [
        ("mqtt[0].listen[0].topics[0].profile", "gas_zone")
    ]
