"""Accounts, sessions and tokens in a file of their own; only hashes of secrets are kept.

The command line writes the same file while the hub runs. Every change leaves a row in `account_log`, which the hub
turns into facts. A copy beside it brings accounts, tokens and walls back where the file is damaged. Failed sign-ins are
counted in memory: an attacker shall not wear out the card.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from edge.clock import boot_id
from edge.domain.instant import MINUTE, Instant
from edge.facade import Account, Role
from edge.store import codes
from edge.store.kept_accounts import bring_back, is_wall, keep, rows_of
from edge.store.migrations import ACCOUNTS, migrate
from edge.store.writer import Database, Loss, StoreError, make_private, store_error

log = logging.getLogger(__name__)

_HAS_CODE: Final = "SELECT count(*) FROM codes WHERE name = ?"
_COLUMNS: Final = "name, display, role, password_hash, language"
_TOUCH: Final = MINUTE  # how exactly the last use of a session is kept
_KNOWN: Final = 1000  # sessions and tokens let in lately that are remembered
_FAILURES: Final = 10_000  # keys whose failed sign-ins are remembered

Rows = Mapping[str, list[list[Any]]]
"""What the copy holds, by table."""
Change = tuple[str, str, Mapping[str, Any], int]
"""(kind, by, body, µs UTC) of a change to accounts, as the journal tells it."""


class SqliteAccounts:
    """`accounts.db`, as the hub uses it (`edge.facade.Accounts`). Times are µs UTC."""

    def __init__(self, path: Path, *, now: Callable[[], Instant]) -> None:
        self._now = now
        self._db = Database(path, ACCOUNTS, opened=self._begin, stamp=_stamp, expendable=True)
        self._failures: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._loose: dict[bytes, tuple[str, int]] = {}  # sessions a full disk did not take: (name, expires)
        self._known: OrderedDict[bytes, tuple[Account, int]] = OrderedDict()  # let in lately: (who, expires)
        self._people: dict[str, Account] = {}  # as they were read last, by name
        self._given = 0

    def open(self) -> StoreError | None:
        """Open the file; the error when it cannot be written now."""
        return self._db.open()

    async def close(self) -> None:
        """Close the file."""
        self._db.close()

    def glance(self) -> None:
        """Look whether the file is still there and whole, also while nothing is to be written."""
        self._db.glance()

    @property
    def losses(self) -> Sequence[Loss]:
        """How often it had to be begun anew, since the start."""
        return self._db.losses

    def _begin(self, conn: sqlite3.Connection) -> None:
        """After each opening, in the writer thread: an empty file takes up the copy, a copy follows the file."""
        brought = _bring_back(conn, self._db.path, self._now().utc)
        self._db.saved = {"accounts": brought}
        keep(self._db.path, rows_of(conn))

    async def _change(self, work: Callable[[sqlite3.Connection], object]) -> None:
        """A transaction, after which the copy is written, too."""

        def work_and_read(conn: sqlite3.Connection) -> Rows:
            work(conn)
            return rows_of(conn)

        await self._copy(await self._db.write(work_and_read))

    async def _change_session(self, name: str, work: Callable[[sqlite3.Connection], object]) -> None:
        """A transaction about sessions of an account; those of a wall are in the copy."""

        def work_and_read(conn: sqlite3.Connection) -> Rows | None:
            work(conn)
            return rows_of(conn) if is_wall(conn, name) else None

        if (rows := await self._db.write(work_and_read)) is not None:
            await self._copy(rows)

    async def _copy(self, rows: Rows) -> None:
        await asyncio.wrap_future(self._db.submit(lambda _conn: keep(self._db.path, rows), plain=True))

    async def account(self, name: str) -> Account | None:
        """While the file cannot be read, as it was read last: who has signed in before can do so again. StoreError."""
        try:
            account = await self._db.read(lambda conn: _account(conn, name))
        except StoreError:
            if (kept := self._people.get(name)) is None:
                raise
            return kept
        if account is not None:
            self._people[name] = account
        return account

    async def accounts(self) -> Sequence[Account]:
        return await self._db.read(_accounts)

    async def put(self, account: Account, by: str) -> None:
        at = self._now().utc
        self._forget(account.name)
        await self._change(lambda conn: _put(conn, account, by, at))

    async def remove(self, name: str, by: str) -> None:
        at = self._now().utc
        self._loose = {secret: kept for secret, kept in self._loose.items() if kept[0] != name}
        self._forget(name)
        await self._change(lambda conn: _remove(conn, name, by, at))

    async def open_session(self, secret_hash: bytes, name: str, now: int, expires: int) -> None:
        def work(conn: sqlite3.Connection) -> None:
            conn.execute("DELETE FROM sessions WHERE expires < ?", (now,))
            conn.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?, ?)", (secret_hash, name, now, now, expires)
            )

        try:
            await self._change_session(name, work)
        except StoreError as error:
            # A guard must be able to sign in while the disk is full; the session then ends with the hub.
            log.warning("accounts: a session is kept in memory only: %s", error)
            self._loose[secret_hash] = (name, expires)

    async def session(self, secret_hash: bytes, now: int, idle: int) -> Account | None:
        if (loose := self._loose.get(secret_hash)) is not None:
            name, expires = loose
            return await self.account(name) if now < expires else None

        def work(conn: sqlite3.Connection) -> tuple[Account | None, int]:
            found = conn.execute(
                "SELECT name, seen, expires FROM sessions WHERE secret_hash = ?", (secret_hash,)
            ).fetchone()
            if found is None or now >= found[2] or now - found[1] >= idle:
                return None, now
            return _account(conn, found[0]), found[1]

        try:
            account, seen = await self._db.read(work)
        except StoreError:
            return self._remembered(secret_hash, now)
        self._remember(secret_hash, account, now + idle)
        if account is not None and now - seen >= min(_TOUCH, idle // 2):
            await self._touch(secret_hash, now)
        return account

    async def _touch(self, secret_hash: bytes, now: int) -> None:
        try:
            await self._db.write(
                lambda conn: conn.execute(
                    "UPDATE sessions SET seen = ? WHERE secret_hash = ?", (now, secret_hash)
                )
            )
        except StoreError as error:
            log.debug("accounts: the use of a session was not noted: %s", error)

    async def close_session(self, secret_hash: bytes) -> None:
        self._loose.pop(secret_hash, None)
        self._known.pop(secret_hash, None)
        query = "SELECT name FROM sessions WHERE secret_hash = ?"
        found = await self._db.read(lambda conn: conn.execute(query, (secret_hash,)).fetchone())
        delete = "DELETE FROM sessions WHERE secret_hash = ?"
        await self._change_session(
            "" if found is None else found[0], lambda conn: conn.execute(delete, (secret_hash,))
        )

    async def close_sessions(self, name: str) -> None:
        self._loose = {secret: kept for secret, kept in self._loose.items() if kept[0] != name}
        self._forget(name)
        await self._change_session(
            name, lambda conn: conn.execute("DELETE FROM sessions WHERE name = ?", (name,))
        )

    async def try_code(self, name: str, now: Instant) -> str | None:
        def work(conn: sqlite3.Connection) -> str | None:
            found, told = codes.attempt(conn, name, now, boot_id())
            if told is not None:
                _log(conn, told[0], name, told[1], now.utc)
            return found

        if not await self._db.read(lambda conn: conn.execute(_HAS_CODE, (name,)).fetchone()[0]):
            return None  # whoever guesses names writes nothing
        return await self._db.write(work)

    async def redeem_code(self, account: Account, code_hash: str) -> bool:
        at, used = self._now().utc, False

        def work(conn: sqlite3.Connection) -> None:
            nonlocal used
            used = codes.spend(conn, account.name, code_hash)
            if used:
                _put(conn, account, account.name, at)
                _log(conn, "account.code_used", account.name, {"name": account.name}, at)

        await self._change(work)
        return used

    async def put_token(self, secret_hash: bytes, account: Account, by: str) -> None:
        at = self._now().utc
        await self._change(lambda conn: _put_token(conn, secret_hash, account, by, at))

    async def token(self, secret_hash: bytes) -> Account | None:
        try:
            account = await self._db.read(lambda conn: _token(conn, secret_hash))
        except StoreError:
            return self._remembered(secret_hash, 0)
        self._remember(secret_hash, account, 2**62)
        return account

    def _forget(self, name: str) -> None:
        self._people.pop(name, None)
        for secret in [secret for secret, (account, _) in self._known.items() if account.name == name]:
            del self._known[secret]

    def _remember(self, secret_hash: bytes, account: Account | None, expires: int) -> None:
        self._known.pop(secret_hash, None)
        if account is not None:
            self._known[secret_hash] = account, expires
            if len(self._known) > _KNOWN:
                self._known.popitem(last=False)

    def _remembered(self, secret_hash: bytes, now: int) -> Account | None:
        """Who was let in lately, while the file cannot be read: the wall must not go dark with the card. StoreError."""
        account, expires = self._known.get(secret_hash, (None, 0))
        if account is None or now >= expires:
            raise StoreError("io", self._db.path)
        return account

    async def failures(self, key: str) -> tuple[int, int]:
        return self._failures.get(key, (0, 0))

    async def note_failure(self, key: str, now: int) -> None:
        count, _ = self._failures.pop(key, (0, 0))
        self._failures[key] = (count + 1, now)
        if len(self._failures) > _FAILURES:
            self._failures.popitem(last=False)

    async def take_back_failure(self, key: str, last: int) -> None:
        count, _ = self._failures.get(key, (0, 0))
        if count > 1:
            self._failures[key] = (count - 1, last)
        else:
            self._failures.pop(key, None)

    async def clear_failures(self, key: str) -> None:
        self._failures.pop(key, None)

    async def pins(self) -> Mapping[str, str]:
        return await self._db.read(_pins)

    async def put_pin(self, name: str, pin_hash: str, by: str) -> None:
        at = self._now().utc
        await self._change(lambda conn: _put_pin(conn, name, pin_hash, by, at))

    async def drain_log(self) -> list[Change]:
        """Changes that are not in the journal yet, oldest first; told again until `recorded`."""
        rows = await self._db.read(_changes)
        if rows:
            self._given = rows[-1][0]
        return [change for _, change in rows]

    async def recorded(self) -> None:
        """The changes last given are in the journal."""
        given = self._given
        mark = "UPDATE account_log SET recorded = 1 WHERE recorded = 0 AND id <= ?"
        await self._db.write(lambda conn: conn.execute(mark, (given,)))


class AccountFile:
    """The same file for the command line, also while the hub runs; raises StoreError."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            make_private(self.path)
            conn = sqlite3.connect(self.path, timeout=5, isolation_level=None)
        except (sqlite3.Error, OSError) as error:
            raise store_error(error, self.path) from error
        try:
            conn.execute("PRAGMA journal_mode=WAL")
            conn.execute("PRAGMA synchronous=FULL")
            migrate(conn, ACCOUNTS)
            conn.execute("BEGIN IMMEDIATE")
            _bring_back(conn, self.path, time.time_ns() // 1000)
            yield conn
            rows = rows_of(conn)
            conn.execute("COMMIT")
            keep(self.path, rows)
        except sqlite3.Error as error:
            raise store_error(error, self.path) from error
        finally:
            conn.close()  # rolls back what was not committed

    def accounts(self) -> list[Account]:
        """All accounts by name."""
        with self._transaction() as conn:
            return _accounts(conn)

    def put(self, account: Account, by: str, at: int) -> None:
        """Make or change an account; changing the password or role ends its sessions."""
        with self._transaction() as conn:
            _put(conn, account, by, at)

    def remove(self, name: str, by: str, at: int) -> bool:
        """Remove an account with its sessions; False when there was none."""
        with self._transaction() as conn:
            return _remove(conn, name, by, at)

    def put_pin(self, name: str, pin_hash: str, by: str, at: int) -> None:
        """Give a person of these accounts a PIN for the wall; the former one is worth nothing from now on."""
        with self._transaction() as conn:
            _put_pin(conn, name, pin_hash, by, at)

    def put_code(self, name: str, code_hash: str, by: str, now: Instant) -> None:
        """Give a person of these accounts a one-time code; the former one is worth nothing from now on."""
        with self._transaction() as conn:
            kind, body = codes.put(conn, name, code_hash, now, boot_id())
            _log(conn, kind, by, body, now.utc)

    def tokens(self) -> list[Account]:
        """All tokens by name."""
        with self._transaction() as conn:
            rows = conn.execute("SELECT name, display, role, NULL, language FROM tokens ORDER BY name")
            return [_of(row) for row in rows]

    def put_token(self, secret_hash: bytes, account: Account, by: str, at: int) -> None:
        """Make a token; one of the same name is replaced."""
        with self._transaction() as conn:
            _put_token(conn, secret_hash, account, by, at)

    def remove_token(self, name: str, by: str, at: int) -> bool:
        """Remove a token; False when there was none."""
        with self._transaction() as conn:
            gone = conn.execute("DELETE FROM tokens WHERE name = ?", (name,)).rowcount > 0
            if gone:
                _log(conn, "token.removed", by, {"name": name}, at)
            return gone


def _bring_back(conn: sqlite3.Connection, path: Path, at: int) -> int:
    """Fill an empty file from its copy, and note that; the number of accounts and tokens."""
    if brought := bring_back(conn, path):
        _log(conn, "account.restored", "hub", {"name": path.name, "accounts": brought}, at)
    return brought


def _of(row: Sequence[Any]) -> Account:
    name, display, role, password_hash, language = row
    return Account(name, display, Role(role), password_hash, language)


def _account(conn: sqlite3.Connection, name: str) -> Account | None:
    row = conn.execute(f"SELECT {_COLUMNS} FROM accounts WHERE name = ?", (name,)).fetchone()  # noqa: S608 - fixed words
    return None if row is None else _of(row)


def _accounts(conn: sqlite3.Connection) -> list[Account]:
    return [_of(row) for row in conn.execute(f"SELECT {_COLUMNS} FROM accounts ORDER BY name")]  # noqa: S608 - fixed words


def _put(conn: sqlite3.Connection, account: Account, by: str, at: int) -> None:
    before = _account(conn, account.name)
    conn.execute(
        "INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?, ?)",
        (account.name, account.display, account.role.value, account.password_hash, account.language),
    )
    if before is not None and (before.password_hash, before.role) != (account.password_hash, account.role):
        conn.execute("DELETE FROM sessions WHERE name = ?", (account.name,))
        codes.drop(conn, account.name)
    body = {"name": account.name, "role": account.role.value}
    if before is None:
        _log(conn, "account.created", by, body, at)
    elif before != account:
        body["password_changed"] = before.password_hash != account.password_hash  # type: ignore[assignment]
        _log(conn, "account.changed", by, body, at)


def _remove(conn: sqlite3.Connection, name: str, by: str, at: int) -> bool:
    gone = conn.execute("DELETE FROM accounts WHERE name = ?", (name,)).rowcount > 0
    conn.execute("DELETE FROM sessions WHERE name = ?", (name,))
    conn.execute("DELETE FROM pins WHERE name = ?", (name,))
    codes.drop(conn, name)
    if gone:
        _log(conn, "account.removed", by, {"name": name}, at)
    return gone


def _pins(conn: sqlite3.Connection) -> dict[str, str]:
    return dict(conn.execute("SELECT name, pin_hash FROM pins"))


def _put_pin(conn: sqlite3.Connection, name: str, pin_hash: str, by: str, at: int) -> None:
    if _account(conn, name) is not None:
        conn.execute("INSERT OR REPLACE INTO pins VALUES (?, ?)", (name, pin_hash))
        _log(conn, "account.pin", by, {"name": name}, at)


def _put_token(conn: sqlite3.Connection, secret_hash: bytes, account: Account, by: str, at: int) -> None:
    conn.execute("DELETE FROM tokens WHERE name = ?", (account.name,))
    conn.execute(
        "INSERT OR REPLACE INTO tokens VALUES (?, ?, ?, ?, ?)",
        (secret_hash, account.name, account.display, account.role.value, account.language),
    )
    _log(conn, "token.created", by, {"name": account.name, "role": account.role.value}, at)


def _token(conn: sqlite3.Connection, secret_hash: bytes) -> Account | None:
    row = conn.execute(
        "SELECT name, display, role, NULL, language FROM tokens WHERE secret_hash = ?", (secret_hash,)
    ).fetchone()
    return None if row is None else _of(row)


def _log(conn: sqlite3.Connection, kind: str, by: str, body: Mapping[str, Any], at: int) -> None:
    conn.execute(
        "INSERT INTO account_log (kind, by, body, at) VALUES (?, ?, ?, ?)",
        (kind, by, json.dumps(body, ensure_ascii=False), at),
    )


def _changes(conn: sqlite3.Connection) -> list[tuple[int, Change]]:
    rows = conn.execute("SELECT id, kind, by, body, at FROM account_log WHERE recorded = 0 ORDER BY id")
    return [(id, (kind, by, json.loads(body), at)) for id, kind, by, body, at in rows]


def _stamp() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
