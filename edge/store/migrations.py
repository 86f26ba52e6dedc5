"""The schemas of the store's files, as numbered steps from the first one on (`PRAGMA user_version` counts them).

A step that has been released is never edited: a change is a new step, and the tests build every old version.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

Migration = Sequence[str]  # the statements of one step

JOURNAL: Final[Sequence[Migration]] = (
    (
        # epoch, last (fact number), clean (1: stopped cleanly), base (hash the chain starts from)
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID",
        # an epoch's numbers run from `first` to the next epoch's
        "CREATE TABLE epochs (epoch INTEGER PRIMARY KEY, first INTEGER NOT NULL)",
        """CREATE TABLE facts (
            number INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, kind TEXT NOT NULL, time INTEGER NOT NULL, by TEXT,
            subject TEXT NOT NULL, about TEXT, body TEXT NOT NULL, note TEXT)""",
        "CREATE INDEX facts_about ON facts (about, number) WHERE about IS NOT NULL",
        """CREATE TABLE chain (
            first INTEGER PRIMARY KEY, last INTEGER NOT NULL, hash BLOB NOT NULL)""",
        # a person's words; erasing one leaves the chain valid, because facts hold only their salted hash
        "CREATE TABLE texts (number INTEGER PRIMARY KEY, salt BLOB NOT NULL, text TEXT NOT NULL)",
        # facts the in-memory tail could not hold while the journal was down: how many, before which number, whose
        "CREATE TABLE gaps (number INTEGER PRIMARY KEY, facts INTEGER NOT NULL, alarms TEXT NOT NULL)",
        """CREATE TABLE alarms (
            id TEXT PRIMARY KEY, raised_at INTEGER NOT NULL, state TEXT NOT NULL, open INTEGER NOT NULL,
            signal TEXT NOT NULL, device TEXT NOT NULL, purpose TEXT NOT NULL, suppressed INTEGER NOT NULL,
            body TEXT NOT NULL) WITHOUT ROWID""",
        "CREATE INDEX alarms_newest ON alarms (raised_at DESC, id DESC)",
        "CREATE INDEX alarms_open ON alarms (raised_at DESC, id DESC) WHERE open = 1",
        "CREATE INDEX alarms_suppressed ON alarms (id) WHERE suppressed = 1",
        "CREATE INDEX alarms_device ON alarms (device, raised_at DESC, id DESC)",
        # open alarms taken over from a journal that was set aside: what the fold of this one's facts begins with
        "CREATE TABLE carried (id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID",
        """CREATE TABLE devices (
            id TEXT PRIMARY KEY, profile TEXT NOT NULL, source TEXT NOT NULL, address TEXT NOT NULL) WITHOUT ROWID""",
        """CREATE TABLE evaluated (
            source TEXT NOT NULL, packet INTEGER NOT NULL, digest BLOB NOT NULL, points TEXT NOT NULL,
            PRIMARY KEY (source, packet)) WITHOUT ROWID""",
        """CREATE TABLE answers (
            key TEXT NOT NULL, account TEXT NOT NULL, digest BLOB NOT NULL, alarm TEXT, at INTEGER NOT NULL,
            PRIMARY KEY (account, key)) WITHOUT ROWID""",
        "CREATE INDEX answers_at ON answers (at)",
    ),
    (
        # step 4's cases: the body of each as its last fact left it
        """CREATE TABLE cases (
            kind TEXT NOT NULL, id TEXT NOT NULL, opened_at INTEGER NOT NULL, open INTEGER NOT NULL, body TEXT NOT NULL,
            PRIMARY KEY (kind, id)) WITHOUT ROWID""",
        "CREATE INDEX cases_newest ON cases (kind, opened_at DESC, id DESC)",
        "CREATE INDEX cases_open ON cases (kind, opened_at DESC, id DESC) WHERE open = 1",
        """CREATE TABLE case_facts (
            kind TEXT NOT NULL, id TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (kind, id, number))
            WITHOUT ROWID""",
    ),
    # people's words in the bodies of cases, taken out of them; erased as `texts` are
    ("CREATE TABLE words (number INTEGER PRIMARY KEY, salt BLOB NOT NULL, text TEXT NOT NULL)",),
)

# low and high are null where they equal the sum: of one number only, which most minutes of slow points are
_ROLL_UP: Final = """(
    series INTEGER NOT NULL, time INTEGER NOT NULL, count INTEGER NOT NULL, number INTEGER NOT NULL, sum REAL, low REAL,
    high REAL, quality INTEGER NOT NULL, last_at INTEGER, last, PRIMARY KEY (series, time)) WITHOUT ROWID"""

TELEMETRY: Final[Sequence[Migration]] = (
    (
        "CREATE TABLE series (id INTEGER PRIMARY KEY, point TEXT NOT NULL UNIQUE)",
        # n: last number given to a row of the tail; <table>_from: no row of it was dropped from this µs on
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
        """CREATE TABLE tail (
            n INTEGER PRIMARY KEY, series INTEGER NOT NULL, time INTEGER NOT NULL, received_delta INTEGER NOT NULL,
            value, flags INTEGER NOT NULL)""",
        """CREATE TABLE history (
            series INTEGER NOT NULL, time INTEGER NOT NULL, received_delta INTEGER NOT NULL, value,
            flags INTEGER NOT NULL, PRIMARY KEY (series, time)) WITHOUT ROWID""",
        f"CREATE TABLE minute {_ROLL_UP}",
        f"CREATE TABLE hour {_ROLL_UP}",
        """CREATE TABLE latest (
            series INTEGER PRIMARY KEY, time INTEGER NOT NULL, received_delta INTEGER NOT NULL, value,
            flags INTEGER NOT NULL)""",
        # the keys of at-least-once deliveries, packed, one row per commit and source
        """CREATE TABLE deliveries (
            n INTEGER PRIMARY KEY, source TEXT NOT NULL, count INTEGER NOT NULL, keys BLOB NOT NULL)""",
    ),
    (
        # cursor: n of the last row a follower is through with; outage: its counters when the sink was lost, as JSON
        """CREATE TABLE followers (
            id TEXT PRIMARY KEY, cursor INTEGER NOT NULL, sent INTEGER NOT NULL DEFAULT 0,
            repeated INTEGER NOT NULL DEFAULT 0, rejected INTEGER NOT NULL DEFAULT 0, lost INTEGER NOT NULL DEFAULT 0,
            outage TEXT) WITHOUT ROWID""",
        # rows that became history before every follower had them
        "CREATE TABLE unsent (n INTEGER PRIMARY KEY, series INTEGER NOT NULL, time INTEGER NOT NULL)",
        """CREATE TABLE set_aside (
            id INTEGER PRIMARY KEY AUTOINCREMENT, follower TEXT NOT NULL, at INTEGER NOT NULL, line TEXT NOT NULL,
            reason TEXT NOT NULL)""",
        # what people asked to be sent once more; series, time: the last row that was, null before the first
        """CREATE TABLE resends (
            id INTEGER PRIMARY KEY AUTOINCREMENT, follower TEXT NOT NULL, start INTEGER NOT NULL,
            until INTEGER NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL, series INTEGER, time INTEGER,
            sent INTEGER NOT NULL DEFAULT 0)""",
    ),
)

ACCOUNTS: Final[Sequence[Migration]] = (
    (
        """CREATE TABLE accounts (
            name TEXT PRIMARY KEY, display TEXT NOT NULL, role TEXT NOT NULL, password_hash TEXT, language TEXT)
            WITHOUT ROWID""",
        """CREATE TABLE sessions (
            secret_hash BLOB PRIMARY KEY, name TEXT NOT NULL, opened INTEGER NOT NULL, seen INTEGER NOT NULL,
            expires INTEGER NOT NULL) WITHOUT ROWID""",
        "CREATE INDEX sessions_name ON sessions (name)",
        """CREATE TABLE tokens (
            secret_hash BLOB PRIMARY KEY, name TEXT NOT NULL, display TEXT NOT NULL, role TEXT NOT NULL, language TEXT)
            WITHOUT ROWID""",
        """CREATE TABLE account_log (
            id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, by TEXT NOT NULL, body TEXT NOT NULL,
            at INTEGER NOT NULL, recorded INTEGER NOT NULL DEFAULT 0)""",
        "CREATE INDEX account_log_new ON account_log (id) WHERE recorded = 0",
    ),
    ("CREATE TABLE pins (name TEXT PRIMARY KEY, pin_hash TEXT NOT NULL) WITHOUT ROWID",),
    (
        """CREATE TABLE codes (
            name TEXT PRIMARY KEY, code_hash TEXT NOT NULL, expires INTEGER NOT NULL, tries INTEGER NOT NULL)
            WITHOUT ROWID""",
    ),
    (
        # in which run of the machine a code was made, and when, in µs of its monotonic clock
        "ALTER TABLE codes ADD COLUMN boot TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE codes ADD COLUMN made INTEGER NOT NULL DEFAULT 0",
    ),
)


def migrate(conn: sqlite3.Connection, steps: Sequence[Migration]) -> None:
    """Bring an open file (autocommit mode) to the newest version; each step is one transaction."""
    version: int = conn.execute("PRAGMA user_version").fetchone()[0]
    if version > len(steps):
        error = sqlite3.DatabaseError(
            f"schema version {version} is of a newer release, this one knows {len(steps)}"
        )
        error.sqlite_errorcode = (
            sqlite3.SQLITE_NOTADB
        )  # to this release it is no database: set aside and kept
        raise error
    for number, step in enumerate(steps[version:], start=version + 1):
        conn.execute("BEGIN IMMEDIATE")
        try:
            for statement in step:
                conn.execute(statement)
            conn.execute(f"PRAGMA user_version={number}")
        except BaseException:
            conn.rollback()
            raise
        conn.execute("COMMIT")
