"""What can be tried of the installer without root; `python -m tests.faults install` tries the rest."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.faults.installing import exposure

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = ("edge-hub.service", "edge-hub-broker.service")
PLAN = Path(__file__).with_name("dry-run.txt")

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """As much of a Debian as the installer looks at."""
    root = tmp_path / "debian"
    for folder in ("etc", "opt", "lib/systemd", "bin"):
        (root / folder).mkdir(parents=True)
    (root / "etc/os-release").write_text('ID=debian\nVERSION_ID="12"\n')
    (root / "etc/hostname").write_text("edge-1\n")
    (root / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\n")
    (root / "lib/systemd/systemd").touch(mode=0o755)
    return root


def plan(root: Path, *more: str, tools: Path | None = None) -> subprocess.CompletedProcess[str]:
    path = os.environ["PATH"] if tools is None else f"{tools}:{os.environ['PATH']}"
    return subprocess.run(
        ["sh", DEPLOY / "install.sh", "--dry-run", "--root", root, *more],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path},
    )


def tool(folder: Path, name: str, says: str) -> Path:
    """A program that stands before the machine's own."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho {says}\n")
    (folder / name).chmod(0o755)
    return folder


def contents(root: Path) -> dict[str, float]:
    return {str(path): path.stat().st_mtime for path in root.rglob("*")}


def test_a_dry_run_tells_every_step_and_changes_nothing(system: Path) -> None:
    before = contents(system)
    done = plan(system)
    assert done.returncode == 0, done.stderr
    assert done.stdout.replace(platform.machine(), "MACHINE") == PLAN.read_text("utf-8")
    assert contents(system) == before


def test_a_dry_run_of_an_upgrade_tells_how_it_goes_back(system: Path) -> None:
    (system / "opt/edge-hub").mkdir()
    (system / "opt/edge-hub/current").symlink_to("/opt/edge-hub/releases/0.1.0-1234abcd")
    (system / "etc/edge-hub").mkdir()
    (system / "etc/edge-hub/site.toml").touch()
    (system / "etc/default").mkdir()
    (system / "etc/default/edge-hub").write_text('EDGE_HUB_LISTEN=0.0.0.0:9443\nEDGE_HUB_NAMES="wall"\n')
    said = plan(system).stdout
    assert "in use: /opt/edge-hub/releases/0.1.0-1234abcd" in said
    assert "there: kept as it is" in said
    assert "go back to the former version" in said
    assert "https://edge-1.local:9443" in said


def test_32_bit_is_refused_in_plain_words(system: Path, tmp_path: Path) -> None:
    done = plan(system, tools=tool(tmp_path / "tools", "getconf", "32"))
    assert done.returncode == 1
    assert "this system is 32-bit: the hub needs the 64-bit Raspberry Pi OS or Debian" in done.stderr
    done = plan(system, tools=tool(tmp_path / "more", "uname", "armv7l"))
    assert "this machine (armv7l) is 32-bit" in done.stderr


@pytest.mark.parametrize(
    ("release", "why"),
    [
        ('ID=debian\nVERSION_ID="11"\n', "debian 11 is too old"),
        ('ID=fedora\nVERSION_ID="40"\n', "this is fedora 40"),
    ],
)
def test_another_system_is_refused(system: Path, release: str, why: str) -> None:
    (system / "etc/os-release").write_text(release)
    done = plan(system)
    assert done.returncode == 1
    assert why in done.stderr


def test_a_clock_before_the_release_is_refused(system: Path, tmp_path: Path) -> None:
    done = plan(system, tools=tool(tmp_path / "tools", "date", "0"))
    assert "before this release was made" in done.stderr


def test_a_broker_of_somebody_else_is_not_taken_over(system: Path) -> None:
    (system / "etc/mosquitto/conf.d").mkdir(parents=True)
    (system / "etc/mosquitto/conf.d/shop.conf").touch()
    done = plan(system)
    assert done.returncode == 1
    assert "a Mosquitto of its own" in done.stderr


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--sites", "x"], "unknown option --sites"),
        (["--purge"], "--purge belongs"),
        (["--port"], "a value"),
        (["--port", "https"], "--port https: a port is a number"),
        (["--port", "65536"], "up to 65535"),
        (["--port", "0"], "up to 65535"),
        (["--name", "hub.example,IP:1.2.3.4"], "--name hub.example,IP:1.2.3.4: a name"),
        (["--name", "--tls-cert"], "--name --tls-cert: a name"),
        (["--admin", "Wang Fang"], "a sign-in name has lower-case letters"),
    ],
)
def test_misuse_is_told(system: Path, options: list[str], why: str) -> None:
    done = plan(system, *options)
    assert done.returncode == 1
    assert why in done.stderr


def test_the_help_names_every_option() -> None:
    said = subprocess.run(
        ["sh", DEPLOY / "install.sh", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for option in (
        "--dry-run",
        "--offline",
        "--root",
        "--accounts",
        "--certificates",
        "--uninstall",
        "--purge",
    ):
        assert f"  {option}" in said


@needs_systemd
@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_exposes_little(unit: str) -> None:
    assert exposure(DEPLOY / "systemd" / unit) <= 2.5


@needs_systemd
def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    units = []
    for file in (DEPLOY / "systemd").glob("edge-hub*"):
        text = file.read_text("utf-8")
        for program in ("/opt/edge-hub/current/bin/edge-hub", "/usr/sbin/mosquitto"):
            text = text.replace(f"={program} ", "=/bin/true ")  # neither need be installed here
        (tmp_path / file.name).write_text(text)
        units.append(tmp_path / file.name)
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "edge-hub" in line]
    assert not ours


def test_the_last_lines_are_what_can_be_opened_from_elsewhere(system: Path) -> None:
    said = plan(system, "--name", "hub.example", "--port", "9443").stdout
    assert said.splitlines()[-2:] == ["    https://edge-1.local:9443", "    https://hub.example:9443"]
