"""Bytes written, as Linux counts them: by a tree of processes, by a service, by everybody on a disk. A card's own word.

All functions read below a root that a test may make ("/"); what cannot be seen is None.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

SECTOR: Final = (
    512  # bytes in /sys/block/*/stat and size, whatever the disk's own (Linux, Documentation/block/stat)
)
_WRITTEN: Final = 6  # field of stat: sectors written
_WORN: Final = 0x0B  # life_time: beyond the estimate (JEDEC JESD84-B51 7.4.24)
_SPENT: Final = 2  # pre_eol_info: 80 % of the spare blocks are used, 3: 90 % (JEDEC JESD84-B51 7.4.23)


def of_tree(pid: int, root: Path = Path("/")) -> int | None:
    """Bytes a process and its living descendants sent to disks; what ended and was waited for counts in its parent."""
    proc = root / "proc"
    children: dict[int, list[int]] = {}
    with suppress(OSError):
        for process in proc.iterdir():
            if process.name.isdecimal() and (parent := _parent(process)) is not None:
                children.setdefault(parent, []).append(int(process.name))
    total = _of_process(proc / str(pid))
    if total is None:
        return None
    todo = [*children.get(pid, ())]
    while todo:
        child = todo.pop()
        total += _of_process(proc / str(child)) or 0
        todo += children.get(child, ())
    return total


def of_service(cgroup: str, root: Path = Path("/")) -> int | None:
    """Bytes a service of systemd sent to disks, where IOAccounting counts them (cgroup v2, io.stat)."""
    try:
        text = (root / "sys/fs/cgroup" / cgroup / "io.stat").read_text()
    except OSError:
        return None
    words = [word for line in text.splitlines() for word in line.split()]
    return sum(int(word.removeprefix("wbytes=")) for word in words if word.startswith("wbytes="))


class Disk:
    """The disk under a folder: the whole card, not the partition."""

    def __init__(self, folder: Path, root: Path = Path("/")) -> None:
        device = folder.stat().st_dev
        self._block: Path | None = None
        with suppress(OSError):
            place = (root / f"sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve(strict=True)
            self._block = place.parent if (place / "partition").exists() else place

    def size(self) -> int | None:
        """Bytes of the card."""
        sectors = self._number("size", 10)
        return None if not sectors else sectors * SECTOR

    def written(self) -> int | None:
        """Bytes written on it by everybody since the machine started."""
        if self._block is None:
            return None
        try:
            return int((self._block / "stat").read_text().split()[_WRITTEN]) * SECTOR
        except (OSError, ValueError, IndexError):
            return None

    def used(self) -> tuple[int, int] | None:
        """Percent of its life that an eMMC says it has used, (from, to); of its two kinds of cells the worse."""
        text = self._text("device/life_time")
        try:
            worst = max((int(word, 16) for word in (text or "").split()), default=0)
        except ValueError:
            return None
        if not 0 < worst <= _WORN:
            return None
        return (100, 100) if worst == _WORN else ((worst - 1) * 10, worst * 10)

    def spent(self) -> bool:
        """Whether an eMMC says that its spare blocks run out."""
        return (self._number("device/pre_eol_info", 16) or 0) >= _SPENT

    def _number(self, name: str, base: int) -> int | None:
        try:
            return int(self._text(name) or "", base)
        except ValueError:
            return None

    def _text(self, name: str) -> str | None:
        if self._block is None:
            return None
        try:
            return (self._block / name).read_text().strip()
        except OSError:
            return None


def _parent(process: Path) -> int | None:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return None


def _of_process(process: Path) -> int | None:
    try:
        lines = (process / "io").read_text().splitlines()
        counts: Mapping[str, str] = dict(line.split(": ", 1) for line in lines)
        return int(counts["write_bytes"])
    except (OSError, ValueError, KeyError):
        return None
