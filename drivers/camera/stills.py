"""The ring of recent stills: JPEGs in a folder in memory, named by their time, the newest minute and a half."""

from __future__ import annotations

import contextlib
import errno
import os
from collections import deque
from pathlib import Path
from typing import Final

import cv2

from drivers.camera.frames import Frame
from edge.domain.footage import RING
from edge.domain.instant import SECOND
from edge.domain.names import Text

EVERY: Final = SECOND
WIDTH: Final = 640
QUALITY: Final = 75
CAP: Final = 8 * 1024 * 1024
"""Bytes of one camera's ring: 90 stills of 90 KB. A tmpfs is memory."""

_EARLY: Final = SECOND // 10  # pictures jitter: one that is a little early still begins a new second
_PART: Final = ".part"

FULL: Final = Text(
    "画面正常,但内存盘已满,快照未保存:请释放空间",
    "The picture comes in, but its stills are not kept: the folder in memory is full, make room in it",
)
UNWRITABLE: Final = Text(
    "画面正常,但快照无法写入:请检查目录权限",
    "The picture comes in, but its stills cannot be written: check the rights of their folder",
)


class RingWriter:
    """Keeps stills of one camera in `folder`, which it makes (0700). For one thread; never raises.

    problem: why nothing is kept at present, None while all is well.
    """

    def __init__(self, folder: Path, cap: int = CAP) -> None:
        self.problem: Text | None = None
        self._folder = folder
        self._cap = cap
        self._kept: deque[tuple[int, int]] = deque()  # time, bytes; oldest first
        self._bytes = 0
        with contextlib.suppress(OSError):
            self._adopt()

    def keep(self, frame: Frame, utc: int, *, now: bool = False) -> bool:
        """Write `frame`, of `utc` (µs), unless there is one of this second already; `now`: all the same.

        Whether it was written.
        """
        since = utc - self._kept[-1][0] if self._kept else EVERY
        if since == 0 or (not now and 0 < since < EVERY - _EARLY):
            return False
        done, coded = cv2.imencode(".jpg", frame.colour(WIDTH), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        if not done:
            return False
        self._prune(utc, coded.size)
        try:
            self._write(utc, coded.tobytes())
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            if full:  # what is oldest makes room for the next
                self._drop(len(self._kept) // 3 + 1)
            self.problem = FULL if full else UNWRITABLE
            return False
        self.problem = None
        self._kept.append((utc, coded.size))
        self._bytes += coded.size
        return True

    def expire(self, utc: int) -> None:
        """Keep none that are too old at `utc` (µs), but for the newest: a camera's last picture, when none come."""
        while len(self._kept) > 1 and self._kept[0][0] <= utc - RING:
            self._drop(1)

    def clear(self) -> None:
        """Keep none of what is there: more is to be masked than it masks."""
        self._drop(len(self._kept))

    def remove(self) -> None:
        """Take the folder away, with all that is in it."""
        self._kept.clear()
        with contextlib.suppress(OSError):  # by hand: shutil brings three codecs into memory
            for path in self._folder.iterdir():
                path.unlink(missing_ok=True)
            self._folder.rmdir()

    def _adopt(self) -> None:
        """Go on with what an earlier child has left; its unfinished files are of no use."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = []
        for path in self._folder.iterdir():
            if path.suffix == ".jpg" and path.stem.isdecimal():
                found.append((int(path.stem), path.stat().st_size))
            else:
                path.unlink(missing_ok=True)
        self._kept.extend(sorted(found))
        self._bytes = sum(size for _, size in found)

    def _prune(self, utc: int, coming: int) -> None:
        """Drop what is too old, what is from the future (the clock was set back), and what is more than the cap."""
        ahead = [item for item in self._kept if item[0] > utc]
        for item in ahead:
            self._kept.remove(item)
            self._forget(*item)
        while self._kept and (self._kept[0][0] <= utc - RING or self._bytes + coming > self._cap):
            self._drop(1)

    def _drop(self, count: int) -> None:
        for _ in range(min(count, len(self._kept))):
            self._forget(*self._kept.popleft())

    def _forget(self, utc: int, size: int) -> None:
        self._bytes -= size
        with contextlib.suppress(OSError):
            self._path(utc).unlink(missing_ok=True)

    def _write(self, utc: int, coded: bytes) -> None:
        """A reader sees the whole picture or none."""
        path = self._path(utc)
        part = path.with_suffix(_PART)
        try:
            part.write_bytes(coded)
        except FileNotFoundError:  # somebody has taken the folder away
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            part.write_bytes(coded)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise
        os.replace(part, path)  # noqa: PTH105 (Path.replace makes a second Path for each still)

    def _path(self, utc: int) -> Path:
        return self._folder / f"{utc}.jpg"
