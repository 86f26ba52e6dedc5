"""What comes back is what was there, verified; what cannot be verified does not come back at all."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from edge import cli
from edge.backup.making import Order, make
from edge.backup.packing import Packer, members
from edge.backup.restoring import Asked, restore
from edge.backup.tables import STORES
from edge.backup.trouble import BackupError
from edge.lock import HubInUseError, only_hub
from edge.store.journal import Journal, verify
from edge.store.migrations import migrate
from tests.edge.backup.conftest import PASSPHRASE, Folders
from tests.edge.store.making import START

LEFT_OUT = {"sessions", "evaluated", "deliveries"}


def tables(path: Path) -> dict[str, list[Any]]:
    """All rows of a store, but for what a restored hub begins anew."""
    with closing(sqlite3.connect(path)) as conn:
        names = [name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {name: conn.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}  # noqa: S608
    for name in LEFT_OUT & found.keys():
        found[name] = []
    found.pop("meta", None)
    return found


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mode & 0o777)
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".part"
    }


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_all_of_it_comes_back(folders: Folders, passphrase: bytes | None) -> None:
    folders.make(passphrase)
    data, restored = folders.restore(passphrase=passphrase)
    assert (restored.facts, restored.readings, restored.site) == (2, 1001, "heanyuan")
    for name in ("journal", "telemetry"):
        assert tables(data / f"{name}.db") == tables(folders.data / f"{name}.db")
    assert tree(data / "site") == tree(folders.site)
    assert tree(data / "evidence") == tree(folders.data / "evidence")
    assert (data / "codes.key").read_bytes() == (folders.data / "codes.key").read_bytes()
    assert verify(data / "journal.db").ok
    assert not (data / "restoring").exists()
    for name in STORES:
        assert (data / f"{name}.db").stat().st_mode & 0o777 == 0o600


def test_nobody_is_signed_in_and_the_journal_will_say_what_happened(folders: Folders) -> None:
    folders.make()
    data, _ = folders.restore()
    before, after = tables(folders.data / "accounts.db"), tables(data / "accounts.db")
    assert after["accounts"] == before["accounts"]
    assert after["account_log"][:-1] == before["account_log"]
    assert after["account_log"][-1][1:3] == ("hub.restored", "cli:li")
    with closing(sqlite3.connect(data / "accounts.db")) as conn:
        assert conn.execute("SELECT count(*) FROM sessions").fetchone() == (0,)


def test_a_new_epoch_that_the_hub_which_was_cannot_have_begun(folders: Folders) -> None:
    folders.make()
    epochs = set()
    for name in ("one", "two"):
        data, _ = folders.restore(name)
        journal = Journal(data / "journal.db")
        state = journal.open()
        journal._db.close()
        assert state.restored
        assert not state.clean
        assert state.epoch > 2
        assert state.evaluated == []
        epochs.add(state.epoch)
    assert len(epochs) == 2


@pytest.mark.parametrize(
    "versions",
    [
        {**{name: len(steps) for name, steps in STORES.items()}, name: version}
        for name, steps in STORES.items()
        for version in range(1, len(steps))
    ],
)
def test_a_backup_of_every_older_version_is_restored_as_the_newest(
    folders: Folders, tmp_path: Path, versions: dict[str, int]
) -> None:
    """A store of that version as its hub left it: the tables it had, filled."""
    old = tmp_path / "old"
    old.mkdir()
    for name, version in versions.items():
        with closing(sqlite3.connect(old / f"{name}.db", isolation_level=None)) as conn:
            migrate(conn, STORES[name][:version])
            conn.execute("ATTACH ? AS new", (str(folders.data / f"{name}.db"),))
            for (table,) in conn.execute(
                "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            ).fetchall():
                columns = ", ".join(row[1] for row in conn.execute(f"PRAGMA main.table_info({table})"))
                conn.execute(f"INSERT INTO main.{table} SELECT {columns} FROM new.{table}")  # noqa: S608
    make(Order(folders.backup, old, folders.site, None, START))
    data, _ = folders.restore()
    assert verify(data / "journal.db").ok
    for name, steps in STORES.items():
        with closing(sqlite3.connect(data / f"{name}.db")) as conn:
            assert conn.execute("PRAGMA user_version").fetchone() == (len(steps),)
    assert tables(data / "telemetry.db")["history"] == tables(folders.data / "telemetry.db")["history"]
    assert tables(data / "journal.db")["facts"] == tables(folders.data / "journal.db")["facts"]


def test_ids_that_are_never_given_twice_go_on(folders: Folders) -> None:
    with closing(sqlite3.connect(folders.data / "telemetry.db", isolation_level=None)) as conn:
        for _ in range(2):
            conn.execute("INSERT INTO resends (follower, start, until, by, at) VALUES ('dc', 1, 2, 'li', 3)")
        conn.execute("DELETE FROM resends WHERE id = 2")
    folders.make()
    data, _ = folders.restore()
    with closing(sqlite3.connect(data / "telemetry.db", isolation_level=None)) as conn:
        conn.execute("INSERT INTO resends (follower, start, until, by, at) VALUES ('dc', 1, 2, 'li', 3)")
        assert conn.execute("SELECT max(id) FROM resends").fetchone() == (3,)


def refused(folders: Folders, words: str, passphrase: bytes | None = None) -> str:
    """It is refused with these words, the folder is empty afterwards, and the trouble is returned."""
    with pytest.raises(BackupError, match=words) as caught:
        folders.restore(passphrase=passphrase)
    other = folders.backup.parent / "other"
    assert not other.exists() or not list(other.iterdir())
    return caught.value.trouble


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_one_that_was_cut_off(folders: Folders, passphrase: bytes | None) -> None:
    folders.make(passphrase)
    whole = folders.backup.read_bytes()
    for at in [0, 1, 17, 60, len(whole) // 3, len(whole) - 200, len(whole) - 9, len(whole) - 1]:
        folders.backup.write_bytes(whole[:at])
        assert refused(folders, "nothing was restored", passphrase) in {"damaged", "foreign", "passphrase"}


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_one_that_was_altered(folders: Folders, passphrase: bytes | None) -> None:
    folders.make(passphrase)
    whole = folders.backup.read_bytes()
    chance = random.Random(6)
    places = [*range(10, 24), len(whole) - 1, *(chance.randrange(24, len(whole)) for _ in range(30))]
    for at in places:
        changed = bytearray(whole)
        changed[at] ^= 1 << chance.randrange(8)
        folders.backup.write_bytes(changed)
        try:
            data, _ = folders.restore(passphrase=passphrase)
        except BackupError as error:
            assert "nothing was restored" in str(error)  # noqa: PT017 - or else the same must come back
            continue
        assert passphrase is None, at  # a bit that compression does not use
        assert tables(data / "journal.db") == tables(folders.data / "journal.db")
        assert tree(data / "site") == tree(folders.site)
        shutil.rmtree(data)
    folders.backup.write_bytes(whole + b"more")
    refused(folders, "nothing was restored", passphrase)


def test_the_passphrase(folders: Folders) -> None:
    folders.make(PASSPHRASE)
    assert refused(folders, "is under a passphrase: give it with --passphrase-file") == "passphrase"
    assert refused(folders, "does not open it", b"another passphrase") == "passphrase"


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"SQLite format 3\0" * 100, b"PK\x03\x04", os.urandom(5000)]
)
def test_what_is_no_backup(folders: Folders, content: bytes) -> None:
    folders.backup.write_bytes(content)
    assert refused(folders, "is no backup of an edge-hub") == "foreign"


def test_somebody_elses_archive(folders: Folders) -> None:
    with tarfile.open(folders.backup, "w:gz") as tar:
        info = tarfile.TarInfo("etc/passwd")
        tar.addfile(info, io.BytesIO())
    assert refused(folders, "is no backup of an edge-hub") == "foreign"


def test_a_file_that_is_not_there(folders: Folders) -> None:
    with pytest.raises(BackupError, match=r"there is no .*hub\.backup"):
        folders.restore()


def test_a_folder_is_no_backup(folders: Folders) -> None:
    folders.backup.mkdir()
    with pytest.raises(BackupError, match=r"hub\.backup is a folder: give the file"):
        folders.restore()


def test_who_restored_is_told_what_comes_before_the_start(
    folders: Folders, capsys: pytest.CaptureFixture[str]
) -> None:
    folders.make()
    assert cli.main(["restore", str(folders.backup), "--data", str(folders.data.with_name("new"))]) == 0
    said = capsys.readouterr().out
    assert said.index("stop the former hub first") < said.index("local.toml") < said.index("`edge-hub run ")


def repack(
    folders: Folders, change: Callable[[str, bytes], bytes | None], more: dict[str, bytes] | None = None
) -> None:
    """Write the backup anew with members changed or left out; its own sums are right again."""
    out = io.BytesIO()
    packer = Packer(out.write, None)
    with folders.backup.open("rb") as file:
        for member in members(file, None):
            content = change(member.name, member.read(1 << 30))
            if member.name == "manifest.json":
                for name, added in (more or {}).items():
                    packer.add(name, added)
            if content is not None:
                packer.add(member.name, content)
    packer.finish()
    folders.backup.write_bytes(out.getvalue())


def with_head(**changes: Any) -> Callable[[str, bytes], bytes]:
    def change(name: str, content: bytes) -> bytes:
        if name in {"head.json", "manifest.json"}:
            return json.dumps({**json.loads(content), **changes}).encode()
        return content

    return change


def test_one_of_a_newer_hub(folders: Folders) -> None:
    folders.make()
    whole = folders.backup.read_bytes()
    repack(folders, with_head(**{"edge-hub-backup": 2, "hub": "9.1"}))
    assert refused(folders, r"a newer edge-hub \(9\.1\) made it") == "newer"
    folders.backup.write_bytes(whole)
    stores = {"journal": {"schema": len(STORES["journal"]) + 1, "columns": {}}}
    repack(folders, with_head(stores=stores))
    assert refused(folders, "install that version first") == "newer"


@pytest.mark.parametrize(
    "changes",
    [
        {"made_at": 7}, {"hub": None}, {"site": 3}, {"stores": []}, {"stores": {"journal": 3}},
        {"stores": {"journal": {"schema": "x", "columns": {}}}},
        {"stores": {"journal": {"schema": -1, "columns": {}}}},
        {"stores": {"journal": {"schema": 3, "columns": {"facts": None}}}},
        {"stores": {"journal": {"schema": 3, "columns": {"facts": ["number"]}}}},
        {"stores": {}},
    ],
)  # fmt: skip
def test_a_head_that_says_nonsense(folders: Folders, changes: dict[str, Any]) -> None:
    folders.make()
    repack(folders, with_head(**changes))
    refused(folders, "take another backup|no place in one")


def test_what_its_list_does_not_say(folders: Folders) -> None:
    folders.make()
    whole = folders.backup.read_bytes()

    def again(change: Callable[[str, bytes], bytes | None], **more: bytes) -> None:
        folders.backup.write_bytes(whole)
        repack(folders, change, more)

    again(lambda name, content: None if name == "site/site.toml" else content)
    refused(folders, "not what its list says")
    again(lambda name, content: content + b" " if name == "site/site.toml" else content)
    refused(folders, "not what its list says")
    again(lambda name, content: None if name.startswith("telemetry/history/") else content)
    refused(folders, "not what its list says")
    again(lambda name, content: None if name == "manifest.json" else content)
    refused(folders, "not what its list says")
    again(lambda _, content: content, **{"site/more.toml": b""})
    refused(folders, "not what its list says")
    again(lambda name, content: content[:-1] if name == "journal/facts/00000000.msgpack" else content)
    refused(folders, "rows of its journal are damaged")
    again(lambda _, content: content, **{"journal/nonsense/00000000.msgpack": b"\x90"})
    refused(folders, "has no table nonsense")


@pytest.mark.parametrize(
    "name", ["../x", "site/../../x", "/etc/passwd", "site", "other", "site//x", "site/./x"]
)
def test_no_file_gets_out_of_its_place(folders: Folders, name: str) -> None:
    folders.make()
    repack(folders, lambda _, content: content, {name: b"x"})
    refused(folders, "has no place in one")
    assert not (folders.backup.parent / "x").exists()


def test_a_journal_somebody_rewrote(folders: Folders) -> None:
    """All sums fit, the chain does not: who can write a file without a passphrase can still not forge a fact."""
    folders.make()

    def altered(name: str, content: bytes) -> bytes:
        return content.replace(b"a-1", b"a-7") if name == "journal/alarms/00000000.msgpack" else content

    repack(folders, altered)
    whole = {}
    with folders.backup.open("rb") as file:
        for member in members(file, None):
            whole[member.name] = member.read(1 << 30)

    manifest = json.loads(whole["manifest.json"])
    manifest["tables"]["journal"]["alarms"]["sha256"] = hashlib.sha256(
        whole["journal/alarms/00000000.msgpack"]
    ).hexdigest()
    repack(
        folders, lambda name, content: json.dumps(manifest).encode() if name == "manifest.json" else content
    )
    refused(folders, "its journal does not verify")


def test_a_journal_that_was_damaged_before_comes_back_and_says_so(folders: Folders) -> None:
    with closing(sqlite3.connect(folders.data / "journal.db", isolation_level=None)) as conn:
        conn.execute("UPDATE facts SET time = time + 1 WHERE number = 1")
    folders.make()
    _, restored = folders.restore()
    assert "the chain does not fit at facts 1 to 1" in restored.problems


def test_a_folder_that_holds_something_is_left_alone(folders: Folders) -> None:
    folders.make()
    with pytest.raises(BackupError, match=r"data is not empty \("):
        folders.restore("data")
    other = folders.backup.parent / "other"
    (other / "site").mkdir(parents=True)
    (other / "site/mine.toml").write_text("mine", encoding="utf-8")
    with pytest.raises(BackupError, match=r"site is not empty \(mine\.toml\)"):
        folders.restore()
    assert [path.name for path in other.rglob("*")] == ["site", "mine.toml"]
    (other / "site/mine.toml").unlink()
    folders.restore()


KILLED = """
import os, signal, sys
from pathlib import Path
from edge import cli
left, rename = int(sys.argv[1]), Path.rename
def step(self, target):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(self, target)
Path.rename = step
sys.exit(cli.main(sys.argv[2:]))
"""


@pytest.mark.faults
@pytest.mark.parametrize("step", range(1, 7))
def test_killed_while_it_moves_no_hub_starts_and_the_next_try_ends_it(folders: Folders, step: int) -> None:
    folders.make()
    other = folders.backup.parent / "other"
    words = ["restore", str(folders.backup), "--data", str(other)]
    child = subprocess.run([sys.executable, "-c", KILLED, str(step), *words], check=False)
    assert child.returncode == -signal.SIGKILL
    with pytest.raises(HubInUseError, match="half a backup"), only_hub(other):
        pass
    assert cli.main(words) == 0
    assert tables(other / "journal.db") == tables(folders.data / "journal.db")
    assert tree(other / "site") == tree(folders.site)
    with only_hub(other):
        pass


@pytest.mark.faults
def test_killed_while_it_moves_no_other_site_is_cleared(folders: Folders) -> None:
    folders.make()
    other, first, mine = (folders.backup.parent / name for name in ("other", "first", "mine"))
    words = ["restore", str(folders.backup), "--data", str(other)]
    child = subprocess.run([sys.executable, "-c", KILLED, "2", *words, "--site", str(first)], check=False)
    assert child.returncode == -signal.SIGKILL
    mine.mkdir()
    (mine / "site.toml").write_text("mine", encoding="utf-8")
    with pytest.raises(BackupError, match=rf"cut off while it filled {first}"):
        restore(Asked(folders.backup, other, mine, None, START + 1, "cli:li"))
    assert (mine / "site.toml").read_text("utf-8") == "mine"
    with pytest.raises(HubInUseError, match="half a backup"), only_hub(other):
        pass
    assert cli.main([*words, "--site", str(first)]) == 0
    assert tree(first) == tree(folders.site)


@pytest.mark.faults
def test_killed_while_it_unpacks(folders: Folders) -> None:
    with (folders.data / "evidence/large.jpg").open("wb") as file:
        file.truncate(1 << 29)
    folders.make()
    other = folders.backup.parent / "other"
    words = ["restore", str(folders.backup), "--data", str(other)]
    child = subprocess.Popen([sys.executable, "-m", "edge.cli", *words])
    while not (other / "restoring/evidence/large.jpg").exists():
        assert child.poll() is None
        os.sched_yield()
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    with pytest.raises(HubInUseError), only_hub(other):
        pass
    (folders.data / "evidence/large.jpg").unlink()
    folders.make()
    assert cli.main(words) == 0
    assert not (other / "restoring").exists()


def test_a_disk_that_fills(folders: Folders, small_disk) -> None:
    (folders.data / "evidence/noise.jpg").write_bytes(os.urandom(4 << 20))
    folders.make()

    data = small_disk.folder / "data"
    with pytest.raises(BackupError, match="no room left") as caught:
        restore(Asked(folders.backup, data, data / "site", None, START, "cli:li"))
    assert caught.value.trouble == "space"
    assert not list(data.iterdir())
