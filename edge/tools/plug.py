"""A simulated converter: a real pseudo-terminal behind a symlink, to be pulled and plugged in at any time."""

from __future__ import annotations

import os
import pty
import select
import threading
import tty
from pathlib import Path


class Plug:
    """Reached through the symlink `path`. Every method may be called from any thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._ends: tuple[int, int] | None = None

    def pull(self) -> None:
        """The terminal vanishes, as when a converter is pulled."""
        with self._lock:
            if self._ends is not None:
                self.path.unlink(missing_ok=True)
                for end in self._ends:
                    os.close(end)
                self._ends = None

    def plug(self) -> bool:
        """Another terminal appears behind the same symlink, as `/dev/serial/by-id` does it; False when one is there."""
        with self._lock:
            if self._ends is not None:
                return False
            master, slave = pty.openpty()
            tty.setraw(slave)
            os.set_blocking(master, False)
            fresh = self.path.with_name(self.path.name + ".new")
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(os.ttyname(slave))
            fresh.replace(self.path)
            self._ends = (master, slave)
            return True

    def receive(self, wait: float) -> bytes | None:
        """What was sent to it, b"" when nothing came within `wait` seconds; None at once while it is pulled."""
        with self._lock:
            ends = self._ends
        if ends is None:
            return None
        try:
            ready, _, _ = select.select([ends[0]], [], [], wait)
        except (OSError, ValueError):  # pulled meanwhile
            return None
        with self._lock:
            if self._ends is not ends:  # pulled meanwhile: the number may be another file's by now
                return None
            return os.read(ends[0], 4096) if ready else b""

    def send(self, data: bytes) -> None:
        """Put these bytes on the line; lost while it is pulled."""
        with self._lock:
            if self._ends is not None:
                os.write(self._ends[0], data)
