"""The disk guard: keeps room for the journal by giving up pictures, then raw telemetry, then old roll-ups.

The journal is never given up.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from edge.domain.instant import DAY, Instant
from edge.domain.storage import GivenUp
from edge.store.telemetry import Telemetry
from edge.store.writer import StoreError

log = logging.getLogger(__name__)

_ROLLUPS_KEPT: Final = 365 * DAY  # GB/T 45839-2025 5.9.5: a year of records, alone on site
_DAYS_AT_ONCE: Final = 31  # days dropped in one look at the disk


class Pictures(Protocol):
    """Who keeps pictures, and gives them up while `DiskGuard.short`, as many at once as it likes."""

    @property
    def given_up(self) -> int:
        """Sets of them, since the start."""
        ...

    def spare(self) -> int:
        """Sets that nothing open needs."""
        ...


@dataclass(frozen=True, slots=True)
class DiskReport:
    """What the guard saw: bytes of the file system, and bytes per store.

    low: less than the reserve is free, and nothing is left to give up. given_up: since the start.
    """

    total: int
    free: int
    reserve: int
    low: bool
    stores: Mapping[str, int]
    given_up: Mapping[GivenUp, int]


class DiskGuard:
    """Looks at the disk when asked (the hub asks every minute).

    reserve: bytes that shall stay free; by default `reserve_of` the disk.
    space: (total, free) bytes of a folder's file system. settled: whether age may be acted upon.
    pictures: set by who keeps them.
    """

    def __init__(
        self,
        folder: Path,
        telemetry: Telemetry,
        *,
        now: Callable[[], Instant],
        settled: Callable[[Instant], bool] = lambda now: now.trusted,
        reserve: int | None = None,
        space: Callable[[Path], tuple[int, int]] | None = None,
    ) -> None:
        self.report: DiskReport | None = None
        self.short = False
        self.pictures: Pictures | None = None
        self._folder = folder
        self._telemetry = telemetry
        self._now = now
        self._settled = settled
        self._reserve = reserve
        self._space = space or disk_space
        self._rows: dict[GivenUp, int] = {"readings": 0, "rollups": 0}
        self._steps: set[GivenUp] = set()  # said of this shortage
        self._last_step = 0  # mono µs
        self._before: dict[GivenUp, int] = {}  # given up before this shortage
        self._news: list[tuple[str, dict[str, Any]]] = []

    async def check(self) -> DiskReport:
        """Look, and make room where less than the reserve is free.

        Pictures go first, at their keeper's pace; readings wait meanwhile, unless half of the reserve is gone, too.
        """
        total, free = await asyncio.to_thread(self._space, self._folder)
        reserve = self._reserve if self._reserve is not None else reserve_of(total)
        self.short = free < reserve
        spare = self.pictures.spare() if self.short and self.pictures is not None else 0
        if spare:
            self._step("footage", free, reserve)
        if self.short and (not spare or free < reserve // 2):
            free = await self._make_room(reserve)
            self.short = free < reserve
        if self._steps and not self.short and self._now().mono - self._last_step >= DAY:
            self._over(free)
        low = self.short and not spare
        sizes = await asyncio.to_thread(self._sizes)
        report = DiskReport(total, free, reserve, low, sizes, self.given_up())
        if low and not (self.report is not None and self.report.low):
            log.error("disk: %d MiB free of %d, nothing left to give up", free >> 20, total >> 20)
            self._news.append(("storage.exhausted", {"free": free, "reserve": reserve}))
        self.report = report
        return report

    def given_up(self) -> dict[GivenUp, int]:
        """Sets of pictures, rows of readings and of roll-ups since the start."""
        pictures = 0 if self.pictures is None else self.pictures.given_up
        return {"footage": pictures, **self._rows}

    def shortage(self) -> dict[GivenUp, int]:
        """What was given up in the present shortage, which ends a day after the last step; empty without one."""
        return (
            {step: n - self._before.get(step, 0) for step, n in self.given_up().items()}
            if self._steps
            else {}
        )

    def news(self) -> list[tuple[str, dict[str, Any]]]:
        """(kind, body) of facts to tell; each once."""
        told, self._news = self._news, []
        return told

    async def _make_room(self, reserve: int) -> int:
        """Drop day by day until the reserve is free again; the bytes then free."""
        now = self._now()
        before = (
            now.utc - _ROLLUPS_KEPT if self._settled(now) else 0
        )  # by a wrong clock all of them might be old
        try:
            await self._telemetry.compact()
            for _ in range(_DAYS_AT_ONCE):
                step, rows = await self._telemetry.shed(before)
                _, free = await asyncio.to_thread(self._space, self._folder)
                if rows == 0:
                    break
                self._step(step, free, reserve)
                self._rows[step] += rows
                if free >= reserve:
                    break
        except StoreError as error:
            log.warning("disk: no room could be made: %s", error)
        return (await asyncio.to_thread(self._space, self._folder))[1]

    def _step(self, step: GivenUp, free: int, reserve: int) -> None:
        """Say once in a shortage that something begins to be given up."""
        self._last_step = self._now().mono
        if not self._steps:
            self._before = self.given_up()
        if step not in self._steps:
            self._steps.add(step)
            log.warning("disk: %d MiB free: %s are given up", free >> 20, step)
            self._news.append(("storage.giving_up", {"what": step, "free": free, "reserve": reserve}))

    def _over(self, free: int) -> None:
        self._news.append(("storage.eased", {"free": free, "given_up": dict(self.shortage())}))
        self._steps.clear()

    def _sizes(self) -> dict[str, int]:
        """Bytes per store, a file's write-ahead log with it; files that were set aside count as their store."""
        sizes: dict[str, int] = {}
        for entry in os.scandir(self._folder):
            name, dot, _ = entry.name.partition(".db")
            if dot and entry.is_file(follow_symlinks=False):
                with suppress(FileNotFoundError):  # a log that was just emptied into its store
                    sizes[name] = sizes.get(name, 0) + entry.stat().st_size
        return sizes


def reserve_of(total: int) -> int:
    """Bytes that shall stay free on a disk of `total` bytes: room for the journal; at most a quarter of a tiny one."""
    return min(max(total // 20, 2**26), 2**30, total // 4)


def disk_space(folder: Path) -> tuple[int, int]:
    """(total, free for this process) bytes of the file system of a folder."""
    room = os.statvfs(folder)
    return room.f_blocks * room.f_frsize, room.f_bavail * room.f_frsize
