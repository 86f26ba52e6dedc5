"""A journal of 50,000 facts: every row comes, and the loop of the hub stays free while the child reckons."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter

from edge.domain.alarm import Verdict
from edge.domain.fact import Fact, Numbering
from edge.domain.instant import MINUTE, SECOND
from edge.reports.making import Reports
from edge.store.journal import Entry, Journal
from tests.edge.reports.days import DAY_START, asked
from tests.edge.store.making import alarm

FACTS = 50_000
STEPS = ("alarm.raised", "alarm.acked", "alarm.verdict", "alarm.returned", "alarm.closed")


def month(journal: Journal, numbering: Numbering) -> list[Entry]:
    """Alarms of a month, five facts each, a hundred alarms to a transaction."""
    entries = []
    for begun in range(0, FACTS // len(STEPS), 100):
        facts, alarms = [], []
        for number in range(begun, begun + 100):
            raised = DAY_START + number * 4 * MINUTE
            made = replace(
                alarm(number), id=f"al-{number}", raised_at=raised, acked=True, acked_by="li", active=False,
                acked_at=raised + 20 * SECOND, closed_at=raised + 10 * MINUTE, closed_by="li",
                verdict=Verdict("false", "cooking", "li", raised + MINUTE),
            )  # fmt: skip
            alarms.append(made)
            facts += [
                Fact(
                    numbering.next(),
                    kind,
                    raised + step * SECOND,
                    "li",
                    "alarm",
                    made.to_dict(),
                    "油烟" if step == 2 else None,
                )
                for step, kind in enumerate(STEPS)
            ]
        entries.append(Entry(facts=facts, alarms=alarms))
    return entries


async def test_fifty_thousand_facts(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    state = journal.open()
    for entry in month(journal, Numbering(state.epoch, state.last)):
        await journal.commit(entry)
    await journal.close(clean=True)
    worst = 0.0

    async def watch() -> None:
        nonlocal worst
        while True:
            before = perf_counter()
            await asyncio.sleep(0.005)
            worst = max(worst, perf_counter() - before - 0.005)

    order = {"report": {**asdict(asked("monthly", journal.path, end=DAY_START + 40 * 24 * 60 * MINUTE)),
                        "journal": str(journal.path)}}  # fmt: skip
    watching = asyncio.create_task(watch())
    begun, rows = perf_counter(), 0
    async with aclosing(Reports(lambda: 0).lines(order, "monthly", "li")) as lines:
        section = ""
        async for line in lines:
            section = line["section"]["id"] if "section" in line else section
            rows += len(line.get("rows", ())) if section == "alarms-fire" else 0
    took = perf_counter() - begun
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    print(f"{FACTS} facts: {took:.2f} s in all, the loop late by {worst * 1000:.1f} ms at most")  # noqa: T201
    assert rows == FACTS // len(STEPS)
