"""Files that cannot be read, and tables that do not hold what they should."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.chance import examples

from .conftest import FILES, Folder


def test_the_small_site_is_in_order(folder: Folder) -> None:
    assert folder.problems() == []


def test_a_missing_site_file(folder: Folder) -> None:
    (folder.path / "site.toml").unlink()
    problem = folder.only()
    assert (problem.file, problem.line, problem.code) == ("site.toml", 1, "missing_file")


def test_a_folder_that_is_not_there(folder: Folder) -> None:
    assert [p.code for p in Folder(folder.path / "nowhere").problems()] == ["missing_file"]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('id = "sm-301"', 'id = "sm-301', 2),
        ("spot = {", "spot = [", 6),
        ('[[device]]\nid = "gs-1"', '[device]\nid = "gs-1"', 9),
        ("unit = 7 }\n", "unit = 7, ", 15),
        ("unit = 7", "unit = " + "9" * 5000, 1),
    ],
)
def test_no_toml_names_the_line(folder: Folder, old: str, new: str, line: int) -> None:
    folder.change("devices/all.toml", old, new)
    problem = next(p for p in folder.problems() if p.code == "syntax")
    assert (problem.file, problem.line, problem.key, problem.suggestion) == (
        "devices/all.toml",
        line,
        "",
        None,
    )


def test_a_file_nested_beyond_reason(folder: Folder) -> None:
    folder.write("rules/deep.toml", "x = " + "[" * 20000 + "]" * 20000)
    assert (folder.only().file, folder.only().code) == ("rules/deep.toml", "syntax")


def test_a_file_in_another_encoding(folder: Folder) -> None:
    path = folder.path / "rules/all.toml"
    path.write_bytes(path.read_bytes().replace("火警".encode(), "火警".encode("gb18030")))
    problem = next(p for p in folder.problems() if p.code == "not_utf8")
    assert (problem.file, problem.line) == ("rules/all.toml", 11)


def test_a_folder_where_a_file_should_be(folder: Folder) -> None:
    (folder.path / "rules/more.toml").mkdir()
    assert (folder.only().file, folder.only().code) == ("rules/more.toml", "unreadable")


CASES = [
    # file, old, new; what the marked line holds; key, code, suggestion
    (
        "site.toml",
        'timezone = "Asia',
        'timezon = "Asia',
        "timezon",
        "site.timezon",
        "unknown_key",
        "timezone",
    ),
    ("site.toml", "raw_days = 30", "raw_day = 30", "raw_day", "retention.raw_day", "unknown_key", "raw_days"),
    ("site.toml", "[retention]", "[retentoin]", "[retentoin]", "retentoin", "unknown_key", "retention"),
    ("site.toml", "raw_days = 30", 'raw_days = "30"', "raw_days", "retention.raw_days", "wrong_type", None),
    ("site.toml", "raw_days = 30", "raw_days = 0", "raw_days", "retention.raw_days", "value", None),
    ("site.toml", "latitude = 30", "latitude = 91", "latitude", "unit.latitude", "value", None),
    ("site.toml", "latitude = 30", "latitude = nan", "latitude", "unit.latitude", "value", None),
    ("site.toml", 'area = "000000"', 'area = "31"', "area", "unit.area", "value", None),
    ("site.toml", 'id = "court"', 'id = "Court 1"', "Court 1", "site.id", "id", None),
    ("site.toml", 'address = "和安路18号"\n', "", "[unit]", "unit.address", "missing_key", None),
    (
        "site.toml",
        'en = "Manager" }, mobile',
        'en = "Manager" }, mobil',
        "Manager",
        "unit.responsible.mobil",
        "unknown_key",
        "mobile",
    ),
    ("devices/all.toml", "[[device]]", "[[devise]]", "[[devise]]", "devise", "unknown_key", "device"),
    (
        "devices/all.toml",
        'spot = { zh = "厨房", en',
        'spot = { zh = "厨房", eng',
        "厨房",
        "device[1].spot.eng",
        "unknown_key",
        "en",
    ),
    (
        "devices/all.toml",
        'spot = { zh = "厨房", en = "kitchen" }',
        'spot = "厨房"',
        "厨房",
        "device[1].spot",
        "wrong_type",
        None,
    ),
    (
        "devices/all.toml",
        'spot = { zh = "厨房", en = "kitchen" }\n',
        "",
        'id = "gs-1"',
        "device[1].spot",
        "missing_key",
        None,
    ),
    (
        "rules/all.toml",
        'condition = "high"',
        'condition = "hihg"',
        "hihg",
        "rule[1].condition",
        "unknown_value",
        "high",
    ),
    ("rules/all.toml", "latch = true", "latch = 1", "latch", "rule[0].latch", "wrong_type", None),
    ("rules/all.toml", "limit = 20", "limt = 20", "limt", "rule[1].level[1].limt", "unknown_key", "limit"),
    (
        "rules/all.toml",
        'source = "GB/T 45839-2025 5.4.2"\n',
        "",
        "[[rule]]",
        "rule[0].source",
        "missing_key",
        None,
    ),
    (
        "rules/all.toml",
        'source = "practice"',
        'source = " "',
        'source = " "',
        "rule[1].source",
        "value",
        None,
    ),
    (
        "rules/all.toml",
        'applies = { signal = "fire"',
        'applies = { signal = "fier"',
        "fier",
        "rule[0].applies.signal",
        "unknown_value",
        "fire",
    ),
    (
        "rules/all.toml",
        'quantity = "combustible_gas"',
        'quantity = "combustable_gas"',
        "combustable",
        "rule[1].applies.quantity",
        "unknown_quantity",
        "combustible_gas",
    ),
    (
        "profiles/maker-gas.toml",
        'quantity = "pressure"',
        'quantity = "presure"',
        "presure",
        "point[1].quantity",
        "unknown_quantity",
        "pressure",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "at", "key", "code", "suggestion"), CASES)
def test_a_faulty_key_is_named(
    folder: Folder, file: str, old: str, new: str, at: str, key: str, code: str, suggestion: str | None
) -> None:
    folder.change(file, old, new)
    line = folder.line(file, at)
    if code == "missing_key" and key.startswith("device"):
        line -= 1  # the [[device]] above its id
    found = [(p.file, p.line, p.key, p.code, p.suggestion) for p in folder.problems()]
    assert (file, line, key, code, suggestion) in found


def test_one_text_for_both_languages_is_told_in_the_words_of_the_file(folder: Folder) -> None:
    folder.change("devices/all.toml", 'spot = { zh = "厨房", en = "kitchen" }', 'spot = "厨房"')
    assert folder.only().message == 'write both languages, { zh = "…", en = "…" }, got \'厨房\''


def test_a_byte_order_mark_is_no_mistake(folder: Folder) -> None:
    path = folder.path / "devices/all.toml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert folder.problems() == []
    folder.change("devices/all.toml", "unit = 7", "unit = 0")
    problem = folder.only()
    assert (problem.line, problem.code) == (folder.line("devices/all.toml", "unit = 0"), "value")


def test_a_misspelt_key_is_not_missing_as_well(folder: Folder) -> None:
    folder.change("devices/all.toml", 'zone = "b3/s1/301"', 'zoen = "b3/s1/301"')
    problem = folder.only()
    assert (problem.key, problem.suggestion) == ("device[0].zoen", "zone")


def test_an_unknown_key_without_a_near_one_lists_the_known(folder: Folder) -> None:
    folder.change("devices/all.toml", "unit = 7", "unit = 7, whatever = 1")
    problem = folder.only()
    assert problem.suggestion is None
    assert "known here: bus, unit, dialect" in problem.message


def test_everything_at_once(folder: Folder) -> None:
    folder.change("site.toml", 'timezone = "Asia', 'timezon = "Asia')
    folder.change("site.toml", "raw_days = 30", "raw_days = 30\njournal_days = 30")
    folder.change("devices/all.toml", 'profile = "maker-smoke"', 'profile = "maker-smok"\ncolour = "red"')
    folder.change("devices/all.toml", 'zone = "b3/s1"', 'zone = "b3/s9"')
    folder.change("profiles/maker-gas.toml", '"MPa"', '"bar/h"')
    folder.change("rules/all.toml", "limit = 20", "limit = 5")
    folder.write("rules/broken.toml", "[[rule]\n")
    assert [(p.file, p.code) for p in folder.problems()] == [
        ("site.toml", "unknown_key"),
        ("site.toml", "retention"),
        ("devices/all.toml", "unknown_profile"),
        ("devices/all.toml", "unknown_key"),
        ("devices/all.toml", "unknown_zone"),
        ("profiles/maker-gas.toml", "unit"),
        ("rules/all.toml", "levels"),
        ("rules/broken.toml", "syntax"),
    ]


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, bytes]:
    """One file of the site with a few bytes cut, doubled, swapped or replaced."""
    file = draw(st.sampled_from(sorted(FILES)))
    data = FILES[file].encode()
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 40)))
        new = draw(
            st.one_of(
                st.just(b""),
                st.just(data[start:end] * 2),
                st.binary(max_size=4),
                st.sampled_from(
                    [
                        b"=",
                        b"[",
                        b"]]",
                        b"{",
                        b"}",
                        b'"',
                        b"'''",
                        b"\n",
                        b"1e999",
                        b"-1",
                        b"true",
                        b"[]",
                        b"{}",
                        b"[[x]]",
                    ]
                ),
            )
        )
        data = data[:start] + new + data[end:]
    return file, data


@given(mutated())
@examples(60, bears=[HealthCheck.function_scoped_fixture])
def test_no_text_brings_the_check_down(folder: Folder, change: tuple[str, bytes]) -> None:
    for file, text in FILES.items():
        folder.write(file, text)
    file, data = change
    (folder.path / file).write_bytes(data)
    for problem in folder.problems():
        assert problem.line >= 1
        assert problem.code
        assert problem.message


VALUES = [
    "1",
    "1.5",
    '"x"',
    "true",
    "[]",
    "{}",
    "[1]",
    "{ a = 1 }",
    '[{ id = "x" }]',
    "1979-05-27",
    "nan",
    "-1",
]


@given(st.data())
@examples(60, bears=[HealthCheck.function_scoped_fixture])
def test_no_value_of_another_type_brings_the_check_down(folder: Folder, data: st.DataObject) -> None:
    for file, text in FILES.items():
        folder.write(file, text)
    file = data.draw(st.sampled_from(sorted(FILES)))
    lines = FILES[file].splitlines()
    number = data.draw(st.sampled_from([n for n, line in enumerate(lines) if " = " in line]))
    key = lines[number].partition(" = ")[0]
    lines[number] = f"{key} = {data.draw(st.sampled_from(VALUES))}"
    folder.write(file, "\n".join(lines))
    for problem in folder.problems():
        assert problem.file in FILES
        assert problem.message
