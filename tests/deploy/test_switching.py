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
            program.write_text(
                f'#!/bin/sh\necho {name} "$1" >>"{self.called}"\n[ "$2" = --help ] || : >"$2"\n'
            )
            program.chmod(0o755)
            systemd = self.opt / name / "deploy/systemd"
            systemd.mkdir(parents=True)
            (systemd / "edge-hub.service").write_text("run\n" if name == "former" else "run --of-newer\n")
        (systemd / "edge-hub-new.timer").touch()
        (self.units / "edge-hub.service").write_text("run\n")
        (self.opt / "current").symlink_to(self.opt / "former")
        for name in STORES:
            (self.data / name).write_text("before")
        self.defaults = folder / "defaults"
        self.defaults.write_text("EDGE_HUB_LISTEN=0.0.0.0:8443\n")

    @property
    def current(self) -> str:
        return (self.opt / "current").readlink().name

    def stores(self, folder: Path) -> dict[str, str]:
        return {path.name: path.read_text() for path in folder.glob("*.db*")}

    def switch(self, *, arms: str = "former newer", stand_ins: str = "") -> subprocess.CompletedProcess[str]:
        """arms: the releases that become armed. The newer program raises the stores as it starts."""
        return subprocess.run(
            ["sh", "-c", SCRIPT.replace("STAND_INS", stand_ins), "switch", self.folder, DEPLOY, arms],
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip

    def is_as_before(self) -> bool:
        unit = (self.units / "edge-hub.service").read_text()
        return (self.current, unit, self.stores(self.data), self.defaults.read_text()) == (
            "former",
            "run\n",
            dict.fromkeys(STORES, "before"),
            "EDGE_HUB_LISTEN=0.0.0.0:8443\n",
        )

    def runs(self) -> bool:
        """The hub was started after it was stopped."""
        told = [line for line in self.called.read_text().splitlines() if line.endswith(" edge-hub.service")]
        return told[-1] == "systemctl start edge-hub.service"


SCRIPT = """
set -eu
folder=$1 deploy=$2 arms=$3
opt=$folder/opt data=$folder/data kept=$folder/kept site=$folder/site ca=$folder/ca
port=9443 backups=$folder/backups at=
defaults=$folder/defaults
units=$folder/units UNITS='edge-hub.service edge-hub-new.timer' release=$opt/newer dry=no scratch=
step() { echo "$@"; }
note() { echo "$@"; }
fail() { echo "$@" >&2; exit 1; }
put() { cat >"$1"; }
systemd_runs() { true; }
sh() { echo sh "$@" >>"$folder/called"; }
systemctl() {
    echo systemctl "$@" >>"$folder/called"
    case "$* $(basename "$(readlink "$opt/current")")" in
    "start edge-hub.service newer") for file in "$data"/*.db*; do echo raised >"$file"; done ;;
    esac
}
write_defaults() { echo "EDGE_HUB_LISTEN=0.0.0.0:$port" >"$defaults"; }
vital_open() { false; }
make_accounts() { echo accounts >>"$folder/called"; }
install_services() { for unit in $UNITS; do cp "$release/deploy/systemd/$unit" "$units/"; done; }
. "$deploy/switching.sh"
trap leave EXIT
trap 'exit 1' TERM
armed() {
    echo "asked at $port"
    case " $arms " in *" $(basename "$(readlink "$opt/current")") "*) ;; *) return 1 ;; esac
}
STAND_INS
finish_way_back
prepare_switch
write_defaults
make_accounts
install_services
switch
"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_newer_version_that_arms_stays(machine: Machine) -> None:
    done = machine.switch()
    assert done.returncode == 0, done.stderr
    assert machine.current == "newer"
    assert (machine.units / "edge-hub.service").read_text() == "run --of-newer\n"
    assert not list(machine.kept.iterdir())
    assert machine.defaults.read_text() == "EDGE_HUB_LISTEN=0.0.0.0:9443\n"
    assert len(list((machine.folder / "backups").iterdir())) == 1


def test_one_that_does_not_arm_gives_way_to_the_former_its_stores_and_its_services(machine: Machine) -> None:
    done = machine.switch(arms="former")
    assert done.returncode == 1
    assert "the new version did not become armed" in done.stderr
    assert "the former version runs again" in done.stdout
    assert machine.is_as_before()
    assert machine.runs()
    assert not (machine.units / "edge-hub-new.timer").exists()
    assert [line for line in done.stdout.splitlines() if line.startswith("asked")] == [
        "asked at 9443",
        "asked at 8443",
    ]
    assert not (machine.kept / "defaults").exists()
    assert machine.stores(machine.kept / "failed") == dict.fromkeys(STORES, "raised\n")


@pytest.mark.parametrize(
    "fault",
    [
        "make_accounts() { fail 'no accounts were made'; }",
        "make_accounts() { kill -TERM $$; }",
        "install_services() { cp $release/deploy/systemd/* $units/; false; }",
        "df() { printf 'x\\nx x x 1\\n'; }",
    ],
)
def test_whatever_fails_on_the_way_leaves_the_former_running(machine: Machine, fault: str) -> None:
    done = machine.switch(stand_ins=fault)
    assert done.returncode != 0
    assert machine.is_as_before()
    assert machine.runs()


def test_without_a_backup_nothing_is_begun(machine: Machine) -> None:
    (machine.opt / "former/bin/edge-hub").write_text('#!/bin/sh\n[ "$2" = --help ]\n')
    done = machine.switch()
    assert "therefore the former version runs on" in done.stderr
    assert machine.is_as_before()
    assert not machine.called.exists(), "neither stopped nor given other accounts"


FIRE = """
: >"$folder/slept"
vital_open() { echo "looked at $1 $2"; [ "$(wc -l <"$folder/slept")" -lt 3 ]; }
sleep() { echo slept >>"$folder/slept"; cp "$folder/called" "$folder/meanwhile"; }
"""


def test_while_there_is_a_fire_the_former_one_hears_on(machine: Machine) -> None:
    done = machine.switch(stand_ins=FIRE)
    assert done.returncode == 0, done.stderr
    assert (machine.folder / "slept").read_text().split() == ["slept"] * 3
    assert "stop" not in (machine.folder / "meanwhile").read_text(), (
        "it was not touched before the alarm was over"
    )
    assert done.stdout.count("a fire, gas or help alarm is open") == 1
    assert f"looked at {machine.opt}/former/bin/python {machine.data}/journal.db" in done.stdout
    assert machine.current == "newer"


def test_nor_is_the_same_one_started_anew(machine: Machine) -> None:
    """As with another name for the machine."""
    done = machine.switch(stand_ins=FIRE + "release=$opt/former; install_services() { :; }")
    assert done.returncode == 0, done.stderr
    assert "restart" not in (machine.folder / "meanwhile").read_text()
    assert "systemctl restart edge-hub.service" in machine.called.read_text()


def test_one_that_was_stopped_by_hand_is_not_waited_for(machine: Machine) -> None:
    idle = 'vital_open() { true; }; systemctl() { echo systemctl "$@" >>"$folder/called"; [ "$1" != is-active ]; }'
    done = machine.switch(stand_ins=idle)
    assert done.returncode == 0, done.stderr
    assert "is open" not in done.stdout
    assert machine.current == "newer"


@pytest.mark.parametrize("at", ["going-back", "mv", "rm -f", "cp -pP", "rm -rf"])
def test_a_way_back_that_is_cut_off_is_finished_by_the_next_run(machine: Machine, at: str) -> None:
    """Cut off once what was kept has become the only good copy, by the first command of that kind on the way back."""
    cuts = {
        "going-back": "point() { [ ! -e $kept/going-back ] || kill -KILL $$; ln -sfn $1 $opt/current; }",
        "mv": 'mv() { command mv "$@"; [ ! -e $kept/going-back ] || [ "$1" != -n ] || kill -KILL $$; }',
        "rm -f": 'rm() { command rm "$@"; [ ! -e $kept/going-back ] || kill -KILL $$; }',
        "cp -pP": 'cp() { command cp "$@"; [ ! -e $kept/going-back ] || kill -KILL $$; }',
        "rm -rf": 'rm() { [ "$1" = -f ] || ! [ -e $kept/failed ] || kill -KILL $$; command rm "$@"; }',
    }
    assert machine.switch(arms="former", stand_ins=cuts[at]).returncode == -9
    assert machine.stores(machine.kept / "before") == dict.fromkeys(STORES, "before")
    done = machine.switch(stand_ins="make_accounts() { fail 'only as far as this'; }")
    assert "Finishing the way back" in done.stdout
    assert machine.is_as_before()
    assert machine.runs()


def test_a_run_cut_off_after_the_settings_leads_back_to_those_of_before(machine: Machine) -> None:
    assert machine.switch(stand_ins="make_accounts() { kill -KILL $$; }").returncode == -9
    assert "9443" in machine.defaults.read_text()
    assert machine.switch(arms="former").returncode == 1
    assert machine.is_as_before()


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
