"""The real child: one at a time, ended when nobody waits for it, its failure a clear sentence."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
import zipfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from edge.facade import Unavailable
from edge.reports import verify
from edge.reports.making import Reports
from tests.edge.reports.days import Days, asked, at
from tests.edge.reports.test_bundle import incident
from tests.edge.store.making import Desk


def ordered(kind: str, path: Path, **changes: Any) -> Mapping[str, Any]:
    return {"report": {**asdict(asked(kind, path, **changes)), "journal": str(path)}}


async def everything(lines: AsyncGenerator[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    async with aclosing(lines):
        return [line async for line in lines]


@pytest.fixture
async def journal(tmp_path: Path) -> Path:
    async with Days(tmp_path / "journal.db") as days:
        for minute in range(50):
            await days.alarm(at("08:00") + minute * 60_000_000, id=f"al-{minute}")
    return tmp_path / "journal.db"


async def test_a_report_comes_in_pieces_that_the_loop_can_carry(journal: Path) -> None:
    reports = Reports(lambda: 7)
    lines = await everything(reports.lines(ordered("alarm-record", journal), "alarm-record", "li"))
    assert lines[0]["head"]["kind"] == "alarm-record"
    assert lines[-1] == {"end": True}
    pieces = [len(line["rows"]) for line in lines if "rows" in line]
    assert sum(pieces) == 50
    assert max(pieces) <= 10
    assert reports.making() is None


async def test_only_one_is_made_at_a_time_and_the_others_see_which(journal: Path) -> None:
    reports = Reports(lambda: 7)
    first = asyncio.create_task(
        everything(reports.lines(ordered("alarm-record", journal), "alarm-record", "li"))
    )
    await asyncio.sleep(0)
    second = asyncio.create_task(everything(reports.lines(ordered("daily", journal), "daily", "wang")))
    await asyncio.sleep(0)
    making = reports.making()
    assert making is not None
    assert (making.name, making.by, making.since) == ("alarm-record", "li", 7)
    first.cancel()  # the visitor left
    assert (await second)[0]["head"]["kind"] == "daily"


async def test_who_does_not_fetch_what_was_made_keeps_nobody_waiting(journal: Path) -> None:
    reports = Reports(lambda: 7)
    stalled = reports.lines(ordered("alarm-record", journal), "alarm-record", "li")
    await anext(stalled)
    assert await everything(reports.lines(ordered("daily", journal), "daily", "wang"))
    assert [line async for line in stalled][-1] == {"end": True}, "and has it whole when he does"


async def test_who_leaves_while_waiting_gives_his_turn_back(journal: Path) -> None:
    reports = Reports(lambda: 7)
    first = asyncio.create_task(everything(reports.lines(ordered("daily", journal), "daily", "li")))
    await asyncio.sleep(0)
    second = asyncio.create_task(everything(reports.lines(ordered("daily", journal), "daily", "wang")))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    assert await first
    assert await everything(reports.lines(ordered("daily", journal), "daily", "wang"))


async def test_too_many_at_once_are_asked_to_come_again(journal: Path) -> None:
    reports = Reports(lambda: 7)
    waiting = [
        asyncio.create_task(everything(reports.lines(ordered("daily", journal), "daily", "x")))
        for _ in range(9)
    ]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="try again"):
        await anext(reports.lines(ordered("daily", journal), "daily", "wang"))
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_journal_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"no database" * 100)
    with pytest.raises(Unavailable, match="the stores cannot be read"):
        await everything(Reports(lambda: 0).lines(ordered("daily", tmp_path / "journal.db"), "daily", "li"))


async def test_a_child_that_dies_is_said(journal: Path) -> None:
    with pytest.raises(Unavailable, match="ended before it was through"):
        await everything(Reports(lambda: 0).lines({"report": {"kind": "daily"}}, "daily", "li"))


async def test_it_works_beside_a_writer_and_sees_what_was_committed(tmp_path: Path) -> None:
    async with Days(tmp_path / "journal.db") as days:
        await days.alarm(at("08:00"))
        lines = await everything(Reports(lambda: 0).lines(ordered("daily", days.path), "daily", "li"))
        assert lines[0]["head"]["seq"] == "1-1"
        await days.alarm(at("08:01"))  # nothing is locked
    with closing(sqlite3.connect(tmp_path / "journal.db")) as conn:
        assert conn.execute("SELECT count(*) FROM facts").fetchone() == (2,)


async def test_a_bundle_comes_as_its_head_and_then_all_its_bytes(tmp_path: Path) -> None:
    async with Desk(tmp_path / "telemetry.db"):
        pass
    async with Days(tmp_path / "journal.db") as days:
        first = await days.alarm(at("08:00"))
        await days.case("incident", incident(first.id, plan=None).to_dict(), "incident.opened")
    wanted = {
        "incident": "inc-1-1", "now": at("09:00"), "trusted": True, "zone": "Asia/Shanghai", "version": "0.1.0",
        "site": "和安苑", "by": "li", **{name: str(tmp_path / f"{name}.db") for name in ("journal", "telemetry")},
        "evidence": str(tmp_path),
    }  # fmt: skip
    reports = Reports(lambda: 0)
    stream = reports.stream({"bundle": wanted, "folder": str(tmp_path)}, "bundle", "li")
    head = await anext(stream)
    assert isinstance(head, dict)
    assert reports.making() is None, "the turn is free before the first byte is fetched"
    content = b"".join([piece async for piece in stream if isinstance(piece, bytes)])
    assert len(content) == head["size"]
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    assert verify.verify(files)[0] == []
    assert json.loads(files["manifest.json"])["seal"] == head["seal"]
    missing = Reports(lambda: 0).stream(
        {"bundle": {**wanted, "incident": "x"}, "folder": str(tmp_path)}, "b", "li"
    )
    with pytest.raises(Unavailable, match="no such incident"):
        await anext(missing)
