"""The log of facts: heard at once, durable as soon as the journal takes it, never in the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge.domain.fact import Seq
from edge.facade import AlarmQuery
from edge.store.facts import FactLog
from edge.store.journal import AdoptedDevice, Answer, Entry, Evaluated, Journal, verify
from edge.store.writer import StoreError
from tests.edge.store.making import START, acked, plain, raised, until


class Sickly(Journal):
    """A real journal whose commits can be refused, or held back."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.trouble: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.attempted = asyncio.Event()
        self.entries: list[Entry] = []

    async def commit(self, entry: Entry) -> None:
        self.attempted.set()
        await self.gate.wait()
        if self.trouble is not None:
            raise self.trouble
        await super().commit(entry)
        self.entries.append(entry)

    def fall_ill(self) -> None:
        self.trouble = StoreError("full", self.path)

    async def heal(self, log: FactLog) -> None:
        self.trouble = None
        log.retry_now()
        await until(lambda: log.healthy and not log.tail_depth)


@pytest.fixture
def journal(tmp_path) -> Sickly:
    return Sickly(tmp_path / "journal.db")


@pytest.fixture
async def log(journal) -> AsyncIterator[FactLog]:
    made = FactLog(journal, journal.open(), memory=8, tail=20, patience=30, retry=3600)
    yield made
    journal.trouble = None
    journal.gate.set()
    await made.close(clean=True)


async def numbers(log: FactLog, after: int, limit: int = 100) -> list[int] | None:
    facts = await log.facts(Seq(1, after), limit)
    return None if facts is None else [fact.seq.number for fact in facts]


async def test_recorded_means_durable(log, journal):
    assert await log.record(raised(log.numbering)[0])
    assert log.position() == Seq(1, 1)
    assert log.persisted(Seq(1, 1))
    assert not log.persisted(Seq(1, 2))
    assert [f.seq.number for f in await journal.facts(0, 10)] == [1]


async def test_a_defect_in_writing_is_a_sickness_that_heals(log, journal, caplog):
    journal.trouble = OverflowError("an integer no column holds")
    assert not await log.record(raised(log.numbering)[0])
    assert not log.healthy
    assert "OverflowError" in str(log.last_error)
    assert caplog.records[0].exc_info
    assert await numbers(log, 0) == [1]
    await journal.heal(log)
    assert log.persisted(Seq(1, 1))


async def test_readers_get_facts_from_memory_and_journal(log):
    for _ in range(20):
        await log.record(plain(log.numbering))
    assert await numbers(log, 0) == list(range(1, 21))
    assert await numbers(log, 0, 3) == [1, 2, 3]
    assert await numbers(log, 12) == list(range(13, 21))
    assert await numbers(log, 15, 2) == [16, 17]
    assert await numbers(log, 20) == []
    assert [f.seq.number for f in await log.latest(None, 3)] == [20, 19, 18]
    assert [f.seq.number for f in await log.latest(Seq(1, 10), 2)] == [9, 8]


@pytest.mark.parametrize("after", [Seq(1, 21), Seq(2, 5), Seq(0, 0), Seq(7, 20)])
async def test_an_unknown_number_asks_for_a_resync(log, after):
    for _ in range(20):
        await log.record(plain(log.numbering))
    assert await log.facts(after, 10) is None
    async with asyncio.timeout(60):
        await log.wait(after)
    assert not log.persisted(after)


