"""Apprise in its child, against a real web server on loopback that behaves badly."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from edge.dispatch.channels.push import PushChannel
from edge.dispatch.channels.push.channel import LOOK
from edge.domain.conclusion import Send
from edge.domain.instant import SECOND, Instant
from edge.domain.names import Text


class Hook(BaseHTTPRequestHandler):
    """`/500` answers 500, and so on; `/hang` answers when the server stops; `/bomb` packs 200 MB into little."""

    taken: list[bytes]
    going: threading.Event

    def do_POST(self) -> None:
        self.taken.append(self.rfile.read(int(self.headers["Content-Length"])))
        case = self.path.strip("/")
        if case == "hang":
            self.going.wait(30)
            return
        if case == "bomb":
            self.bomb()
            return
        self.send_response({"500": 500, "302": 302, "429": 429, "401": 401}.get(case, 200))
        self.send_header("Content-Type", "text/html" if case == "html" else "application/json")
        self.send_header("Location", "/ok")
        self.send_header("Retry-After", "7")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def bomb(self) -> None:
        packed = gzip.compress(bytes(200_000_000), 1)
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(packed)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # who reads it gives up early
            self.wfile.write(packed)

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def hook() -> Iterator[ThreadingHTTPServer]:
    Hook.taken, Hook.going = [], threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    Hook.going.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
async def channel(hook: ThreadingHTTPServer, tmp_path: Path) -> AsyncIterator[PushChannel]:
    file = tmp_path / "hook"
    file.write_text(f"json://127.0.0.1:{hook.server_port}/ok\n")
    made = PushChannel("hook", Text("网址", "Hook"), file, lambda: Instant(SECOND, SECOND), limit=15)
    yield made
    await made.stop()


def peak_and_score(pid: int) -> tuple[int, int]:
    """Most memory a process ever had (kB), and how soon the kernel would end it."""
    status = Path(f"/proc/{pid}/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return peak, int(Path(f"/proc/{pid}/oom_score_adj").read_text())


def message(attempt: int = 1) -> Send:
    return Send("nt-1-1", attempt, "hook", "", "02:14 电动自行车库 · 火警", urgent=True)


async def test_each_misbehaviour_ends_in_a_plain_error(
    channel: PushChannel, hook: ThreadingHTTPServer, tmp_path: Path
) -> None:
    assert (await channel.send(message())).error is None
    assert "火警" in Hook.taken[0].decode("unicode-escape") or "火警" in Hook.taken[0].decode()
    expected = {
        "500": "answers 500",
        "302": "redirects",
        "html": "web page",
        "401": "answers 401",
        "429": "429",
    }
    found = {}
    for case in expected:
        (tmp_path / "hook").write_text(f"json://127.0.0.1:{hook.server_port}/{case}\n")
        found[case] = await channel.send(message())
    (tmp_path / "hook").write_text(f"jsons://127.0.0.1:{hook.server_port}/ok\n")
    tls = await channel.send(message())
    assert {case: words in (found[case].error or "") for case, words in expected.items()} == dict.fromkeys(
        expected, True
    )
    assert [found["500"].again, found["401"].again, found["429"].wait] == [True, False, 7.0]
    assert tls.error is not None
    assert tls.again


async def test_a_server_that_hangs_costs_its_child_and_the_next_message_goes(
    channel: PushChannel, hook: ThreadingHTTPServer, tmp_path: Path
) -> None:
    assert (await channel.send(message())).error is None
    (tmp_path / "hook").write_text(f"json://127.0.0.1:{hook.server_port}/hang?rto=60\n")
    channel._limit = 1.0
    assert "hangs" in ((await channel.send(message())).error or "")
    assert channel.report().state == "failing"
    (tmp_path / "hook").write_text(f"json://127.0.0.1:{hook.server_port}/ok\n")
    channel._limit = 15.0
    assert (await asyncio.wait_for(channel.send(message()), 20)).error is None


async def test_an_answer_without_an_end_costs_neither_memory_nor_the_next_message(
    channel: PushChannel, hook: ThreadingHTTPServer, tmp_path: Path
) -> None:
    (tmp_path / "hook").write_text(f"json://127.0.0.1:{hook.server_port}/bomb\n")
    assert "without an end" in ((await channel.send(message())).error or "")
    assert channel._child is not None
    peak, score = peak_and_score(channel._child.pid)
    assert peak < 100_000
    assert score == 1000
    (tmp_path / "hook").write_text(f"json://127.0.0.1:{hook.server_port}/ok\n")
    assert (await channel.send(message())).error is None


async def test_no_more_messages_a_minute_than_the_service_takes(tmp_path: Path) -> None:
    file = tmp_path / "wrong"
    file.write_text("no address of anything\n")
    channel = PushChannel("g", Text("群", "Group"), file, lambda: Instant(SECOND, SECOND), rate=1)
    assert (await channel.send(message())).error is not None
    assert (await channel.send(message())).wait == 60.0
    await channel.stop()


async def test_a_channel_without_its_address_is_not_set_up_until_the_file_comes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "wecom"
    now = Instant(SECOND, SECOND)
    channel = PushChannel("wecom", Text("群", "Group"), file, lambda: now)
    channel.start(lambda _: None)
    assert [record.getMessage() for record in caplog.records] == [
        "channel wecom: Not set up: there is no file wecom"
    ]
    for content in (None, "", b"\xff"):
        if content is not None:
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        sent = await channel.send(message())
        assert (sent.again, sent.wait) == (False, None)
        assert (channel.report().state, dict(channel.report().counters)) == ("not_set_up", {})
    file.write_text("wecombot://{address}\n")
    assert channel.report().state == "not_set_up", "no look at the disk for each question"
    now = Instant(LOOK + SECOND, LOOK + SECOND)
    assert channel.report().state == "unknown"
    assert (channel.kind, channel.reaches("")) == ("wecombot", False)
    assert len(caplog.records) == 1
