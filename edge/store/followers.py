"""One loop for every data centre: take the next stored readings, hand them to a sink, move the cursor when it answers.

A follower reads behind the group commit, so what it sends is on the disk; it holds one batch in memory and no more,
however long its sink is away. It sends at a bounded rate, so that a backlog of days does not make alarms wait.

A server that is killed may lose what it has just acknowledged. So the cursor in the file follows `GRACE` seconds behind
the last answer, and whenever the server was away the follower goes back to it and repeats what came after: rows that
are there already stay there once. That also spares the card a write per batch. Time alone proves nothing: the same
connection must have answered again once the grace was over, to later rows or, where none come, to a touch.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from edge.domain.health import LinkReport
from edge.domain.instant import SECOND, Instant
from edge.domain.names import Text
from edge.store.cursors import Cursors, Outage, Resend, SetAside, Standing, Stretch
from edge.store.sink import Outcome, Refused, Sink, Trouble
from edge.store.writer import StoreError

log = logging.getLogger(__name__)

RATE: Final = 4000  # rows a second at most: some per cent of a core (measured), a backlog of a day in minutes
FIRST_WAIT: Final = 1.0  # seconds, doubled with every attempt
LONGEST_WAIT: Final = 60.0
LONGEST_ASKED: Final = 900.0  # what a server may ask for by Retry-After
PROVE_EVERY: Final = 600.0
REPEATS: Final = 5
"""How often in a row, without getting on, what was answered for within the grace is sent again at once."""
GRACE: Final = 30.0  # seconds within which a server has what it acknowledged on its disk


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

    compact: makes history of all rows stored so far. told: called when an outage is made up for. asked: called when a
    resend is through, with its request and rows. refused: called for each line the sink refuses. rate: rows a second.
    grace: seconds.
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
        grace: float = GRACE,
        now: Callable[[], Instant],
        compact: Callable[[], Awaitable[None]],
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
        self._grace = round(grace * SECOND)
        self._now = now
        self._compact = compact
        self._told = told
        self._asked = asked
        self._refused = refused
        self._wake = asyncio.Event()
        self._written: Standing | None = None  # as it is in the file
        self._answered: deque[tuple[int, Standing]] = deque()  # when, and how far, within the grace
        self._alive = (
            0  # mono µs at which the server answered last; `_answered` holds what it has had since it came
        )
        self._cursor = 0  # number of the last row sent
        self._counted = 0  # up to this row all that was taken is counted as sent
        self._arrived = 0  # up to this row some may be there that were not answered for
        self._went_back = now().mono - 2 * self._grace - 1
        self._repeats = 0  # since the cursor in the file last got on
        self._write_due = 0
        self._unwritten: list[SetAside] = []
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
        self._adopt(stretch.standing)
        self.behind = stretch.newest - self._cursor
        if self._unproved and (trouble := await self._prove()) is not None:
            return self._failed(trouble)
        if stretch.upto > self._cursor:
            outcome = await self._sink.send(stretch.rows) if stretch.rows else Outcome()
            if outcome.trouble is not None:
                if outcome.doubtful:
                    self._arrived = max(self._arrived, stretch.rows[outcome.doubtful - 1][0])
                return await self._lost_sight(outcome.trouble)
            self._passed(stretch, outcome)
            self.behind = stretch.newest - stretch.upto
            if outcome.fresh and self._may_repeat():
                return self._repeat()
            self._alive = self._now().mono
            self._answered.append((self._alive, self.standing))
        elif self._is_silent():
            outcome = await self._sink.touch()
            if outcome.trouble is not None:
                return await self._lost_sight(outcome.trouble)
            if outcome.fresh and self._may_repeat():
                return self._repeat()
            self._alive = self._now().mono
        await self._settle()
        if len(stretch.rows) + stretch.lost >= self._batch:
            return self._pace(len(stretch.rows), begun)
        await self._caught_up()
        ask = await self._cursors.resend(self.id)
        if ask is not None:
            return await self._again(ask, begun)
        if self._proof_due() and (trouble := await self._prove()) is not None:
            return await self._lost_sight(trouble)
        return self._interval

    def _adopt(self, found: Standing) -> None:
        """Take up what the file says: at the start, and when retention has dropped rows that were yet to be sent."""
        if self._written is None:
            self.standing = found
            self._counted = found.cursor
        elif found.lost > self._written.lost:
            self.standing = replace(self.standing, lost=self.standing.lost + found.lost - self._written.lost)
        self._cursor = max(self._cursor, found.cursor)
        self._written = found

    def _passed(self, stretch: Stretch, outcome: Outcome) -> None:
        """The sink has answered for these rows."""
        rows, before = stretch.rows, self.standing
        new = sum(row[0] > self._counted for row in rows)
        again = sum(row[0] <= max(self._counted, self._arrived) for row in rows)
        refused = min(len(outcome.refused), new)  # a row that is refused once more is not counted once more
        self._cursor = stretch.upto
        self._counted = max(self._counted, stretch.upto)
        self.standing = replace(
            before,
            cursor=stretch.upto,
            sent=before.sent + new - refused,
            repeated=before.repeated + again,
            rejected=before.rejected + refused,
            lost=before.lost + stretch.lost,
        )
        if new:
            self._put_aside(outcome.refused)
        if rows:
            self._last_sent = self._now().utc
            self._succeeded()

    def _may_repeat(self) -> bool:
        """A few times at once, for a server may restart twice in a minute; but to one that drops its connections as it
        pleases not again and again: the cursor must get on.
        """
        rested = self._now().mono - self._went_back > 2 * self._grace
        return bool(self._answered) and (rested or self._repeats < REPEATS)

    def _repeat(self) -> float:
        self._repeats += 1
        self._go_back()
        return 0.0

    def _is_silent(self) -> bool:
        """Whether all that was answered for is a grace old, and nobody has heard of the server since."""
        return bool(self._answered) and self._alive < self._answered[-1][0] + self._grace <= self._now().mono

    def _go_back(self) -> None:
        """Repeat what was answered for within the grace."""
        self._went_back = self._now().mono
        self._answered.clear()
        if self._written is not None:
            self._cursor = self._written.cursor

    async def _settle(self) -> None:
        """Write how far the sink was a grace before its last answer; seldom, for the sake of the card."""
        now, sure = self._now().mono, self._alive - self._grace
        if not self._answered or self._answered[0][0] > sure or now < self._write_due:
            return
        at = self.standing
        while self._answered and self._answered[0][0] <= sure:
            _, at = self._answered.popleft()
        await self._write(replace(at, outage=self.standing.outage))
        self._repeats = 0
        self._write_due = now + self._grace // 2

    def _put_aside(self, refused: Sequence[Refused]) -> None:
        now = self._now().utc
        for one in refused:
            self._unwritten.append(SetAside(now, one.line, one.reason))
            self._refused(self.id, one)
        del self._unwritten[:-1000]

    async def _write(self, standing: Standing) -> None:
        await self._cursors.passed(self.id, standing, self._unwritten)
        self._written = standing
        self._unwritten.clear()

    async def _lost_sight(self, trouble: Trouble) -> float:
        """Remember, over a restart too, where an outage began; seconds until the next attempt."""
        pause = self._failed(trouble)
        if trouble.away:
            self._go_back()
        if self.standing.outage is None and self._written is not None:
            at = self.standing
            outage = Outage(self._now().utc, at.sent, at.repeated, at.rejected, at.lost)
            self.standing = replace(at, outage=outage)
            await self._write(replace(self._written, outage=outage))
        return pause

    async def _caught_up(self) -> None:
        outage, at = self.standing.outage, self.standing
        if outage is None or not self.up or self._written is None:
            return
        self.standing = replace(at, outage=None)
        await self._write(replace(self._written, outage=None))
        made_up = CaughtUp(
            self.id,
            outage.at,
            self._now().utc,
            max(0, at.sent - outage.sent),  # after a restart the count begins where it was last written
            max(0, at.repeated - outage.repeated),
            max(0, at.rejected - outage.rejected),
            max(0, at.lost - outage.lost),
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
        if ask.position is None:
            await self._compact()  # a resend reads the history
        rows, position = await self._cursors.again(ask, self._batch)
        outcome = await self._sink.send(rows) if rows else Outcome()
        if outcome.trouble is not None:
            return await self._lost_sight(outcome.trouble)
        self._succeeded()
        self._put_aside(outcome.refused)
        self.standing = replace(self.standing, rejected=self.standing.rejected + len(outcome.refused))
        self.resent += len(rows)
        await self._cursors.resent(ask, position, len(rows))
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
