"""One serial bus: a thread that owns the line, opens it, lends it to a driver, and opens it again for ever."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from drivers._serialbus.config import LineSettings
from drivers._serialbus.line import Counters, Line, LineDownError
from edge.domain.names import Text

FIRST_RETRY: Final = 0.5
LAST_RETRY: Final = 10.0  # a converter that is plugged in again is in use within so many seconds

log = logging.getLogger(__name__)


class SerialBus:
    """The thread of one line.

    talk: called on the thread with the open line; returns when `line.stopping()`, lets LineDownError through.
    lost: called on the thread with the reason each time the line is lost or does not open.
    """

    def __init__(
        self, id: str, settings: LineSettings, talk: Callable[[Line], None], lost: Callable[[Text], None]
    ) -> None:
        self.counters = Counters()
        self._settings = settings
        self._talk = talk
        self._lost = lost
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"serial-{id}", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def wake(self) -> None:
        """End a pause of the line: there is something to do. From any thread."""
        self._wake.set()

    def stop(self) -> None:
        """End the thread and give the port back, within two seconds."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        retry = FIRST_RETRY
        opened = False
        while not self._stop.is_set():
            heard = self.counters.bytes
            try:
                line = Line(self._settings, self.counters, self._stop, self._wake)
                self.counters.reopened += opened
                opened = True
                try:
                    self._talk(line)
                finally:
                    line.close()
            except LineDownError as down:
                if not self._stop.is_set():  # an end under way is no failure of the line
                    self._lost(down.text)
            except Exception as error:  # a defect here must not silence the bus for good
                log.exception("%s: the driver failed, the line is opened again", self._thread.name)
                self._lost(
                    Text(f"驱动程序出错:{error},正在重试", f"The driver failed and starts again: {error}")
                )
            if self.counters.bytes > heard:
                retry = FIRST_RETRY
            self._stop.wait(retry)
            retry = min(retry * 2, LAST_RETRY)
