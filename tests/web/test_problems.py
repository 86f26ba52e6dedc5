from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path

import pytest

from edge.domain.request import Refusal
from web.problems import REFUSALS

ROOT = Path(__file__).resolve().parents[2]


def test_every_code_is_documented_and_every_documented_one_exists():
    used = set(REFUSALS)
    for source in (ROOT / "web").rglob("*.py"):
        text = source.read_text(encoding="utf-8")
        used |= set(re.findall(r'Problem\(\s*\d{3},\s*"(\w+)"', text))
    table = (ROOT / "web" / "api" / "README.md").read_text(encoding="utf-8").split("## Errors")[1]
    documented = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    assert used | {"method_not_allowed", "bad_body"} == documented


def test_every_refusal_the_domain_names_has_a_status():
    named = re.findall(r"\b[a-z]+(?:_[a-z]+)*(?=[,.])", (Refusal.__doc__ or "").split("Codes:")[1])
    assert len(named) > 5
    assert set(named) <= set(REFUSALS)


async def test_an_error_of_the_program_is_a_problem_without_its_inside(app, hub, api, monkeypatch):
    def broken() -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(hub, "devices", broken)
    answer = await api.get("/api/v1/devices")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert "secret" not in answer.text


async def test_pages_fail_as_pages(stranger):
    answer = await stranger.get("/no-such-page", headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "没有这个页面" in answer.text


@pytest.mark.parametrize(
    ("path", "zh", "en"),
    [
        ("/alarms/a-9", "没有报警记录 'a-9'。", "There is no alarm 'a-9'."),
        ("/alarms/a-9/record", "没有报警记录 'a-9'。", "There is no alarm 'a-9'."),
        ("/devices/no%20such", "没有设备 'no such'。", "There is no device 'no such'."),
        ("/nowhere", "此地址没有内容。", "There is nothing at this address."),
        ("/journal?before=x", "请求无法完成", "query before: "),
    ],
)
async def test_a_page_fails_in_the_visitors_language(api, path, zh, en):
    for language, said, other in (("zh", zh, "There is no"), ("en", en, "没有")):
        headers = {"accept": "text/html", "cookie": f"language={language}"}
        page = html.unescape((await api.get(path, headers=headers)).text)
        assert said in page
        assert other not in page
    assert "没有设备" in (await api.get("/devices/x", headers={"accept": "text/html"})).text
    assert 'lang="en"' in (await api.get("/devices/x", headers={"accept-language": "en"})).text


async def test_a_page_fails_in_the_language_of_the_account(hub, person):
    hub.people.by_name["guard"] = replace(hub.people.by_name["guard"], language="en")
    page = await (await person("guard")).get("/devices/x", headers={"accept-language": "zh"})
    assert "There is no device" in page.text


async def test_a_browser_that_is_not_signed_in_is_sent_to_the_form_and_back(stranger):
    answer = await stranger.get("/devices?zone=b3&x=%22", headers={"accept": "text/html,*/*"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/devices%3Fzone%3Db3%26x%3D%2522"


async def test_a_script_of_a_page_gets_the_bare_status(stranger):
    for headers in ({"accept": "text/html", "hx-request": "true"}, {"accept": "text/event-stream"}):
        answer = await stranger.get("/events", headers=headers)
        assert answer.status_code == 401
        assert "location" not in answer.headers


async def test_a_page_escapes_what_it_was_asked(api, hub):
    answer = await api.get("/devices/<script>alert(1)<%2fscript>", headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text
