"""What people wrote into orders, outages and hazards can be erased, and the chain stays valid."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from edge.domain.alarm import Alarm, Suppression, Verdict
from edge.domain.fact import Fact, Numbering
from edge.store.audit import verify
from edge.store.case_rows import cases_of
from edge.store.journal import Entry, Journal
from edge.store.words import parted
from tests.edge.store.making import START, closed, entry, raised
from tests.edge.store.test_journal import begin, sound

WORDS = {
    "title": ["王先生家漏水 13900000000", "leak at Mr Wang's"], "task": ["", ""], "cause": "他自己改的阀",
    "action": "broken_part", "parts": [{"name": "王先生的阀", "count": 1}], "reason": None,
}  # fmt: skip


def order(numbering: Numbering, **more: Any) -> Fact:
    body = {"id": "wo-1-1", "open": True, "opened_at": START, "state": "notified", **WORDS, **more}
    return Fact(numbering.next(), "order.opened", START, "li", "order", body)


async def written(path: Path) -> tuple[Journal, Numbering, Fact]:
    journal, _, numbering = begin(path)
    fact = order(numbering)
    await journal.commit(Entry([fact], cases=cases_of([fact])))
    return journal, numbering, fact


async def test_a_fact_is_read_as_it_was_told_and_the_chain_holds_no_words(tmp_path: Path) -> None:
    journal, _, fact = await written(tmp_path)
    assert await journal.facts(0, 10) == [fact]
    assert await journal.case("order", "wo-1-1") == fact.body
    await journal.close(clean=True)
    with closing(sqlite3.connect(tmp_path / "journal.db")) as conn:
        (stored,) = conn.execute("SELECT body FROM facts").fetchone()
    assert "王先生" not in stored
    assert "阀" not in stored
    assert sound(tmp_path).erased == 0


async def test_erased_they_are_nowhere_and_the_order_is_still_one(tmp_path: Path) -> None:
    journal, numbering, _ = await written(tmp_path)
    done = order(numbering, state="done")
    await journal.commit(Entry([done], cases=cases_of([done])))
    await journal.erase([1, 2])
    blank = {"title": ["", ""], "task": ["", ""], "cause": None, "action": None, "parts": [], "reason": None}
    for body in (await journal.case("order", "wo-1-1"), (await journal.facts(0, 10))[-1].body):
        assert body is not None
        assert body["state"] == "done"
        assert {key: body[key] for key in blank} == blank
    await journal.close(clean=True)
    assert sound(tmp_path).erased == 2
    assert "王先生".encode() not in (tmp_path / "journal.db").read_bytes()


async def test_altered_words_are_found(tmp_path: Path) -> None:
    journal, _, _ = await written(tmp_path)
    await journal.close(clean=True)
    with closing(sqlite3.connect(tmp_path / "journal.db")) as conn, conn:
        conn.execute("UPDATE words SET text = replace(text, '漏水', '着火')")
    problems = verify(tmp_path / "journal.db").problems
    assert "the words of fact 1 were altered" in problems


async def test_what_a_person_said_of_an_alarm_can_be_erased_as_well(tmp_path: Path) -> None:
    journal, _, numbering = begin(tmp_path)
    said = Verdict("false", "王阿姨在家炸油条 13800001111", "li", START)
    why = Suppression("shelved", "li", "住户赵琳独居", None)
    raised_entry, alarm = raised(numbering)
    await journal.commit(raised_entry)
    judged = replace(alarm, verdict=said, suppression=why, seq=numbering.next())
    await journal.commit(entry("alarm.verdict", judged))
    closed_entry, last = closed(numbering, judged)
    await journal.commit(closed_entry)
    assert await journal.alarm(alarm.id) == last
    assert Alarm.from_dict(dict((await journal.facts(1, 1))[0].body)) == judged
    with closing(sqlite3.connect(tmp_path / "journal.db")) as conn:
        assert not [
            body for (body,) in conn.execute("SELECT body FROM facts") if "王阿姨" in body or "赵琳" in body
        ]
    await journal.erase([2])  # the verdict's own fact; the next one still carries the words
    assert await journal.alarm(alarm.id) == last
    await journal.erase([3])
    found = await journal.alarm(alarm.id)
    assert found is not None
    assert (found.verdict, found.suppression) == (replace(said, cause=""), replace(why, reason=""))
    await journal.close(clean=True)
    assert sound(tmp_path).erased == 2
    assert "王阿姨".encode() not in (tmp_path / "journal.db").read_bytes()


def test_what_nobody_wrote_stays_where_it_is() -> None:
    body = {"id": "x", "title": ["a", "b"]}
    assert parted("alarm", body) == (body, {})
    assert parted("outage", {"id": "o", "reason": "换电池"}) == (
        {"id": "o", "reason": ""},
        {"reason": "换电池"},
    )


def test_also_within_the_parts_of_a_body() -> None:
    override = {"by": "liu", "at": START, "reason": "业主赵琳 19900000031 说好了"}
    told = {"kind": "resident", "id": "A-1", "by": None, "at": START, "title": ["赵琳家的车", "Zhao's car"]}
    plain = {"kind": "camera", "id": "cm-1", "by": None, "at": START}
    body = {"id": "h", "override": override, "sources": [plain, told]}
    stored, words = parted("hazard", body)
    assert "赵琳" not in str(stored)
    assert stored["override"] == {**override, "reason": ""}
    assert stored["sources"] == [plain, {**told, "title": ["", ""]}]
    assert {**stored, **words} == body
    assert parted("hazard", stored) == (stored, {})
    nothing = {"id": "h", "override": None, "sources": [plain]}
    assert parted("hazard", nothing) == (nothing, {})
