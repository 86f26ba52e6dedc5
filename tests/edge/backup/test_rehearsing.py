"""A backup is tried: brought back, verified, taken up, and taken away again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from edge.alarm.engine import AlarmEngine
from edge.backup import rehearsing
from edge.backup.rehearsing import Rehearsed, Trial, rehearse
from edge.backup.trouble import BackupError
from edge.domain.site import Site
from edge.lock import REHEARSAL
from edge.settings import install_template
from edge.tools.backup_child import _site
from tests.edge.backup.conftest import PASSPHRASE, Folders
from tests.edge.store.making import START


@pytest.fixture
def whole(folders: Folders) -> Folders:
    """With a site that a hub would start on."""
    (folders.site / "site.toml").unlink()
    (folders.site / "devices/楼3.toml").unlink()
    (folders.site / "devices").rmdir()
    install_template(folders.site)
    return folders


def tried(
    folders: Folders, passphrase: bytes | None = None, site: Callable[[Path], Site] = _site
) -> Rehearsed:
    return rehearse(Trial(folders.backup, folders.data, passphrase, START, site))


def refused(folders: Folders, trouble: str, passphrase: bytes | None = None) -> str:
    with pytest.raises(BackupError) as error:
        tried(folders, passphrase)
    assert error.value.trouble == trouble
    assert error.value.text.zh
    assert not (folders.data / REHEARSAL).exists()
    return str(error.value)


def test_what_came_back_is_counted_and_nothing_stays(whole: Folders) -> None:
    whole.make(PASSPHRASE)
    before = sorted(whole.data.rglob("*"))
    found = tried(whole, PASSPHRASE)
    assert (found.facts, found.readings, found.alarms, found.cases) == (2, 1001, 1, 0)
    assert sorted(whole.data.rglob("*")) == before


def test_what_a_killed_one_left_is_in_nobodys_way(whole: Folders) -> None:
    whole.make()
    (whole.data / REHEARSAL / "site").mkdir(parents=True)
    (whole.data / REHEARSAL / "journal.db").write_bytes(b"half")
    tried(whole)
    assert not (whole.data / REHEARSAL).exists()


def test_pictures_are_compared_without_being_written(whole: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    whole.make()
    seen: list[bool] = []
    taken_up = rehearsing._take_up
    monkeypatch.setattr(
        rehearsing,
        "_take_up",
        lambda trial, scratch, restored: (
            seen.append((scratch / "evidence").exists()),
            taken_up(trial, scratch, restored),
        )[1],
    )
    assert tried(whole).files > 2
    assert seen == [False]


def test_a_passphrase_that_is_wrong_or_missing(whole: Folders) -> None:
    whole.make(PASSPHRASE)
    assert "does not open it" in refused(whole, "passphrase", b"another one of enough length")
    refused(whole, "passphrase")


@pytest.mark.parametrize("cut", [0, 1, 1000, 0.5, -1])
def test_half_of_one(whole: Folders, cut: float) -> None:
    whole.make()
    content = whole.backup.read_bytes()
    whole.backup.write_bytes(content[: int(len(content) * cut) if isinstance(cut, float) else cut])
    refused(whole, "damaged" if cut not in (0, 1) else "foreign")


def test_none_there(whole: Folders) -> None:
    refused(whole, "missing")


def test_a_site_no_hub_would_start_on(folders: Folders) -> None:
    folders.make()
    assert "no hub would start" in refused(folders, "site")


def test_rows_that_do_not_follow_from_the_facts(whole: Folders) -> None:
    """The journal was damaged when it was backed up already, and a restore would bring it back as it is."""
    with closing(sqlite3.connect(whole.data / "journal.db", isolation_level=None)) as conn:
        conn.execute("UPDATE alarms SET open = 1, id = 'al-other' WHERE open = 1")
    whole.make()
    assert "when it was backed up" in refused(whole, "replay")


def test_an_alarm_that_the_engine_does_not_take_up(whole: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    whole.make()
    monkeypatch.setattr(AlarmEngine, "open", lambda _: {})
    assert "1 alarms are open in one and not in the other" in refused(whole, "replay")


def test_too_little_room_is_seen_before_anything_is_written(
    whole: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole.make()
    monkeypatch.setattr(rehearsing, "disk_space", lambda _: (1 << 34, 860 << 20))
    assert "are free" in refused(whole, "space")
