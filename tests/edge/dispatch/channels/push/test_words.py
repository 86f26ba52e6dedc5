"""What the push channel says of a failure, to those who read Chinese."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.dispatch.channels.push import PushChannel
from edge.dispatch.channels.push.words import said
from edge.domain.conclusion import Send
from edge.domain.instant import SECOND, Instant
from edge.domain.names import Text


@pytest.mark.parametrize(
    ("error", "zh"),
    [
        ("no connection to the server", "连接不上服务器"),
        ("the server answers 503", "服务器应答 503"),
        ("the service refuses the message (93000): invalid webhook", "服务拒绝该消息(93000):invalid webhook"),
        ("the service refuses the message (19024): ", "服务拒绝该消息(19024):"),
        ("the server hangs: no answer within 20 s", "服务器 20 秒内无应答"),
        ("something new", "something new"),
    ],
)
def test_a_sentence_in_both_languages(error: str, zh: str) -> None:
    assert said(error) == Text(zh, error)


async def test_a_failure_is_told_in_the_readers_language(tmp_path: Path) -> None:
    file = tmp_path / "hook"
    file.write_text("json://127.0.0.1:9/nobody\n")
    channel = PushChannel("hook", Text("网址", "Hook"), file, lambda: Instant(SECOND, SECOND), limit=30)
    try:
        sent = await channel.send(Send("nt-1-1", 1, "hook", "", "火警", urgent=True))
    finally:
        await channel.stop()
    assert sent.error == "连接不上服务器 / no connection to the server"
    assert channel.report().detail == Text(
        "发送失败:连接不上服务器", "Sending fails: no connection to the server"
    )
