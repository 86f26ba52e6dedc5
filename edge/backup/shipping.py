"""Copies of backups at targets elsewhere, over SFTP or S3, by `rclone` (MIT, of Debian) as a child process.

Called in a child of its own, which the hub ends when a target hangs. Settings and secrets go by the environment, which
only this user can read: never on a command line, never into a log, in no file.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edge.backup.trouble import BackupError, Trouble
from edge.domain.backup import S3Target, SftpTarget, Target, named, sort_out

PROGRAM: Final = "rclone"
_NAME: Final = "T"  # of the remote, within the environment
_LOOK: Final = 120  # seconds that a listing may take
_MOVE: Final = 6 * 3600  # and a transfer, which `--timeout` ends sooner when nothing moves
_PIECE: Final = 1 << 20
_FLAGS: Final = (
    "-q", "--ask-password=false", "--contimeout=15s", "--timeout=60s", "--retries=2", "--low-level-retries=3",
    "--transfers=1", "--checkers=1", "--buffer-size=1M",
)  # fmt: skip
_MEANT: Final[Sequence[tuple[str, Trouble, str]]] = (
    ("knownhosts:", "host_key", "the server's key is none of host_keys: compare them with what `ssh-keyscan` prints"),
    ("unable to authenticate", "refused", "the server refuses the user with this key or password"),
    ("no space left", "full", "the target is full: free some space there, or lower keep"),
    ("quota", "full", "the target is full: free some space there, or lower keep"),
    ("ssh_fx_failure", "full", "the target fails to write: it is full, or its medium is failing"),
    ("accessdenied", "refused", "the store refuses the access key: it needs list, read, write and delete"),
    ("permission denied", "refused", "the target refuses to write there: check the folder's rights"),
    ("invalidaccesskeyid", "refused", "the store does not know the access key"),
    ("signaturedoesnotmatch", "refused", "the store refuses the secret of the access key"),
    ("nosuchbucket", "refused", "the store has no such bucket: create it"),
    ("certificate", "host_key", "the store's certificate is not trusted: give its authority as ca"),
    ("connection refused", "unreachable", "nothing answers at that address and port"),
    ("no such host", "unreachable", "its name cannot be resolved"),
    ("timeout", "unreachable", "it does not answer in time"),
    ("deadline exceeded", "unreachable", "it does not answer in time"),
    ("no route to host", "unreachable", "there is no way to that address"),
    ("network is unreachable", "unreachable", "there is no way to that address"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shipment:
    """A finished backup to be copied. site: its id; keep: how many stay there, beside `held`; now: µs UTC, certain."""

    file: Path
    site: str
    keep: int
    now: int
    held: tuple[str, ...] = ()


def ship(shipment: Shipment, target: Target) -> list[str]:
    """Copy it, read it back and compare, and only then let old ones go; names of those there. BackupError.

    It comes under a temporary name, so that no half of one is ever taken for a backup.
    """
    size, digest = _own(shipment.file)
    name = shipment.file.name
    with _Remote.at(target) as remote:
        if (known := remote.names().get(name)) != size:
            _send(remote, shipment.file, size, digest)
        elif remote.digest(name) != digest:
            remote.drop(name)
            raise BackupError(
                "target", f"its copy of {known} bytes differs and was taken away: it is sent again"
            )
        sorted_out = sort_out(
            named(shipment.site, remote.names()), shipment.now, shipment.keep, shipment.held
        )
        for old in sorted_out.go:
            remote.drop(old)
    return [one.name for one in sorted_out.kept]


def _send(remote: _Remote, file: Path, size: int, digest: str) -> None:
    half = f"{file.name}.part"
    try:
        remote.put(file, half)
        arrived = remote.names().get(half) == size and remote.digest(half) == digest
        if arrived:
            remote.rename(half, file.name)
    except BackupError:
        remote.try_drop(half)
        raise
    if not arrived:
        remote.try_drop(half)
        raise BackupError("target", "what arrived is not what was sent: look at that medium")


def environment(target: Target, secret: str, folder: Path) -> dict[str, str]:
    """What rclone is told of a target. secret: an obscured password, or an access key's; folder: for its files."""
    told = _sftp(target, secret, folder) if isinstance(target, SftpTarget) else _s3(target, secret)
    config = {f"RCLONE_CONFIG_{_NAME}_{key}": value for key, value in told.items()}
    path = os.environ.get("PATH", os.defpath)
    return {"PATH": path, "HOME": str(folder), "RCLONE_CONFIG": str(folder / "none"), **config}


def _sftp(target: SftpTarget, secret: str, folder: Path) -> dict[str, str]:
    hosts = folder / "known_hosts"
    host = target.host if target.port == 22 else f"[{target.host}]:{target.port}"
    hosts.write_text("".join(f"{host} {key}\n" for key in target.host_keys), "utf-8")
    told = {
        "TYPE": "sftp",
        "HOST": target.host,
        "PORT": str(target.port),
        "USER": target.user,
        "KNOWN_HOSTS_FILE": str(hosts),
        # no command is run there: an account that may do SFTP alone will do
        "SHELL_TYPE": "none",
        "DISABLE_HASHCHECK": "true",
        "SET_MODTIME": "false",
        "CONCURRENCY": "8",
    }
    if target.key_file is not None:
        return {**told, "KEY_FILE": str(target.key_file)}
    return {**told, "PASS": secret}


def _s3(target: S3Target, secret: str) -> dict[str, str]:
    return {
        "TYPE": "s3",
        "PROVIDER": "Other",
        "ENV_AUTH": "false",
        "ENDPOINT": target.endpoint,
        "REGION": target.region,
        "ACCESS_KEY_ID": target.access_key,
        "SECRET_ACCESS_KEY": secret,
        "FORCE_PATH_STYLE": "true" if target.path_style else "false",
        "NO_CHECK_BUCKET": "true",
        "UPLOAD_CONCURRENCY": "1",
    }


