"""Puts the knowledge of disk and stores together for one run of the hub."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from edge.domain.instant import MINUTE, SECOND, Instant
from edge.domain.names import Text
from edge.domain.storage import CardAssumption, GivenUp, StorageState, StoreLoss
from edge.storage.counting import Disk
from edge.storage.losses import Losses
from edge.storage.wear import WearWatch
from edge.store.accounts import SqliteAccounts
from edge.store.disk import DiskGuard, Pictures
from edge.store.facts import FactLog
from edge.store.journal import Journal
from edge.store.telemetry import Telemetry
from edge.upkeep import Chore

STALLED: Final = 60 * SECOND
"""How much longer than its commit window a reading may wait before the stall is told."""
_FINE: Final = Text("正常", "In order")
_WORDS: Final[Mapping[GivenUp, Text]] = {
    "footage": Text("组画面", "sets of pictures"),
    "readings": Text("条读数", "readings"),
    "rollups": Text("条汇总", "roll-ups"),
}
Note = Callable[[str, str | None, Mapping[str, Any]], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Stores:
    """What is watched. log: of facts, which remembers what was told before."""

    journal: Journal
    telemetry: Telemetry
    accounts: SqliteAccounts
    log: FactLog


class Storage:
    """Room, stalls, wear and losses, as checks, chores and one state.

    pictures: who gives them up for room. folder: the data folder. broker: where a broker of this machine keeps its
    store, None where that is not known. note: tells a fact; Unavailable when it was not taken.
    """

    def __init__(
        self,
        stores: Stores,
        guard: DiskGuard,
        pictures: Pictures,
        note: Note,
        folder: Path,
        broker: Path | None,
        card: CardAssumption,
    ) -> None:
        guard.pictures = pictures
        self._guard = guard
        self._telemetry = stores.telemetry
        self._note = note
        self._untold: list[tuple[str, dict[str, Any]]] = []
        self._wear = WearWatch(Disk(folder), card)
        self._files = ("journal", "telemetry", "accounts", *(() if broker is None else ("mosquitto",)))
        self._losses = Losses(
            (stores.journal, stores.telemetry, stores.accounts),
            (folder,) if broker is None else (folder, broker),
            lambda kind, limit: stores.log.latest(None, limit, kind),
            note,
            lambda: stores.journal.blemish,
        )

    async def remember(self, now: Instant) -> None:
        """What was told before this start; before the line runs."""
        await self._losses.remember(now)

    def lost(self) -> Sequence[StoreLoss]:
        """Stores that were begun anew within the last day, oldest first."""
        return self._losses.shown

    def checks(self) -> dict[str, Callable[[Instant], tuple[bool, Text]]]:
        """By the names of `edge.health`."""
        return {
            "disk": self._disk,
            "stall": self._stall,
            **{f"store-{store}": partial(self._losses.check, store) for store in self._files},
            "card": self._wear.check,
        }

    def chores(self, now: Instant) -> list[Chore]:
        """What is to be done beside the line."""
        return [
            Chore("disk", MINUTE, now.mono, self._look),
            Chore("losses", 5 * SECOND, now.mono, self._losses.look),
        ]

    def state(self) -> StorageState | None:
        """As last looked at, None before."""
        report = self._guard.report
        if report is None:
            return None
        return StorageState(
            report.total,
            report.free,
            report.reserve,
            self._guard.given_up(),
            self._wear.wear,
            tuple(self._losses.shown),
        )

    # ---- details --------------------------------------------------------------------------------------------------

    async def _look(self, now: Instant) -> None:
        report = await self._guard.check()
        await self._wear.look(now, report.total)
        self._untold += self._guard.news()
        while self._untold:
            kind, body = self._untold[0]
            await self._note(kind, None, body)
            self._untold.pop(0)

    def _disk(self, _now: Instant) -> tuple[bool, Text]:
        report = self._guard.report
        if report is None:
            return True, _FINE
        free = report.free >> 20
        if report.low:
            return False, Text(f"仅剩 {free} MiB,已无可清理的数据", f"{free} MiB free, nothing left to drop")
        gone = [(count, _WORDS[what]) for what, count in self._guard.shortage().items() if count]
        if not gone:
            return True, _FINE
        return True, Text(
            f"剩余 {free} MiB;空间不足,已清理 " + "、".join(f"{count} {what.zh}" for count, what in gone),
            f"{free} MiB free; for room were given up "
            + ", ".join(f"{count} {what.en}" for count, what in gone),
        )

    def _stall(self, now: Instant) -> tuple[bool, Text]:
        since = self._telemetry.waiting_since
        waits = 0 if since is None else now.mono - since
        if waits <= STALLED + self._telemetry.commit_window * SECOND:
            return True, _FINE
        seconds, depth = waits // SECOND, self._telemetry.depth
        return False, Text(
            f"{seconds} 秒前收到的读数仍未保存,共 {depth} 条等待",
            f"What was received {seconds} s ago is still not stored, {depth} readings wait",
        )
