"""What may stand in a file that git tracks."""

from __future__ import annotations

import re
from pathlib import PurePath

import pytest

from tests.contracts.source import own_files, text_of

LONGEST = 600  # lines; a file is reviewed at 400
SOURCE = {".py", ".js", ".css", ".html", ".sh"}

# Written in pieces, so that this file keeps its own rule.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("npmmirror", "com"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
        ("archive", "raspberrypi", "com"),
        ("tuna", "tsinghua", "edu", "cn"),
        ("mirrors", "aliyun", "com"),
        ("unpkg", "com"),
        ("jsdelivr", "net"),
        ("cdnjs", "cloudflare", "com"),
    )
]
INDEX_OPTION = re.compile(r"--(extra-)?index-url[= ]+\S*:|--trusted-host")
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:work|root|opt/wheels|opt/pypi)(?=/|\b)(?![\w-])")
HOME = re.compile(r"(?<![\w.])/(?:home|Users)/\w+")
VENDORED = re.compile(r"(^|/)(node_modules|vendor|third_party)/|\.min\.(js|css)$|\.(whl|jar|so|map)$")

pytestmark = pytest.mark.skipif(
    not own_files(), reason="no git checkout: an unpacked archive has no tracked files"
)


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number} {line.strip()[:120]}"
        for name in own_files()
        for number, line in enumerate(text_of(name).splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_registry_host() -> None:
    assert not lines_with(re.compile("|".join(map(re.escape, REGISTRIES)), re.IGNORECASE))


def test_no_index_option() -> None:
    assert not [line for line in lines_with(INDEX_OPTION) if not line.startswith("tests/contracts/")]


def test_no_path_of_a_machine_or_a_person() -> None:
    assert not lines_with(MACHINE_PATH)
    assert not lines_with(HOME)


def test_no_code_of_others() -> None:
    assert not [name for name in own_files() if VENDORED.search(name)]


def test_no_source_file_is_too_long() -> None:
    counted = {
        name: len(text_of(name).splitlines()) for name in own_files() if PurePath(name).suffix in SOURCE
    }
    assert not {name: lines for name, lines in counted.items() if lines > LONGEST}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("cd " + "/wo" + "rk/main", True),
        ("/ro" + "ot/.npmrc", True),
        ("web/work/orders", False),
        ("https://example.org/workshop", False),
        ("/api/v1/work-orders", False),
    ],
)
def test_the_path_rule_finds_paths_only(line: str, found: bool) -> None:
    assert bool(MACHINE_PATH.search(line)) is found
