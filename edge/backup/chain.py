"""What a backup says of its journal's chain, so that the restored one can be held against it."""

from __future__ import annotations

import sqlite3
from typing import Any

from edge.store.audit import verify_open

_TOLD: int = 20  # problems that are named


def seal_of(conn: sqlite3.Connection) -> dict[str, Any]:
    """{"facts", "last", "links", "seal"}: how many, the newest number, the hash of the newest link."""
    facts, last = conn.execute("SELECT count(*), max(number) FROM facts").fetchone()
    links = conn.execute("SELECT count(*) FROM chain").fetchone()[0]
    newest = conn.execute("SELECT hash FROM chain ORDER BY first DESC LIMIT 1").fetchone()
    return {"facts": facts, "last": last or 0, "links": links, "seal": newest[0].hex() if newest else ""}


def problems_of(conn: sqlite3.Connection) -> list[str]:
    """What does not fit in a journal of the newest schema, one sentence each, the first few."""
    return verify_open(conn).problems[:_TOLD]
