"""A backup is whole or not there, and nothing of the hub waits for it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
from contextlib import closing
from pathlib import Path

import pytest

from edge import cli
from edge.backup.making import Order, make
from edge.backup.packing import members
from edge.backup.trouble import BackupError
from edge.lock import remember_site
from tests.edge.backup.conftest import PASSPHRASE, Folders
from tests.edge.store.making import START
from tests.faults.tmpfs import SmallDisk

LARGE = 3 << 30  # bytes, all of them holes: seconds of reading, no room


def names(folders: Folders, passphrase: bytes | None = None) -> list[str]:
    with folders.backup.open("rb") as file:
        return [member.name for member in members(file, passphrase)]


def test_it_says_what_is_in_it(folders: Folders) -> None:
    made = folders.make()
    assert (made.facts, made.readings, made.pictures) == (2, 1001, 2)
    assert (made.missing, made.problems) == ([], [])
    assert made.size == folders.backup.stat().st_size
    assert folders.backup.stat().st_mode & 0o777 == 0o600


def test_without_a_passphrase_any_tar_opens_it(folders: Folders) -> None:
    folders.make()
    with tarfile.open(folders.backup, "r:gz") as tar:
        listed = tar.getnames()
        content = tar.extractfile("site/devices/楼3.toml")
        assert content is not None
        assert content.read().decode() == "# 和安苑\n"
    assert (listed[0], listed[-1]) == ("head.json", "manifest.json")
    assert "evidence/2026/11/half.part" not in listed
    assert not [name for name in listed if "sessions" in name or "evaluated" in name or "deliveries" in name]


def test_with_one_nothing_can_be_read(folders: Folders) -> None:
    folders.make(PASSPHRASE)
    content = folders.backup.read_bytes()
    assert content.startswith(b"edge-hub-backup 1 scrypt ")
    assert not [word for word in (b"journal", b"heanyuan", b"\x1f\x8b\x08") if word in content]
    assert names(folders, PASSPHRASE)[0] == "head.json"


def test_the_hub_writes_on_and_the_backup_is_of_one_moment(folders: Folders) -> None:
    """Rows that are committed while it is made are not in it, in any of its tables."""
    with closing(sqlite3.connect(folders.data / "telemetry.db", isolation_level=None)) as hub:
        rows: list[int] = []

        def wrote(_bytes: int) -> None:
            hub.execute("INSERT INTO tail (series, time, received_delta, flags) VALUES (1, 1, 1, 0)")
            rows.append(1)

        made = make(Order(folders.backup, folders.data, folders.site, None, START), wrote)
    assert rows
    assert made.readings == 1001


def test_links_and_pipes_in_the_hubs_own_folder_lead_nowhere(folders: Folders, tmp_path: Path) -> None:
    """Root makes backups too, and the folder is the hub's: no way for it to what only root may read."""
    before = set(names_made(folders))
    (tmp_path / "shadow").write_text("root's")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/id").write_text("root's")
    evidence = folders.data / "evidence/2026"
    (evidence / "one.jpg").symlink_to(tmp_path / "shadow")
    (evidence / "folder").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(evidence / "pipe.jpg")
    (folders.data / "codes.key").unlink()
    (folders.data / "codes.key").symlink_to(tmp_path / "shadow")
    (folders.site / "linked").symlink_to(tmp_path / "shadow")
    assert set(names_made(folders)) == before - {"codes.key"} | {"site/linked"}


def test_nor_does_one_in_the_folder_that_is_written_to(folders: Folders, tmp_path: Path) -> None:
    """A medium is the hub's as well: root's backup must not be led over a file of root's."""
    (tmp_path / "shadow").write_text("root's")
    folders.backup.with_name(folders.backup.name + ".part").symlink_to(tmp_path / "shadow")
    with pytest.raises(BackupError, match="cannot be written"):
        folders.make()
    assert (tmp_path / "shadow").read_text() == "root's"
    folders.backup.symlink_to(tmp_path / "shadow")
    folders.backup.with_name(folders.backup.name + ".part").unlink()
    folders.make()
    assert (tmp_path / "shadow").read_text() == "root's"
    assert not folders.backup.is_symlink()


def names_made(folders: Folders) -> list[str]:
    folders.make()
    return names(folders)


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a link to another user")
def test_a_folder_of_evidence_elsewhere_is_roots_to_lay(folders: Folders, tmp_path: Path) -> None:
    evidence = folders.data / "evidence"
    evidence.rename(tmp_path / "large-disk")
    evidence.symlink_to(tmp_path / "large-disk")
    assert folders.make().pictures == 2
    os.chown(evidence, 65534, 65534, follow_symlinks=False)
    with pytest.raises(BackupError, match="look who laid it"):
        folders.make()


def test_the_site_is_where_the_hub_last_had_it(folders: Folders) -> None:
    remember_site(folders.data, folders.site)
    make(Order(folders.backup, folders.data, None, None, START))
    assert "site/site.toml" in names(folders)


