"""Reports over the API: JSON and CSV as they come, spans, who may, and the bundle with its note in the journal."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.service import KINDS
from edge.facade import Making
from tests.web.api.v1.test_cameras import ended, kept, viewings
from tests.web.cameras import with_cameras
from tests.web.fakes import FakeHub
from web.api.v1.report_ledger import Passed, begun, calendar, written
from web.problems import Problem

ComeIn = Callable[[str], Awaitable[httpx.AsyncClient]]
SPAN = "from=2026-06-10T00:00:00%2B08:00&to=2026-06-11T00:00:00%2B08:00"


async def test_the_kinds_and_what_is_being_made(hub: FakeHub, person: ComeIn) -> None:
    client = await person("guard")
    answer = (await client.get("/api/v1/reports")).json()
    assert [item["kind"] for item in answer["items"]] == list(KINDS)
    assert answer["making"] is None
    hub.records.now_making = Making("monthly", "admin", 0.3, 1_780_000_000_000_000)
    making = (await client.get("/api/v1/reports")).json()["making"]
    assert (making["name"], making["by"], making["share"]) == ("monthly", "admin", 0.3)


async def test_a_report_is_one_object_with_times_in_utc(hub: FakeHub, person: ComeIn) -> None:
    client = await person("guard")
    answer = await client.get(f"/api/v1/reports/daily?{SPAN}")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["kind"], body["from"], body["seq"]) == ("daily", "2026-06-09T16:00:00.000Z", "1-42")
    full, empty = body["sections"]
    assert len(full["rows"]) == 45
    row = full["rows"][44]
    assert row["raised_at"].endswith("Z")
    assert row["place"] == {"zh": "3号楼", "en": "Building 3"}
    assert (row["number"], row["share"], row["link"]) == (0, 0.5, "/alarms/al-1")
    assert empty["rows"] == []
    assert hub.records.ended == 1


async def test_without_a_span_it_is_today(hub: FakeHub, person: ComeIn) -> None:
    client = await person("guard")
    await client.get("/api/v1/reports/duty-log")
    ((_, start, end),) = hub.records.asked
    days = calendar(hub)
    assert days.day_of(start) == days.day_of(end - 1) == days.day_of(hub.now().utc)


async def test_a_month_without_a_span_is_the_last_whole_one(hub: FakeHub, person: ComeIn) -> None:
    client = await person("guard")
    await client.get("/api/v1/reports/monthly")
    await client.get("/reports/monthly")
    days = calendar(hub)
    this = days.day_of(hub.now().utc).replace(day=1)
    for _, start, end in hub.records.asked:
        assert (days.day_of(start).day, days.day_of(end)) == (1, this)
        assert 28 <= (this - days.day_of(start)).days <= 31


async def test_csv_opens_in_a_table_program(hub: FakeHub, person: ComeIn) -> None:
    client = await person("guard")
    answer = await client.get(f"/api/v1/reports/daily.csv?{SPAN}&language=en")
    assert answer.headers["content-disposition"] == 'attachment; filename="daily-20260610-20260610.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbf")
    table = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    head = next(row for row in table if row and row[0] == "Raised")
    first = table[table.index(head) + 1]
    shown = dict(zip(head, first, strict=False))
    assert shown["Handling and remarks"] == "'=1+1"
    assert shown["Verdict"] == "False alarm"
    assert shown["Took (seconds)"] == "75"
    zh = await client.get(f"/api/v1/reports/daily.csv?{SPAN}&language=zh")
    assert "值班日报" in zh.text


CELL = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))


@given(st.lists(st.lists(CELL, min_size=1, max_size=4), max_size=5))
def test_csv_comes_back_as_it_went_and_holds_no_formula(rows: list[list[str]]) -> None:
    back = list(csv.reader(io.StringIO(written(rows), newline="")))
    assert [len(row) for row in back] == [len(row) if row != [""] else 1 for row in rows]
    for row, came in zip(rows, back, strict=True):
        for cell, other in zip(row, came, strict=True):
            assert other in {cell, f"'{cell}"}
            assert not other.startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("weekly", 404, "not_found"),
        ("daily?from=yesterday", 422, "bad_parameter"),
        ("daily?from=2026-06-11T00:00:00Z&to=2026-06-10T00:00:00Z", 422, "bad_parameter"),
        ("duty-log?from=2026-01-01T00:00:00Z&to=2026-06-10T00:00:00Z", 422, "span_too_long"),
        ("monthly?from=2024-01-01T00:00:00Z&to=2026-06-10T00:00:00Z", 422, "span_too_long"),
    ],
)
async def test_what_cannot_be_made_is_said(person: ComeIn, path: str, status: int, code: str) -> None:
    answer = await (await person("guard")).get(f"/api/v1/reports/{path}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_child_that_fails_is_said(hub: FakeHub, person: ComeIn) -> None:
    hub.records.failing = "the stores cannot be read"
    answer = await (await person("guard")).get("/api/v1/reports/daily")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "the stores cannot be read" in answer.json()["detail"]


async def test_a_crew_reads_no_reports(person: ComeIn) -> None:
    client = await person("maintenance")
    for path in ("reports", "reports/daily", "reports/daily.csv", "incidents/inc-1-1/bundle"):
        assert (await client.get(f"/api/v1/{path}")).status_code == 403


async def test_a_bundle_is_noted_before_it_leaves(hub: FakeHub, person: ComeIn) -> None:
    client = await person("admin")
    assert (await client.get("/api/v1/incidents/inc-1-1/bundle")).status_code == 404
    hub.case_rows["incident"] = {"inc-1-1": {"id": "inc-1-1", "zone": "b3", "alarms": [], "opened_at": 1}}
    answer = await client.get("/api/v1/incidents/inc-1-1/bundle")
    assert (answer.status_code, answer.content) == (200, b"PK\x03\x04..")
    assert answer.headers["content-disposition"] == 'attachment; filename="inc-1-1.zip"'
    (noted,) = [fact for fact in await hub.latest_facts(None, 10) if fact.kind == "bundle.exported"]
    assert (noted.by, noted.body["id"], noted.body["seal"]) == (
        "admin",
        "inc-1-1",
        answer.headers["x-bundle-seal"],
    )


async def test_pictures_leave_with_a_reason_on_record(hub: FakeHub, person: ComeIn) -> None:
    alarm = hub.raise_alarm("sm-301.smoke")
    body = {"id": "inc-1-1", "zone": "b3", "alarms": [alarm.id], "opened_at": 1}
    hub.case_rows["incident"] = {"inc-1-1": body}
    with_cameras(hub)
    kept(hub, alarm)
    ended(hub, alarm.id)
    client = await person("guard")
    path = "/api/v1/incidents/inc-1-1/bundle"
    refused = await client.get(path)
    assert (refused.status_code, refused.json()["code"]) == (403, "viewing_required")
    assert [fact for fact in await hub.latest_facts(None, 10) if fact.kind == "bundle.exported"] == []
    await client.post("/api/v1/cameras/open", json={"reason": "verify"})
    assert (await client.get(path)).status_code == 200
    assert viewings(hub) == [("guard", "cm-01", alarm.id, "verify")]
    assert hub.records.pictures == ["st-1-1"]


class Gone:
    """A request whose visitor has left."""

    async def is_disconnected(self) -> bool:
        return True


async def test_who_leaves_before_the_first_line_ends_the_making() -> None:
    ended = asyncio.Event()

    async def lines() -> AsyncGenerator[int]:
        try:
            await asyncio.Event().wait()
            yield 1
        finally:
            ended.set()

    with pytest.raises(Problem, match="left"):
        await begun(Gone(), lines())  # type: ignore[arg-type]
    assert ended.is_set()


async def test_an_answer_nobody_reads_closes_what_it_is_made_of(hub: FakeHub) -> None:
    lines = hub.records.report("daily", 0, 1, "li")
    await anext(lines)

    async def pieces() -> AsyncGenerator[str]:
        async for line in lines:
            yield str(line)

    async def torn(_: object) -> None:
        raise OSError("the connection is gone")

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    with suppress(BaseException):
        await Passed(pieces(), lines, "text/plain", {})({"type": "http"}, receive, torn)
    assert hub.records.ended == 1
