"""Every old version of every file becomes the newest."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from edge.store.migrations import ACCOUNTS, JOURNAL, TELEMETRY, migrate

FILES = {"journal": JOURNAL, "telemetry": TELEMETRY, "accounts": ACCOUNTS}


def schema(conn: sqlite3.Connection) -> list[tuple[str, str]]:
    return sorted(conn.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))


@pytest.mark.parametrize(
    ("name", "version"), [(n, v) for n, steps in FILES.items() for v in range(len(steps) + 1)]
)
def test_from_each_old_version(name, version):
    steps = FILES[name]
    with (
        closing(sqlite3.connect(":memory:", isolation_level=None)) as old,
        closing(sqlite3.connect(":memory:", isolation_level=None)) as new,
    ):
        migrate(old, steps[:version])
        assert old.execute("PRAGMA user_version").fetchone() == (version,)
        migrate(old, steps)
        migrate(new, steps)
        assert schema(old) == schema(new)
        assert old.execute("PRAGMA user_version").fetchone() == (len(steps),)


def test_a_step_that_fails_leaves_the_version_before():
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        with pytest.raises(sqlite3.OperationalError):
            migrate(conn, [["CREATE TABLE a (x)"], ["CREATE TABLE b (x)", "CREATE NONSENSE"]])
        assert conn.execute("PRAGMA user_version").fetchone() == (1,)
        assert [name for name, _ in schema(conn)] == ["a"]


def test_a_newer_file_is_none_of_ours():
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        migrate(conn, [["CREATE TABLE a (x)"]] * 1)
        with pytest.raises(sqlite3.DatabaseError, match="newer release"):
            migrate(conn, [])
