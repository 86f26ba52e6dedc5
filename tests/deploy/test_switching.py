"""From one version to the next and back, with programs of the test in place of systemd and of the hub."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
STORES = ("journal.db", "journal.db-wal", "accounts.db", "telemetry.db")


class Machine:
    """What `switch` sees: a release in use, a newer one, the stores, and a systemd that only notes what it is told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.opt, self.data, self.kept = folder / "opt", folder / "data", folder / "kept"
        self.units, self.called = folder / "units", folder / "called"
        for made in (self.data, self.units, folder / "backups"):
            made.mkdir()
        for name in ("former", "newer"):
            (self.opt / name / "bin").mkdir(parents=True)
            program = self.opt / name / "bin/edge-hub"
            program.write_text(f'#!/bin/sh\necho {name} "$1" >>"{self.called}"\n: >"$2"\n')
            program.chmod(0o755)
        (self.opt / "current").symlink_to(self.opt / "former")
        for name in STORES:
            (self.data / name).write_text("before")

    @property
    def current(self) -> str:
        return (self.opt / "current").readlink().name

    def stores(self, folder: Path) -> dict[str, str]:
        return {path.name: path.read_text() for path in folder.glob("*.db*")}

    def switch(self, *, arms: str = "former newer", stand_ins: str = "") -> subprocess.CompletedProcess[str]:
        """arms: the releases that become armed. The newer program raises the stores as it starts."""
        (self.folder / "said").write_text("")
        return subprocess.run(
            ["sh", "-c", SCRIPT.replace("STAND_INS", stand_ins), "switch", self.folder, DEPLOY, arms],
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip


SCRIPT = """
set -eu
folder=$1 deploy=$2 arms=$3
opt=$folder/opt data=$folder/data kept=$folder/kept site=$folder/site ca=$folder/ca port=1 backups=$folder/backups at=
units=$folder/units release=$opt/newer dry=no scratch=
step() { echo "$@"; }
note() { echo "$@"; }
fail() { echo "$@" >&2; exit 1; }
systemd_runs() { true; }
sh() { echo sh "$@" >>"$folder/called"; }
systemctl() {
    echo systemctl "$@" >>"$folder/called"
    case "$1 $(basename "$(readlink "$opt/current")")" in
    start\\ newer) for file in "$data"/*.db*; do echo raised >"$file"; done ;;
    esac
}
. "$deploy/switching.sh"
armed() { case " $arms " in *" $(basename "$(readlink "$opt/current")") "*) ;; *) return 1 ;; esac; }
STAND_INS
switch
"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_newer_version_that_arms_stays(machine: Machine) -> None:
    done = machine.switch()
    assert done.returncode == 0, done.stderr
    assert machine.current == "newer"
    assert not (machine.kept / "before").exists()
    assert len(list((machine.folder / "backups").iterdir())) == 1


def test_one_that_does_not_arm_gives_way_to_the_former_and_its_stores(machine: Machine) -> None:
    done = machine.switch(arms="former")
    assert done.returncode == 1
    assert "the former one runs again" in done.stderr
    assert machine.current == "former"
    assert machine.stores(machine.data) == dict.fromkeys(STORES, "before")
    assert machine.stores(machine.kept / "failed") == dict.fromkeys(STORES, "raised\n")


def test_links_that_the_hubs_user_laid_lead_root_nowhere(machine: Machine, tmp_path: Path) -> None:
    """Names in the hub's own folder are not root's to follow."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "secret").write_text("root's")
    mode = theirs.stat().st_mode
    for name in ("before-upgrade", "before-upgrade.part", "failed-upgrade"):
        (machine.data / name).symlink_to(theirs)
    (machine.data / "journal.db").unlink()
    (machine.data / "journal.db").symlink_to(theirs / "secret")
    machine.switch(arms="former", stand_ins="cat() { :; }; chown() { :; }; systemctl() { :; }")
    assert [path.name for path in theirs.iterdir()] == ["secret"]
    assert theirs.stat().st_mode == mode
    for folder in (machine.data, machine.kept):
        copies = [path for path in folder.rglob("*.db*") if path.is_file() and not path.is_symlink()]
        assert "root's" not in {path.read_text() for path in copies}
    assert machine.kept.stat().st_mode & 0o777 == 0o700
