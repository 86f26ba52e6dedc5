"""The rows of a store, out of one snapshot and into a new file.

Rows and not pages: nothing is copied to the card first, which would wear it by the size of the telemetry each time; a
damaged index, free pages and the write-ahead log stay behind; what comes back is compact.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from edge.backup.trouble import BackupError
from edge.store.migrations import ACCOUNTS, JOURNAL, TELEMETRY, Migration, migrate
from edge.store.writer import make_private, store_error

STORES: Final[Mapping[str, Sequence[Migration]]] = {
    "accounts": ACCOUNTS,
    "telemetry": TELEMETRY,
    "journal": JOURNAL,
}
"""In the order their snapshots are taken. A change of an account leaves its row before its fact, an alarm is in the
journal before its reading is in telemetry: whatever one snapshot tells of, the later ones hold too. So a restored hub
tells an account's change at most twice, and never holds a reading whose alarm is missing."""

LEFT_OUT: Final = {
    ("accounts", "sessions"), ("accounts", "codes"), ("journal", "evaluated"), ("telemetry", "deliveries"),
}  # fmt: skip
"""Who is signed in stays behind, and one-time codes: a session ended since would be open again. So do the keys of
deliveries: they belong to the broker's session, and an old one could make a new fire look like a repeat."""

_ROWS: Final = {"telemetry": 20_000}  # in one member; the others' rows are large
_FEW: Final = 500
_UNFIT: Final = (sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.IntegrityError, sqlite3.DataError)
_COUNTERS: Final = "sqlite_sequence"  # the last ids given, of tables that never give one twice


class Snapshot:
    """One store as it stands now, for as long as this is open, whatever its hub writes meanwhile."""

    def __init__(self, name: str, path: Path) -> None:
        self.name, self.path = name, path
        self.conn = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5, isolation_level=None
        )
        try:
            self.conn.execute("BEGIN")
            self.version: int = self.conn.execute("PRAGMA user_version").fetchone()[0]
            self.columns = _columns(self.conn, name)
        except sqlite3.Error as error:
            self.conn.close()
            raise _unreadable(error, path) from error

    def close(self) -> None:
        """Let it go."""
        self.conn.close()

    def rows(self, table: str) -> Iterator[tuple[int, bytes]]:
        """(number of rows, their msgpack) of a table, piece by piece."""
        names = ", ".join(f'"{column}"' for column in self.columns[table])
        pack = msgspec.msgpack.Encoder().encode
        try:
            cursor = self.conn.execute(f'SELECT {names} FROM "{table}"')  # noqa: S608 - names of the schema
            while some := cursor.fetchmany(_ROWS.get(self.name, _FEW)):
                yield len(some), pack(some)
        except sqlite3.Error as error:
            raise _unreadable(error, self.path) from error


class Refill:
    """A new file of a store, of the schema the backup was made with; durable and of the newest after `finish`."""

    def __init__(self, name: str, path: Path, version: int, columns: Mapping[str, Sequence[str]]) -> None:
        make_private(path)
        self.tallies: dict[str, Tally] = {table: Tally() for table in columns}
        self._name, self._columns = name, columns
        self._conn = sqlite3.connect(path, isolation_level=None)
        try:
            # half a file is of no use to anybody: it is made durable at its end
            self._conn.execute("PRAGMA synchronous=OFF")
            self._conn.execute("PRAGMA journal_mode=MEMORY")
            if name == "telemetry":
                self._conn.execute("PRAGMA auto_vacuum=INCREMENTAL")
            migrate(self._conn, STORES[name][:version])
            known = _columns(self._conn, name)
            self._conn.execute("BEGIN")
        except BaseException:
            self._conn.close()
            raise
        if columns != known:
            self._conn.close()
            raise BackupError(
                "damaged", f"the tables of its {name} are not those of an edge-hub: take another backup"
            )

    def put(self, table: str, packed: bytes) -> None:
        """Rows as `Snapshot.rows` gave them."""
        columns = self._columns.get(table)
        if columns is None:
            raise BackupError("damaged", f"its {self._name} has no table {table}: take another backup")
        try:
            rows = msgspec.msgpack.decode(packed, type=list[list[Any]])
            if table == _COUNTERS and not self.tallies[table].rows:
                self._conn.execute(f"DELETE FROM {_COUNTERS}")  # noqa: S608 - a fixed name
            self._conn.executemany(
                f'INSERT INTO "{table}" ({", ".join(columns)}) VALUES ({", ".join("?" * len(columns))})',  # noqa: S608 - names of the schema, compared above
                rows,
            )
        except (msgspec.DecodeError, ValueError, TypeError, OverflowError, *_UNFIT) as error:
            raise BackupError("damaged", f"rows of its {self._name} are damaged ({error})") from error
        self.tallies[table].add(len(rows), packed)

    def finish(self) -> sqlite3.Connection:
        """Commit and migrate; the open connection for what is left to do, to be closed by the caller."""
        self._conn.execute("COMMIT")
        self._conn.execute("PRAGMA synchronous=FULL")
        migrate(self._conn, STORES[self._name])
        return self._conn

    def close(self) -> None:
        """Let it go as it is."""
        self._conn.close()


class Tally:
    """Rows, bytes and hash of what went through."""

    def __init__(self) -> None:
        self.rows = self.bytes = 0
        self._digest = hashlib.sha256()

    def add(self, rows: int, packed: bytes) -> None:
        """Count one piece."""
        self.rows += rows
        self.bytes += len(packed)
        self._digest.update(packed)

    def to_dict(self) -> dict[str, Any]:
        """As the manifest has it."""
        return {"rows": self.rows, "bytes": self.bytes, "sha256": self._digest.hexdigest()}


def _columns(conn: sqlite3.Connection, name: str) -> dict[str, list[str]]:
    """Columns of each table, of the tables that belong into a backup."""
    tables = [
        table
        for (table,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        if (table == _COUNTERS or not table.startswith("sqlite_")) and (name, table) not in LEFT_OUT
    ]
    tables.sort(key=lambda table: table == _COUNTERS)  # its rows are overwritten by filling the others
    return {table: [row[1] for row in conn.execute(f'PRAGMA table_info("{table}")')] for table in tables}


def _unreadable(error: sqlite3.Error, path: Path) -> BackupError:
    known = store_error(error, path)
    if known.trouble == "corrupt":
        return BackupError(
            "damaged", f"{path} is damaged: the running hub sets it aside and begins a new one"
        )
    return BackupError("io", f"{path} cannot be read ({error})")
