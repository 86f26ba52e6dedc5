"""What the hub in memory keeps of people and photos: in dicts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from argon2 import PasswordHasher

from edge.domain.instant import Instant
from edge.domain.names import Text
from edge.facade import Account, ChannelState, Kept, Role

CHANNELS = (
    ChannelState(
        "sms",
        Text("短信", "SMS"),
        "sms",
        ("accepted", "delivered", "answered"),
        ("guard",),
        "ok",
        Text("正常", "Works"),
        {"sent": 3},
        1_000_000,
        None,
    ),
    ChannelState(
        "wecom",
        Text("企业微信群", "WeCom group"),
        "wecombot",
        ("accepted",),
        ("",),
        "failing",
        Text("发送失败", "Sending fails"),
        {"failed": 1},
        None,
        2_000_000,
    ),
)
"""As a site with a modem and a group has them."""

_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class FakeAccounts:
    """Accounts, sessions and tokens in dicts."""

    def __init__(self) -> None:
        self.by_name: dict[str, Account] = {}
        self.sessions: dict[bytes, list[Any]] = {}  # hash -> [name, last seen, expires]
        self.tokens: dict[bytes, Account] = {}
        self.failed: dict[str, tuple[int, int]] = {}
        self.pin_hashes: dict[str, str] = {}
        self.codes: dict[str, list[Any]] = {}  # name -> [hash, tries left]

    def add(self, name: str, role: Role, password: str, display: str = "") -> Account:
        self.by_name[name] = account = Account(name, display or name, role, _CHEAP.hash(password))
        return account

    def set_pin(self, name: str, pin: str) -> None:
        self.pin_hashes[name] = _CHEAP.hash(pin)

    def set_code(self, name: str, code: str, tries: int = 5) -> None:
        self.codes[name] = [_CHEAP.hash(code), tries]

    async def try_code(self, name: str, now: Instant) -> str | None:
        found = self.codes.get(name, [None, 0])
        if found[1] <= 0:
            return None
        found[1] -= 1
        return str(found[0])

    async def redeem_code(self, account: Account, code_hash: str) -> bool:
        if self.codes.pop(account.name, [None])[0] != code_hash:
            return False
        self.by_name[account.name] = account
        return True

    async def pins(self) -> Mapping[str, str]:
        return dict(self.pin_hashes)

    async def put_pin(self, name: str, pin_hash: str, by: str) -> None:
        self.pin_hashes[name] = pin_hash

    async def account(self, name: str) -> Account | None:
        return self.by_name.get(name)

    async def accounts(self) -> Sequence[Account]:
        return list(self.by_name.values())

    async def put(self, account: Account, by: str) -> None:
        self.by_name[account.name] = account

    async def remove(self, name: str, by: str) -> None:
        self.by_name.pop(name, None)

    async def open_session(self, secret_hash: bytes, name: str, now: int, expires: int) -> None:
        self.sessions[secret_hash] = [name, now, expires]

    async def session(self, secret_hash: bytes, now: int, idle: int) -> Account | None:
        row = self.sessions.get(secret_hash)
        if row is None or now >= row[2] or now - row[1] >= idle:
            return None
        row[1] = now
        return self.by_name.get(row[0])

    async def close_session(self, secret_hash: bytes) -> None:
        self.sessions.pop(secret_hash, None)

    async def close_sessions(self, name: str) -> None:
        self.sessions = {k: row for k, row in self.sessions.items() if row[0] != name}

    async def put_token(self, secret_hash: bytes, account: Account, by: str) -> None:
        self.tokens[secret_hash] = account

    async def token(self, secret_hash: bytes) -> Account | None:
        return self.tokens.get(secret_hash)

    async def failures(self, key: str) -> tuple[int, int]:
        return self.failed.get(key, (0, 0))

    async def note_failure(self, key: str, now: int) -> None:
        self.failed[key] = (self.failed.get(key, (0, 0))[0] + 1, now)

    async def take_back_failure(self, key: str, last: int) -> None:
        count, _ = self.failed[key]
        self.failed[key] = (count - 1, last)

    async def clear_failures(self, key: str) -> None:
        self.failed.pop(key, None)


class FakeEvidence:
    """Photos in memory, as they came."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.refuses: Exception | None = None

    async def keep(self, id: str, picture: bytes, words: str, plain: str) -> Kept:
        if self.refuses is not None:
            raise self.refuses
        self.kept[id] = picture
        return Kept(id, hashlib.sha256(picture).hexdigest(), 800, 600)

    async def read(self, id: str) -> bytes | None:
        return self.kept.get(id)

    async def drop(self, id: str) -> None:
        self.kept.pop(id, None)
