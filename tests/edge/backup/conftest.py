"""A hub's folders as they stand on a disk, small; and keys that are quick to make."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.backup import rehearsing, sealing
from edge.backup.making import Made, Order, make
from edge.backup.restoring import Asked, Restored, restore
from edge.domain.fact import Numbering
from edge.facade import Account, Role
from edge.store.accounts import AccountFile
from edge.store.journal import Evaluated, Journal
from edge.tools import backup
from tests.edge.store.making import START, Desk, acked, key, point, raised, reading
from tests.faults.tmpfs import SmallDisk, why_not

PASSPHRASE = "和安苑 2026 backup".encode()


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cost of a guess is not what is tested here."""
    monkeypatch.setattr(sealing, "_COST", (4, 8, 1))


@pytest.fixture(autouse=True)
def in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """The verb steps back in favour of the hub; this process has other tests to run."""
    monkeypatch.setattr(backup, "step_back", lambda: None)


@pytest.fixture(autouse=True)
def roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    """How full this machine's disk is, is nobody's concern here."""
    monkeypatch.setattr(rehearsing, "disk_space", lambda _: (1 << 40, 1 << 39))


@dataclass(slots=True)
class Folders:
    """data and site of a hub; backup: a file that is not there yet."""

    data: Path
    site: Path
    backup: Path

    def make(self, passphrase: bytes | None = None) -> Made:
        return make(Order(self.backup, self.data, self.site, passphrase, START))

    def restore(self, name: str = "other", passphrase: bytes | None = None) -> tuple[Path, Restored]:
        """Into a new folder; (that, what came back)."""
        data = self.backup.parent / name
        return data, restore(Asked(self.backup, data, data / "site", passphrase, START + 1, "cli:li"))


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    data, site = tmp_path / "data", tmp_path / "site"
    asyncio.run(_live(data))
    (data / "codes.key").write_bytes(b"k" * 32)
    for name in ("2026/11/202611-00.jpg", "stills/202611/a.jpg", "2026/11/half.part"):
        (data / "evidence" / name).parent.mkdir(parents=True, exist_ok=True)
        (data / "evidence" / name).write_bytes(name.encode() * 100)
    (site / "devices").mkdir(parents=True)
    (site / "site.toml").write_text('[site]\nid = "heanyuan"\n', encoding="utf-8")
    (site / "devices/楼3.toml").write_text("# 和安苑\n", encoding="utf-8")
    (site / "secret").write_text("password\n", encoding="utf-8")
    (site / "secret").chmod(0o640)
    return Folders(data, site, tmp_path / "hub.backup")


async def _live(data: Path) -> None:
    """Two facts about an alarm, 1001 readings, an account that is signed in."""
    journal = Journal(data / "journal.db")
    state = journal.open()
    numbering = Numbering(state.epoch, state.last)
    entry, fire = raised(numbering)
    entry.evaluated = [Evaluated("field", 7, b"digest", ("sm-1.smoke",))]
    await journal.commit(entry)
    entry, _ = acked(numbering, fire, "去现场看看")
    await journal.commit(entry)
    await journal.close(clean=True)
    level = point()
    async with Desk(data / "telemetry.db") as desk:
        await desk.store(*(reading(level, n / 3, n) for n in range(1000)), keys=[key(1)])
        await desk.telemetry.compact()
        await desk.store(reading(level, 5.0, 2000))
    accounts = AccountFile(data / "accounts.db")
    accounts.put(Account("li", "李", Role.ADMIN, "hash"), "cli:test", START)
    with closing(sqlite3.connect(data / "accounts.db", isolation_level=None)) as conn:
        conn.execute("INSERT INTO sessions VALUES (x'00', 'li', 1, 1, 2)")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    if (reason := why_not()) is not None:
        pytest.skip(reason)
    with SmallDisk(tmp_path / "disk", 2) as disk:
        yield disk
