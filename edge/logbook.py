"""The hub's own log file, bounded and without secrets, beside what systemd keeps: an administrator downloads it.

It is there where no systemd runs too, and needs no right to read the machine's log. Lines wait in memory and are
written by a thread, ten seconds' worth at a time and warnings at once: a card that hangs must not hang the line.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from edge.masking import Masks

SIZE: Final = 2 << 20  # bytes of one file
FILES: Final = 4  # the one being written included: 8 MiB at most
WAITING: Final = 5000  # lines that wait for a disk that takes none; the oldest go first
EVERY: Final = 10.0  # seconds between two writes of lines that can wait
LINE: Final = 4000  # characters of a line that are kept
_CHUNK: Final = 1 << 16


class Logbook(logging.Handler):
    """Writes `hub.log` in `folder`; at `SIZE` it becomes `hub.log.1`, and so on."""

    def __init__(self, folder: Path, masks: Masks, size: int = SIZE, files: int = FILES) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        self._path = folder / "hub.log"
        self._masks = masks
        self._size = size
        self._files = files
        self._waiting: deque[str] = deque(maxlen=WAITING)
        self._wake = threading.Event()
        self._taking = threading.Lock()
        self._writing = threading.Lock()
        self._ends = False
        self._thread = threading.Thread(target=self._run, name="logbook", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line; never blocks."""
        try:
            line = self.format(record)
            with self._taking:
                self._waiting.append(line)
        except Exception:  # noqa: BLE001 - as logging does: a line that cannot be written stops nobody
            self.handleError(record)
        if record.levelno >= logging.WARNING:
            self._wake.set()

    def close(self) -> None:
        """Write what waits, and end."""
        self._ends = True
        self._wake.set()
        self._thread.join(EVERY)
        super().close()

    def flush(self) -> None:
        """Write what waits; blocks. A disk that takes nothing leaves it waiting."""
        with self._writing, suppress(OSError):
            self._write()

    def tail(self, limit: int) -> Iterator[bytes]:
        """The last `limit` bytes, from the beginning of a line, oldest first; blocks between chunks."""
        self.flush()
        left = limit
        parts: list[tuple[Path, int]] = []
        for path in self._paths():
            with suppress(OSError):
                size = path.stat().st_size
                parts.append((path, max(0, size - left)))
                left -= min(left, size)
            if not left:
                break
        for path, start in reversed(parts):
            with suppress(OSError), path.open("rb") as file:
                file.seek(start)
                if start:
                    file.readline()
                while chunk := file.read(_CHUNK):
                    yield chunk

    def _run(self) -> None:
        while not self._ends:
            self._wake.wait(EVERY)
            self._wake.clear()
            if self._waiting:
                self.flush()
        self.flush()

    def _write(self) -> None:
        """OSError leaves the lines that were not written."""
        if not self._waiting:
            return
        with self._taking:
            lines, self._waiting = [*self._waiting], deque(maxlen=WAITING)
        try:
            self._append(lines)
        except OSError:
            with self._taking:
                self._waiting = deque([*lines, *self._waiting], maxlen=WAITING)
            raise

    def _append(self, lines: list[str]) -> None:
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileNotFoundError):
            if self._path.stat().st_size >= self._size:
                self._turn()
        text = "".join(_cut(self._masks(line)).replace("\n", "\n  ") + "\n" for line in lines)
        with self._path.open("ab") as file:
            self._path.chmod(0o600)
            file.write(text.encode("utf-8", "replace"))

    def _turn(self) -> None:
        paths = self._paths()
        for older, newer in zip(reversed(paths[1:]), reversed(paths[:-1]), strict=True):
            with suppress(FileNotFoundError):
                newer.replace(older)

    def _paths(self) -> list[Path]:
        """All there can be, newest first."""
        return [self._path, *(self._path.with_name(f"hub.log.{n}") for n in range(1, self._files))]


def _cut(line: str) -> str:
    """Its head and its tail, where a trace says what went wrong. Of a masked line: a cut secret is not found."""
    if len(line) <= LINE:
        return line
    half = LINE // 2
    return f"{line[:half]} … {len(line) - 2 * half} characters … {line[-half:]}"


@contextmanager
def keeping(book: Logbook) -> Iterator[None]:
    """Everything logged meanwhile goes into `book` too; it is closed at the end."""
    logging.getLogger().addHandler(book)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(book)
        book.close()
