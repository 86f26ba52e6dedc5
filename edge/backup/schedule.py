"""Backups by plan: one a day, its copies and rehearsals, one thing after the other, each in a child of low priority.

Nothing of it is on the line's way. Not even the folder is made: where a stick is not plugged in, the backup would go to
the card it shall save us from. Days are counted only by a clock that is certain; what was missed is made up for once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final

from edge.backup import child
from edge.backup.holding import Holding, Lost
from edge.backup.ledger import FOLDER, Failing, Ledger
from edge.backup.standing import Standing, check
from edge.backup.telling import came_back, of_the_journal, together
from edge.backup.trouble import BackupError
from edge.domain.backup import (
    BackupJob,
    BackupPlan,
    BackupState,
    KeptBackup,
    Rehearsal,
    Target,
    last_due,
    name_of,
    named,
    next_due,
    rehearsal_due,
)
from edge.domain.instant import HOUR, SECOND, Instant, to_rfc3339
from edge.domain.names import Text
from edge.domain.request import Refusal

log = logging.getLogger(__name__)

EVERY: Final = 30.0  # seconds between two looks at what is due
RETRY: Final = HOUR  # after a failure, and between two looks at the folder
_LOOK: Final = 120.0  # seconds each step may take; a medium that hangs is left alone then
_MAKE: Final = 6 * 3600.0
_SHIP: Final = 6 * 3600.0
_KEYS: Final = 100  # Idempotency-Keys that are known

Told = Callable[[str, str | None, Mapping[str, Any]], Awaitable[None]]
Ask = Callable[[Mapping[str, Any], float, Callable[[int], None]], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Place:
    """site: its id; data: the hub's data folder; folder: the site's; zone: of the site's clocks."""

    site: str
    data: Path
    folder: Path
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class _Wish:
    """Asked by hand."""

    by: str
    name: str
    at: int


