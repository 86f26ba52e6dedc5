"""One file: one writer, many readers, and what each trouble of the disk is called."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from pathlib import Path

import pytest

from edge.store.writer import Database, StoreError, peek, store_error

STEPS = [["CREATE TABLE t (x INTEGER PRIMARY KEY)"]]


def database(path: Path, opened=lambda _conn: None, **options: bool) -> Database:
    return Database(path, STEPS, opened=opened, stamp=lambda: "20260601T080000Z", **options)


def add(x: int):
    return lambda conn: conn.execute("INSERT INTO t VALUES (?)", (x,))


def read_all(conn: sqlite3.Connection) -> list[int]:
    return [x for (x,) in conn.execute("SELECT x FROM t ORDER BY x")]


@pytest.fixture
def db(tmp_path: Path):
    made = database(tmp_path / "test.db")
    assert made.open() is None
    yield made
    made.close()


async def test_writes_are_committed_in_order_and_read_back(db):
    await asyncio.gather(*(db.write(add(x)) for x in range(50)))
    assert await db.read(read_all) == list(range(50))


async def test_the_files_are_nobody_elses_to_read(db):
    await db.write(add(1))
    assert {stat.S_IMODE(file.stat().st_mode) for file in db.path.parent.iterdir()} == {0o600}


async def test_a_transaction_that_fails_leaves_nothing(db):
    def half(conn: sqlite3.Connection) -> None:
        conn.execute("INSERT INTO t VALUES (1)")
        raise ValueError("in the middle")

    with pytest.raises(ValueError, match="in the middle"):
        await db.write(half)
    await db.write(add(2))
    assert await db.read(read_all) == [2]


async def test_a_reader_sees_one_snapshot(db):
    await db.write(add(1))

    def twice(conn: sqlite3.Connection) -> tuple[list[int], list[int]]:
        before = read_all(conn)
        db.submit(add(2)).result()
        return before, read_all(conn)

    assert await db.read(twice) == ([1], [1])
    assert await db.read(read_all) == [1, 2]


async def test_readers_cannot_write(db):
    with pytest.raises(StoreError) as caught:
        await db.read(add(1))
    assert caught.value.trouble == "read_only"


@pytest.mark.parametrize("damage", ["overwritten", "deleted", "truncated"])
async def test_a_file_damaged_under_the_hub_is_begun_anew(db, damage):
    await db.write(add(1))
    if damage == "overwritten":
        with db.path.open("r+b") as file:
            file.write(bytes(8192))
    elif damage == "deleted":
        db.path.unlink()
    else:
        db.path.write_bytes(b"")
    await db.write(add(2))
    assert await db.read(read_all) == [2]
    if damage != "deleted":
        assert db.set_aside == db.path.with_name("test.db.20260601T080000Z.corrupt")
        assert db.set_aside.exists()


@pytest.mark.parametrize("expendable", [True, False])
async def test_a_page_that_a_reader_cannot_read(tmp_path, expendable):
    """Where the file may go, it does, and what comes can be read; else that reading is refused, no more."""
    db = database(tmp_path / "test.db", expendable=expendable)
    assert db.open() is None
    await db.write(lambda c: c.executemany("INSERT INTO t VALUES (?)", ((x,) for x in range(20_000))))
    await asyncio.wrap_future(
        db.submit(lambda c: c.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall(), plain=True)
    )
    with db.path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 40_000)
    with pytest.raises(StoreError) as caught:
        await db.read(read_all)
    assert caught.value.trouble == "corrupt"
    await db.write(add(30_000))
    if expendable:
        assert await db.read(read_all) == [30_000]
        assert db.set_aside is not None
    else:
        assert db.set_aside is None
    db.close()


async def test_a_page_that_cannot_be_read_costs_one_write(db):
    for x in range(2000):
        db.submit(add(x))
    await asyncio.wrap_future(
        db.submit(lambda c: c.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall(), plain=True)
    )
    db.close()
    with db.path.open("r+b") as file:  # the table's pages, not the header
        file.seek(4096)
        file.write(b"\xff" * 40_000)
    again = database(db.path)
    assert again.open() is None
    with pytest.raises(StoreError) as caught:
        await again.write(add(5000))
    assert caught.value.trouble == "corrupt"
    await again.write(add(1))
    assert await again.read(read_all) == [1]
    again.close()


@pytest.mark.parametrize("content", [bytes(10_000), b"SQLite format 3\x00" + b"\xff" * 5000, b"half a file"])
def test_a_file_that_is_no_database_is_set_aside_at_the_start(tmp_path, content):
    path = tmp_path / "test.db"
    path.write_bytes(content)
    db = database(path)
    assert db.open() is None
    assert db.set_aside is not None
    assert db.set_aside.read_bytes() == content
    db.close()


def test_what_is_set_aside_never_replaces_what_was(tmp_path):
    for _ in range(3):
        (tmp_path / "test.db").write_bytes(b"garbage" * 1000)
        db = database(tmp_path / "test.db")
        db.open()
        db.close()
    assert len(list(tmp_path.glob("*.corrupt"))) == 3


async def test_a_hook_that_fails_is_tried_again(tmp_path):
    troubles = [StoreError("full", tmp_path / "test.db"), None]

    def opened(_conn: sqlite3.Connection) -> None:
        if (trouble := troubles.pop(0)) is not None:
            raise trouble

    db = database(tmp_path / "test.db", opened)
    error = db.open()
    assert error is not None
    assert error.trouble == "full"
    await db.write(add(1))
    db.close()


async def test_closed_is_said_so(db):
    db.close()
    with pytest.raises(StoreError) as caught:
        await db.write(add(1))
    assert caught.value.trouble == "closed"
    with pytest.raises(StoreError):
        await db.read(read_all)


async def test_another_program_holding_the_file_is_named(db):
    other = sqlite3.connect(db.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    db.submit(lambda c: c.execute("PRAGMA busy_timeout=1"), plain=True).result()
    with pytest.raises(StoreError) as caught:
        await db.write(add(1))
    assert caught.value.trouble == "busy"
    other.close()
    await db.write(add(1))


def test_every_trouble_has_a_sentence_in_both_languages():
    for trouble in ("full", "read_only", "corrupt", "busy", "io", "closed"):
        text = StoreError(trouble, Path("/data/journal.db")).text
        assert "journal.db" in text.zh
        assert "journal.db" in text.en
        assert "/data" not in text.en


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (OSError(28, "No space left on device"), "full"),
        (OSError(30, "Read-only file system"), "read_only"),
        (OSError(5, "Input/output error"), "io"),
        (sqlite3.ProgrammingError("Cannot operate on a closed database."), "closed"),
    ],
)
def test_errors_of_the_system(error, trouble, tmp_path):
    assert store_error(error, tmp_path / "x.db").trouble == trouble


def test_a_file_of_another_user_is_a_matter_of_rights(tmp_path, monkeypatch):
    path = tmp_path / "theirs.db"
    path.touch()
    with pytest.raises(sqlite3.OperationalError) as caught:
        sqlite3.connect(tmp_path)  # a folder cannot be opened either
    assert store_error(caught.value, path).trouble == "io"
    monkeypatch.setattr("os.access", lambda *_: False)
    assert store_error(caught.value, path).trouble == "read_only"


def test_a_header_ahead_of_its_file_is_no_damage_while_the_log_holds_the_rest(tmp_path):
    """As a checkpoint leaves it that the disk was too full for."""
    db = database(tmp_path / "test.db")
    db.open()
    db.submit(add(1)).result()
    with (tmp_path / "test.db").open("r+b") as file:
        file.seek(28)
        file.write((1000).to_bytes(4, "big"))
    db.submit(add(2)).result()
    assert db.set_aside is None
    assert db.submit(read_all).result() == [1, 2]
    db.close()


def test_peek_reads_a_file_without_touching_it(tmp_path):
    db = database(tmp_path / "test.db")
    db.open()
    db.submit(add(1)).result()
    db.close()
    assert peek(tmp_path / "test.db", read_all) == [1]
    with pytest.raises(StoreError):
        peek(tmp_path / "none.db", read_all)
    assert {path.name for path in tmp_path.iterdir()} == {"test.db", "test.db.begun"}
