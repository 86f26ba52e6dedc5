"""The page of reports: both languages, quick spans, the sheet, and what an empty or doubtful one says."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest

from edge.domain.service import KINDS
from edge.reports import child, records, service
from tests.web.api.v1.test_cameras import ended, kept
from tests.web.fakes import FakeHub
from web.api.v1.report_ledger import calendar
from web.pages import report_words

ComeIn = Callable[[str], Awaitable[httpx.AsyncClient]]
CHINESE = re.compile(r"[\u3400-\u9fff]")
NAMES = ("李强", "张伟", "王芳", "王建国", "李明", "周敏", "中文", "和安苑物业服务中心")


def bare(text: str) -> str:
    text = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    for name in NAMES:
        text = text.replace(name, "")
    return text


@pytest.mark.parametrize("path", ["/reports", *(f"/reports/{kind}" for kind in KINDS)])
async def test_pages_speak_english(person: ComeIn, path: str) -> None:
    client = await person("admin")
    client.cookies.set("language", "en")
    answer = await client.get(path)
    assert answer.status_code == 200
    assert not CHINESE.search(bare(answer.text))


async def test_the_sheet_has_all_rows_words_and_signatures(hub: FakeHub, person: ComeIn) -> None:
    client = await person("guard")
    client.cookies.set("language", "zh")
    page = (await client.get("/reports/duty-log?from=2026-06-10&to=2026-06-11")).text
    days = calendar(hub)
    ((_, start, end),) = hub.records.asked
    assert (days.day_of(start).isoformat(), days.day_of(end).isoformat()) == ("2026-06-10", "2026-06-12")
    assert page.count('<a href="/alarms/al-1">') == 45
    assert "值班记录" in page
    assert "1分15秒" in page.replace(" ", "")
    assert "值班长(签名)" in page
    assert "1-42" in page
    assert page.rstrip().endswith("</html>")
    assert "/api/v1/reports/duty-log.csv?from=2026-06-09T16:00:00.000Z" in page


async def test_an_empty_day_and_a_doubtful_clock_are_said(hub: FakeHub, person: ComeIn) -> None:
    hub.records.sections = ()
    hub.records.doubtful = [{"from": 1_780_000_000_000_000, "until": None}]
    client = await person("guard")
    client.cookies.set("language", "en")
    page = (await client.get("/reports/daily")).text
    assert "Nothing happened in this span" in page
    assert "could not be trusted" in page


async def test_quick_spans_are_local_days(hub: FakeHub, person: ComeIn) -> None:
    day = calendar(hub).day_of(hub.now().utc)
    page = (await (await person("guard")).get("/reports")).text
    assert f"/reports/daily?from={day}&amp;to={day}" in page
    assert f"to={day.replace(day=1) - timedelta(days=1)}" in page


async def test_the_incidents_page_may_link_to_the_bundle(hub: FakeHub, person: ComeIn) -> None:
    client = await person("guard")
    path = "/incidents/inc-1-1/bundle"
    assert (await client.get(path)).status_code == 404
    alarm = hub.raise_alarm("sm-301.smoke")
    body = {"id": "inc-1-1", "zone": "b3", "alarms": [alarm.id], "opened_at": 1}
    hub.case_rows["incident"] = {"inc-1-1": body}
    answer = await client.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/api/v1{path}")
    kept(hub, alarm)
    ended(hub, alarm.id)
    answer = await client.get(path)
    assert (answer.status_code, f'href="/api/v1{path}"' in answer.text) == (200, False)
    await client.post("/api/v1/cameras/open", json={"reason": "verify"})
    assert f'href="/api/v1{path}"' in (await client.get(path)).text


async def test_a_date_that_is_none_is_said(person: ComeIn) -> None:
    answer = await (await person("guard")).get("/reports/daily?from=2026-13-01")
    assert answer.status_code == 422


async def test_a_wall_and_a_crew_see_no_reports(person: ComeIn) -> None:
    client = await person("maintenance")
    assert (await client.get("/reports")).status_code == 403
    assert 'href="/reports"' not in (await client.get("/")).text


def test_every_section_column_and_figure_of_the_child_has_its_words() -> None:
    """What the child can say is looked up by the page: a word that is missing would fail on the day it comes."""

    code = inspect.getsource(records) + inspect.getsource(service)
    sections = set(re.findall(r'Section\(\s*"(\w+)"', code)) | {"alarms", "faults", "disablements"}
    figures = set(re.findall(r'figure\("(\w+)"', code)) | set(records.TALLY)
    columns = set(
        re.findall(r'"(\w+)": "(?:time|date|text|words|word|person|people|span|number|share|photos)"', code)
    )
    assert sections <= report_words.SECTIONS.keys()
    assert figures <= report_words.FIGURES.keys()
    assert columns <= report_words.COLUMNS.keys()
    assert len(columns) > 50
    assert set(child.kinds()) == set(report_words.KINDS) == set(report_words.SIGNERS)
