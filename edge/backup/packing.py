"""The file itself: members of a tar, compressed, sealed where there is a passphrase, counted and hashed on the way."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, Final, cast

from edge.backup.sealing import MAGIC, Seal, Unseal
from edge.backup.trouble import BackupError

_LEVEL: Final = 1
"""Of zlib: a third of the time of the usual 6 for 7 % more bytes (measured with five million readings)."""
_GZIP: Final = b"\x1f\x8b"
_PIECE: Final = 1 << 20


class Packer:
    """Members go to `out`, whose pieces are whole only after `finish`. passphrase: None for a file anyone can read."""

    def __init__(self, out: Callable[[bytes], object], passphrase: bytes | None) -> None:
        self._seal = None if passphrase is None else Seal(out, passphrase)
        self._out = out if self._seal is None else self._seal.write
        self._deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, 31)
        self._at = 0
        self._tar = tarfile.TarFile(fileobj=cast("IO[bytes]", self), mode="w", format=tarfile.PAX_FORMAT)

    def write(self, piece: bytes) -> int:
        """What the tar writes."""
        self._at += len(piece)
        if packed := self._deflate.compress(piece):
            self._out(packed)
        return len(piece)

    def tell(self) -> int:
        """Bytes of the tar so far."""
        return self._at

    def add(self, name: str, content: bytes, mode: int = 0o600) -> str:
        """One member; its sha256."""
        return self.stream(name, io.BytesIO(content), len(content), mode)

    def stream(self, name: str, file: IO[bytes], size: int, mode: int = 0o600) -> str:
        """One member of `size` bytes; its sha256. BackupError "changed" when the file is shorter by now."""
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, mode & 0o777
        counted = _Counted(file, hashlib.sha256())
        try:
            self._tar.addfile(info, cast("IO[bytes]", counted))
        except OSError as error:
            if error.errno is None:  # tarfile's own: the file ended early
                raise BackupError("changed", f"{name} changed while it was read: start again") from error
            raise
        _forget(self._tar)
        return str(counted.digest.hexdigest())

    def finish(self) -> None:
        """End tar, compression and seal."""
        self._tar.close()
        self._out(self._deflate.flush())
        if self._seal is not None:
            self._seal.finish()


class _Counted:
    """Reads on behalf of the tar and hashes what it read."""

    def __init__(self, file: IO[bytes], digest: Any) -> None:
        self._file = file
        self.digest = digest

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self.digest.update(piece)
        return piece


class Member:
    """One member while it is read."""

    def __init__(self, name: str, mode: int, size: int, file: IO[bytes]) -> None:
        self.name, self.mode, self.size = name, mode, size
        self._file = file

    def pieces(self) -> Iterator[bytes]:
        """Its bytes."""
        while piece := self._piece():
            yield piece

    def _piece(self) -> bytes:
        with _sound():
            return self._file.read(_PIECE)

    def read(self, most: int) -> bytes:
        """All of it; BackupError when it has more than `most` bytes."""
        if self.size > most:
            raise BackupError("damaged", f"{self.name} in it is too large: take another backup")
        return b"".join(self.pieces())


def members(file: IO[bytes], passphrase: bytes | None) -> Iterator[Member]:
    """The members in their order, each to be read before the next; the file's own end is verified last.

    Raises BackupError: "foreign", "newer", "passphrase", "damaged".
    """
    start = file.read(len(MAGIC))
    file.seek(0)
    source: IO[bytes] = file
    if start == MAGIC:
        if passphrase is None:
            raise BackupError("passphrase", "it is under a passphrase: give it with --passphrase-file")
        source = io.BufferedReader(Unseal(file, passphrase), 1 << 17)
    elif start[:2] != _GZIP:
        raise BackupError("foreign", "it is no backup of an edge-hub")
    with _sound(), gzip.GzipFile(fileobj=source, mode="rb") as unpacked:
        yield from _members(cast("IO[bytes]", unpacked))
        while unpacked.read(_PIECE):
            pass  # what follows the last member is padding, and the sum that proves the whole


@contextmanager
def _sound() -> Iterator[None]:
    """What tar and gzip stumble over, as a sentence."""
    try:
        yield
    except (EOFError, zlib.error, tarfile.TarError, gzip.BadGzipFile) as error:
        raise BackupError("damaged", f"it is damaged or cut off ({error}): take another backup") from error


def _members(unpacked: IO[bytes]) -> Iterator[Member]:
    try:
        tar = tarfile.open(fileobj=unpacked, mode="r|")  # noqa: SIM115 - closed below
    except tarfile.ReadError as error:
        raise BackupError("foreign", "it is no backup of an edge-hub") from error
    with tar:
        while (info := tar.next()) is not None:
            content = tar.extractfile(info) if info.isreg() else None
            if content is None:
                raise BackupError("foreign", f"it is no backup of an edge-hub: {info.name} is no file")
            yield Member(info.name, info.mode & 0o777, info.size, content)
            _forget(tar)


def _forget(tar: tarfile.TarFile) -> None:
    """Its members would stay in memory, and there may be very many."""
    cast("Any", tar).members.clear()
