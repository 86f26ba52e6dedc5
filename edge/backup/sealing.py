"""A stream under a passphrase: a key by scrypt (RFC 7914), 64 KiB at a time by ChaCha20-Poly1305 (RFC 8439).

    edge-hub-backup 1 scrypt <log2 n> <r> <p> <salt, hex> chacha20-poly1305 <line feed>
    16 bytes that only the right key makes, then blocks of 64 KiB + 16 bytes, the last one shorter or as long

The line is bound to every block. A block's nonce is its number (11 bytes) and whether it is the last (1 byte), so
that blocks cannot be left out, moved or cut off. The salt is new for each file, hence the key, hence no nonce comes
twice. ChaCha20 and not AES: a Raspberry Pi 4 has no instructions for AES.
"""

from __future__ import annotations

import hashlib
import io
import re
import secrets
from collections.abc import Callable
from typing import IO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from edge.backup.trouble import BackupError

MAGIC: Final = b"edge-hub-backup "
BLOCK: Final = 65536
_TAG: Final = 16
_COST: Final = (16, 8, 1)  # 64 MiB and half a second to three of a Raspberry Pi 4 for each guess
_COSTLIEST: Final = 20  # log2 n that is still worked out: 1 GiB; more is no file of ours
_LINE: Final = re.compile(
    rb"edge-hub-backup (\d{1,4}) (?:scrypt (\d{1,2}) (\d) (\d) ([0-9a-f]{32}) chacha20-poly1305)?\n?"
)
_LONGEST: Final = 256  # bytes of the line
_PROOF: Final = b"\xff" * 12  # nonce of no block


class Seal:
    """Takes bytes and writes sealed blocks; nothing is whole before `finish`."""

    def __init__(self, out: Callable[[bytes], object], passphrase: bytes) -> None:
        log_n, r, p = _COST
        salt = secrets.token_bytes(16)
        self._line = MAGIC + f"1 scrypt {log_n} {r} {p} {salt.hex()} chacha20-poly1305\n".encode()
        self._cipher = _cipher(passphrase, salt, log_n, r, p)
        self._out = out
        self._held = bytearray()
        self._number = 0
        out(self._line + self._cipher.encrypt(_PROOF, b"", self._line))

    def write(self, piece: bytes) -> None:
        """Seal what fills a block. The last full one is held back: it may be the last of all."""
        self._held += piece
        while len(self._held) > BLOCK:
            self._block(bytes(self._held[:BLOCK]), last=False)
            del self._held[:BLOCK]

    def finish(self) -> None:
        """Write the last block."""
        self._block(bytes(self._held), last=True)

    def _block(self, plain: bytes, *, last: bool) -> None:
        self._out(self._cipher.encrypt(_nonce(self._number, last=last), plain, self._line))
        self._number += 1


class Unseal(io.RawIOBase):
    """Reads what `Seal` wrote, from a file that stands at its start; BackupError "passphrase", "damaged", "newer"."""

    def __init__(self, file: IO[bytes], passphrase: bytes) -> None:
        self._file = file
        self._line = file.readline(_LONGEST)
        match = _LINE.fullmatch(self._line)
        if match is None:
            raise BackupError("damaged", "its first line is damaged: take another backup")
        if int(match[1]) > 1 or match[2] is None:
            raise BackupError("newer", "a newer edge-hub made it: install that version first")
        if int(match[2]) > _COSTLIEST:
            raise BackupError("damaged", "its first line is damaged: take another backup")
        self._cipher = _cipher(
            passphrase, bytes.fromhex(match[5].decode()), int(match[2]), int(match[3]), int(match[4])
        )
        try:
            self._cipher.decrypt(_PROOF, file.read(_TAG), self._line)
        except InvalidTag:
            raise BackupError(
                "passphrase", "the passphrase does not open it: give the one it was made with"
            ) from None
        self._ahead = file.read(BLOCK + _TAG)
        if not self._ahead:  # the shortest content has one block, an empty one
            raise BackupError("damaged", "it was altered or cut off: take another backup")
        self._number = 0
        self._plain = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        while not self._plain and self._ahead:
            self._plain = self._next()
        count = min(len(view), len(self._plain))
        view[:count] = self._plain[:count]
        self._plain = self._plain[count:]
        return count

    def _next(self) -> bytes:
        block, self._ahead = self._ahead, self._file.read(BLOCK + _TAG)
        try:
            plain = self._cipher.decrypt(_nonce(self._number, last=not self._ahead), block, self._line)
        except InvalidTag:
            raise BackupError("damaged", "it was altered or cut off: take another backup") from None
        self._number += 1
        return plain


def _cipher(passphrase: bytes, salt: bytes, log_n: int, r: int, p: int) -> ChaCha20Poly1305:
    try:
        key = hashlib.scrypt(
            passphrase, salt=salt, n=2**log_n, r=r, p=p, dklen=32, maxmem=2**log_n * r * 256 + 2**20
        )
    except (ValueError, MemoryError):
        raise BackupError("damaged", "its first line is damaged: take another backup") from None
    return ChaCha20Poly1305(key)


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