def test_memory_does_not_grow_with_the_stores(folders: Folders) -> None:
    with (folders.data / "evidence/large.jpg").open("wb") as file:
        file.truncate(1 << 28)
    words = ["backup", str(folders.backup), "--data", str(folders.data), "--site", str(folders.site)]
    code = (
        "import re, sys; from edge import cli; code = cli.main(sys.argv[1:]);"  # ru_maxrss is as large as the parent's
        "print(re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1]); sys.exit(code)"
    )
    child = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, check=True)
    assert int(child.stdout.split()[-1]) < 128 << 10  # KiB


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda f: (f.data / "journal.db").unlink(), "there is no journal in"),
        (lambda f: (f.site / "site.toml").unlink(), "there is no site.toml in"),
        (lambda f: f.backup.mkdir(), "is a folder"),
        (
            lambda f: setattr(f, "backup", f.backup.parent / "stick" / "hub.backup"),
            "there is no folder .*stick: plug",
        ),
        (lambda f: (f.data / "telemetry.db").write_bytes(b"\0" * 8192), "is damaged"),
        (lambda f: change(f.data / "journal.db", "PRAGMA user_version = 99"), "of a newer edge-hub"),
    ],
)
def test_what_cannot_be_backed_up_is_told(folders: Folders, spoil, words: str) -> None:
    spoil(folders)
    with pytest.raises(BackupError, match=words):
        folders.make()
    assert not folders.backup.is_file()
    assert not folders.backup.with_name("hub.backup.part").exists()


def test_a_store_that_is_not_there_is_told_and_the_rest_backed_up(folders: Folders) -> None:
    (folders.data / "telemetry.db").unlink()
    assert folders.make().missing == ["telemetry"]


def test_a_damaged_journal_is_backed_up_and_told(folders: Folders) -> None:
    change(folders.data / "journal.db", "UPDATE facts SET time = time + 1 WHERE number = 1")
    assert "the chain does not fit at facts 1 to 1" in folders.make().problems


def test_a_disk_that_fills_leaves_the_earlier_backup(folders: Folders, small_disk: SmallDisk) -> None:
    folders.backup = small_disk.folder / "hub.backup"
    folders.make()
    earlier = folders.backup.read_bytes()
    (folders.data / "evidence/noise.jpg").write_bytes(os.urandom(4 << 20))
    with pytest.raises(
        BackupError, match=r"no room left for .*an earlier backup of that name is untouched"
    ) as e:
        folders.make(PASSPHRASE)
    assert e.value.trouble == "space"
    assert folders.backup.read_bytes() == earlier
    assert [path.name for path in small_disk.folder.iterdir()] == ["hub.backup"]


def test_on_the_hubs_own_disk_the_last_room_is_the_journals(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.backup.making.disk_space", lambda _: (1 << 34, 1 << 27))
    with pytest.raises(BackupError, match="belongs to the journal"):
        folders.make()


def test_one_backup_into_a_file_at_a_time(folders: Folders) -> None:
    folders.backup.write_bytes(b"earlier")
    with folders.backup.with_name("hub.backup.part").open("wb") as part:
        fcntl.flock(part, fcntl.LOCK_EX)
        with pytest.raises(BackupError, match="is under way"):
            folders.make()
    assert folders.backup.read_bytes() == b"earlier"
    folders.make()


@pytest.mark.faults
def test_killed_midway_the_earlier_one_stands_and_the_next_is_made(folders: Folders) -> None:
    folders.make()
    earlier = hashlib.sha256(folders.backup.read_bytes()).digest()
    large = folders.data / "evidence/large.jpg"
    with large.open("wb") as file:
        file.truncate(LARGE)
    words = ["backup", str(folders.backup), "--data", str(folders.data), "--site", str(folders.site)]
    child = subprocess.Popen(
        [sys.executable, "-m", "edge.cli", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    part = folders.backup.with_name("hub.backup.part")
    deadline = time.monotonic() + 20
    while not (part.exists() and part.stat().st_size > 1000) and time.monotonic() < deadline:
        assert child.poll() is None
        os.sched_yield()
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert part.exists()
    assert hashlib.sha256(folders.backup.read_bytes()).digest() == earlier
    large.unlink()
    folders.make()
    assert not part.exists()
    folders.restore()


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute(statement)


def test_the_command_tells_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    short = tmp_path / "short"
    short.write_text("secret\n", encoding="utf-8")
    words = ["backup", str(tmp_path / "b"), "--data", str(tmp_path), "--passphrase-file"]
    assert cli.main([*words, str(short)]) == 1
    assert "has less than 12 characters" in capsys.readouterr().err
    assert cli.main([*words, str(tmp_path / "none")]) == 1
    assert "cannot be read" in capsys.readouterr().err
