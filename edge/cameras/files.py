"""Files of kept pictures and films: whole, durable, and the same picture once, however many names it has."""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.cameras.jpeg import size_of
from edge.evidence import settle, write_whole
from edge.facade import Footage

log = logging.getLogger("edge.cameras")

ID: Final = re.compile(r"(\d{6})-[0-9a-f]{32}")
LARGEST: Final = 8 << 20  # bytes of a picture
_KINDS: Final[Mapping[str, str]] = {".jpg": "image/jpeg", ".webm": "video/webm"}
_REMEMBERED: Final = 256
"""Pictures kept lately, which may get another name: in a storm what four cameras showed at an alarm is what they showed
before the one five seconds later."""


@dataclass(frozen=True, slots=True)
class Filed:
    """A picture that is kept. taken: µs UTC it shows, the time of its file too."""

    path: Path
    taken: int
    sha256: str
    width: int
    height: int
    size: int


class Shelf:
    """Keeps pictures. Several alarms of one second want the same one: it is written once and linked to their names.

    For one thread.
    """

    def __init__(self) -> None:
        self._lately: dict[tuple[str, int], Filed] = {}  # by camera and time, oldest first
        self._loose: set[Path] = set()  # folders whose new names are not durable yet

    def again(self, device: str, taken: int, path: Path) -> Filed | None:
        """Give what a camera showed at that moment one more name; None where it is not kept, or cannot have two."""
        known = self._lately.get((device, taken))
        if known is None:
            return None
        try:
            os.link(known.path, path)
        except OSError:  # erased meanwhile, a file system without links, too many: it is written once more
            return None
        self._loose.add(path.parent)
        return Filed(path, taken, known.sha256, known.width, known.height, known.size)

    def put(self, device: str, taken: int, content: bytes, path: Path) -> Filed:
        """Keep a new one. Raises OSError."""
        write_whole(path, content, taken, named=False)
        self._loose.add(path.parent)
        filed = described(path, taken, content)
        self._lately[device, taken] = filed
        if len(self._lately) > _REMEMBERED:
            del self._lately[next(iter(self._lately))]
        return filed

    def settle(self) -> None:
        """Make all names durable; before anybody is told of them. Raises OSError."""
        loose, self._loose = self._loose, set()
        for folder in loose:
            settle(folder)


def described(path: Path, taken: int, content: bytes) -> Filed:
    """The picture in `path`."""
    width, height = size_of(content) or (0, 0)
    return Filed(path, taken, hashlib.sha256(content).hexdigest(), width, height, len(content))


def whole(path: Path) -> bytes | None:
    """The JPEG; None where it is gone, or half of one."""
    with suppress(OSError):
        content = path.read_bytes()
        if len(content) <= LARGEST and size_of(content) is not None:
            return content
    return None


def tidy(folder: Path, known: Collection[str], before: int) -> None:
    """Delete half files, and those older than `before` (µs UTC) whose id nobody knows."""
    gone = 0
    try:
        for path in folder.glob("*/*"):
            strange = path.suffix in _KINDS and ID.fullmatch(path.stem) is not None and path.stem not in known
            if ".part" in path.name or (strange and path.stat().st_mtime_ns // 1000 < before):
                path.unlink()
                gone += 1
    except OSError as error:
        log.warning("old pictures that nobody knows of cannot be deleted: %s", error)
    if gone:
        log.info("%d old or half pictures that nobody knows of were deleted", gone)


def read(paths: tuple[Path, Path]) -> Footage | None:
    """A picture, or a film, whichever there is. Raises OSError."""
    for path in paths:
        with suppress(FileNotFoundError), path.open("rb") as file:
            taken = os.fstat(file.fileno()).st_mtime_ns // 1000
            return Footage(taken, _KINDS[path.suffix], file.read())
    return None


def finish(draft: Path, path: Path, taken: int) -> None:
    """A film is whole: make it durable, and give it its name. Raises OSError."""
    with draft.open("rb+") as file:
        os.utime(file.fileno(), ns=(taken * 1000, taken * 1000))
        os.fsync(file.fileno())
    draft.replace(path)
    settle(path.parent)
