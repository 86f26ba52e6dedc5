"""What can go wrong with a backup, as one sentence with the mend."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Final, Literal

Trouble = Literal[
    "foreign", "newer", "damaged", "passphrase", "not_empty", "missing", "busy", "space", "io", "changed"
]

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class BackupError(Exception):
    """A backup was not made, or not restored. trouble: a stable word; the message is one sentence with the mend."""

    def __init__(self, trouble: Trouble, sentence: str) -> None:
        super().__init__(sentence)
        self.trouble: Trouble = trouble


def writing(error: OSError, path: Path, left: str) -> BackupError:
    """What an error of the system means while `path` is written. left: what became of what was there before."""
    if error.errno in _FULL:
        return BackupError("space", f"there is no room left for {path}: free some space; {left}")
    return BackupError("io", f"{path} cannot be written ({error.strerror}): check disk and rights; {left}")


def reading(error: OSError, path: Path) -> BackupError:
    """What an error of the system means while `path` is read."""
    if isinstance(error, FileNotFoundError):
        return BackupError("missing", f"there is no {path}")
    return BackupError("io", f"{path} cannot be read ({error.strerror}): check disk and rights")
