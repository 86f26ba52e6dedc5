"""What the hub has no right to do itself, asked of the machine: a file that a root-owned systemd path unit watches.

The hub writes `<folder>/<name>`; the unit's service carries it out and takes the file away. Where no such unit is
installed the file stays, and the hub takes it back.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path
from typing import Final

VARIABLE: Final = "EDGE_HUB_REQUESTS"
"""Environment variable that names the folder; set by edge-hub.service."""
SET_TIME: Final = "set-time"
REST: Final = "rest"
PATIENCE: Final = 10.0
_LOOK: Final = 0.05


class Requests:
    """The folder of requests; None where nothing is installed that would carry them out."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @classmethod
    def of_environment(cls) -> Requests:
        """As edge-hub.service says."""
        said = os.environ.get(VARIABLE)
        return cls(Path(said) if said else None)

    @property
    def installed(self) -> bool:
        """Whether somebody may be there to carry them out."""
        return self._folder is not None and self._folder.is_dir()

    async def ask(self, name: str, content: str, within: float = PATIENCE) -> bool:
        """Whether it was taken up within so many seconds; else it is taken back. content: one line of ASCII."""
        if self._folder is None:
            return False
        path = self._folder / name
        new = self._folder / f".{name}"
        try:
            new.write_text(content + "\n", "ascii")
            new.replace(path)
        except OSError:
            return False
        try:
            async with asyncio.timeout(within):
                while path.exists():  # noqa: ASYNC110 - another process takes it
                    await asyncio.sleep(_LOOK)
        except TimeoutError:
            return False
        finally:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        return True
