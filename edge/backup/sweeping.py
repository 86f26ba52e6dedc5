"""Taking away what a rehearsal left; apart, since each look at the folder does it and needs nothing else of one."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from edge.lock import REHEARSAL


def sweep(data: Path) -> None:
    """Take away what a rehearsal that was killed left below the data folder; OSError."""
    with suppress(FileNotFoundError):
        shutil.rmtree(data / REHEARSAL)
