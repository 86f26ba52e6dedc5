"""What an error of SQLite or of the system means for a store, in words a person can act on."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from edge.domain.names import Text
from edge.facade import Unavailable

Trouble = Literal["full", "read_only", "corrupt", "busy", "io", "closed"]

_TEXTS: Final[dict[Trouble, Text]] = {
    "full": Text(
        "磁盘已满，无法写入 {file}；请清理磁盘空间",
        "the disk is full, {file} cannot be written: free some space",
    ),
    "read_only": Text(
        "{file} 只读，无法写入；请检查磁盘和权限", "{file} is read-only: check the disk and its permissions"
    ),
    "corrupt": Text("{file} 已损坏，将另存后重建", "{file} is damaged; it is set aside and begun anew"),
    "busy": Text("{file} 被其他程序占用", "{file} is held by another program: close that program"),
    "io": Text("读写 {file} 时磁盘出错；请检查存储卡", "the disk failed on {file}: check the card or disk"),
    "closed": Text("{file} 已关闭", "{file} is closed"),
}

_BY_CODE: Final[dict[int, Trouble]] = {
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_PERM: "read_only",
    sqlite3.SQLITE_AUTH: "read_only",
    sqlite3.SQLITE_CORRUPT: "corrupt",
    sqlite3.SQLITE_NOTADB: "corrupt",
    sqlite3.SQLITE_BUSY: "busy",
    sqlite3.SQLITE_LOCKED: "busy",
}

_STRUCTURE: Final = sqlite3.SQLITE_ERROR  # "no such table": the file is a database, but not ours any more


class StoreError(Unavailable):
    """A store could not do what was asked. `trouble` is a stable word, `text` one sentence with the mend."""

    def __init__(self, trouble: Trouble, path: Path, detail: str = "") -> None:
        words = _TEXTS[trouble]
        self.trouble: Trouble = trouble
        self.text = Text(words.zh.format(file=path.name), words.en.format(file=path.name))
        super().__init__(f"{self.text.en} ({detail})" if detail else self.text.en)


@dataclass(frozen=True, slots=True)
class Loss:
    """A store that had to be begun anew.

    store: its name ("journal"). file: the damaged file that is kept, None where it was gone or empty.
    saved: what came over into the new one, counted by name.
    """

    store: str
    file: str | None
    saved: Mapping[str, int]


def store_error(error: sqlite3.Error | OSError, path: Path) -> StoreError:
    """What an error of SQLite or the system means for the store at `path`."""
    if isinstance(error, OSError):
        trouble: Trouble = "full" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "io"
        if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
            trouble = "read_only"
        return StoreError(trouble, path, str(error))
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return StoreError("closed" if isinstance(error, sqlite3.ProgrammingError) else "io", path, str(error))
    if code == _STRUCTURE and "no such" in str(error):
        return StoreError("corrupt", path, str(error))
    trouble = _BY_CODE.get(code & 0xFF, "io")
    if trouble == "io" and _no_space(path.parent):
        trouble = "full"  # shared memory that cannot grow is reported as an I/O error
    elif trouble == "io" and path.exists() and not os.access(path, os.R_OK | os.W_OK):
        trouble = "read_only"  # another user's file is reported as one that cannot be opened
    return StoreError(trouble, path, str(error))


def _no_space(folder: Path) -> bool:
    try:
        room = os.statvfs(folder)
    except OSError:
        return False
    return room.f_bavail * room.f_frsize < 64 * 1024
