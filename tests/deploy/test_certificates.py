"""A site's certificates, made by openssl as the installer makes them; without root's rights files keep their owner."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from edge.domain.device import Signal
from edge.domain.fact import Numbering
from edge.domain.reading import Purpose
from edge.store.journal import Journal
from tests.edge.store.making import closed, raised

DEPLOY = Path(__file__).parents[2] / "deploy"

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")

SCRIPT = """
set -eu
folder=$1
. "$2/certificates.sh"
ca=$folder/ca scratch=$folder/scratch dry=no host=edge-1
note() { echo "$@"; }
fail() { echo "$@" >&2; exit 1; }
do_() { "$@"; }
chown() { :; }
own_names() { printf '%s\\n' $names; }
names='edge-1 127.0.0.1'
"""


class Site:
    """A folder with an authority and one certificate."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key, self.authority = folder / "ca/ca.key", folder / "ca/ca.crt"
        self.server = folder / "server.crt"
        (folder / "ca").mkdir()

    def do(self, script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", SCRIPT + script, "certificates", self.folder, DEPLOY],
            capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip

    def renew(self, before: str = "") -> str:
        """The installer's words as it looks at the certificate."""
        done = self.do(before + '\nrenew "$folder/server" edge-hub')
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path)
    assert made.do("make_authority").returncode == 0
    return made


def test_an_authority_is_made_once(site: Site) -> None:
    before = site.authority.read_bytes(), site.key.read_bytes()
    assert site.do("make_authority").stdout == ""
    assert (site.authority.read_bytes(), site.key.read_bytes()) == before
    assert site.key.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("task", ["make_authority", "check_authority"])
@pytest.mark.parametrize("harm", ["no key", "no certificate", "empty key", "both garbage", "another key"])
def test_a_damaged_authority_is_never_replaced(site: Site, task: str, harm: str) -> None:
    """Every phone, screen and gateway of the site trusts it."""
    match harm:
        case "no key":
            site.key.unlink()
        case "no certificate":
            site.authority.unlink()
        case "empty key":
            site.key.write_bytes(b"")
        case "both garbage":
            site.key.write_text("?")
            site.authority.write_text("?")
        case _:
            site.do('openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$ca/ca.key"')
    before = {path.name: path.read_bytes() for path in site.key.parent.iterdir()}
    done = site.do(task)
    assert done.returncode == 1
    assert "is damaged or half of it is gone: bring back its sealed copy" in done.stderr
    assert {path.name: path.read_bytes() for path in site.key.parent.iterdir()} == before


def test_an_authority_that_was_cut_off_as_it_was_made_is_finished(site: Site) -> None:
    made = site.authority.read_bytes()
    site.authority.rename(site.authority.with_name("ca.crt.new"))
    assert site.do("make_authority").returncode == 0
    assert site.authority.read_bytes() == made


def test_a_certificate_is_made_once_and_again_for_another_name(site: Site) -> None:
    assert "made: " in site.renew()
    assert site.renew() == ""
    assert "made: " in site.renew("names='edge-1 10.0.0.7'")


needs_faketime = pytest.mark.skipif(shutil.which("faketime") is None, reason="faketime is not installed")
AHEAD = """openssl() { faketime -f +10y openssl "$@"; }
"""


@needs_faketime
def test_under_a_clock_that_nobody_vouches_for_nothing_is_renewed_for_its_age(site: Site) -> None:
    site.renew()
    assert site.renew(f"{AHEAD}by_age=no") == ""
    assert "made: " in site.renew("by_age=no; names='edge-1 10.0.0.7'")


@needs_faketime
def test_what_was_made_ahead_of_time_is_made_again_when_the_clock_is_right(site: Site) -> None:
    site.renew(AHEAD)
    assert "made: " in site.renew()


@pytest.mark.parametrize(
    ("mark", "ntp", "believed"),
    [
        ('{"boot": "b", "utc": %d000000, "mono": 5, "trusted": true, "known": null}', "no", True),
        ('{"boot": "b", "utc": %d000000, "mono": 5, "trusted": false, "known": 1}', "no", False),
        ('{"boot": "b", "utc": 1700000000000000, "mono": 5, "trusted": true, "known": 1}', "no", False),
        ("{}", "no", False),
        ("", "no", False),
        ("", "yes", True),
    ],
)
def test_the_clock_is_believed_when_a_time_server_or_the_hub_does(
    mark: str, ntp: str, believed: bool, tmp_path: Path
) -> None:
    (tmp_path / "clock.json").write_text(mark.replace("%d", str(int(time.time()))))
    said = Site(tmp_path).do(f'timedatectl() {{ echo {ntp}; }}; clock_believed "$folder/clock.json"')
    assert (said.returncode == 0) is believed, said.stderr


@pytest.mark.parametrize(
    ("changes", "found"),
    [({}, True), ({"signal": Signal.FAULT}, False), ({"purpose": Purpose.TEST}, False)],
)
async def test_an_open_alarm_of_danger_is_seen_in_the_journal_beside_the_hub(
    changes: dict[str, Any], found: bool, tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "journal.db")
    state = journal.open()
    numbering = Numbering(state.epoch, state.last)
    entry, fire = raised(numbering, **changes)
    await journal.commit(entry)
    assert vital_open(tmp_path) is found
    await journal.commit(closed(numbering, fire)[0])
    assert not vital_open(tmp_path)
    await journal.close(clean=True)


def test_a_journal_that_cannot_be_read_tells_of_none(tmp_path: Path) -> None:
    assert not vital_open(tmp_path)
    assert not (tmp_path / "journal.db").exists()
    (tmp_path / "journal.db").write_text("?")
    assert not vital_open(tmp_path)


def vital_open(folder: Path) -> bool:
    done = Site(folder).do(f'vital_open "{sys.executable}" "$folder/journal.db"')
    shutil.rmtree(folder / "ca")
    return done.returncode == 0
