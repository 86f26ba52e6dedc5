"""[backup] with its targets."""

from __future__ import annotations

from datetime import time

import pytest

from edge.domain.backup import BackupPlan, S3Target, SftpTarget
from edge.settings import check_site, load_site

from .conftest import SCHEMAS, Folder

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMNDiQXD47qYb5vMImnhEy6JmHLxWx3yu0Kp7uE765/M"
BACKUP = """
[backup]
folder = "/media/edge-hub-backup"
passphrase_file = "secrets/backup"
"""
TARGETS = f"""
[[backup.sftp]]
id = "nas"
host = "nas.example"
user = "hub"
folder = "backups/court"
host_keys = ["{KEY}"]
key_file = "secrets/nas"

[[backup.s3]]
id = "store"
endpoint = "https://s3.example:9000/"
bucket = "court-backups"
prefix = "/hub/"
access_key = "AKIA"
secret_file = "secrets/s3"
"""


def add(folder: Folder, text: str) -> None:
    path = folder.path / "site.toml"
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def test_a_site_has_no_backups_by_itself(folder: Folder) -> None:
    assert load_site(folder.path, SCHEMAS).backup is None


def test_a_folder_with_its_defaults(folder: Folder) -> None:
    add(folder, '\n[backup]\nfolder = "copies"\n')
    assert load_site(folder.path, SCHEMAS).backup == BackupPlan(folder.path / "copies", time(2, 30))


def test_targets(folder: Folder) -> None:
    add(folder, BACKUP + TARGETS)
    plan = load_site(folder.path, SCHEMAS).backup
    assert plan is not None
    assert plan.targets == (
        SftpTarget("nas", "nas.example", 22, "hub", "backups/court", (KEY,), folder.path / "secrets/nas"),
        S3Target("store", "https://s3.example:9000", "us-east-1", "court-backups", "hub", "AKIA",
                 folder.path / "secrets/s3"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "code", "key"),
    [
        ('folder = "/media/edge-hub-backup"\n', "", "missing_key", "backup.folder"),
        ("[backup]\n", '[backup]\nat = "24:00"\n', "value", "backup.at"),
        ("[backup]\n", "[backup]\nkeep = 1\n", "value", "backup.keep"),
        ("[backup]\n", "[backup]\nkeeps = 9\n", "unknown_key", "backup.keeps"),
        ('passphrase_file = "secrets/backup"\n', "", "missing_key", "backup"),
        (f'host_keys = ["{KEY}"]\n', "", "missing_key", "backup.sftp[0].host_keys"),
        (KEY, f"nas.example {KEY}", "value", "backup.sftp[0].host_keys[0]"),
        (KEY, KEY[:-9], "value", "backup.sftp[0].host_keys[0]"),
        ('key_file = "secrets/nas"\n', "", "value", "backup.sftp[0]"),
        ('key_file = "secrets/nas"', 'key_file = "a"\npassword_file = "b"', "value", "backup.sftp[0]"),
        ('id = "nas"', 'id = "folder"', "reserved", "backup.sftp[0].id"),
        ('id = "store"', 'id = "nas"', "duplicate_id", "backup.s3[0].id"),
        ("https://s3", "s3", "value", "backup.s3[0].endpoint"),
        ('prefix = "/hub/"', 'prefix = "../hub"', "value", "backup.s3[0].prefix"),
        ("[[backup.s3]]", "[backup.s3]", "wrong_type", "backup.s3"),
    ],
)
def test_mistakes_are_named(old: str, new: str, code: str, key: str, folder: Folder) -> None:
    text = BACKUP + TARGETS
    assert old in text
    add(folder, text.replace(old, new))
    assert (code, key) in {(p.code, p.key) for p in check_site(folder.path, SCHEMAS)}


def test_a_value_is_no_table(folder: Folder) -> None:
    path = folder.path / "site.toml"
    path.write_text("backup = 3\n" + path.read_text("utf-8"), "utf-8")
    assert ("wrong_type", "backup") in {(p.code, p.key) for p in check_site(folder.path, SCHEMAS)}
