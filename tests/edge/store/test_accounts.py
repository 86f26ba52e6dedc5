"""Accounts, sessions and tokens, shared with the command line while the hub runs."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import stat
from contextlib import closing, suppress
from dataclasses import replace

import pytest

from edge.domain.instant import Instant
from edge.facade import Account, Accounts, Role
from edge.store.accounts import AccountFile, SqliteAccounts
from edge.store.migrations import ACCOUNTS, migrate
from edge.store.writer import StoreError
from tests.edge.store.making import START, Clock, spoil

GUARD = Account("li", "李班长", Role.GUARD, "argon2-hash", "zh")
PROGRAM = Account("uplink", "uplink", Role.ADMIN)
SECRET, OTHER = b"s" * 32, b"o" * 32
HOUR, DAY = 3600, 86400


@pytest.fixture
async def accounts(tmp_path):
    made = SqliteAccounts(tmp_path / "accounts.db", now=Clock())
    assert made.open() is None
    yield made
    await made.close()


async def test_accounts_come_back(accounts):
    used: Accounts = accounts
    await used.put(GUARD, "admin")
    await used.put(replace(PROGRAM, name="abc"), "admin")
    assert await used.account("li") == GUARD
    assert await used.account("wang") is None
    assert [account.name for account in await used.accounts()] == ["abc", "li"]
    await used.remove("li", "admin")
    assert await used.account("li") is None


async def test_a_session_lives_while_it_is_used(accounts):
    await accounts.put(GUARD, "admin")
    await accounts.open_session(SECRET, "li", 0, 10 * HOUR)
    for now in (0, HOUR - 1, 2 * HOUR - 2, 3 * HOUR - 3):
        assert await accounts.session(SECRET, now, HOUR) == GUARD
    assert await accounts.session(SECRET, 4 * HOUR - 3, HOUR) is None, "idle"
    assert await accounts.session(OTHER, 0, HOUR) is None, "unknown"


async def test_a_session_expires_though_it_is_used(accounts):
    await accounts.put(GUARD, "admin")
    await accounts.open_session(SECRET, "li", 0, 2 * HOUR)
    assert await accounts.session(SECRET, 2 * HOUR - 1, 5 * HOUR) == GUARD
    assert await accounts.session(SECRET, 2 * HOUR, 5 * HOUR) is None


async def test_closing_sessions(accounts):
    await accounts.put(GUARD, "admin")
    for secret in (SECRET, OTHER):
        await accounts.open_session(secret, "li", 0, DAY)
    await accounts.close_session(SECRET)
    assert await accounts.session(SECRET, 1, DAY) is None
    assert await accounts.session(OTHER, 1, DAY) == GUARD
    await accounts.close_sessions("li")
    assert await accounts.session(OTHER, 1, DAY) is None


@pytest.mark.parametrize(
    ("change", "lives"),
    [({"password_hash": "new"}, False), ({"role": Role.ADMIN}, False), ({"display": "老李"}, True)],
)
async def test_a_new_password_or_role_ends_sessions(accounts, change, lives):
    await accounts.put(GUARD, "admin")
    await accounts.open_session(SECRET, "li", 0, DAY)
    await accounts.put(replace(GUARD, **change), "admin")
    assert (await accounts.session(SECRET, 1, DAY) is not None) == lives


async def test_a_removed_account_has_no_session(accounts):
    await accounts.put(GUARD, "admin")
    await accounts.open_session(SECRET, "li", 0, DAY)
    await accounts.remove("li", "admin")
    await accounts.put(GUARD, "admin")
    assert await accounts.session(SECRET, 1, DAY) is None


async def test_tokens(accounts):
    await accounts.put_token(SECRET, PROGRAM, "admin")
    assert await accounts.token(SECRET) == PROGRAM
    assert await accounts.token(OTHER) is None
    await accounts.put_token(OTHER, PROGRAM, "admin")
    assert await accounts.token(SECRET) is None, "one of the same name replaces it"


async def test_failures_are_counted_per_key_and_bounded(accounts):
    for now in (5, 6):
        await accounts.note_failure("li@10.0.0.9", now)
    assert await accounts.failures("li@10.0.0.9") == (2, 6)
    assert await accounts.failures("li@10.0.0.8") == (0, 0)
    for number in range(10_000):
        await accounts.note_failure(f"x@{number}", 7)
    assert await accounts.failures("li@10.0.0.9") == (0, 0)
    await accounts.clear_failures("x@9999")
    assert await accounts.failures("x@9999") == (0, 0)


async def test_changes_are_told_until_they_are_recorded(accounts):
    await accounts.put(GUARD, "admin")
    await accounts.put(GUARD, "admin")
    await accounts.put(replace(GUARD, password_hash="other"), "li")
    await accounts.put_token(SECRET, PROGRAM, "admin")
    first = await accounts.drain_log()
    assert [(kind, by, at) for kind, by, _, at in first] == [
        ("account.created", "admin", START),
        ("account.changed", "li", START),
        ("token.created", "admin", START),
    ]
    assert first[1][2] == {"name": "li", "role": "guard", "password_changed": True}
    assert "other" not in str(first), "no hash leaves the file"
    assert await accounts.drain_log() == first
    await accounts.recorded()
    assert await accounts.drain_log() == []
    await accounts.remove("li", "admin")
    assert [kind for kind, *_ in await accounts.drain_log()] == ["account.removed"]


async def test_the_command_line_works_on_the_same_file_while_the_hub_runs(accounts, tmp_path):
    file = AccountFile(tmp_path / "accounts.db")
    await accounts.put(GUARD, "admin")
    await accounts.open_session(SECRET, "li", 0, DAY)
    assert file.accounts() == [GUARD]
    file.put(replace(GUARD, password_hash="new"), "root", 7)
    assert await accounts.session(SECRET, 1, DAY) is None
    file.put_token(OTHER, PROGRAM, "root", 8)
    assert file.tokens() == [PROGRAM]
    assert await accounts.token(OTHER) == PROGRAM
    assert (file.remove_token("uplink", "root", 9), file.remove_token("uplink", "root", 9)) == (True, False)
    assert await accounts.token(OTHER) is None
    assert (file.remove("li", "root", 10), file.remove("li", "root", 10)) == (True, False)
    told = [(kind, at) for kind, by, _, at in await accounts.drain_log() if by == "root"]
    assert told == [
        ("account.changed", 7),
        ("token.created", 8),
        ("token.removed", 9),
        ("account.removed", 10),
    ]


def test_the_command_line_makes_the_file(tmp_path):
    file = AccountFile(tmp_path / "data" / "accounts.db")
    file.put(GUARD, "root", 1)
    assert file.accounts() == [GUARD]
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_the_command_line_says_what_is_wrong_with_the_file(tmp_path):
    (tmp_path / "accounts.db").write_bytes(b"garbage" * 1000)
    with pytest.raises(StoreError) as caught:
        AccountFile(tmp_path / "accounts.db").accounts()
    assert caught.value.trouble == "corrupt"


async def test_a_damaged_file_is_set_aside(tmp_path):
    (tmp_path / "accounts.db").write_bytes(b"garbage" * 1000)
    accounts = SqliteAccounts(tmp_path / "accounts.db", now=Clock())
    assert accounts.open() is None
    (loss,) = accounts.losses
    assert loss.file is not None
    assert (tmp_path / loss.file).read_bytes() == b"garbage" * 1000
    assert await accounts.accounts() == []
    await accounts.close()


@pytest.mark.parametrize("damage", ["zeroed", "cut", "emptied", "gone"])
@pytest.mark.parametrize("running", [False, True])
async def test_a_damaged_file_is_filled_again_from_its_copy(tmp_path, damage, running):
    path = tmp_path / "accounts.db"
    file = AccountFile(path)
    file.put(GUARD, "root", 1)
    file.put_token(b"wall", Account("wall", "墙", Role.WALL), "root", 1)
    file.put(Account("gone", "走", Role.GUARD, "hash"), "root", 2)
    accounts = SqliteAccounts(path, now=Clock())
    accounts.open()
    await accounts.put_pin("li", "pin", "li")
    await accounts.remove("gone", "root")
    if not running:
        await accounts.close()
    spoil(path, damage)
    if not running:
        accounts = SqliteAccounts(path, now=Clock())
        accounts.open()
    with suppress(StoreError):  # where it is the first to see it
        await accounts.accounts()
    await accounts.recorded()
    assert await accounts.accounts() == [GUARD]
    assert await accounts.pins() == {"li": "pin"}
    assert (await accounts.token(b"wall")).name == "wall"
    (loss,) = accounts.losses
    assert (loss.store, loss.saved, loss.file is None) == (
        "accounts", {"accounts": 2}, damage == "gone" or (damage == "emptied" and not running)
    )  # fmt: skip
    assert "account.restored" in [kind for kind, *_ in await accounts.drain_log()]
    await accounts.close()


@pytest.mark.parametrize("running", [False, True])
async def test_a_wall_stays_a_wall_when_the_file_is_lost_and_people_sign_in_again(tmp_path, running):
    path = tmp_path / "accounts.db"
    wall, ended = Account("wall-1", "报警墙 1", Role.WALL), b"e" * 32
    accounts = SqliteAccounts(path, now=Clock())
    accounts.open()
    for account in (GUARD, wall, replace(wall, name="wall-2")):
        await accounts.put(account, "li")
    for secret, name in ((SECRET, "wall-1"), (ended, "wall-1"), (OTHER, "li"), (b"2" * 32, "wall-2")):
        await accounts.open_session(secret, name, 0, 10**9)
    await accounts.close_session(ended)
    await accounts.close_sessions("wall-2")
    if not running:
        await accounts.close()
    spoil(path, "gone")
    if not running:
        accounts = SqliteAccounts(path, now=Clock())
        accounts.open()
    await accounts.recorded()  # the first to see it
    assert await accounts.session(SECRET, 1, 10**9) == wall
    for secret in (OTHER, ended, b"2" * 32):
        assert await accounts.session(secret, 1, 10**9) is None
    await accounts.remove("wall-1", "li")
    assert "wall-1" not in (tmp_path / "accounts.kept").read_text("utf-8")
    await accounts.close()


def test_a_copy_of_an_older_release_has_no_walls(tmp_path):
    file = AccountFile(tmp_path / "accounts.db")
    file.put(GUARD, "root", 1)
    file.path.unlink()
    copy = tmp_path / "accounts.kept"
    kept = json.loads(copy.read_text("utf-8"))
    del kept["sessions"]
    copy.write_text(json.dumps(kept), "utf-8")
    assert file.accounts() == [GUARD]


async def test_who_was_let_in_stays_while_the_file_cannot_be_read(tmp_path):
    path = tmp_path / "accounts.db"
    AccountFile(path).put(GUARD, "root", 1)
    AccountFile(path).put_token(b"wall", Account("wall", "墙", Role.WALL), "root", 1)
    accounts = SqliteAccounts(path, now=Clock())
    accounts.open()
    await accounts.open_session(SECRET, "li", 0, 10**9)
    assert await accounts.session(SECRET, 1, 100) == GUARD
    assert (await accounts.token(b"wall")).name == "wall"
    await accounts.close()  # as unreadable as a file can be
    assert await accounts.session(SECRET, 2, 100) == GUARD
    assert (await accounts.token(b"wall")).name == "wall"
    for strange in (
        accounts.session(OTHER, 2, 100),
        accounts.session(SECRET, 500, 100),
        accounts.token(b"x"),
    ):
        with pytest.raises(StoreError):
            await strange
    with suppress(StoreError):
        await accounts.close_session(SECRET)
    with pytest.raises(StoreError):
        await accounts.session(SECRET, 2, 100)


async def test_who_has_signed_in_before_can_do_so_again_while_the_file_cannot_be_read(tmp_path):
    path = tmp_path / "accounts.db"
    for account in (GUARD, replace(GUARD, name="wang"), replace(GUARD, name="zhao")):
        AccountFile(path).put(account, "root", 1)
    accounts = SqliteAccounts(path, now=Clock())
    accounts.open()
    for name in ("li", "wang"):
        assert await accounts.account(name) is not None
    await accounts.remove("wang", "root")
    await accounts.close()  # as unreadable as a file can be
    assert await accounts.account("li") == GUARD
    await accounts.open_session(SECRET, "li", 0, 10**9)
    assert await accounts.session(SECRET, 1, 100) == GUARD
    for name in ("wang", "zhao"):
        with pytest.raises(StoreError):
            await accounts.account(name)


def test_the_command_line_fills_an_emptied_file_from_its_copy(tmp_path):
    file = AccountFile(tmp_path / "accounts.db")
    file.put(GUARD, "root", 1)
    file.path.unlink()
    assert file.accounts() == [GUARD]
    file.remove("li", "root", 2)
    file.path.unlink()
    assert file.accounts() == []


@pytest.mark.parametrize("content", [b"no json", b"{}", b'{"accounts": [[1]], "tokens": [], "pins": []}'])
def test_a_copy_that_cannot_be_read_keeps_nobody_from_starting_anew(tmp_path, content):
    (tmp_path / "accounts.kept").write_bytes(content)
    assert AccountFile(tmp_path / "accounts.db").accounts() == []


async def test_a_pin_is_kept_as_a_hash_and_goes_with_its_person(accounts):
    await accounts.put(GUARD, "admin")
    await accounts.put_pin("li", "hash-1", "li")
    await accounts.put_pin("li", "hash-2", "li")
    await accounts.put_pin("nobody", "hash", "li")
    assert await accounts.pins() == {"li": "hash-2"}
    told = [(kind, dict(body)) for kind, _, body, _ in await accounts.drain_log()]
    assert told[1:] == [("account.pin", {"name": "li"})] * 2
    await accounts.remove("li", "admin")
    assert await accounts.pins() == {}


CODED = replace(GUARD, name="wang", password_hash=None)
LASTS = 24 * HOUR * 1_000_000
NOW = Instant(START, 5 * LASTS)


def later(by, *, utc=None, trusted=True):
    """So many µs later by the machine's own count; utc: by the civil clock, which may leap."""
    return Instant(START + (by if utc is None else utc), NOW.mono + by, trusted)