class Backups:
    """The plan of one site. told: journals (kind, by, body). certain: whether the civil clock may be acted upon.

    lost: stores that were begun anew lately.
    """

    def __init__(
        self,
        plan: BackupPlan | None,
        place: Place,
        told: Told,
        now: Callable[[], Instant],
        certain: Callable[[Instant], bool],
        lost: Lost,
        ask: Ask = child.ask,
    ) -> None:
        self._plan, self._place = plan, place
        self._told, self._now, self._certain, self._ask = told, now, certain, ask
        self._ledger = Ledger.read(place.data)
        self._holding = Holding(self._ledger, lost)
        self._wish: _Wish | None = None
        self._job: BackupJob | None = None
        self._trouble: Text | None = None
        self._failed: str | None = None  # what was journaled last
        self._own = False
        self._looked: int | None = None  # mono µs
        self._tried: int | None = None
        self._shipped: int | None = None
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    # ---- running ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Look at what is due from now on."""
        if self._plan is not None:
            self._task = asyncio.create_task(self._serve(self._plan), name="backups")

    async def stop(self) -> None:
        """End what is under way; what it wrote goes with the next."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _serve(self, plan: BackupPlan) -> None:
        while True:
            self._wake.clear()
            try:
                await self.look(plan)
            except Exception as error:
                log.exception("a defect in backups")
                self._trouble, self._job = BackupError("defect", repr(error)).text, None
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), EVERY)

    async def look(self, plan: BackupPlan) -> None:
        """Do what is due or was asked for."""
        now = self._now()
        if _old(self._looked, now):
            self._looked = now.mono
            await self._look_there(plan, now)
        if held := self._holding.look(reached=self._trouble is None):
            await self._keep()
            await self._tell("backup.held", None, {"files": held})
        if (wish := self._wish) is not None:
            try:
                made = await self._make(plan, wish.name, wish.by, wish.at)
            finally:
                self._wish = None
        elif self._certain(now) and _old(self._tried, now) and self._is_due(plan, now):
            made = await self._make(plan, name_of(self._place.site, now.utc), None, now.utc)
        else:
            made = False
        if self._certain(now) and (made or (self._behind(plan) and _old(self._shipped, now))):
            await self._ship(plan, now)
        if made and self._certain(now) and rehearsal_due(now.utc, self._ledger.last_rehearsal):
            await self._rehearse(plan, now)

    def _is_due(self, plan: BackupPlan, now: Instant) -> bool:
        newest = self._ledger.newest_at(FOLDER)
        return newest is None or newest < last_due(now.utc, plan.at, self._place.zone)

    def _behind(self, plan: BackupPlan) -> list[Target]:
        """Targets that have not the newest."""
        newest = self._ledger.newest_at(FOLDER)
        return (
            []
            if newest is None
            else [t for t in plan.targets if (self._ledger.newest_at(t.id) or 0) < newest]
        )

    # ---- the steps ------------------------------------------------------------------------------------------------

    async def _look_there(self, plan: BackupPlan, now: Instant) -> None:
        try:
            self._there(await self._ask({"do": "look", **self._order(plan, now)}, _LOOK, _unheeded))
        except BackupError as error:
            self._trouble = error.text
            return
        if self._tried is None or self._failed is None:
            self._trouble = None
        await self._keep()

    async def _make(self, plan: BackupPlan, name: str, by: str | None, at: int) -> bool:
        now = self._now()
        last = self._ledger.newest()
        self._job = BackupJob("making", name, by, now.utc, all=None if last is None else last.size or None)
        order = {"do": "make", "name": name, **self._order(plan, now), **self._stay(plan), "now": at}
        self._tried = now.mono
        try:
            answer = await self._ask(order, _MAKE, self._so_far)
        except BackupError as error:
            self._trouble = error.text
            if by is not None or self._failed != str(error):
                why = {"file": name, "error": error.trouble, "detail": str(error)}
                await self._tell("backup.failed", by, why)
            self._failed = str(error)
            return False
        finally:
            self._job = None
        self._trouble = self._failed = None
        made = answer["made"]
        self._there(answer)
        problem = of_the_journal(made)
        self._ledger.kept[name] = KeptBackup(name, at, made["size"], (FOLDER,), by, None, problem)
        await self._keep()
        body = {key: made[key] for key in ("size", "sha256", "facts", "readings", "pictures")}
        body |= {"file": name, "made_at": to_rfc3339(at), "own_disk": self._own, "dropped": answer["gone"]}
        await self._tell("backup.made", by, body)
        return True

    async def _ship(self, plan: BackupPlan, now: Instant) -> None:
        self._shipped = now.mono
        newest = max((k for k in self._ledger.kept.values() if FOLDER in k.where), key=lambda k: k.made_at)
        for target in self._behind(plan):
            self._job = BackupJob("copying", newest.name, None, self._now().utc, target.id, all=newest.size)
            told: dict[str, Any] = {
                key: str(v) if isinstance(v, Path) else v for key, v in asdict(target).items()
            }
            order = {"do": "ship", "name": newest.name, **self._order(plan, now), **self._stay(plan)}
            order["target"] = told
            try:
                answer = await self._ask(order, _SHIP, _unheeded)
            except BackupError as error:
                known = self._ledger.failing.get(target.id)
                since = now.utc if known is None else known.since
                self._ledger.failing[target.id] = Failing(since, error.text)
                if known is None or known.what != error.text:
                    body = {
                        "file": newest.name,
                        "target": target.id,
                        "error": error.trouble,
                        "detail": str(error),
                    }
                    await self._tell("backup.not_copied", None, body)
            else:
                self._ledger.failing.pop(target.id, None)
                self._ledger.found(target.id, named(self._place.site, answer["names"]), {})
                await self._tell("backup.copied", None, {"file": newest.name, "target": target.id})
            finally:
                self._job = None
            await self._keep()

    async def _rehearse(self, plan: BackupPlan, now: Instant) -> None:
        newest = max((k for k in self._ledger.kept.values() if FOLDER in k.where), key=lambda k: k.made_at)
        self._job = BackupJob("rehearsing", newest.name, None, self._now().utc)
        body: dict[str, Any]
        try:
            order = {"do": "rehearse", "name": newest.name, **self._order(plan, now)}
            answer = await self._ask(order, _MAKE, _unheeded)
        except BackupError as error:
            rehearsal = Rehearsal(self._now().utc, ok=False, detail=error.text)
            body = {"ok": False, "error": error.trouble, "detail": str(error)}
        else:
            came = answer["rehearsed"]
            rehearsal = Rehearsal(self._now().utc, ok=True, detail=came_back(came))
            body = {"ok": True, **came}
        finally:
            self._job = None
        self._ledger.last_rehearsal = rehearsal
        if newest.name in self._ledger.kept:
            self._ledger.kept[newest.name] = replace(self._ledger.kept[newest.name], rehearsal=rehearsal)
        await self._keep()
        await self._tell("backup.rehearsed", None, {"file": newest.name, **body})

    def _order(self, plan: BackupPlan, now: Instant) -> dict[str, Any]:
        passphrase = plan.passphrase_file
        return {
            "site": self._place.site,
            "folder": str(plan.folder),
            "data": str(self._place.data),
            "site_folder": str(self._place.folder),
            "passphrase_file": None if passphrase is None else str(passphrase),
            "own_disk": plan.own_disk,
            "now": now.utc,
            "certain": self._certain(now),
        }

    def _stay(self, plan: BackupPlan) -> dict[str, Any]:
        return {"keep": plan.keep, "held": self._holding.names}

    def _there(self, answer: Mapping[str, Any]) -> None:
        self._own = answer["own"]
        sizes = answer["sizes"]
        self._ledger.found(FOLDER, named(self._place.site, sizes), sizes)

    def _so_far(self, done: int) -> None:
        if self._job is not None:
            self._job = replace(self._job, done=done)

    async def _keep(self) -> None:
        with suppress(OSError):  # the disk has a check of its own; what is lost is found again
            await asyncio.to_thread(self._ledger.write)

    async def _tell(self, kind: str, by: str | None, body: Mapping[str, Any]) -> None:
        try:
            await self._told(kind, by, body)
        except Exception:
            log.exception("%s is not in the journal", kind)

    # ---- people ---------------------------------------------------------------------------------------------------

    async def ask(self, by: str, key: str | None) -> str:
        """Have one made now; its name. A repeat of a key, and a wish while one waits, is answered with that one.

        Refusal "no_backup" where none are planned, "clock" where the date, by which old ones go, is not certain.
        """
        if self._plan is None:
            raise Refusal("no_backup", "no backups are set up: add [backup] to site.toml")
        if key is not None and key in self._ledger.keys:
            return self._ledger.keys[key]
        if self._wish is not None:
            return self._wish.name
        now = self._now()
        if not self._certain(now):
            raise Refusal(
                "clock", "the clock is not certain, and backups are named and kept by it: set it first"
            )
        newest = self._ledger.newest_at(FOLDER) or 0
        at = newest + SECOND if newest // SECOND == now.utc // SECOND else now.utc
        self._wish = wish = _Wish(by, name_of(self._place.site, at), at)
        if key is not None:
            self._ledger.keys = dict([*self._ledger.keys.items(), (key, wish.name)][-_KEYS:])
        await self._tell("backup.asked", by, {"file": wish.name})
        self._wake.set()
        return wish.name

    async def release(self, by: str) -> None:
        """Let go what is held since the journal was lost: it goes with the next backup, when its time is over."""
        if names := self._holding.release():
            await self._keep()
            await self._tell("backup.released", by, {"files": names})

    def state(self) -> BackupState:
        """How backups stand."""
        plan, now = self._plan, self._now()
        if plan is None:
            return BackupState()
        kept = sorted(self._ledger.kept.values(), key=lambda one: -one.made_at)
        lacking = {t.id for t in self._behind(plan)} & self._ledger.failing.keys()
        problems = {id: self._ledger.failing[id].what for id in sorted(lacking)}
        if kept and problems and kept[0].problem is None:
            kept[0] = replace(kept[0], problem=together(problems))
        wish = self._wish
        job = self._job
        if job is None and wish is not None:
            job = BackupJob("making", wish.name, wish.by, wish.at)
        return BackupState(
            str(plan.folder),
            self._own,
            plan.passphrase_file is not None,
            [t.id for t in plan.targets],
            kept,
            self._ledger.last_rehearsal,
            next_due(now.utc, self._ledger.newest_at(FOLDER), plan.at, self._place.zone),
            job,
            self._trouble,
            None
            if self._certain(now)
            else Text("等待时钟校准,暂不备份", "It waits for a clock that is certain"),
            self._holding.names,
            self._holding.since,
        )

    def check(self, now: Instant) -> tuple[bool, Text]:
        """How it stands, for the health page."""
        ledger = self._ledger
        targets = () if self._plan is None else [t.id for t in self._plan.targets]
        return check(
            Standing(
                self._plan is not None,
                ledger.newest_at(FOLDER),
                ledger.last_rehearsal,
                {id: (f.since, f.what) for id, f in ledger.failing.items() if id in targets},
                self._trouble,
                self._own,
                self._certain(now),
                len(self._holding.names),
            ),
            now.utc,
        )


def _old(mono: int | None, now: Instant) -> bool:
    return mono is None or now.mono - mono >= RETRY


def _unheeded(_done: int) -> None:
    return
