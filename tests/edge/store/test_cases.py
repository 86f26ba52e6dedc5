"""Cases of step 4: a row is the fold of its facts, whatever happens to the file in between."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.domain.fact import Fact, Numbering
from edge.facade import CaseQuery
from edge.store.facts import FactLog
from edge.store.journal import Entry, Journal, verify
from edge.store.migrations import JOURNAL, migrate
from tests.edge.store.making import START


def told(
    numbering: Numbering, id: str, kind: str = "order.opened", *, is_open: bool = True, **more: object
) -> Fact:
    body = {"id": id, "open": is_open, "opened_at": START + int(id.rpartition("-")[2]), **more}
    return Fact(numbering.next(), kind, START, "li", "order", body)


def start(path: Path) -> FactLog:
    journal = Journal(path / "journal.db", stamp=lambda: "20260601T080000Z")
    return FactLog(journal, journal.open())


async def test_the_last_fact_is_the_row_and_all_are_the_story(tmp_path: Path) -> None:
    log = start(tmp_path)
    await log.record(Entry([told(log.numbering, "wo-1", crew="repair")]))
    other = told(log.numbering, "wo-2", crew="patrol")
    last = told(log.numbering, "wo-1", "order.done", is_open=False, crew="repair")
    await log.record(Entry([other, last]))
    assert await log.case("order", "wo-1") == last.body
    assert [f.kind for f in await log.case_story("order", "wo-1")] == ["order.opened", "order.done"]
    assert await log.case("command", "wo-1") is None
    await log.close(clean=True)

    log = start(tmp_path)
    assert (await log.case("order", "wo-1")) == last.body
    await log.close(clean=True)
    report = verify(tmp_path / "journal.db")
    assert (report.problems, report.cases) == ([], 2)


async def test_what_was_closed_lately_is_found_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db", stamp=lambda: "20260601T080000Z")
    log = FactLog(journal, journal.open())
    facts = [
        told(log.numbering, "wo-1", is_open=False, closed_at=START),
        told(log.numbering, "wo-2", is_open=False, closed_at=START + 5),
        told(log.numbering, "wo-3"),
    ]
    await log.record(Entry(facts))
    assert [case.id for case in await journal.closed_cases("order", START + 1)] == ["wo-2"]
    await log.close(clean=True)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (CaseQuery(), ["wo-3", "wo-2", "wo-1"]),
        (CaseQuery(open=False), ["wo-2"]),
        (CaseQuery(where={"crew": "repair"}), ["wo-3", "wo-1"]),
        (CaseQuery(where={"late": "1"}), ["wo-3"]),
        (CaseQuery(where={"rooms": "b"}), ["wo-2", "wo-1"]),
        (CaseQuery(where={"rooms": "b c"}), []),
        (CaseQuery(since=START + 2), ["wo-3", "wo-2"]),
    ],
)
async def test_lists_are_filtered_alike_in_memory_and_on_disk(
    tmp_path: Path, query: CaseQuery, found: list[str]
) -> None:
    log = start(tmp_path)
    cases = [
        ("wo-1", True, "repair", False, ["a", "b"]),
        ("wo-2", False, "patrol", False, ["b", "c"]),
        ("wo-3", True, "repair", True, []),
    ]
    for id, is_open, crew, late, rooms in cases:
        fact = told(log.numbering, id, is_open=is_open, crew=crew, late=late, rooms=rooms)
        await log.record(Entry([fact]))
    page = await log.cases("order", query)
    assert [body["id"] for body in page.items] == found
    first = await log.cases("order", CaseQuery(limit=2))
    assert [body["id"] for body in first.items] == ["wo-3", "wo-2"]
    rest = await log.cases("order", CaseQuery(before=first.next))
    assert [body["id"] for body in rest.items] == ["wo-1"]
    await log.close(clean=True)


async def test_open_cases_outlive_a_broken_chain(tmp_path: Path) -> None:
    log = start(tmp_path)
    await log.record(Entry([told(log.numbering, "wo-1")]))
    await log.record(Entry([told(log.numbering, "wo-2", is_open=False)]))
    await log.close(clean=True)
    with closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None)) as conn:
        conn.execute("UPDATE facts SET kind = 'order.forged'")
    journal = Journal(tmp_path / "journal.db", stamp=lambda: "20260601T080000Z")
    state = journal.open()
    assert state.set_aside is not None
    assert [case.id for case in state.open_cases] == ["wo-1"]
    await journal.close(clean=True)
    assert verify(tmp_path / "journal.db").problems == []


async def test_an_altered_row_is_found(tmp_path: Path) -> None:
    log = start(tmp_path)
    await log.record(Entry([told(log.numbering, "wo-1", crew="repair")]))
    await log.close(clean=True)
    with closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None)) as conn:
        conn.execute("UPDATE cases SET body = replace(body, 'repair', 'nobody')")
    assert verify(tmp_path / "journal.db").problems == [
        "the row of order/wo-1 does not follow from its facts"
    ]


async def test_a_journal_of_the_first_release_gets_its_table(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None)) as conn:
        migrate(conn, JOURNAL[:1])
    log = start(tmp_path)
    await log.record(Entry([told(log.numbering, "wo-1")]))
    assert await log.case("order", "wo-1") is not None
    await log.close(clean=True)
