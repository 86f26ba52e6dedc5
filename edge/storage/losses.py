"""Stores that had to be begun anew, the hub's own and its broker's: told once as facts, and on the wall for a day."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

from edge.domain.fact import Fact
from edge.domain.instant import DAY, SECOND, Instant
from edge.domain.names import Text
from edge.domain.storage import StoreLoss
from edge.facade import Unavailable
from edge.store.trouble import Loss

log = logging.getLogger(__name__)

_BROKER: Final = "mosquitto."
_JOURNAL: Final = "journal"
KIND: Final = "store.begun_anew"
SHOWN: Final = DAY
_REMEMBERED: Final = 200  # facts of this kind that are looked through at the start
_NAME: Final = re.compile(r"(journal|telemetry|accounts|mosquitto)\.db\.([0-9TZ-]+)\.(corrupt|gone)")
_STAMP: Final = "%Y%m%dT%H%M%SZ"
_LOST: Final[Mapping[str, Text]] = {
    "journal": Text("此前的安全日志保留在该文件中", "the record until then is in that file"),
    "telemetry": Text("此前的曲线数据保留在该文件中", "trends until then are in that file"),
    "accounts": Text(
        "账户已由副本恢复,需重新登录", "accounts came back from their copy, people sign in again"
    ),
    "mosquitto": Text(
        "代理中排队的报文可能丢失,请留意设备状态",
        "messages that waited at the broker may be lost: watch the devices",
    ),
}
_GONE: Final[Mapping[str, Text]] = {
    "journal": Text("此前的安全日志已不存在", "the record until then is gone"),
    "telemetry": Text("此前的曲线数据已不存在", "trends until then are gone"),
    "accounts": _LOST["accounts"],
    "mosquitto": _LOST["mosquitto"],
}
_FINE: Final = Text("正常", "In order")
_AGAIN: Final = Text("又一次重建,稍后报告", "Begun anew once more, told in a moment")
_CARRIED: Final = Text("未结报警和事项已带入新日志", "what was open was carried over")
_NOT_CARRIED: Final = Text(
    "没有未结报警可以带入新日志,请查看火灾报警控制器",
    "nothing open could be carried over: look at the fire panel",
)
_NOT_KNOWN: Final = Text(
    "未结报警是否带入新日志未知,请查看火灾报警控制器",
    "whether what was open was carried over is not known: look at the fire panel",
)
_NO_ACCOUNTS: Final = Text(
    "没有可用的账户副本:在主机上运行 edge-hub user add",
    "there was no copy of the accounts: run `edge-hub user add` on the machine",
)


class Lossy(Protocol):
    """A store that may have been begun anew."""

    @property
    def losses(self) -> Sequence[Loss]: ...
    def glance(self) -> None:
        """Have it look at its file."""
        ...


Recall = Callable[[str, int], Awaitable[Sequence[Fact]]]
"""(kind, limit) -> the newest facts of that kind."""
Note = Callable[[str, str | None, Mapping[str, Any]], Awaitable[object]]


class Losses:
    """folders: where files lie that were set aside. blemish: what a reader found damaged in the journal."""

    def __init__(
        self,
        stores: Sequence[Lossy],
        folders: Sequence[Path],
        recall: Recall,
        note: Note,
        blemish: Callable[[], str | None],
    ) -> None:
        self.shown: list[StoreLoss] = []
        self._stores = stores
        self._folders = folders
        self._recall = recall
        self._note = note
        self._blemish = blemish
        self._told: set[str] = set()  # files
        self._untold: list[StoreLoss] = []
        self._forgotten = 0  # µs UTC: what was told before that is not known any more
        # Lost once more, found at the last look, while the time before is still shown.
        self._again: frozenset[str] = frozenset()
        self._counted = [0 for _ in stores]  # losses of each store that were taken up

    async def remember(self, now: Instant) -> None:
        """What was told before this start; without a journal that can be read it is told once more."""
        with suppress(Unavailable):
            for fact in sorted(await self._recall(KIND, _REMEMBERED), key=lambda fact: fact.seq):
                at = fact.body.get("at", fact.time)
                one = StoreLoss(fact.body["store"], fact.body["file"], at, fact.body["saved"])
                if one.file is not None:
                    self._told.add(one.file)
                if one.store == _JOURNAL:
                    self._forgotten = max(self._forgotten, at)
                if abs(now.utc - one.at) < SHOWN:
                    self.shown.append(one)
        self.shown.sort(key=lambda one: one.at)  # what a lost journal knew was told after what is newer
        self._find(
            now, await asyncio.to_thread(self._names)
        )  # also what a hub that was killed could not tell

    async def look(self, now: Instant) -> None:
        """Tell what is new; Unavailable when the journal did not take it: then it is told again."""
        for store in self._stores:
            store.glance()
        names = await asyncio.to_thread(self._names)
        self.shown = [one for one in self.shown if abs(now.utc - one.at) < SHOWN or one in self._untold]
        before = list(self.shown)
        self._find(now, [name for name in names if name.startswith(_BROKER)])
        known = {one.store for one in before}
        self._again = frozenset(one.store for one in self.shown if one not in before) & known
        while self._untold:
            one = self._untold[0]
            saved = dict(one.saved)
            await self._note(KIND, None, {"store": one.store, "file": one.file, "saved": saved, "at": one.at})
            self._untold.pop(0)

    def check(self, store: str, _now: Instant) -> tuple[bool, Text]:
        """Fails for a day after `store` was begun anew; the journal's while a page of it cannot be read, too.

        One that is lost once more within the day passes until the next look: the alarm of the first time has
        returned then, and the second time sounds anew instead of being one report more.
        """
        if store in self._again:
            return True, _AGAIN
        if store == _JOURNAL and (why := self._blemish()) is not None:
            return False, Text(
                f"安全日志有损坏的页,部分旧记录无法读取,新记录照常写入:{why}",
                f"Pages of the journal are damaged, some old records cannot be read, new ones are kept: {why}",
            )
        newest = next((one for one in reversed(self.shown) if one.store == store), None)
        return (True, _FINE) if newest is None else (False, _told(newest))

    def _names(self) -> list[str]:
        found: list[str] = []
        for folder in self._folders:
            with suppress(OSError):  # a folder of another user, or a sick disk: another time
                found += [path.name for path in folder.iterdir() if _NAME.fullmatch(path.name)]
        return sorted(found)

    def _find(self, now: Instant, names: Sequence[str]) -> None:
        for at, store in enumerate(self._stores):
            for loss in store.losses[self._counted[at] :]:
                self._take(StoreLoss(loss.store, loss.file, now.utc, loss.saved))
            self._counted[at] = len(store.losses)
        unknown = [name for name in names if name not in self._told]
        journals = [_dated(name) for name in unknown if name.startswith(f"{_JOURNAL}.")]
        self._forgotten = max(self._forgotten, *(at for at in journals if at is not None), 0)
        former = []
        for name in unknown:
            set_aside = _dated(name)
            which = name.partition(".")[0]
            if set_aside is not None and set_aside < self._forgotten:
                former.append(StoreLoss(which, name, set_aside, {}))
            else:
                self._take(StoreLoss(which, name, now.utc, {}))
        self._recount(now, former)

    def _recount(self, now: Instant, former: Sequence[StoreLoss]) -> None:
        """Old damage that the lost journal knew: told again with its own date, as no new one."""
        former = sorted(former, key=lambda one: one.at)
        self._told.update(one.file for one in former if one.file is not None)
        self._untold += former
        self.shown[:0] = [one for one in former if abs(now.utc - one.at) < SHOWN]
        for one in former:
            log.info("a store that was begun anew before: %s, the former one is %s", one.store, one.file)

    def _take(self, one: StoreLoss) -> None:
        if one.file is not None:
            self._told.add(one.file)
        if one.store == _JOURNAL:
            self._forgotten = max(self._forgotten, one.at)
        self.shown.append(one)
        self._untold.append(one)
        log.error("a store was begun anew: %s, the former one is %s", one.store, one.file or "gone")


def _told(one: StoreLoss) -> Text:
    """One sentence: which store, where the damaged file is, what is lost."""
    gone = one.file is None or one.file.endswith(".gone")
    what = (_GONE if gone else _LOST)[one.store]
    if one.store == _JOURNAL:
        open_ = _open_of(one.saved)
        what = Text(f"{what.zh},{open_.zh}", f"{what.en}, {open_.en}")
    if one.store == "accounts" and one.saved.get("accounts") == 0:
        what = _NO_ACCOUNTS
    if gone:
        return Text(
            f"{one.store}.db 丢失,已重建;{what.zh}", f"{one.store}.db was gone and was begun anew; {what.en}"
        )
    return Text(
        f"{one.store}.db 损坏,另存为 {one.file},已重建;{what.zh}",
        f"{one.store}.db was damaged, is kept as {one.file}, and was begun anew; {what.en}",
    )


def _open_of(saved: Mapping[str, int]) -> Text:
    """What became of the alarms and cases that were open."""
    if not saved:
        return _NOT_KNOWN
    return _CARRIED if saved.get("alarms") or saved.get("cases") else _NOT_CARRIED


def _dated(name: str) -> int | None:
    """When a file was set aside, µs UTC by the clock of then: its name says it."""
    found = _NAME.fullmatch(name)
    try:
        stamp = "" if found is None else found[2].partition("-")[0]
        return round(datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC).timestamp()) * SECOND
    except ValueError:
        return None