async def test_waiting_ends_with_the_next_fact(log):
    waiting = [asyncio.create_task(log.wait(Seq(1, 0))) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    await log.record(plain(log.numbering))
    async with asyncio.timeout(60):
        await asyncio.gather(*waiting)
        await log.wait(Seq(1, 0))


async def test_a_sick_journal_never_stops_the_line_and_heals_under_the_same_numbers(log, journal, tmp_path):
    first, fire = raised(log.numbering)
    assert await log.record(first)
    journal.fall_ill()
    second, fire = acked(log.numbering, fire)
    assert not await log.record(second)
    third = replace(plain(log.numbering), devices=[AdoptedDevice("bench-1", "p", "field", "bench-1")])
    assert not await log.record(third)
    assert (log.healthy, log.tail_depth, log.persisted(Seq(1, 2))) == (False, 2, False)
    assert "disk is full" in str(log.last_error)

    assert await numbers(log, 0) == [1, 2, 3], "readers see what waits"
    assert [f.seq.number for f in await log.latest(None, 10)] == [3, 2, 1]
    assert [f.seq.number for f in await log.latest(None, 10, "alarm.")] == [2, 1]
    assert [f.seq.number for f in await log.story(fire.id)] == [1, 2]
    assert await log.alarm(fire.id) == fire
    assert (await log.alarms(AlarmQuery())).items == [fire]

    await journal.heal(log)
    assert log.persisted(Seq(1, 3))
    assert [f.seq.number for f in await journal.facts(0, 10)] == [1, 2, 3]
    assert await journal.alarm(fire.id) == fire
    assert verify(tmp_path / "journal.db").problems == []
    assert await log.record(plain(log.numbering)), "and the next one is durable at once"


async def test_a_slow_journal_is_waited_for_only_a_moment(journal):
    log = FactLog(journal, journal.open(), patience=0.0, retry=3600)
    journal.gate.clear()
    assert not await log.record(plain(log.numbering))
    assert not await log.record(plain(log.numbering))
    assert (log.healthy, log.tail_depth) == (False, 2)
    assert await numbers(log, 0) == [1, 2]
    journal.gate.set()
    await journal.heal(log)
    assert log.persisted(Seq(1, 2))
    await log.close(clean=True)


async def test_facts_are_shown_when_recording_has_decided(log, journal):
    journal.gate.clear()
    recording = asyncio.create_task(log.record(plain(log.numbering)))
    await journal.attempted.wait()
    assert await log.facts(Seq(1, 0), 10) == []
    assert log.position().number == 0
    journal.gate.set()
    assert await recording
    assert await numbers(log, 0) == [1]


async def test_a_sick_journal_is_retried_by_itself(journal):
    log = FactLog(journal, journal.open(), retry=0.0)
    journal.fall_ill()
    assert not await log.record(plain(log.numbering))
    journal.trouble = None
    await until(lambda: log.persisted(Seq(1, 1)))
    await log.close(clean=True)


async def test_a_number_that_a_defect_took_is_accounted_for(log):
    first = plain(log.numbering)
    await log.record(first)
    lost = log.numbering.next()
    last = plain(log.numbering)
    kept = last.facts[0]
    await log.record(last)
    found = await log.facts(first.facts[0].seq, 10)
    assert [(f.seq, f.kind) for f in found] == [(lost, "program.defect"), (kept.seq, kept.kind)]


async def test_an_overflow_loses_facts_but_no_state(log, journal, tmp_path):
    journal.fall_ill()
    entry, fire = raised(log.numbering)
    entry.answers = [Answer("key", "li", b"h", fire.id, START)]
    entry.evaluated = [Evaluated("field", 1, b"d", ("sm.smoke",))]
    await log.record(entry)
    entry, fire = acked(log.numbering, fire)
    await log.record(entry)
    for _ in range(30):
        await log.record(plain(log.numbering))
    assert log.dropped == 12
    assert log.tail_depth == 20
    assert await numbers(log, 2) is None, "what followed is lost: resync"
    assert await numbers(log, 12) == list(range(13, 33))
    assert await log.alarm(fire.id) == fire

    await journal.heal(log)
    assert await journal.alarm(fire.id) == fire
    report = verify(tmp_path / "journal.db")
    assert (report.problems, report.gaps, report.facts) == ([], 12, 20)
    assert await numbers(log, 2) is None
    assert await numbers(log, 12) == list(range(13, 33))
    assert await log.record(acked(log.numbering, replace(fire, acked=False))[0])


async def test_a_start_with_a_sick_journal(tmp_path):
    journal = Sickly(tmp_path / "journal.db")
    state = journal.open()
    log = FactLog(journal, replace(state, error=StoreError("full", journal.path)), retry=0.0)
    journal.fall_ill()
    assert not log.healthy
    assert not await log.record(plain(log.numbering))
    journal.trouble = None
    await log.close(clean=True)
    assert verify(tmp_path / "journal.db").facts == 1


async def test_what_was_recorded_before_a_clean_stop_is_known_after_it(tmp_path):
    for start in ("first", "second"):
        journal = Journal(tmp_path / "journal.db")
        log = FactLog(journal, journal.open())
        if start == "first":
            await log.record(plain(log.numbering))
        assert log.persisted(Seq(1, 1))
        assert await numbers(log, 0) == [1]
        await log.close(clean=True)


async def test_what_could_not_be_written_opens_a_new_epoch(tmp_path):
    journal = Sickly(tmp_path / "journal.db")
    log = FactLog(journal, journal.open(), retry=3600)
    await log.record(plain(log.numbering))
    journal.fall_ill()
    await log.record(plain(log.numbering))
    await log.close(clean=True)

    journal = Sickly(tmp_path / "journal.db")
    state = journal.open()
    log = FactLog(journal, state)
    assert (state.epoch, state.last) == (2, 1)
    assert log.position() == Seq(1, 1)
    assert await log.record(plain(log.numbering))
    assert log.position() == Seq(2, 2)
    assert log.persisted(Seq(1, 1))
    assert not log.persisted(Seq(1, 2)), "that number never reached the journal"
    assert await log.facts(Seq(1, 2), 10) is None
    assert [str(f.seq) for f in await log.facts(Seq(1, 1), 10) or ()] == ["2-2"]
    assert [str(f.seq) for f in await log.facts(Seq(1, 0), 10) or ()] == ["1-1", "2-2"]
    await log.close(clean=True)


async def test_pages_merge_what_waits_with_what_is_stored(log, journal):
    fires = []
    for number in range(6):
        if number == 3:
            journal.fall_ill()
        entry, fire = raised(log.numbering)
        fires.insert(0, fire)
        await log.record(entry)
    entry, fires[5] = acked(log.numbering, fires[5])
    await log.record(entry)
    page = await log.alarms(AlarmQuery(limit=4))
    assert list(page.items) == fires[:4]
    rest = await log.alarms(AlarmQuery(limit=4, before=page.next))
    assert list(rest.items) == fires[4:]
    assert rest.next is None


async def test_many_recorders_at_once_stay_in_order(log, journal):
    async def one() -> bool:
        return await log.record(plain(log.numbering))

    assert all(await asyncio.gather(*(one() for _ in range(18))))
    assert [e.facts[0].seq.number for e in journal.entries] == list(range(1, 19))
    assert await numbers(log, 0) == list(range(1, 19))