def coded(accounts, code="a-hash"):
    file = AccountFile(accounts._db.path)
    file.put(CODED, "cli:root", START)
    file.put_code("wang", code, "cli:root", NOW)


async def kinds(accounts):
    return [kind for kind, *_ in await accounts.drain_log()]


async def test_a_code_is_good_for_one_password(accounts):
    coded(accounts)
    assert await accounts.try_code("li", NOW) is None
    assert await accounts.try_code("wang", later(LASTS - 1)) == "a-hash"
    own = replace(CODED, password_hash="own")
    assert not await accounts.redeem_code(own, "another-hash")
    assert await accounts.account("wang") == CODED
    assert await accounts.redeem_code(own, "a-hash")
    assert await accounts.account("wang") == own
    assert await accounts.try_code("wang", NOW) is None
    assert not await accounts.redeem_code(replace(own, password_hash="other"), "a-hash")
    assert await accounts.account("wang") == own
    assert await kinds(accounts) == [
        "account.created",
        "account.code",
        "account.changed",
        "account.code_used",
    ]


async def test_a_code_ends_by_time_and_says_so(accounts):
    coded(accounts)
    assert await accounts.try_code("wang", later(LASTS)) is None
    assert (await accounts.drain_log())[-1][:3] == (
        "account.code_over",
        "wang",
        {"name": "wang", "why": "time"},
    )
    assert await accounts.try_code("wang", NOW) is None, "it is gone"


