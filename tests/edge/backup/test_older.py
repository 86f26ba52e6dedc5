"""Backups of stores as former hubs left them: four programs of this repository's past ran for half a minute each.

A file's name says the schemas of journal, telemetry and accounts. A new step there needs a new file here: run the hub
of the commit before it, and `edge-hub backup` on what it left.
"""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.backup.rehearsing import Trial, rehearse
from edge.backup.restoring import Asked, restore
from edge.backup.tables import STORES
from edge.store.journal import verify
from edge.tools.backup_child import _site
from tests.edge.store.making import START

FILES = Path(__file__).parent / "older"
HELD = {
    "1-1-1": (14, 22, 11, 0),
    "2-2-2": (45, 49, 1, 30),
    "3-2-2": (115, 128, 23, 71),
    "3-2-3": (120, 135, 24, 71),
}
"""Facts, readings, open alarms, open cases."""
RELEASED = {
    "journal": ("7b2cb7c0437c", "e2eb5015b838", "67b67b70af59"),
    "telemetry": ("56c6483e4365", "862510c7cf91"),
    "accounts": ("1cfa6bd978f0", "743889ac218a", "b40b6958fb8d"),
}
"""sha256 of each step as it was released, its beginning."""


@pytest.mark.parametrize("name", STORES)
def test_a_step_that_was_released_is_never_edited(name: str) -> None:
    known = RELEASED[name]
    found = [hashlib.sha256(repr(tuple(step)).encode()).hexdigest()[:12] for step in STORES[name]]
    assert tuple(found[: len(known)]) == known


def test_each_released_step_of_each_store_has_its_backup() -> None:
    schemas = [tuple(map(int, name.split("-"))) for name in HELD]
    for at, name in enumerate(("journal", "telemetry", "accounts")):
        assert {versions[at] for versions in schemas} >= set(range(1, len(RELEASED[name]) + 1))


@pytest.mark.parametrize("name", HELD)
def test_a_hub_goes_on_from_it(name: str, tmp_path: Path) -> None:
    tried = rehearse(Trial(FILES / f"{name}.backup", tmp_path, None, START, _site))
    assert (tried.facts, tried.readings, tried.alarms, tried.cases) == HELD[name]
    assert not list(tmp_path.iterdir())
    data = tmp_path / "data"
    restored = restore(Asked(FILES / f"{name}.backup", data, data / "site", None, START, "cli:li"))
    assert not restored.problems
    assert verify(data / "journal.db").ok
    for store, steps in STORES.items():
        with closing(sqlite3.connect(data / f"{store}.db")) as conn:
            assert conn.execute("PRAGMA user_version").fetchone() == (len(steps),)
    with closing(sqlite3.connect(data / "accounts.db")) as conn:
        assert conn.execute("SELECT name, role FROM accounts").fetchall() == [("wang", "admin")]
