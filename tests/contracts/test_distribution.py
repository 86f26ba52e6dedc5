"""What is installed, and what is declared."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from typing import Any

import pytest

import edge
from tests.contracts.source import PACKAGES, ROOT

NAMED_BY_THE_USER = {"paho-mqtt", "fastapi", "influxdb-client", "opencv-python", "pyserial", "pytest"}
REQUIREMENTS = {
    "requirements.txt": (),
    "requirements-demo.txt": ("demo",),
    "requirements-test.txt": ("demo", "test"),
}
OTHERS = ("requirements-build.txt", "requirements-node.txt", "requirements-opencv4.txt")


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=~!\[; ]", line, maxsplit=1)[0] for line in requirements}


@pytest.mark.parametrize("name", PACKAGES)
def test_nobody_else_owns_our_import_names(name: str) -> None:
    assert set(metadata.packages_distributions().get(name, ["edge-hub"])) == {"edge-hub"}
    assert (ROOT / name / "py.typed").is_file()


def test_the_installed_hub_is_this_one() -> None:
    assert metadata.version("edge-hub") == edge.__version__
    (command,) = metadata.entry_points(group="console_scripts", name="edge-hub")
    assert command.value == "edge.cli:main"


def test_what_the_user_named_is_declared(project: dict[str, Any]) -> None:
    declared = names(project["dependencies"]) | names(project["optional-dependencies"]["test"])
    assert declared >= NAMED_BY_THE_USER


def test_no_index_may_take_it(project: dict[str, Any]) -> None:
    assert "Private :: Do Not Upload" in project["classifiers"]


@pytest.mark.parametrize(("file", "extras"), REQUIREMENTS.items())
def test_requirements_pin_and_hash_all_that_is_declared(
    file: str, extras: tuple[str, ...], project: dict[str, Any]
) -> None:
    entries = re.sub(r"\\\n\s*", " ", (ROOT / file).read_text("utf-8")).splitlines()
    pinned = {entry.partition("==")[0] for entry in entries}
    declared = names(project["dependencies"])
    for extra in extras:
        declared |= names(project["optional-dependencies"][extra])
    assert declared <= pinned, "run sh deploy/lock.sh"
    assert not [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry]


@pytest.mark.parametrize("file", [*REQUIREMENTS, *OTHERS])
def test_requirements_name_no_address(file: str) -> None:
    assert not re.search(r"://|--(extra-)?index|--find-links|file:", (ROOT / file).read_text("utf-8"))


def test_the_second_opencv_of_the_tests_is_the_one_before_alone_and_hashed() -> None:
    (entry,) = re.sub(r"\\\n\s*", " ", (ROOT / "requirements-opencv4.txt").read_text("utf-8")).splitlines()
    assert re.match(r"opencv-python==4\.\d\d\.\d+\.\d+ +--hash=sha256:", entry)


def test_every_file_agrees_on_every_version() -> None:
    versions: dict[str, set[str]] = {}
    for file in (*REQUIREMENTS, "requirements-build.txt"):
        for line in (ROOT / file).read_text("utf-8").splitlines():
            if pin := re.match(r"([a-z0-9-]+)==(\S+)(?: ; (.*?))? \\$", line):
                versions.setdefault(f"{pin[1]} {pin[3] or ''}", set()).add(pin[2])
    assert len(versions) > 50
    assert not {name: found for name, found in versions.items() if len(found) > 1}


def test_the_asset_lock_names_checksums_and_no_address() -> None:
    lock = (ROOT / "web/assets/package-lock.json").read_text("utf-8")
    assert "://" not in lock
    assert "resolved" not in lock
    assert lock.count('"integrity"') == lock.count('"node_modules/')
