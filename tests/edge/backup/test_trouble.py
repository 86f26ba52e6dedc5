"""Why something was not done, as the panel says it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from edge.backup.trouble import BackupError, writing


@pytest.mark.parametrize(
    ("error", "zh"),
    [
        (writing(OSError(errno.ENOSPC, "full"), Path("/media/a.backup"), "x"), "存储空间不足:/media/a.backup"),
        (BackupError("space", "/media/b is on the hub's own disk: free some"), "存储空间不足:/media/b"),
        (BackupError("space", "a rehearsal needs 30 MB on the hub's disk, 3 MB are free"), "存储空间不足"),
    ],
)  # fmt: skip
def test_no_room_says_where(error: BackupError, zh: str) -> None:
    assert error.text.zh == zh
