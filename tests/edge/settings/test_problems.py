from __future__ import annotations

import pytest

from edge.settings.problems import Problem, SettingsError, dotted, nearest


def test_a_problem_reads_as_one_line() -> None:
    problem = Problem("devices/all.toml", 4, "device[0].zoen", "unknown_key", "unknown key", "zone")
    assert str(problem) == "devices/all.toml:4: device[0].zoen: unknown key (did you mean 'zone'?)"
    assert str(Problem("site.toml", 1, "", "missing_file", "there is no such file")) == (
        "site.toml:1: there is no such file"
    )
    assert problem.to_dict() == {
        "file": "devices/all.toml",
        "line": 4,
        "key": "device[0].zoen",
        "code": "unknown_key",
        "message": "unknown key",
        "suggestion": "zone",
    }


def test_the_error_says_all_of_them() -> None:
    problems = [Problem("a", 1, "x", "value", "first"), Problem("b", 2, "y", "value", "second")]
    assert str(SettingsError(problems)) == "a:1: x: first\nb:2: y: second"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("site",), "site"),
        (("device", 0, "address", "name"), "device[0].address.name"),
        (("a", 1, 2), "a[1][2]"),
    ],
)
def test_a_path_as_a_person_reads_it(path: tuple[str | int, ...], text: str) -> None:
    assert dotted(path) == text


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("zoen", "zone"),
        ("Zone", "zone"),
        ("sm-3O1", "sm-301"),
        ("acknowledge", "ack"),
        ("entirely", None),
        (7, None),
        ("", None),
    ],
)
def test_the_nearest_right_word(word: object, meant: str | None) -> None:
    assert nearest(word, ["zone", "name", "sm-301", "ack"]) == meant
