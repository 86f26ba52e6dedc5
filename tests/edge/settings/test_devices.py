from __future__ import annotations

import pytest

from edge.domain.names import Text
from edge.settings import load_site

from .conftest import SCHEMAS, Folder

FILE = "devices/all.toml"


def test_a_device_is_resolved(folder: Folder) -> None:
    folder.change(FILE, 'address = { dialect = "zig"', 'note = "old"\naddress = { dialect = "zig"')
    device = load_site(folder.path, SCHEMAS).devices["sm-301"]
    assert (device.zone, device.spot, device.address, device.note, device.adopted) == (
        "b3/s1/301", Text("客厅", "living room"), "sm-301", "old", False,
    )  # fmt: skip
    assert device.profile.id == "maker-smoke"
    assert load_site(folder.path, SCHEMAS).devices["gs-1"].address == "bus-1/7"


@pytest.mark.parametrize(
    ("old", "new", "at", "key", "code", "suggestion"),
    [
        (
            '"maker-smoke"',
            '"maker-smok"',
            "maker-smok",
            "device[0].profile",
            "unknown_profile",
            "maker-smoke",
        ),
        ('"b3/s1/301"', '"b3/s1/310"', "b3/s1/310", "device[0].zone", "unknown_zone", "b3/s1/301"),
        ('"zig"', '"zgi"', '"zgi"', "device[0].address.dialect", "unknown_dialect", "zig"),
        ('dialect = "zig", ', "", "address", "device[0].address.dialect", "missing_key", None),
        ('dialect = "zig"', "dialect = 1", "address", "device[0].address.dialect", "wrong_type", None),
        ('name = "sm-301"', 'nmae = "sm-301"', "nmae", "device[0].address.nmae", "unknown_key", "name"),
        ('bus = "bus-1"', 'bus = "bus-2"', "bus-2", "device[1].address.bus", "unknown_bus", "bus-1"),
        ("unit = 7", "unit = 0", "unit = 0", "device[1].address.unit", "value", None),
        ("unit = 7", 'unit = "7"', "unit", "device[1].address.unit", "wrong_type", None),
        ('id = "gs-1"', 'id = "GS-1"', "GS-1", "device[1].id", "id", None),
        ('id = "sm-301"', 'id = "hub"', '"hub"', "device[0].id", "reserved", None),
    ],
)
def test_a_faulty_device(
    folder: Folder, old: str, new: str, at: str, key: str, code: str, suggestion: str | None
) -> None:
    folder.change(FILE, old, new)
    found = [(p.file, p.line, p.key, p.code, p.suggestion) for p in folder.problems()]
    assert (FILE, folder.line(FILE, at), key, code, suggestion) in found


def test_an_address_in_another_dialect_than_the_profile(folder: Folder) -> None:
    folder.change(
        FILE, '{ dialect = "zig", name = "sm-301" }', '{ dialect = "bus", bus = "bus-1", unit = 8 }'
    )
    problem = folder.only()
    assert (problem.key, problem.code, problem.suggestion) == ("device[0].address.dialect", "dialect", "zig")


def test_a_dialect_that_no_source_speaks(folder: Folder) -> None:
    folder.change("site.toml", 'dialect = "bus"', 'dialect = "bsu"')
    assert ("device[1].address.bus", "unknown_bus") in [(p.key, p.code) for p in folder.problems()]


def test_a_misspelt_dialect_of_a_source_is_told_once_and_not_by_every_device(folder: Folder) -> None:
    folder.change("site.toml", 'dialect = "zig"', 'dialect = "zgi"')
    problem = folder.only()
    assert (problem.file, problem.code, problem.suggestion) == ("site.toml", "unknown_dialect", "zig")


def test_an_id_twice_names_both_places(folder: Folder) -> None:
    folder.write("devices/zz.toml", SECOND.replace("sm-302", "sm-301", 1))
    problem = folder.only()
    assert (problem.file, problem.line, problem.key, problem.code) == (
        "devices/zz.toml", 2, "device[0].id", "duplicate_id",
    )  # fmt: skip
    assert f"{FILE}:2" in problem.message


def test_an_address_twice_names_both_places(folder: Folder) -> None:
    folder.write("devices/zz.toml", SECOND.replace('name = "sm-302"', 'name = "sm-301"'))
    problem = folder.only()
    assert (problem.file, problem.line, problem.key, problem.code) == (
        "devices/zz.toml", 7, "device[0].address", "duplicate_address",
    )  # fmt: skip
    assert f"{FILE}:7" in problem.message


def test_a_device_cannot_have_the_id_of_a_source(folder: Folder) -> None:
    folder.write("devices/zz.toml", SECOND.replace("sm-302", "bus-1", 1))
    problem = folder.only()
    assert (problem.code, problem.key) == ("duplicate_id", "device[0].id")
    assert f"site.toml:{folder.line('site.toml', 'bus-1')}" in problem.message


def test_one_fault_does_not_hide_another(folder: Folder) -> None:
    folder.change(FILE, 'spot = { zh = "客厅", en = "living room" }\n', "")
    folder.change(FILE, '"maker-smoke"', '"nothing-near"')
    folder.change(FILE, 'zone = "b3/s1/301"', 'zone = "b3/s1/310"')
    folder.change(FILE, 'name = "sm-301" }', 'nmae = "sm-301" }')
    assert {p.code for p in folder.problems()} == {
        "missing_key", "unknown_profile", "unknown_zone", "unknown_key",
    }  # fmt: skip


SECOND = """\
[[device]]
id = "sm-302"
profile = "maker-smoke"
name = { zh = "302烟感", en = "Flat 302 smoke" }
zone = "b3/s1"
spot = { zh = "客厅", en = "living room" }
address = { dialect = "zig", name = "sm-302" }
"""
