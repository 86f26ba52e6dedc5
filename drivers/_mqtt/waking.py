"""Ends another thread's wait in `poll`."""

from __future__ import annotations

import os
import threading
from typing import Final

_ONE: Final = (1).to_bytes(8, "little")


class Waker:
    """An eventfd: `wake` from any thread makes `fileno` readable until `clear`."""

    def __init__(self) -> None:
        self._fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._lock = threading.Lock()
        self._quiet = True

    def wake(self) -> None:
        """Cheap when it is awake already; nothing after `close`."""
        with self._lock:
            if self._quiet:
                self._quiet = False
                os.write(self._fd, _ONE)

    def clear(self) -> None:
        """Before looking at what there is to do, never after."""
        with self._lock:
            if not self._quiet:
                self._quiet = True
                os.read(self._fd, 8)

    def fileno(self) -> int:
        """For poll."""
        return self._fd

    def close(self) -> None:
        """Give the descriptor back, once."""
        with self._lock:
            self._quiet = False
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1
