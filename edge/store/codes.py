"""One-time codes in the accounts' file: hashed, short-lived, good for one password of the person's own.

Each try is counted before it is judged, so of many at once each one counts. What comes of a code is an account's story.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from edge.domain.instant import DAY, Instant

LASTS: Final = DAY
"""µs from making a code to its end."""
TRIES: Final = 5
"""After so many wrong ones it is worth nothing: a guesser needs the console for the next."""

Told = tuple[str, dict[str, object]]
"""(kind, body) of what happened to a code, for the accounts' log."""


def put(conn: sqlite3.Connection, name: str, code_hash: str, now: Instant, boot: str) -> Told:
    """A person's code; the former one is worth nothing. boot: the machine's own id of its run, "" for unknown."""
    row = (name, code_hash, now.utc + LASTS, boot, now.mono)
    conn.execute(
        "INSERT OR REPLACE INTO codes (name, code_hash, expires, tries, boot, made) VALUES (?, ?, ?, 0, ?, ?)",
        row,
    )
    return "account.code", {"name": name}


def attempt(conn: sqlite3.Connection, name: str, now: Instant, boot: str) -> tuple[str | None, Told | None]:
    """The hash to hold a try against, None where there is no code (any more)."""
    row = conn.execute(
        "SELECT code_hash, tries, expires, boot, made FROM codes WHERE name = ?", (name,)
    ).fetchone()
    if row is None:
        return None, None
    code_hash, tries, expires, of, made = row
    if tries >= TRIES or _over(expires, made if of == boot != "" else None, now):
        drop(conn, name)
        return None, ("account.code_over", {"name": name, "why": "tries" if tries >= TRIES else "time"})
    conn.execute("UPDATE codes SET tries = tries + 1 WHERE name = ?", (name,))
    return code_hash, None


def _over(expires: int, made: int | None, now: Instant) -> bool:
    """made: on the same count as `now.mono`; None when the machine was started again since.

    A clock that is set, or that nobody vouches for, neither ends a code nor keeps it: while the machine runs its own
    count says how old the code is. After another start the civil clock says it, if it can be believed, and a day of
    that run is the longest.
    """
    if made is not None:
        return now.mono - made >= LASTS
    return now.mono >= LASTS or (now.trusted and now.utc >= expires)


def spend(conn: sqlite3.Connection, name: str, code_hash: str) -> bool:
    """Use it up; False when it is not there any more."""
    found = conn.execute("DELETE FROM codes WHERE name = ? AND code_hash = ?", (name, code_hash))
    return found.rowcount > 0


def drop(conn: sqlite3.Connection, name: str) -> None:
    """It is worth nothing from now on."""
    conn.execute("DELETE FROM codes WHERE name = ?", (name,))