class _Remote:
    """One target, while something is done there."""

    def __init__(self, target: Target, told: Mapping[str, str]) -> None:
        self._told = told
        sftp = isinstance(target, SftpTarget)
        place = target.folder if sftp else f"{target.bucket}/{target.prefix}".rstrip("/")  # type: ignore[union-attr]
        self._place = f"{_NAME}:{place.rstrip('/') or '/'}"
        ca = None if isinstance(target, SftpTarget) else target.ca
        self._flags = _FLAGS if ca is None else (*_FLAGS, f"--ca-cert={ca}")

    @classmethod
    @contextmanager
    def at(cls, target: Target) -> Iterator[_Remote]:
        """Ready to be asked; nothing of it stays on the disk."""
        if shutil.which(PROGRAM) is None:
            raise BackupError("no_program", "rclone is not installed: apt install rclone")
        file = target.password_file if isinstance(target, SftpTarget) else target.secret_file
        secret = "" if file is None else _first_line(file)
        if (
            isinstance(target, SftpTarget)
            and target.key_file is not None
            and not os.access(target.key_file, os.R_OK)
        ):
            raise BackupError("secret", f"{target.key_file} cannot be read: give the hub's user the right to")
        with tempfile.TemporaryDirectory(prefix="edge-hub-") as folder:
            if isinstance(target, SftpTarget) and secret:
                obscured = _run(
                    ("obscure", "-"), {"PATH": os.environ.get("PATH", os.defpath), "HOME": folder}, secret
                )
                secret = obscured.decode().strip()
            yield cls(target, environment(target, secret, Path(folder)))

    def names(self) -> dict[str, int]:
        """Size in bytes of each file there; a folder that is not there yet is empty."""
        try:
            listed = self._ask("lsjson", "--files-only", self._place, within=_LOOK)
        except _GoneError:
            return {}
        return {str(one["Name"]): int(one["Size"]) for one in json.loads(listed)}

    def put(self, file: Path, name: str) -> None:
        """Copy a file to there."""
        self._ask("copyto", "--ignore-times", str(file), self._at(name), within=_MOVE)

    def rename(self, old: str, new: str) -> None:
        """Give a file its name."""
        self._ask("moveto", self._at(old), self._at(new), within=_MOVE)

    def drop(self, name: str) -> None:
        """Delete a file."""
        self._ask("deletefile", self._at(name), within=_LOOK)

    def try_drop(self, name: str) -> None:
        """Delete a file, if that is possible just now; the next copy does it otherwise."""
        try:
            self.drop(name)
        except BackupError:
            return

    def digest(self, name: str) -> str:
        """sha256 of a file there, read back: no word of the target is taken for it."""
        digest = hashlib.sha256()
        words = [PROGRAM, *self._flags, "cat", self._at(name)]
        with tempfile.TemporaryFile() as said:
            child = subprocess.Popen(  # noqa: S603 - a fixed program, no shell
                words, env=dict(self._told), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said
            )
            with child:
                assert child.stdout is not None  # noqa: S101 - asked for
                while piece := child.stdout.read(_PIECE):
                    digest.update(piece)
            if child.returncode:
                said.seek(0)
                raise meaning(said.read().decode(errors="replace"))
        return digest.hexdigest()

    def _at(self, name: str) -> str:
        return f"{self._place.rstrip('/')}/{name}"

    def _ask(self, *words: str, within: float) -> bytes:
        return _run((*self._flags, *words), self._told, None, within)


class _GoneError(BackupError):
    """There is no such folder."""


def _run(
    words: Sequence[str], told: Mapping[str, str], given: str | None = None, within: float = _LOOK
) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, no shell
            [PROGRAM, *words],
            env=dict(told),
            input=None if given is None else given.encode(),
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            timeout=within,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BackupError("unreachable", "it does not answer in time") from None
    except OSError as error:
        raise BackupError("no_program", f"rclone cannot be run ({error.strerror})") from error
    if done.returncode == 3:  # rclone's code for a folder that is not there
        raise _GoneError("target", "there is no such folder")
    if done.returncode:
        raise meaning(done.stderr.decode(errors="replace"))
    return done.stdout


def meaning(said: str) -> BackupError:
    """What rclone's words mean."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    for mark, trouble, sentence in _MEANT:
        if mark in said.lower():
            return BackupError(trouble, sentence)
    last = lines[-1].partition("ERROR : ")[2] or lines[-1] if lines else "no reason given"
    return BackupError("target", f"it did not take the copy ({last[:300]})")


def _first_line(file: Path) -> str:
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BackupError("secret", f"the secret in {file} cannot be read ({error})") from error
    if not lines or not lines[0].strip():
        raise BackupError("secret", f"the first line of {file} is empty: write the secret there")
    return lines[0].strip()


def _own(file: Path) -> tuple[int, str]:
    """Size and sha256 of the local one."""
    try:
        with file.open("rb") as opened:
            return os.fstat(opened.fileno()).st_size, hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise BackupError(
            "missing", f"{file} cannot be read ({error.strerror}): is the medium plugged in?"
        ) from error


def target_of(value: Mapping[str, Any]) -> Target:
    """As `dataclasses.asdict` wrote it, paths as text."""
    told = dict(value)
    for key in ("key_file", "password_file", "secret_file", "ca"):
        if told.get(key) is not None:
            told[key] = Path(told[key])
    if "host" in told:
        return SftpTarget(**{**told, "host_keys": tuple(told["host_keys"])})
    return S3Target(**told)
