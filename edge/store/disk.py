"""The disk guard: keeps room for the journal by dropping raw telemetry, then old roll-ups, never the journal."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.domain.instant import DAY, Instant
from edge.store.telemetry import Telemetry
from edge.store.writer import StoreError

log = logging.getLogger(__name__)

_MINUTES_KEPT: Final = 365 * DAY  # GB/T 45839-2025 5.9.5: a year of records, alone on site
_DAYS_AT_ONCE: Final = 31  # days dropped in one look at the disk


@dataclass(frozen=True, slots=True)
class DiskReport:
    """What the guard saw: bytes of the file system, bytes per store, and bytes written a day at the present rate.

    low: less than the reserve is free. dropped: rows given up since start. written_per_day: None in the first minutes.
    """

    total: int
    free: int
    reserve: int
    low: bool
    stores: Mapping[str, int]
    dropped: int
    written_per_day: int | None


class DiskGuard:
    """Looks at the disk when asked (the hub asks every minute).

    reserve: bytes that shall stay free; by default a twentieth of the disk, at least 64 MiB, at most 1 GiB.
    space: (total, free) bytes of a folder's file system. written: bytes this process sent to disks so far.
    """

    def __init__(
        self,
        folder: Path,
        telemetry: Telemetry,
        *,
        now: Callable[[], Instant],
        reserve: int | None = None,
        space: Callable[[Path], tuple[int, int]] | None = None,
        written: Callable[[], int | None] | None = None,
    ) -> None:
        self.report: DiskReport | None = None
        self._folder = folder
        self._telemetry = telemetry
        self._now = now
        self._reserve = reserve
        self._space = space or disk_space
        self._written = written or bytes_written
        self._began: tuple[int, int] | None = None  # (µs monotonic, bytes written)
        self._dropped = 0

    async def check(self) -> DiskReport:
        """Look, and make room where less than the reserve is free."""
        total, free = self._space(self._folder)
        reserve = self._reserve if self._reserve is not None else reserve_of(total)
        if free < reserve:
            free = await self._make_room(reserve)
        report = DiskReport(
            total, free, reserve, free < reserve, self._sizes(), self._dropped, self._written_per_day()
        )
        if report.low and not (self.report is not None and self.report.low):
            log.error("disk: %d MiB free of %d, nothing left to drop", free >> 20, total >> 20)
        self.report = report
        return report

    async def _make_room(self, reserve: int) -> int:
        """Drop day by day until the reserve is free again; the bytes then free."""
        try:
            await self._telemetry.compact()
            for _ in range(_DAYS_AT_ONCE):
                rows = await self._telemetry.shed(self._now().utc - _MINUTES_KEPT)
                self._dropped += rows
                free = self._space(self._folder)[1]
                if rows == 0 or free >= reserve:
                    break
        except StoreError as error:
            log.warning("disk: no room could be made: %s", error)
        return self._space(self._folder)[1]

    def _sizes(self) -> dict[str, int]:
        """Bytes per store, a file's write-ahead log with it; files that were set aside count as their store."""
        sizes: dict[str, int] = {}
        for entry in os.scandir(self._folder):
            name, dot, _ = entry.name.partition(".db")
            if dot and entry.is_file(follow_symlinks=False):
                with suppress(FileNotFoundError):  # a log that was just emptied into its store
                    sizes[name] = sizes.get(name, 0) + entry.stat().st_size
        return sizes

    def _written_per_day(self) -> int | None:
        written = self._written()
        if written is None:
            return None
        mono = self._now().mono
        if self._began is None:
            self._began = (mono, written)
        since, before = self._began
        return None if mono - since < DAY // 1440 else (written - before) * DAY // (mono - since)


def reserve_of(total: int) -> int:
    """Bytes that shall stay free on a disk of `total` bytes: room for the journal."""
    return min(max(total // 20, 2**26), 2**30)


def disk_space(folder: Path) -> tuple[int, int]:
    """(total, free for this process) bytes of the file system of a folder."""
    room = os.statvfs(folder)
    return room.f_blocks * room.f_frsize, room.f_bavail * room.f_frsize


def bytes_written() -> int | None:
    """Bytes this process caused to be sent to disks, as Linux counts them; None where it does not."""
    try:
        text = Path("/proc/self/io").read_text()
    except OSError:
        return None
    counts = dict(line.split(": ") for line in text.splitlines())
    return int(counts["write_bytes"])
