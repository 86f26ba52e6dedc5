"""[backup]: where to, when, how many backups are kept, and targets elsewhere."""

from __future__ import annotations

import base64
import binascii
from datetime import time
from pathlib import Path as FilePath
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from edge.domain.backup import BackupPlan, S3Target, SftpTarget, Target
from edge.settings.document import checked, tables
from edge.settings.models import Id, Table, Words
from edge.settings.problems import Report, Sheet

FOLDER: Final = "folder"  # what the second medium is called in lists, beside the targets' ids


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and parts.hostname and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment or parts.username is not None:
        raise ValueError("write an address as https://s3.example:9000, without name, password, ? and #")
    return text.rstrip("/")


def _host_key(text: str) -> str:
    kind, _, key = text.partition(" ")
    try:
        named = base64.b64decode(key.split()[0], validate=True)[4 : 4 + len(kind)] == kind.encode()
    except (binascii.Error, IndexError, ValueError):
        named = False
    if not named:
        raise ValueError("write a key as `ssh-keyscan HOST` prints it, without the host's name")
    return f"{kind} {key.split()[0]}"


def _plain(text: str) -> str:
    if any(ord(c) < 32 for c in text) or ".." in text.split("/"):
        raise ValueError("has control characters or `..`")
    return text.strip("/") if text != "/" else ""


class SftpTable(Table):
    """One [[backup.sftp]]."""

    id: Id
    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:_-]{1,253}$")]
    port: int = Field(22, ge=1, le=65535)
    user: Annotated[str, Field(pattern=r"^[^\s\x00-\x1f]{1,64}$")]
    folder: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
    host_keys: Annotated[list[Annotated[str, AfterValidator(_host_key)]], Field(min_length=1)]
    key_file: Words | None = None
    password_file: Words | None = None


class S3Table(Table):
    """One [[backup.s3]]."""

    id: Id
    endpoint: Annotated[str, AfterValidator(_address)]
    region: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,40}$")] = "us-east-1"
    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    prefix: Annotated[str, Field(max_length=200), AfterValidator(_plain)] = ""
    access_key: Annotated[str, Field(pattern=r"^[^\s\x00-\x1f]{1,128}$")]
    secret_file: Words
    path_style: bool = True
    ca: Words | None = None


class BackupTable(Table):
    """[backup]."""

    folder: Words
    at: str = Field("02:30", pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
    keep: int = Field(7, ge=2, le=366)
    passphrase_file: Words | None = None
    own_disk: bool = False


def read_backup(report: Report, sheet: Sheet) -> BackupPlan | None:
    """The plan of site.toml, None where it has none."""
    value = sheet.data.get("backup")
    if value is None:
        return None
    top = ("backup",)
    plain = {k: v for k, v in value.items() if k not in {"sftp", "s3"}} if isinstance(value, dict) else value
    table = checked(report, sheet, top, plain, BackupTable)
    if not isinstance(value, dict):
        return None
    base = sheet.path.parent
    targets: list[Target] = []
    for path, item in tables(report, sheet, (*top, "sftp"), value.get("sftp")):
        if (sftp := checked(report, sheet, path, item, SftpTable)) is not None:
            if (sftp.key_file is None) == (sftp.password_file is None):
                report.add(sheet, path, "value", "write either key_file or password_file")
            targets.append(_sftp(sftp, base))
        _own_id(report, sheet, path, item, targets)
    for path, item in tables(report, sheet, (*top, "s3"), value.get("s3")):
        if (s3 := checked(report, sheet, path, item, S3Table)) is not None:
            targets.append(_s3(s3, base))
        _own_id(report, sheet, path, item, targets)
    if table is None:
        return None
    if targets and table.passphrase_file is None:
        message = "a backup that leaves the site is sealed: add passphrase_file"
        report.add(sheet, top, "missing_key", message)
    return BackupPlan(
        folder=base / table.folder,
        at=time.fromisoformat(table.at),
        keep=table.keep,
        passphrase_file=_file(base, table.passphrase_file),
        own_disk=table.own_disk,
        targets=tuple(targets),
    )


def _own_id(
    report: Report, sheet: Sheet, path: tuple[str | int, ...], item: dict[str, object], found: list[Target]
) -> None:
    id = item.get("id")
    if id == FOLDER:
        report.add(sheet, (*path, "id"), "reserved", "`folder` is the second medium: choose another id")
    elif sum(target.id == id for target in found) > 1:
        report.add(sheet, (*path, "id"), "duplicate_id", f"another target has the id {id!r}")


def _sftp(table: SftpTable, base: FilePath) -> SftpTarget:
    return SftpTarget(
        table.id,
        table.host,
        table.port,
        table.user,
        table.folder,
        tuple(table.host_keys),
        _file(base, table.key_file),
        _file(base, table.password_file),
    )


def _s3(table: S3Table, base: FilePath) -> S3Target:
    return S3Target(
        table.id,
        table.endpoint,
        table.region,
        table.bucket,
        table.prefix,
        table.access_key,
        base / table.secret_file,
        table.path_style,
        _file(base, table.ca),
    )


def _file(base: FilePath, name: str | None) -> FilePath | None:
    return None if name is None else base / name
