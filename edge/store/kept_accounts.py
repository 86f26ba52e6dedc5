"""A copy of accounts, tokens, PINs and walls' sessions beside `accounts.db`, written at each change of one of them.

Nobody could sign in to a hub whose accounts are damaged, least of all to mend it: the copy brings them back. People
sign in again; a wall cannot, and would show no alarm until somebody comes. It holds the same hashes as the file itself
and is as private.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

log = logging.getLogger(__name__)

_TABLES: Final[Mapping[str, Sequence[str]]] = {
    "accounts": ("name", "display", "role", "password_hash", "language"),
    "tokens": ("secret_hash", "name", "display", "role", "language"),
    "pins": ("name", "pin_hash"),
    "sessions": ("secret_hash", "name", "opened", "seen", "expires"),
}
_SINCE_LATER: Final = frozenset({"sessions"})  # not in the copies of the first releases
_WALLS: Final = " WHERE name IN (SELECT name FROM accounts WHERE role = 'wall')"


def copy_of(path: Path) -> Path:
    """Where the copy of an accounts file lies."""
    return path.with_suffix(".kept")


def rows_of(conn: sqlite3.Connection) -> dict[str, list[list[Any]]]:
    """What is kept, by table; secrets' hashes as hexadecimal text. sqlite3.Error when it cannot be read."""
    found: dict[str, list[list[Any]]] = {}
    for table, columns in _TABLES.items():
        which = _WALLS if table == "sessions" else ""
        query = f"SELECT {', '.join(columns)} FROM {table}{which} ORDER BY {columns[0]}"  # noqa: S608 - fixed words
        found[table] = [
            [value.hex() if isinstance(value, bytes) else value for value in row]
            for row in conn.execute(query)
        ]
    return found


def is_wall(conn: sqlite3.Connection, name: str) -> bool:
    """Whether the sessions of an account are in the copy."""
    role = conn.execute("SELECT role FROM accounts WHERE name = ?", (name,)).fetchone()
    return role is not None and role[0] == "wall"


def keep(path: Path, rows: Mapping[str, Any]) -> None:
    """Write the copy where it differs, durably; a disk that does not take it is logged, the former copy stays."""
    text = json.dumps({"kept": 1, **rows}, ensure_ascii=False)
    target = copy_of(path)
    draft = target.with_name(target.name + ".new")
    try:
        if target.exists() and target.read_text("utf-8") == text:
            return
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except (OSError, ValueError) as error:
        log.warning("accounts: their copy %s was not written: %s", target.name, error)


def bring_back(conn: sqlite3.Connection, path: Path) -> int:
    """Fill a file without any account or token from its copy; the number of accounts and tokens brought back."""
    if conn.execute("SELECT EXISTS (SELECT 1 FROM accounts) OR EXISTS (SELECT 1 FROM tokens)").fetchone()[0]:
        return 0
    try:
        kept = json.loads(copy_of(path).read_text("utf-8"))
        rows = {
            table: [
                _row(row, table) for row in (kept.get(table, ()) if table in _SINCE_LATER else kept[table])
            ]
            for table in _TABLES
        }
    except FileNotFoundError:
        return 0
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("accounts: their copy cannot be read: %s", error)
        return 0
    for table, columns in _TABLES.items():
        marks = ", ".join("?" * len(columns))
        conn.executemany(
            f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608 - fixed words
            rows[table],
        )
    return len(rows["accounts"]) + len(rows["tokens"])


def _row(row: Sequence[Any], table: str) -> list[Any]:
    columns = _TABLES[table]
    if len(row) != len(columns):
        raise ValueError(f"a row of {table} has {len(row)} values")
    return [
        bytes.fromhex(value) if column == "secret_hash" else value
        for column, value in zip(columns, row, strict=True)
    ]
