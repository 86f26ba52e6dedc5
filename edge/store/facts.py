"""The log of facts: in memory at once, in the journal as soon as it takes them.

A journal that cannot be written never stops the line: its entries wait in a bounded tail, in order, and are appended
under the same numbers when it heals. Whoever reads the log (streams, panel, uplinks) sees both as one.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from edge.domain.alarm import Alarm
from edge.domain.fact import Fact, Numbering, Seq
from edge.facade import AlarmQuery, CaseQuery, Page
from edge.store import case_rows
from edge.store.alarm_rows import cursor_of, fits
from edge.store.journal import Entry, Evaluated, Journal, JournalState
from edge.store.writer import StoreError

log = logging.getLogger(__name__)

VOID = "program.defect"
"""Kind of the fact that stands for one that was decided and lost by a defect of the program."""
_KEYS = 4096  # keys of evaluated deliveries that may wait: a broker's in-flight window
_AT_ONCE = 256  # entries appended in one transaction when the journal has healed


@dataclass(slots=True, eq=False)
class _Waiting:
    """An entry on its way into the journal; `decided` is resolved with True once durable."""

    entry: Entry
    decided: asyncio.Future[bool]
    published: bool = False


class FactLog:
    """The numbered log. `record` and the properties belong to the event loop.

    memory: facts kept for readers without touching the disk: those who follow are milliseconds behind, who comes back
    after a while reads the journal. tail: facts that may wait for the journal.
    patience: seconds `record` waits for the journal. retry: seconds between attempts while it is sick.
    """

    def __init__(
        self,
        journal: Journal,
        state: JournalState,
        *,
        memory: int = 512,
        tail: int = 20_000,
        patience: float = 0.5,
        retry: float = 1.0,
    ) -> None:
        self.numbering = Numbering(state.epoch, state.last)
        self._last_number = state.last
        self.dropped = 0
        self.last_error: str | None = None if state.error is None else str(state.error)
        self.healthy = state.error is None
        self._journal = journal
        self._epochs = state.epochs
        # Numbers above it are of this epoch, which a clean stop does not end.
        self._begin = next((first - 1 for own, first in state.epochs if own == state.epoch), state.last)
        self._memory_size = memory
        self._tail_size = tail
        self._patience = patience
        self._retry = retry
        self._memory: deque[Fact] = deque()  # published, in ascending order
        self._published = state.last
        self._durable = state.last
        self._tail: deque[_Waiting] = deque()
        self._depth = 0  # facts in the tail
        self._in_flight = 0  # entries at the head of the tail that the writer holds
        self._drainer: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._news = asyncio.Event()
        self._closing = False

    # -- writing

    async def record(self, entry: Entry) -> bool:
        """Log an entry whose facts are numbered; True when it is durable within `patience`. Never raises.

        Readers see its facts when this returns.
        """
        entry.facts = list(self._numbered(entry.facts))
        entry.cases = case_rows.cases_of(entry.facts)
        waiting = _Waiting(entry, asyncio.get_running_loop().create_future())
        self._tail.append(waiting)
        self._depth += len(entry.facts)
        self._make_room()
        if self._drainer is None:
            self._drainer = asyncio.create_task(self._drain(), name="journal")
        durable = False
        if self.healthy:
            await asyncio.wait({waiting.decided}, timeout=self._patience)
            if waiting.decided.done():
                durable = waiting.decided.result()
            elif self.healthy:
                self._sick("the journal takes longer than usual")
        if not waiting.published:
            self._publish(waiting)
        return durable

    def _numbered(self, facts: Sequence[Fact]) -> Iterator[Fact]:
        """The facts, with one that says so in the place of each number that a defect of the program took with it.

        A number that nobody ever sees would look like a loss to every reader, for good.
        """
        for fact in facts:
            for number in range(self._last_number + 1, fact.seq.number):
                yield Fact(Seq(fact.seq.epoch, number), VOID, fact.time)
            self._last_number = max(self._last_number, fact.seq.number)
            yield fact

    def retry_now(self) -> None:
        """Try a sick journal again at once instead of after `retry` seconds."""
        self._wake.set()

    @property
    def tail_depth(self) -> int:
        """Facts that are not in the journal yet."""
        return self._depth

    def position(self) -> Seq:
        """The newest published fact."""
        return self._memory[-1].seq if self._memory else self._seq(self._published)

    def persisted(self, seq: Seq) -> bool:
        """Whether the journal holds the fact."""
        return self._known(seq) and seq.number <= self._durable

    async def close(self, *, clean: bool) -> None:
        """Try what waits once more, then close the journal; the mark of a clean stop needs an empty tail."""
        self._closing = True
        self._wake.set()
        if self._drainer is not None:
            await self._drainer
        await self._journal.close(clean=clean and not self._tail)

    async def _drain(self) -> None:
        """Append what waits, in order; ends when nothing does."""
        try:
            await self._append_waiting()
        finally:
            self._drainer = None

    async def _append_waiting(self) -> None:
        while self._tail:
            batch = list(islice(self._tail, 1 if self.healthy else _AT_ONCE))
            self._in_flight = len(batch)
            try:
                await self._journal.commit(
                    batch[0].entry if len(batch) == 1 else _merge([w.entry for w in batch])
                )
            except Exception as error:  # noqa: BLE001 - a defect here would end the journal's writing unseen: it is a sickness
                self._in_flight = 0
                known = isinstance(error, StoreError)
                self._sick(str(error) if known else repr(error), None if known else error)
                for waiting in batch:
                    _decide(waiting, durable=False)
                if self._closing:
                    break
                self._wake.clear()
                await self._pause()
                continue
            self._in_flight = 0
            self._well()
            self._publish(batch[-1])
            for waiting in batch:
                self._tail.popleft()
                self._depth -= len(waiting.entry.facts)
                if waiting.entry.facts:
                    self._durable = waiting.entry.facts[-1].seq.number
                _decide(waiting, durable=True)

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), self._retry)
        except TimeoutError:
            return

    def _make_room(self) -> None:
        """While too many facts wait: drop the oldest, but keep the state their entries led to."""
        while self._depth > self._tail_size and len(self._tail) > self._in_flight + 1:
            first, second = self._tail[self._in_flight], self._tail[self._in_flight + 1]
            gone = len(first.entry.facts)
            merged = _merge([replace(first.entry, facts=(), lost=first.entry.lost + gone), second.entry])
            second.entry = merged
            self._publish(first)
            _decide(first, durable=False)
            del self._tail[self._in_flight]
            self._depth -= gone
            self.dropped += gone
            if first.entry.facts:
                last = first.entry.facts[-1].seq.number
                while self._memory and self._memory[0].seq.number <= last:
                    self._memory.popleft()

    def _publish(self, upto: _Waiting) -> None:
        """Show the facts of the entries up to and with this one, which is still in the tail, in order."""
        for waiting in self._tail:
            if not waiting.published:
                waiting.published = True
                self._memory.extend(waiting.entry.facts)
                if waiting.entry.facts:
                    self._published = waiting.entry.facts[-1].seq.number
            if waiting is upto:
                break
        spare = len(self._memory) - self._memory_size
        while spare > 0 and self._memory[0].seq.number <= self._durable:
            self._memory.popleft()
            spare -= 1
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _sick(self, error: str, defect: Exception | None = None) -> None:
        if self.healthy:
            log.error("journal: %s; facts wait in memory, alarms go on", error, exc_info=defect)
        self.healthy = False
        self.last_error = error

    def _well(self) -> None:
        if not self.healthy:
            log.warning(
                "journal: written again, %d facts were waiting, %d were dropped", self._depth, self.dropped
            )
        self.healthy = True

    # -- reading

    async def facts(self, after: Seq, limit: int) -> Sequence[Fact] | None:
        """Facts after `after`, oldest first; None when that number is unknown or what follows it was dropped."""
        if not self._known(after) or after.number > self._published:
            return None
        if after.number == self._published:
            return []
        if self._memory and after.number >= self._memory[0].seq.number - 1:
            start = bisect_right(self._memory, after.number, key=_number)
            return list(islice(self._memory, start, start + limit))
        newest = self._published
        try:
            facts = await self._journal.facts(after.number, limit)
        except StoreError:
            return None
        return [fact for fact in _contiguous(facts, after.number) if fact.seq.number <= newest] or None

    async def wait(self, after: Seq) -> None:
        """Return as soon as there is a fact after `after` (at once when `after` is unknown)."""
        while self._known(after) and after.number >= self._published:
            await self._news.wait()

    async def latest(self, before: Seq | None, limit: int, prefix: str = "") -> Sequence[Fact]:
        """Newest first, before `before`, of kinds that start with `prefix`; StoreError when unreadable."""
        top = before.number if before is not None else self._published + 1
        durable = self._durable
        found: list[Fact] = []
        for fact in reversed(self._memory):
            if fact.seq.number <= durable or len(found) == limit:
                break
            if fact.seq.number < top and fact.kind.startswith(prefix):
                found.append(fact)
        if len(found) < limit:
            found += await self._journal.latest(min(top, durable + 1), limit - len(found), prefix)
        return found

    async def story(self, alarm: str) -> Sequence[Fact]:
        """All facts about one alarm, oldest first; StoreError when unreadable."""
        durable = self._durable
        waiting = [
            fact
            for fact in self._memory
            if fact.seq.number > durable
            and alarm == fact.body.get("id" if fact.subject == "alarm" else "alarm")
        ]  # fmt: skip
        return [fact for fact in await self._journal.story(alarm) if fact.seq.number <= durable] + waiting

    async def alarms(self, query: AlarmQuery) -> Page[Alarm]:
        """One page, newest first, with the alarms whose rows still wait; ValueError when the cursor is none."""
        waiting = self._waiting_alarms()
        page = await self._journal.alarms(replace(query, limit=query.limit + len(waiting)))
        items = [alarm for alarm in page.items if alarm.id not in waiting]
        items += [alarm for alarm in waiting.values() if fits(alarm, query)]
        items.sort(key=lambda alarm: (alarm.raised_at, alarm.id), reverse=True)
        more = page.next is not None or len(items) > query.limit
        items = items[: query.limit]
        return Page(items, cursor_of(items[-1]) if more and items else None)

    async def alarm(self, id: str) -> Alarm | None:
        """One alarm, open or closed."""
        return self._waiting_alarms().get(id) or await self._journal.alarm(id)

    async def cases(self, kind: str, query: CaseQuery) -> Page[Mapping[str, Any]]:
        """One page, newest first, with the cases whose rows still wait; ValueError when the cursor is none."""
        waiting = self._waiting_cases(kind)
        page = await self._journal.cases(kind, replace(query, limit=query.limit + len(waiting)))
        items = [body for body in page.items if body["id"] not in waiting]
        items += [body for body in waiting.values() if case_rows.fits(body, query)]
        items.sort(key=lambda body: (body["opened_at"], body["id"]), reverse=True)
        more = page.next is not None or len(items) > query.limit
        items = items[: query.limit]
        return Page(items, case_rows.cursor_of(items[-1]) if more and items else None)

    async def case(self, kind: str, id: str) -> Mapping[str, Any] | None:
        """The body of one case, open or closed."""
        return self._waiting_cases(kind).get(id) or await self._journal.case(kind, id)

    async def case_story(self, kind: str, id: str) -> Sequence[Fact]:
        """All facts that carry one case, oldest first; StoreError when unreadable."""
        durable = self._durable
        waiting = [
            fact
            for fact in self._memory
            if fact.seq.number > durable and fact.subject == kind and fact.body.get("id") == id
        ]
        return [f for f in await self._journal.case_story(kind, id) if f.seq.number <= durable] + waiting

    def _waiting_cases(self, kind: str) -> dict[str, Mapping[str, Any]]:
        entries = (waiting.entry for waiting in self._tail if waiting.published)
        return {case.id: case.body for entry in entries for case in entry.cases if case.kind == kind}

    def _waiting_alarms(self) -> dict[str, Alarm]:
        return {
            alarm.id: alarm for waiting in self._tail if waiting.published for alarm in waiting.entry.alarms
        }

    def _known(self, seq: Seq) -> bool:
        """Whether that number was given in that epoch (or is where the epoch begins)."""
        if seq.epoch == self.numbering.epoch:
            return self._begin <= seq.number <= self.numbering.last
        for (epoch, first), (_, following) in zip(self._epochs, self._epochs[1:], strict=False):
            if epoch == seq.epoch:
                return first - 1 <= seq.number < following
        return False

    def _seq(self, number: int) -> Seq:
        for epoch, first in reversed(self._epochs):
            if number >= first:
                return Seq(epoch, number)
        return Seq(self.numbering.epoch, number)


def _merge(entries: Sequence[Entry]) -> Entry:
    """One transaction for several, in order; of each row the newest."""
    alarms = {alarm.id: alarm for entry in entries for alarm in entry.alarms}
    merged = Entry(
        facts=[fact for entry in entries for fact in entry.facts],
        alarms=list(alarms.values()),
        cases=case_rows.merged(entry.cases for entry in entries),
        devices=list({device.id: device for entry in entries for device in entry.devices}.values()),
        answers=list({(a.account, a.key): a for entry in entries for a in entry.answers}.values()),
        renewed=sorted({source for entry in entries for source in entry.renewed}),
        lost=sum(entry.lost for entry in entries),
    )
    evaluated: dict[tuple[str, int], Evaluated] = {}
    for entry in entries:
        evaluated = {at: key for at, key in evaluated.items() if at[0] not in entry.renewed}
        for source, packet, digest in entry.settled:
            if (known := evaluated.get((source, packet))) is not None and known.digest == digest:
                del evaluated[source, packet]
        evaluated.update({(key.source, key.packet): key for key in entry.evaluated})
    merged.evaluated = list(evaluated.values())[-_KEYS:]
    merged.settled = [key for entry in entries for key in entry.settled]
    return merged


def _number(fact: Fact) -> int:
    return fact.seq.number


def _contiguous(facts: Sequence[Fact], after: int) -> Iterator[Fact]:
    """The facts up to the first gap: a reader must not step over facts it never saw."""
    for fact in facts:
        after += 1
        if fact.seq.number != after:
            return
        yield fact


def _decide(waiting: _Waiting, *, durable: bool) -> None:
    if not waiting.decided.done():
        waiting.decided.set_result(durable)
