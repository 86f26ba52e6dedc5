"""Secrets: made here, kept by nobody. Stores only ever see hashes."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

MIN_PASSWORD: Final = 8  # characters of a password a person chooses (practice of 等保二级)
MAX_PASSWORD: Final = 256
_CODE: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that looks like something else
_TOKEN_PREFIX: Final = "ehub_"  # noqa: S105 - not a secret: it lets a scanner recognise a leaked one

# OWASP's floor for Argon2id: 19 MiB, two passes, one lane; about 50 ms on a small machine.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
_NOBODY: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ib2R5$fB1cQDswPDcBDuyJyO5AD4GnW7dslPaqGYp4jIBqGNc"
)
"""Checked when the name is unknown, so that the answer takes the same time. No password fits it."""


def new_token() -> str:
    """A bearer token for a program: `ehub_` and 256 random bits."""
    return _TOKEN_PREFIX + secrets.token_urlsafe(32)


def new_code() -> str:
    """A one-time code for a person, to be typed from a console: 10 letters and digits, 49 random bits."""
    letters = "".join(secrets.choice(_CODE) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def code_typed(text: str) -> str:
    """What a person typed of a code, as `new_code` wrote it: dashes, blanks and small letters do not matter."""
    letters = "".join(text.upper().split()).replace("-", "")
    return f"{letters[:5]}-{letters[5:]}"


def new_session_secret() -> str:
    """The value of a session's cookie: 256 random bits."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """What is stored of a token or session. Plain SHA-256 will do: nobody guesses 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def csrf_token(session_secret: str) -> str:
    """The session's token against forged requests: bound to it, and useless for finding the cookie."""
    return hashlib.sha256(b"csrf:" + session_secret.encode("utf-8", "surrogatepass")).hexdigest()[:43]


def hash_password(password: str) -> str:
    """An Argon2id hash for `Account.password_hash`. Takes about 50 ms and 19 MiB: not on the event loop."""
    return _HASHER.hash(password)


async def hashed(secret: str) -> str:
    """The same, off the event loop."""
    return await asyncio.to_thread(hash_password, secret)


class Passwords:
    """Checks passwords in threads, two at a time: a storm of sign-ins may not take the machine's memory."""

    def __init__(self) -> None:
        self._two = asyncio.Semaphore(2)

    async def fits(self, password: str, password_hash: str | None) -> bool:
        """Whether `password` is the one; takes the same time when there is no hash to compare with."""
        async with self._two:
            return await asyncio.to_thread(_fits, password, password_hash or _NOBODY)

    async def renewed(self, password: str, password_hash: str) -> str | None:
        """A new hash where the stored one was made with other parameters than today's."""
        if not _HASHER.check_needs_rehash(password_hash):
            return None
        async with self._two:
            return await asyncio.to_thread(hash_password, password)


def _fits(password: str, password_hash: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password.encode("utf-8", "surrogatepass"))
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False
