"""The child that works on backups, as the hub starts it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from edge.backup import child
from edge.backup.trouble import BackupError
from edge.domain.backup import name_of
from edge.domain.instant import DAY
from edge.lock import REHEARSAL
from edge.settings import install_template
from edge.store.journal import Journal
from edge.tools import backup_child

NOW = 20_000 * DAY


async def work(order: Mapping[str, Any]) -> Mapping[str, Any]:
    return await child.ask(order, 60.0)


@pytest.fixture
def order(tmp_path: Path) -> dict[str, Any]:
    data, site, folder = tmp_path / "data", tmp_path / "site", tmp_path / "medium"
    for one in (data, site, folder):
        one.mkdir()
    install_template(site)
    journal = Journal(data / "journal.db")
    journal.open()
    asyncio.run(journal.close(clean=True))
    return {
        "site": "court", "folder": str(folder), "data": str(data), "site_folder": str(site),
        "passphrase_file": None, "own_disk": True, "now": NOW, "certain": True, "keep": 2,
        "held": [], "name": name_of("court", NOW),
    }  # fmt: skip


async def test_made_and_tried(order: dict[str, Any]) -> None:
    folder = Path(order["folder"])
    for day in (1, 2, 3):
        (folder / name_of("court", NOW - day * DAY)).write_bytes(b"old")
    (folder / f"{name_of('court', NOW - DAY)}.part").write_bytes(b"half")
    held = name_of("court", NOW - 3 * DAY)
    answer = await work({"do": "make", **order, "held": [held]})
    assert set(answer["sizes"]) == {held, name_of("court", NOW - DAY), order["name"]}
    assert answer["gone"] == [name_of("court", NOW - 2 * DAY), f"{name_of('court', NOW - DAY)}.part"]
    assert {path.name for path in folder.iterdir()} == set(answer["sizes"])  # noqa: ASYNC240 - a small folder
    assert answer["own"] is True
    assert answer["made"]["size"] == answer["sizes"][order["name"]]
    tried = await work({"do": "rehearse", **order})
    assert (tried["rehearsed"]["facts"], tried["rehearsed"]["alarms"]) == (0, 0)


@pytest.mark.parametrize(
    ("change", "trouble", "words"),
    [
        ({"folder": "/nowhere/at all"}, "no_folder", "plug the medium in"),
        ({"own_disk": False}, "own_disk", "own_disk = true"),
        ({"passphrase_file": "/nowhere"}, "passphrase", "cannot be read"),
        ({"data": "/proc"}, "missing", "no journal"),
    ],
)
def test_what_is_not_right_is_one_sentence(
    order: dict[str, Any], change: dict[str, Any], trouble: str, words: str
) -> None:
    with pytest.raises(BackupError, match=words) as error:
        backup_child.make_one({**order, **change})
    assert error.value.trouble == trouble


def test_a_short_passphrase(order: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "short").write_text("secret\n")
    with pytest.raises(BackupError, match="less than 12 characters"):
        backup_child.make_one({**order, "passphrase_file": str(tmp_path / "short")})


def test_a_look_takes_away_what_a_killed_rehearsal_left(order: dict[str, Any]) -> None:
    (Path(order["data"]) / REHEARSAL).mkdir()
    assert backup_child.look(order) == {"sizes": {}, "own": True}
    assert not (Path(order["data"]) / REHEARSAL).exists()


def test_a_clock_in_doubt_forgets_none(order: dict[str, Any]) -> None:
    (Path(order["folder"]) / order["name"]).write_bytes(b"")
    assert backup_child.look({**order, "now": 0})["sizes"] == {}, "a name from the future"
    assert backup_child.look({**order, "now": 0, "certain": False})["sizes"] == {order["name"]: 0}


async def test_troubles_come_back_and_one_that_hangs_is_ended(
    order: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(BackupError) as error:
        await work({"do": "look", **order, "own_disk": False})
    assert error.value.trouble == "own_disk"
    os.mkfifo(tmp_path / "medium" / order["name"])  # reading it waits for ever
    with pytest.raises(BackupError) as error:
        await child.ask({"do": "rehearse", **order}, 3.0)
    assert error.value.trouble == "hangs"
    monkeypatch.setattr(child, "MODULE", "edge.no_such_module")
    with pytest.raises(BackupError) as error:
        await work({"do": "look", **order})
    assert error.value.trouble == "defect"