@pytest.mark.parametrize("leap", [-3650, 3650])
@pytest.mark.parametrize("trusted", [True, False])
async def test_a_clock_that_is_set_neither_ends_a_code_nor_keeps_it(accounts, leap, trusted):
    coded(accounts)
    utc = leap * DAY * 1_000_000
    assert await accounts.try_code("wang", later(LASTS - 1, utc=utc, trusted=trusted)) == "a-hash"
    assert await accounts.try_code("wang", later(LASTS, utc=utc, trusted=trusted)) is None


@pytest.mark.parametrize(
    ("now", "good"),
    [
        (Instant(START + HOUR, 0), True),
        (Instant(START - 10 * LASTS, LASTS - 1, trusted=False), True),
        (Instant(START + 10 * LASTS, LASTS - 1, trusted=False), True),
        (Instant(START + 10 * LASTS, 0), False),
        (Instant(START - 10 * LASTS, LASTS, trusted=False), False),
        (Instant(START, LASTS), False),
    ],
    ids=[
        "soon",
        "back, not believed",
        "ahead, not believed",
        "late",
        "a day of this run",
        "a clock that was set",
    ],
)
@pytest.mark.parametrize("boot", ["another", ""])
async def test_after_another_start_of_the_machine_a_clock_that_is_believed_says_it_and_a_day_is_the_longest(
    accounts, monkeypatch, now, good, boot
):
    monkeypatch.setattr("edge.store.accounts.boot_id", lambda: "" if boot == "" else "one")
    coded(accounts)
    monkeypatch.setattr("edge.store.accounts.boot_id", lambda: boot)
    assert (await accounts.try_code("wang", now) == "a-hash") is good


