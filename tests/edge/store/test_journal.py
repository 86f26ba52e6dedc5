"""The journal: what was committed is there after anything, under its number, in its chain."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from edge.domain.alarm import AlarmState, Suppression
from edge.domain.fact import Fact, Numbering, Seq
from edge.domain.instant import DAY
from edge.domain.reading import Purpose
from edge.facade import AlarmQuery
from edge.store.audit import VerifyReport
from edge.store.journal import AdoptedDevice, Answer, Entry, Evaluated, Journal, JournalState, verify
from edge.store.writer import StoreError
from tests.edge.store.making import START, acked, alarm, closed, plain, raised, spoil


def begin(path: Path) -> tuple[Journal, JournalState, Numbering]:
    journal = Journal(path / "journal.db", stamp=lambda: "20260601T080000Z")
    state = journal.open()
    return journal, state, Numbering(state.epoch, state.last)


def sound(path: Path) -> VerifyReport:
    report = verify(path / "journal.db")
    assert report.problems == []
    return report


def alter(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path / "journal.db", isolation_level=None)) as conn:
        assert conn.execute(statement, values).rowcount


async def test_a_new_journal(tmp_path):
    journal, state, _ = begin(tmp_path)
    assert (state.epoch, state.last, state.open_alarms, state.set_aside) == (1, 0, [], None)
    await journal.close(clean=True)
    assert sound(tmp_path).facts == 0


async def test_everything_of_an_entry_comes_back(tmp_path):
    journal, _, numbering = begin(tmp_path)
    entry, fire = raised(numbering)
    entry.evaluated = [Evaluated("field", 7, b"digest", ("sm-1.smoke",))]
    entry.devices = [AdoptedDevice("bench-1", "bench-sensor", "field", "bench-1")]
    entry.answers = [Answer("key-1", "li", b"hash", fire.id, START)]
    await journal.commit(entry)
    second, after = acked(numbering, fire, "去现场看看")
    await journal.commit(second)
    await journal.close(clean=True)

    journal, state, _ = begin(tmp_path)
    assert state.clean
    assert (state.epoch, state.last) == (1, 2)
    assert state.open_alarms == [after]
    assert (state.evaluated, state.devices, state.answers) == (entry.evaluated, entry.devices, entry.answers)
    assert await journal.story(fire.id) == [*entry.facts, *second.facts]
    assert await journal.alarm(fire.id) == after
    assert await journal.alarm("none") is None
    await journal.close(clean=True)
    assert sound(tmp_path).facts == 2


async def test_only_a_start_without_the_mark_opens_an_epoch(tmp_path):
    seen = []
    for clean in (True, True, False, False, True, True):
        journal, state, numbering = begin(tmp_path)
        seen.append((state.epoch, state.clean))
        await journal.commit(plain(numbering))
        await journal.close(clean=clean)
    assert seen == [(1, False), (1, True), (1, True), (2, False), (3, False), (3, True)]
    assert sound(tmp_path).facts == 6


async def test_the_mark_is_gone_while_the_hub_runs(tmp_path):
    journal, *_ = begin(tmp_path)
    await journal.close(clean=True)
    journal, *_ = begin(tmp_path)
    with closing(sqlite3.connect(tmp_path / "journal.db")) as conn:
        assert conn.execute("SELECT value FROM meta WHERE key = 'clean'").fetchone() == (0,)
    await journal.close(clean=True)


async def test_an_entry_committed_twice_is_there_once(tmp_path):
    journal, _, numbering = begin(tmp_path)
    entry, _ = raised(numbering)
    await journal.commit(entry)
    await journal.commit(entry)
    assert len(await journal.facts(0, 10)) == 1
    await journal.close(clean=True)
    assert sound(tmp_path).links == 1


async def test_facts_forwards_and_backwards(tmp_path):
    journal, _, numbering = begin(tmp_path)
    first, fire = raised(numbering)
    await journal.commit(first)
    for _ in range(3):
        await journal.commit(plain(numbering))
    await journal.commit(acked(numbering, fire)[0])
    assert [f.seq.number for f in await journal.facts(1, 2)] == [2, 3]
    assert [f.seq.number for f in await journal.latest(None, 2)] == [5, 4]
    assert [f.seq.number for f in await journal.latest(5, 10, "alarm.")] == [1]
    await journal.close(clean=True)


async def test_words_are_erased_and_the_chain_stays_valid(tmp_path):
    journal, _, numbering = begin(tmp_path)
    entry, fire = raised(numbering)
    await journal.commit(entry)
    await journal.commit(acked(numbering, fire, "王先生，手机 13900000000")[0])
    await journal.erase([2])
    assert [fact.note for fact in await journal.facts(0, 10)] == [None, None]
    await journal.close(clean=True)
    assert sound(tmp_path).erased == 1
    assert b"13900000000" not in (tmp_path / "journal.db").read_bytes()


async def test_words_no_encoding_knows_are_kept_as_far_as_they_go(tmp_path):
    journal, _, numbering = begin(tmp_path)
    odd = Fact(numbering.next(), "session.opened", START, "li\ud800", "", {"agent": "\udfff"}, "\ud83d")
    await journal.commit(Entry([odd]))
    (kept,) = await journal.facts(0, 10)
    assert kept.body == {"agent": "\udfff"}
    assert kept.note == "?"
    await journal.close(clean=True)
    assert sound(tmp_path).facts == 1


async def test_answers_are_kept_a_day(tmp_path):
    journal, _, _ = begin(tmp_path)
    await journal.commit(Entry([], answers=[Answer("old", "li", b"h", None, START)]))
    await journal.commit(Entry([], answers=[Answer("new", "li", b"h", None, START + DAY + 1)]))
    await journal.close(clean=True)
    journal, state, _ = begin(tmp_path)
    assert [answer.key for answer in state.answers] == ["new"]
    await journal.close(clean=True)


async def test_a_new_session_voids_the_keys_of_the_old_one(tmp_path):
    journal, _, _ = begin(tmp_path)
    old, other, new = (Evaluated(s, p, b"d", ()) for s, p in (("field", 1), ("zigbee", 1), ("field", 2)))
    await journal.commit(Entry([], evaluated=[old, other]))
    await journal.commit(Entry([], evaluated=[new], renewed=["field"]))
    await journal.close(clean=True)
    journal, state, _ = begin(tmp_path)
    assert sorted(state.evaluated, key=lambda e: e.source) == [new, other]
    await journal.close(clean=True)


async def test_the_key_of_a_stored_report_is_forgotten_and_a_newer_one_in_its_place_is_not(tmp_path):
    journal, _, _ = begin(tmp_path)
    one, two = (Evaluated("zigbee", packet, b"d", ("sm-301.smoke",)) for packet in (1, 2))
    await journal.commit(Entry([], evaluated=[one, two]))
    await journal.commit(Entry([], settled=[("zigbee", 1, b"d"), ("zigbee", 2, b"other")]))
    await journal.close(clean=True)
    journal, state, _ = begin(tmp_path)
    assert state.evaluated == [two]
    await journal.close(clean=True)


# -- the list of alarms


@pytest.fixture
async def many(tmp_path):
    """Nine alarms: 1-3 closed, 4-6 acknowledged, 7-9 new; 9 is a test."""
    journal, _, numbering = begin(tmp_path)
    for number in range(1, 10):
        entry, one = raised(numbering, purpose=Purpose.TEST if number == 9 else Purpose.LIVE)
        one = replace(one, id=f"a-{number}", raised_at=START + number, device=f"sm-{number % 3}")
        if number <= 3:
            one = replace(one, closed_at=START + 50, active=False, latched=False)
        elif number <= 6:
            one = replace(one, acked=True)
        entry.alarms = [one]
        await journal.commit(entry)
    yield journal
    await journal.close(clean=True)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (AlarmQuery(), [8, 7, 6, 5, 4, 3, 2, 1]),
        (AlarmQuery(purpose=Purpose.TEST), [9]),
        (AlarmQuery(open=True), [8, 7, 6, 5, 4]),
        (AlarmQuery(open=False), [3, 2, 1]),
        (AlarmQuery(states=frozenset({AlarmState.ACKNOWLEDGED})), [6, 5, 4]),
        (AlarmQuery(states=frozenset({AlarmState.ACKNOWLEDGED, AlarmState.NORMAL})), [6, 5, 4, 3, 2, 1]),
        (AlarmQuery(since=START + 5), [8, 7, 6, 5]),
        (AlarmQuery(device="sm-1", open=True), [7, 4]),
        (AlarmQuery(limit=2), [8, 7]),
    ],
)
async def test_filters(many, query, found):
    page = await many.alarms(query)
    assert [int(a.id.removeprefix("a-")) for a in page.items] == found
    assert (page.next is None) == (query.limit > len(found))


async def test_pages_stay_in_place_while_new_alarms_arrive(many):
    page = await many.alarms(AlarmQuery(limit=3))
    await many.commit(Entry([], alarms=[alarm(99)]))
    rest = await many.alarms(AlarmQuery(limit=5, before=page.next))
    assert [a.id for a in (*page.items, *rest.items)] == [f"a-{n}" for n in range(8, 0, -1)]
    assert rest.next is None


@pytest.mark.parametrize("cursor", ["", "1", "x.y", "1;DROP", "9" * 30 + ".a"])
async def test_a_cursor_that_is_none(many, cursor):
    with pytest.raises(ValueError, match="cursor"):
        await many.alarms(AlarmQuery(before=cursor))


# -- verifying


async def story(path: Path) -> None:
    journal, _, numbering = begin(path)
    entry, fire = raised(numbering)
    await journal.commit(entry)
    entry, fire = acked(numbering, fire, "厨房")
    await journal.commit(entry)
    entry, _ = closed(numbering, fire)
    await journal.commit(entry)
    await journal.close(clean=True)
    assert sound(path).links == 3


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE facts SET by = 'wang' WHERE number = 2", "the chain does not fit at facts 2 to 2"),
        ("UPDATE facts SET time = time - 1 WHERE number = 1", "the chain does not fit at facts 1 to 1"),
        ("UPDATE facts SET body = replace(body, 'urgent', 'low') WHERE number = 3", "the chain does not fit"),
        ("DELETE FROM facts WHERE number = 2", "the chain does not fit at facts 2 to 2"),
        ("DELETE FROM chain WHERE first = 2", "1 facts stand outside of the chain"),
        ("UPDATE texts SET text = '客厅'", "the words of fact 2 were altered"),
        ("UPDATE alarms SET body = replace(body, '\"acked\":true', '\"acked\":false')", "does not follow"),
        ("DELETE FROM alarms", "does not follow from its facts"),
        ("INSERT INTO carried VALUES ('a-9', '{}')", "the base of the chain"),
    ],
)
async def test_tampering_is_found(tmp_path, statement, says):
    await story(tmp_path)
    alter(tmp_path, statement)
    assert any(says in problem for problem in verify(tmp_path / "journal.db").problems)


async def test_a_step_no_alarm_may_take_is_found(tmp_path):
    journal, _, numbering = begin(tmp_path)
    entry, fire = raised(numbering)
    await journal.commit(entry)
    entry, shut = closed(numbering, fire)
    await journal.commit(entry)
    await journal.commit(acked(numbering, shut)[0])
    await journal.close(clean=True)
    (problem,) = verify(tmp_path / "journal.db").problems
    assert problem.startswith("fact 3 (alarm.acked)")


# -- damage


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [zeroed, truncated, emptied])
async def test_a_damaged_journal_is_set_aside_and_the_hub_goes_on(tmp_path, damage):
    await story(tmp_path)
    damage(tmp_path / "journal.db")
    journal, state, numbering = begin(tmp_path)
    assert state.epoch == 2
    assert state.last >= 3, "a number is never given twice"
    if damage is not emptied:
        assert state.set_aside == tmp_path / "journal.db.20260601T080000Z.corrupt"
    await journal.commit(raised(numbering)[0])
    await journal.close(clean=True)
    assert sound(tmp_path).facts == 1
    journal, state, _ = begin(tmp_path)
    assert (state.epoch, state.set_aside) == (2, None)
    await journal.close(clean=True)


@pytest.mark.parametrize("damage", ["zeroed", "cut", "emptied", "gone"])
async def test_a_journal_damaged_under_the_hub_goes_on_with_the_open_alarms(tmp_path, damage):
    path = tmp_path / "journal.db"
    journal, _, numbering = begin(tmp_path)
    entry, fire = raised(numbering)
    await journal.commit(entry)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA wal_checkpoint")
    await journal.taken_up()  # sees how long it is now
    spoil(path, damage)
    await journal.commit(acked(numbering, fire)[0])
    assert await journal.alarm(fire.id) is not None
    (loss,) = journal.losses
    assert (loss.store, loss.file is None) == ("journal", damage == "gone")
    assert loss.saved == {"alarms": 1, "cases": 0, "devices": 0}
    await journal.close(clean=True)
    assert sound(tmp_path).facts == 1


@pytest.mark.parametrize("table", ["facts", "answers", "evaluated"])
async def test_a_page_that_is_gone_does_not_take_the_open_alarms_with_it(tmp_path, table):
    journal, _, numbering = begin(tmp_path)
    entry, fire = raised(numbering)
    await journal.commit(entry)
    await journal.close(clean=False)
    path = tmp_path / "journal.db"
    with closing(sqlite3.connect(path)) as conn:
        (page,) = conn.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
        (size,) = conn.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(bytes(size))
    journal, state, _ = begin(tmp_path)
    assert state.set_aside is not None
    assert state.open_alarms == [fire]
    assert [loss.saved["alarms"] for loss in journal.losses] == [1]
    await journal.close(clean=True)


async def test_an_emptied_journal_is_no_first_start(tmp_path):
    await story(tmp_path)
    emptied(tmp_path / "journal.db")
    journal, *_ = begin(tmp_path)
    assert [(loss.store, loss.file) for loss in journal.losses] == [("journal", None)]
    await journal.close(clean=True)
    journal, *_ = begin(tmp_path)
    assert journal.losses == []
    await journal.close(clean=True)


async def test_what_a_reader_finds_damaged_is_told_while_the_journal_goes_on(tmp_path):
    journal, _, numbering = begin(tmp_path)
    for _ in range(400):
        await journal.commit(plain(numbering))
    await journal.close(clean=True)
    path = tmp_path / "journal.db"
    with closing(sqlite3.connect(path)) as conn:
        query = "SELECT pageno FROM dbstat WHERE name = 'facts' AND pagetype = 'leaf' LIMIT 1"
        (page,) = conn.execute(query).fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(bytes(4096))
    journal, _, numbering = begin(tmp_path)
    assert journal.losses == []
    with pytest.raises(StoreError):
        await journal.facts(0, 1000)
    assert journal.blemish
    await journal.commit(plain(numbering))
    await journal.close(clean=True)


async def test_a_broken_chain_is_set_aside_with_its_open_alarms_taken_over(tmp_path):
    journal, _, numbering = begin(tmp_path)
    entry, fire = raised(numbering)
    await journal.commit(entry)
    await journal.commit(Entry([], devices=[AdoptedDevice("bench-1", "p", "field", "bench-1")]))
    await journal.close(clean=True)
    alter(tmp_path, "UPDATE facts SET time = 0")

    journal, state, numbering = begin(tmp_path)
    assert state.set_aside is not None
    assert (state.epoch, state.last, state.open_alarms) == (2, 1, [fire])
    assert [device.id for device in state.devices] == ["bench-1"]
    await journal.commit(acked(numbering, fire)[0])
    await journal.close(clean=True)
    assert sound(tmp_path).facts == 1
    assert verify(state.set_aside).problems


async def test_a_journal_deleted_under_the_hub_goes_on_with_the_open_alarms(tmp_path):
    journal, _, numbering = begin(tmp_path)
    entry, fire = raised(numbering)
    await journal.commit(entry)
    (tmp_path / "journal.db").unlink()
    await journal.commit(acked(numbering, fire)[0])
    assert [f.seq for f in await journal.facts(0, 10)] == [Seq(1, 2)]
    await journal.close(clean=True)
    assert sound(tmp_path).facts == 1


async def test_only_the_end_of_the_chain_is_walked_at_the_start(tmp_path):
    journal, _, numbering = begin(tmp_path)
    for _ in range(100):
        await journal.commit(plain(numbering))
    await journal.close(clean=True)
    alter(tmp_path, "UPDATE facts SET time = 0 WHERE number = 10")
    journal, state, _ = begin(tmp_path)
    assert state.set_aside is None
    await journal.close(clean=True)
    assert not verify(tmp_path / "journal.db").ok


async def test_an_older_journal_put_back_opens_a_new_epoch(tmp_path):
    await story(tmp_path)
    backup = (tmp_path / "journal.db").read_bytes()
    journal, *_ = begin(tmp_path)
    await journal.close(clean=False)
    journal, state, _ = begin(tmp_path)
    assert state.epoch == 2
    await journal.close(clean=True)
    (tmp_path / "journal.db").write_bytes(backup)
    journal, state, _ = begin(tmp_path)
    assert (state.epoch, state.last) == (3, 3)
    await journal.close(clean=True)


async def test_the_shelving_of_a_closed_episode_is_found_again(tmp_path):
    journal, _, numbering = begin(tmp_path)
    entry, fire = raised(numbering)
    await journal.commit(entry)
    over, row = closed(numbering, fire)
    shelved = replace(row, suppression=Suppression("shelved", "li", "painting", None))
    over.alarms = [shelved]
    await journal.commit(over)
    await journal.close(clean=True)
    journal, state, _ = begin(tmp_path)
    assert (state.open_alarms, state.shelved) == ([], [shelved])
    await journal.close(clean=True)
