"""The page of messages: who was told what, how far it came, and how the channels are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.dispatch.messages import MESSAGES
from edge.domain.names import Text
from edge.domain.notification import About, Notification, NotificationState
from tests.web.fakes import FakeHub
from web.pages import messages, wording

CASE = Notification(
    "nt-1-1", "sms", "guard", "guard", "alarm", NotificationState.DELIVERED, open=True, opened_at=0,
    about=About("fire", title=Text("烟雾报警", "Smoke alarm"), place=Text("3号楼", "Building 3")),
    alarm="a-1", alarms=("a-1",), attempt=2, uncertain=True, counts={"fault": 3}, delivered_at=1_000_000,
)  # fmt: skip


async def test_an_empty_list_says_so(person):
    guard = await person("guard")
    assert "尚未发出任何通知" in (await guard.get("/messages")).text


async def test_a_site_without_channels_is_told_that_nobody_is_told(person, hub: FakeHub):
    hub.channels = lambda: ()  # type: ignore[method-assign]
    guard = await person("guard")
    assert "本平台之外无人收到通知" in (await guard.get("/messages")).text


async def test_a_message_stands_with_its_person_channel_subject_and_proof(person, hub: FakeHub):
    hub.put_case("notification", CASE.to_dict())
    guard = await person("guard")
    page = (await guard.get("/messages")).text
    for words in (
        "李强",
        "短信",
        '<a href="/alarms/a-1">3号楼 · 烟雾报警</a>',
        "已送达",
        "另有 3 条",
        "重发",
    ):
        assert words in page
    english = (await guard.get("/messages", headers={"Cookie": f"language=en; {_cookies(guard)}"})).text
    for words in ("Smoke alarm", "Delivered", "and 3 more", "Sent again"):
        assert words in english


async def test_a_channel_that_is_not_set_up_is_grey_here_and_amber_on_the_health_page(person, hub: FakeHub):
    sms, wecom = hub.channels()
    bare = replace(wecom, state="not_set_up", detail=Text("未设置:没有文件 wecom", "Not set up: no file"))
    hub.channels = lambda: (sms, bare)  # type: ignore[method-assign]
    admin = await person("admin")
    page = (await admin.get("/messages")).text
    assert '<span class="tag c-none">未设置</span>' in page
    assert 'data-test="/api/v1/channels/sms/test"' in page
    assert 'data-test="/api/v1/channels/wecom/test"' not in page
    health = (await admin.get("/health")).text
    assert "未设置:没有文件 wecom" in health
    assert 'class="c-medium"' in health


async def test_what_failed_and_waits_for_its_next_try_is_not_delivered_yet(person, hub: FakeHub):
    waiting = replace(CASE, state=NotificationState.QUEUED, error="no connection to the server", attempt=1)
    hub.put_case("notification", waiting.to_dict())
    hub.put_case("notification", replace(waiting, id="nt-1-2", error=None, attempt=0).to_dict())
    page = (await (await person("guard")).get("/messages")).text
    assert page.count("未送达,将继续重试") == 1
    assert page.count("待发送") == 1


async def _no_cursor(*_: object) -> None:
    raise ValueError


def _cookies(client) -> str:
    return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


@pytest.mark.parametrize("state", NotificationState)
async def test_every_state_of_a_message_can_be_shown(person, hub: FakeHub, state: NotificationState):
    hub.put_case(
        "notification", replace(CASE, state=state, order="wo-1", reason="gave_up", error="x").to_dict()
    )
    page = (await (await person("guard")).get("/messages")).text
    assert 'href="/orders/wo-1"' in page
    assert "一小时未成,已放弃 · x" in page


async def test_what_a_channel_cannot_prove_is_said_beside_the_mark(person):
    page = (await (await person("guard")).get("/messages")).text
    assert page.count("✓") == 4
    assert page.count("此通道无法证明") == 4


async def test_only_who_may_test_a_channel_is_offered_it(person):
    offered = (await (await person("guard")).get("/messages")).text
    assert 'data-test="/api/v1/channels/sms/test"' in offered
    assert '<option value="guard">李强</option>' in offered
    assert "data-test" not in (await (await person("maintenance")).get("/messages")).text


async def test_a_cursor_of_nowhere_is_refused(person, hub: FakeHub, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hub, "cases", _no_cursor)
    assert (await (await person("guard")).get("/messages?before=nowhere")).status_code == 422


def test_every_kind_of_message_and_of_fact_has_its_words():
    assert set(MESSAGES) <= set(messages.MESSAGES)
    assert {f"notification.{state}" for state in NotificationState} <= wording.KINDS.keys()
