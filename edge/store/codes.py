"""One-time codes in the accounts' file: hashed, short-lived, good for one password of the person's own.

Each try is counted before it is judged, so of many at once each one counts. What comes of a code is an account's story.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from edge.domain.instant import DAY

LASTS: Final = DAY
"""µs from making a code to its end."""
TRIES: Final = 5
"""After so many wrong ones it is worth nothing: a guesser needs the console for the next."""

Told = tuple[str, dict[str, object]]
"""(kind, body) of what happened to a code, for the accounts' log."""


def put(conn: sqlite3.Connection, name: str, code_hash: str, expires: int) -> Told:
    """A person's code; the former one is worth nothing."""
    conn.execute("INSERT OR REPLACE INTO codes VALUES (?, ?, ?, 0)", (name, code_hash, expires))
    return "account.code", {"name": name}


def attempt(conn: sqlite3.Connection, name: str, now: int) -> tuple[str | None, Told | None]:
    """The hash to hold a try against, None where there is no code (any more)."""
    row = conn.execute("SELECT code_hash, expires, tries FROM codes WHERE name = ?", (name,)).fetchone()
    if row is None:
        return None, None
    code_hash, expires, tries = row
    if now >= expires or tries >= TRIES:
        drop(conn, name)
        return None, ("account.code_over", {"name": name, "why": "tries" if tries >= TRIES else "time"})
    conn.execute("UPDATE codes SET tries = tries + 1 WHERE name = ?", (name,))
    return code_hash, None


def spend(conn: sqlite3.Connection, name: str, code_hash: str) -> bool:
    """Use it up; False when it is not there any more."""
    found = conn.execute("DELETE FROM codes WHERE name = ? AND code_hash = ?", (name, code_hash))
    return found.rowcount > 0


def drop(conn: sqlite3.Connection, name: str) -> None:
    """It is worth nothing from now on."""
    conn.execute("DELETE FROM codes WHERE name = ?", (name,))