async def test_a_code_of_an_older_release_goes_on(tmp_path):
    path = tmp_path / "accounts.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        migrate(conn, ACCOUNTS[:3])
        conn.execute("INSERT INTO codes VALUES ('wang', 'a-hash', ?, 2)", (START + LASTS,))
    made = SqliteAccounts(path, now=Clock())
    made.open()
    assert await made.try_code("wang", Instant(START + LASTS - 1, 0)) == "a-hash"
    assert await made.try_code("wang", Instant(START + LASTS, 0)) is None
    await made.close()


async def test_a_code_ends_by_wrong_tries_each_of_which_counts(accounts):
    coded(accounts)
    tried = await asyncio.gather(*(accounts.try_code("wang", NOW) for _ in range(9)))
    assert [one for one in tried if one is not None] == ["a-hash"] * 5
    assert (await accounts.drain_log())[-1][2] == {"name": "wang", "why": "tries"}


async def test_a_newer_code_a_password_and_going_away_end_a_code(accounts):
    coded(accounts)
    coded(accounts, "b-hash")
    assert await accounts.try_code("wang", NOW) == "b-hash"
    await accounts.put(replace(CODED, password_hash="given"), "admin")
    assert await accounts.try_code("wang", NOW) is None
    coded(accounts)
    await accounts.remove("wang", "admin")
    assert await accounts.try_code("wang", NOW) is None
