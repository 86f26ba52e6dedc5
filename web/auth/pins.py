"""PINs: the few digits by which a person is known at a wall, and the count of wrong ones.

A PIN opens nothing by itself: it names the person at a screen that was made a wall by somebody signed in.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edge.domain.instant import MINUTE, SECOND
from edge.facade import Account, Accounts, Hub
from web.auth.secrets import Passwords
from web.problems import Problem

SHORTEST: Final = 4
LONGEST: Final = 8
TRIES: Final = 5
LOCKED: Final = 15 * MINUTE
TRIES_ANYWHERE: Final = 20
LOCKED_ANYWHERE: Final = 60 * MINUTE
"""The slower count of a person over all screens, which no right PIN clears: many screens give no more guesses."""
_RUNS: Final = ("01234567890", "09876543210")
_WELL_KNOWN: Final = frozenset({"2580", "0852", "5683", "1314", "5201314", "1379", "1397", "7788", "8899"})


def weakness_of(pin: str) -> str | None:
    """Why `pin` will not do, in one sentence; None when it will (practice of card PINs)."""
    if not (pin.isascii() and pin.isdigit() and SHORTEST <= len(pin) <= LONGEST):
        return "A PIN has 4 to 8 digits."
    if len(set(pin)) < 3 or any(pin in run for run in _RUNS) or pin in _WELL_KNOWN:
        return "This PIN is too easy to guess; take another one."
    return None


def new_pin() -> str:
    """A random PIN of six digits that is not too easy to guess."""
    while weakness_of(pin := f"{secrets.randbelow(1_000_000):06d}") is not None:
        pass
    return pin


@dataclass(frozen=True, slots=True)
class Known:
    """A person whose PIN was right. pin_hash: of the PIN it was; a later one ends what this one gave."""

    account: Account
    pin_hash: str


async def check_pin(hub: Hub, passwords: Passwords, where: str, name: str, pin: str) -> Known:
    """The person of this PIN. where: the screen or session it is typed at.

    Problem 401 `wrong_pin`, 429 `pin_locked` with Retry-After after `TRIES` wrong ones of a person at one screen, or
    `TRIES_ANYWHERE` over all; the same answer for an unknown person, and for one without a PIN. Others are not held up.
    """
    accounts, now = hub.accounts, hub.now().mono
    here = _Count(f"pin:{name[:64]}@{where}", TRIES, LOCKED)
    anywhere = _Count(f"pin:{name[:64]}", TRIES_ANYWHERE, LOCKED_ANYWHERE)
    for count in (here, anywhere):
        await _heed_lock(accounts, count, now)
    _, last = await accounts.failures(anywhere.key)
    # Counted before it is checked: of many at once, each one counts.
    for count in (here, anywhere):
        await accounts.note_failure(count.key, now)
    account = await accounts.account(name[:64])
    pin_hash = (await accounts.pins()).get(name) if account is not None else None
    fits = await passwords.fits(pin[: LONGEST + 1], pin_hash)
    if account is None or pin_hash is None or not fits:
        await hub.note("pin.refused", account.name if account else "", {"where": where})
        for count in (here, anywhere):
            await _heed_lock(accounts, count, now)
        raise Problem(401, "wrong_pin", "This PIN is wrong.")
    await accounts.clear_failures(here.key)
    await accounts.take_back_failure(anywhere.key, last)
    return Known(account, pin_hash)


@dataclass(frozen=True, slots=True)
class _Count:
    """tries: wrong ones until the lock, which lasts `locked` µs; the count is forgotten that long after the last."""

    key: str
    tries: int
    locked: int


async def _heed_lock(accounts: Accounts, count: _Count, now: int) -> None:
    failures, last = await accounts.failures(count.key)
    wait = last + count.locked - now
    if wait <= 0 and failures:
        await accounts.clear_failures(count.key)
        return
    if failures < count.tries:
        return
    minutes = str(-(-wait // MINUTE))
    raise Problem(
        429,
        "pin_locked",
        "Too many wrong PINs: locked for %(minutes)s min. Others can go on.",
        headers={"Retry-After": str(-(-wait // SECOND))},
        values={"minutes": minutes},
    )


async def people_with_pins(hub: Hub) -> Mapping[str, Account]:
    """Who can be known at a wall, by name."""
    pins = await hub.accounts.pins()
    return {account.name: account for account in await hub.accounts.accounts() if account.name in pins}
