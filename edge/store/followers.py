"""One loop for every data centre: take the next stored readings, hand them to a sink, move the cursor when it answers.

A follower reads behind the group commit, so what it sends is on the disk; it holds one batch in memory and no more,
however long its sink is away. It sends at a bounded rate, so that a backlog of days does not make alarms wait.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from edge.domain.health import LinkReport
from edge.domain.instant import SECOND, Instant
from edge.domain.names import Text
from edge.store.cursors import Cursors, Entry, Outage, Resend, SetAside, Standing
from edge.store.writer import StoreError

log = logging.getLogger(__name__)

RATE: Final = 4000  # rows a second at most: some per cent of a core (measured), a backlog of a day in minutes
FIRST_WAIT: Final = 1.0  # seconds, doubled with every attempt
LONGEST_WAIT: Final = 60.0
LONGEST_ASKED: Final = 900.0  # what a server may ask for by Retry-After
PROVE_EVERY: Final = 600.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a sink did not take what it was given. text: one sentence with the mend.

    wait: seconds it asked for, or that make sense; None for the usual back-off. slow: only a person can mend it.
    """

    text: Text
    wait: float | None = None
    slow: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """A row a sink will never take: the line it was made into, and its reason."""

    line: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch. Without trouble each row was taken or is among `refused`, and the cursor may move on.

    With trouble the whole batch comes again; doubtful: how many of its rows may have arrived all the same.
    """

    refused: Sequence[Refused] = ()
    trouble: Trouble | None = None
    doubtful: int = 0


class Sink(Protocol):
    """Where rows go. Sending the same rows twice must leave them there once."""

    async def send(self, rows: Sequence[Entry]) -> Outcome:
        """Hand over rows, in any order; never raises."""
        ...

    async def prove(self) -> tuple[Trouble | None, Text]:
        """Look whether what was taken can be read back: the trouble when it is not there, and a word about it."""
        ...

    async def close(self) -> None:
        """Let go of connections and threads."""
        ...


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """What an outage came to. at, until: µs UTC; the counts are of that time."""

    uplink: str
    at: int
    until: int
    sent: int
    repeated: int
    rejected: int
    lost: int


class Follower:
    """One sink and the way to it.

    told: called when an outage is made up for. asked: called when a resend is through, with its request and rows.
    refused: called for each line the sink refuses. rate: rows a second.
    """

    def __init__(
        self,
        id: str,
        sink: Sink,
        cursors: Cursors,
        *,
        batch: int = 1000,
        interval: float = 10.0,
        rate: float = RATE,
        now: Callable[[], Instant],
        told: Callable[[CaughtUp], Awaitable[None]],
        asked: Callable[[str, Resend, int], Awaitable[None]],
        refused: Callable[[str, Refused], None],
    ) -> None:
        self.id = id
        self.standing = Standing()
        self.resent = 0
        self.behind = 0
        self._sink = sink
        self._cursors = cursors
        self._batch = batch
        self._interval = interval
        self._rate = rate
        self._now = now
        self._told = told
        self._asked = asked
        self._refused = refused
        self._wake = asyncio.Event()
        self._cursor = 0  # further than the file's while that cannot be written
        self._unwritten: list[SetAside] = []
        self._doubtful = 0
        self._attempts = 0
        self._failures = 0
        self._trouble: Trouble | None = None
        self._since = now().utc
        self._last_sent: int | None = None
        self._proof = Text("", "")
        self._proved: int | None = None
        self._unproved = False  # what was taken was not there: nothing more is sent until it is

    # -- what is shown

    @property
    def up(self) -> bool:
        """Whether the sink took what it was last given."""
        return self._trouble is None

    def report(self) -> LinkReport:
        """For the health page."""
        standing = self.standing
        return LinkReport(
            self.id,
            "uplink",
            self.up,
            self._since,
            self._detail(),
            received=standing.sent,
            errors=self._failures,
            last_message=self._last_sent,
            counters={
                "sent": standing.sent,
                "repeated": standing.repeated,
                "resent": self.resent,
                "set_aside": standing.rejected,
                "lost": standing.lost,
                "behind": self.behind,
            },
        )

    def _detail(self) -> Text:
        if self._trouble is not None:
            waiting = Text(f"；{self.behind} 条等待发送", f"; {self.behind} readings wait")
            return Text(self._trouble.text.zh + waiting.zh, self._trouble.text.en + waiting.en)
        words = Text("正常", "In order")
        if self.standing.outage is not None:
            words = Text(f"正在补发，还有 {self.behind} 条", f"Catching up, {self.behind} readings to go")
        if not self._proof.en:
            return words
        return Text(f"{words.zh}；{self._proof.zh}", f"{words.en}; {self._proof.en}")

    # -- the loop

    def wake(self) -> None:
        """Look at once instead of when the interval is over."""
        self._wake.set()

    async def run(self) -> None:
        """Follow, for ever."""
        while True:
            try:
                pause = await self._turn()
            except StoreError as error:
                pause = self._failed(Trouble(error.text))
            except Exception as error:
                log.exception("uplink %s: a defect", self.id)
                pause = self._failed(Trouble(Text(f"程序出错：{error!r}", f"A defect: {error!r}"), slow=True))
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()

    async def close(self) -> None:
        """Let go of the sink; the loop has been ended before."""
        await self._sink.close()

    async def _turn(self) -> float:
        """One batch; seconds until the next."""
        begun = self._now().mono
        stretch = await self._cursors.ahead(self.id, self._cursor, self._batch)
        if stretch.standing.cursor >= self._cursor:
            self.standing, self._cursor = stretch.standing, stretch.standing.cursor
        self.behind = stretch.newest - self._cursor
        if self._unproved and (trouble := await self._prove()) is not None:
            return self._failed(trouble)
        if stretch.upto > self._cursor:
            outcome = await self._sink.send(stretch.rows) if stretch.rows else Outcome()
            if outcome.trouble is not None:
                self._doubtful = max(self._doubtful, outcome.doubtful)
                await self._lost_sight()
                return self._failed(outcome.trouble)
            await self._passed(stretch.rows, stretch.upto, stretch.lost, outcome)
            self.behind = stretch.newest - stretch.upto
        elif self._unwritten or self.standing != stretch.standing:
            await self._write()
        if len(stretch.rows) + stretch.lost >= self._batch:
            return self._pace(len(stretch.rows), begun)
        await self._caught_up()
        ask = await self._cursors.resend(self.id)
        if ask is not None:
            return await self._again(ask, begun)
        if self._proof_due() and (trouble := await self._prove()) is not None:
            await self._lost_sight()
            return self._failed(trouble)
        return self._interval

    async def _passed(self, rows: Sequence[Entry], upto: int, lost: int, outcome: Outcome) -> None:
        now = self._now().utc
        taken = len(rows) - len(outcome.refused)
        before = self.standing
        self.standing = replace(
            before,
            cursor=upto,
            sent=before.sent + taken,
            repeated=before.repeated + min(self._doubtful, taken),
            rejected=before.rejected + len(outcome.refused),
            lost=before.lost + lost,
        )
        self._cursor = upto
        self._doubtful = 0
        self._put_aside(outcome.refused)
        if rows:
            self._last_sent = now
            self._succeeded()
        await self._write()

    def _put_aside(self, refused: Sequence[Refused]) -> None:
        now = self._now().utc
        for one in refused:
            self._unwritten.append(SetAside(now, one.line, one.reason))
            self._refused(self.id, one)
        del self._unwritten[:-1000]

    async def _write(self) -> None:
        """A cursor that cannot be written is kept in memory: what was sent is not sent again while the hub runs."""
        await self._cursors.passed(self.id, self.standing, self._unwritten)
        self._unwritten.clear()

    async def _lost_sight(self) -> None:
        """Remember, over a restart too, where an outage began."""
        if self.standing.outage is None:
            at = self.standing
            self.standing = replace(
                at, outage=Outage(self._now().utc, at.sent, at.repeated, at.rejected, at.lost)
            )
            await self._write()

    async def _caught_up(self) -> None:
        outage, at = self.standing.outage, self.standing
        if outage is None or not self.up:
            return
        self.standing = replace(at, outage=None)
        await self._write()
        made_up = CaughtUp(
            self.id,
            outage.at,
            self._now().utc,
            at.sent - outage.sent,
            at.repeated - outage.repeated,
            at.rejected - outage.rejected,
            at.lost - outage.lost,
        )
        log.warning(
            "uplink %s: caught up: sent %d, repeated %d, set aside %d, lost %d",
            self.id,
            made_up.sent,
            made_up.repeated,
            made_up.rejected,
            made_up.lost,
        )
        await self._told(made_up)

    async def _again(self, ask: Resend, begun: int) -> float:
        rows, position = await self._cursors.again(ask, self._batch)
        outcome = await self._sink.send(rows) if rows else Outcome()
        if outcome.trouble is not None:
            return self._failed(outcome.trouble)
        self._succeeded()
        self._put_aside(outcome.refused)
        self.standing = replace(self.standing, rejected=self.standing.rejected + len(outcome.refused))
        self.resent += len(rows)
        await self._cursors.resent(ask, position, len(rows))
        if outcome.refused:
            await self._write()
        if position is None:
            await self._asked(self.id, ask, ask.sent + len(rows))
        return self._pace(len(rows), begun)

    def _proof_due(self) -> bool:
        proved = self._proved
        return self._last_sent is not None and (
            proved is None or self._now().mono - proved >= PROVE_EVERY * SECOND
        )

    async def _prove(self) -> Trouble | None:
        self._proved = self._now().mono
        trouble, self._proof = await self._sink.prove()
        self._unproved = trouble is not None
        return trouble

    def _pace(self, rows: int, begun: int) -> float:
        return max(0.0, rows / self._rate - (self._now().mono - begun) / SECOND)

    def _succeeded(self) -> None:
        if self._trouble is not None:
            log.warning("uplink %s: taken again after %d attempts", self.id, self._attempts)
            self._trouble, self._since = None, self._now().utc
        self._attempts = 0

    def _failed(self, trouble: Trouble) -> float:
        """Note it; seconds until the next attempt."""
        self._failures += 1
        if self._trouble is None or self._trouble.text != trouble.text:
            log.warning("uplink %s: %s", self.id, trouble.text.en)
        if self._trouble is None:
            self._since = self._now().utc
        self._trouble = trouble
        wait = LONGEST_WAIT if trouble.slow else min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(self._attempts, 10))
        self._attempts += 1
        if trouble.wait is not None:
            wait = min(max(trouble.wait, 0.0), LONGEST_ASKED)
            return wait * random.uniform(1.0, 1.1)  # noqa: S311 - jitter, never earlier than asked
        return wait * random.uniform(0.75, 1.25)  # noqa: S311 - jitter
