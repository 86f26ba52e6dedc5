from __future__ import annotations

import pytest

from edge.domain.device import Signal
from edge.domain.quantity import QUANTITIES
from edge.settings import SettingsError, load_profile, load_site

from .conftest import GAS_PROFILE, SCHEMAS, SMOKE_PROFILE, BusPoint, BusProfile, Folder

SMOKE, GAS = "profiles/maker-smoke.toml", "profiles/maker-gas.toml"


def test_a_profile_is_read_whole(folder: Folder) -> None:
    profile = load_profile("maker-gas", SCHEMAS, folder.path / "profiles")
    assert (profile.id, profile.category, profile.dialect, profile.expect) == (
        "maker-gas",
        "gas-detector",
        "bus",
        60,
    )
    assert (profile.confirmed, profile.rate, profile.read) == (True, 10.0, BusProfile(poll=2.0))
    gas, pressure = profile.points
    assert (gas.quantity, gas.unit, gas.scale, gas.field) == (
        QUANTITIES["combustible_gas"],
        "%LEL",
        0.1,
        "gas",
    )
    assert pressure.read == BusPoint(register=5)


def test_a_point_reads_the_field_it_names_or_its_own_id(folder: Folder) -> None:
    smoke, battery = load_profile("maker-smoke", SCHEMAS, folder.path / "profiles").points
    assert (smoke.field, smoke.signal, battery.field) == ("smoke", Signal.FIRE, "bat")


@pytest.mark.parametrize(
    ("file", "old", "new", "at", "key", "code", "suggestion"),
    [
        (GAS, '"MPa"', '"MPaa"', "MPaa", "point[1].unit", "unit", "MPa"),
        (GAS, '"MPa"', '"°C"', "°C", "point[1].unit", "unit", None),
        (SMOKE, 'signal = "fire"', 'signal = "fire"\nunit = "%"', "unit", "point[0].unit", "unit", None),
        (
            SMOKE,
            'signal = "fire"',
            'signal = "fire"\nquantity = "level"',
            "signal",
            "point[0].signal",
            "point",
            None,
        ),
        (SMOKE, 'field = "bat"', "invert = true", "invert", "point[1].invert", "point", None),
        (SMOKE, 'field = "bat"', 'report = "momentary"', "report", "point[1].report", "point", None),
        (SMOKE, 'field = "bat"', "scale = 0", "scale", "point[1].scale", "value", None),
        (SMOKE, 'field = "bat"', "hold = -1", "hold", "point[1].hold", "value", None),
        (SMOKE, 'id = "battery"', 'id = "link"', '"link"', "point[1].id", "reserved", None),
        (SMOKE, 'id = "battery"', 'id = "smoke"\n', 'id = "smoke"', "point[1].id", "duplicate_id", None),
        (SMOKE, 'dialect = "zig"', 'dialect = "zgi"', "zgi", "dialect", "unknown_dialect", "zig"),
        (SMOKE, "expect = 3600", "expect = 86401", "expect", "expect", "expect", None),
        (SMOKE, "expect = 3600", "expect = 0", "expect", "expect", "expect", None),
        (SMOKE, "expect = 3600\n", "", "maker", "expect", "missing_key", None),
        (
            GAS,
            "read = { register = 4 }",
            "read = { regster = 4 }",
            "regster",
            "point[0].read.regster",
            "unknown_key",
            "register",
        ),
        (GAS, "read = { register = 4 }\n", "", "[[point]]", "point[0].read.register", "missing_key", None),
        (GAS, "poll = 2.0", 'poll = "2"', "poll", "read.poll", "wrong_type", None),
    ],
)
def test_a_faulty_profile(
    folder: Folder, file: str, old: str, new: str, at: str, key: str, code: str, suggestion: str | None
) -> None:
    folder.change(file, old, new)
    line = folder.line(file, at)
    if code == "duplicate_id":
        line = folder.line(file, 'en = "Battery"') - 2
    found = [(p.file, p.line, p.key, p.code, p.suggestion) for p in folder.problems()]
    assert (file, line, key, code, suggestion) in found


def test_a_profile_without_points(folder: Folder) -> None:
    folder.write(SMOKE, SMOKE_PROFILE.partition("[[point]]")[0])
    assert [(p.file, p.key, p.code) for p in folder.problems()] == [(SMOKE, "point", "missing_key")]


def test_a_file_name_that_is_no_id(folder: Folder) -> None:
    folder.write("profiles/Maker Gas.toml", GAS_PROFILE)
    assert (folder.only().file, folder.only().code) == ("profiles/Maker Gas.toml", "id")


def test_an_id_may_repeat_the_file_name_and_nothing_else(folder: Folder) -> None:
    folder.write(SMOKE, 'id = "maker-smoke"\n' + SMOKE_PROFILE)
    assert folder.problems() == []
    folder.write(SMOKE, 'id = "maker-smoke-2"\n' + SMOKE_PROFILE)
    problem = folder.only()
    assert (problem.line, problem.key, problem.code, problem.suggestion) == (1, "id", "id", "maker-smoke")


def test_the_sites_own_profile_comes_before_the_shipped_one(folder: Folder) -> None:
    folder.write("profiles/bench-load.toml", GAS_PROFILE)
    assert load_site(folder.path, SCHEMAS).profiles["bench-load"].dialect == "bus"
    assert load_profile("bench-load", SCHEMAS, folder.path / "profiles").maker == "Maker"


def test_a_profile_nobody_has(folder: Folder) -> None:
    with pytest.raises(SettingsError) as caught:
        load_profile("maker-gass", SCHEMAS, folder.path / "profiles")
    assert [(p.code, p.suggestion) for p in caught.value.problems] == [("unknown_profile", "maker-gas")]


def test_a_faulty_profile_cannot_be_loaded(folder: Folder) -> None:
    folder.change(GAS, '"MPa"', '"°C"')
    with pytest.raises(SettingsError, match="no unit of pressure"):
        load_profile("maker-gas", SCHEMAS, folder.path / "profiles")
