"""A channel by Apprise: hands messages to its child, which is killed when it hangs and started anew when needed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
from collections import Counter, deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

from edge.dispatch.channel import ChannelReport, Proof
from edge.dispatch.channels.push.words import said
from edge.domain.conclusion import Receipt, Send, Sent
from edge.domain.instant import MINUTE, SECOND, Instant
from edge.domain.names import Text

log = logging.getLogger(__name__)

ADDRESS: Final = "{address}"
CHILD: Final = "edge.dispatch.channels.push.child"
LOOK: Final = 10 * SECOND  # µs between two looks at a file that is not there: a health check asks each second
TIME: Final = 20.0  # seconds for one message, the start of the child included
RATES: Final[Mapping[str, int]] = {"wecombot": 20, "dingtalk": 20}  # messages a minute that the service takes


class PushChannel:
    """url_file: holds one Apprise address, on its first line; `{address}` in it stands for the person's own.

    addresses: of persons, by id. rate: messages a minute, None as the service is known to take. limit: seconds.
    """

    proves = Proof()
    capacity = 1

    def __init__(
        self,
        id: str,
        name: Text,
        url_file: Path,
        now: Callable[[], Instant],
        addresses: Mapping[str, str] | None = None,
        rate: int | None = None,
        limit: float = TIME,
    ) -> None:
        self.id = id
        self.name = name
        self._file = url_file
        self._addresses = addresses or {}
        self._now = now
        self._limit = limit
        self._asked_rate = rate
        self._missing = Text("", "")
        self._looked = now().mono
        self._take_up(self._read())
        self._starts: deque[int] = deque()
        self._child: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._counters: Counter[str] = Counter()
        self._state: Literal["ok", "failing", "unknown"] = "unknown"
        self._error = Text("", "")
        self._last_ok: int | None = None
        self._last_error: int | None = None

    def _read(self) -> str:
        """The address as the file now says, "" when it says none; then `_missing` tells why."""
        name = self._file.name
        try:
            lines = self._file.read_text("utf-8").strip().splitlines()
        except FileNotFoundError:
            self._missing = Text(f"未设置:没有文件 {name}", f"Not set up: there is no file {name}")
        except (OSError, UnicodeDecodeError):
            self._missing = Text(
                f"未设置:文件 {name} 无法读取", f"Not set up: the file {name} cannot be read"
            )
        else:
            if lines:
                return lines[0].strip()
            self._missing = Text(f"未设置:文件 {name} 是空的", f"Not set up: the file {name} is empty")
        return ""

    def _take_up(self, url: str) -> None:
        self._url = url
        self.kind = url.partition(":")[0].lower() or self.id
        self._personal = ADDRESS in url
        self._rate = self._asked_rate or RATES.get(self.kind)

    def reaches(self, person: str) -> bool:
        """A person where the address is a personal one, else the group behind it."""
        return person in self._addresses if self._personal else person == ""

    def start(self, told: Callable[[Receipt], None]) -> None:
        """The child starts with the first message; nothing comes back on these services."""
        if not self._url:
            log.warning("channel %s: %s", self.id, self._missing.en)

    async def stop(self) -> None:
        """End the child."""
        await self._end()

    async def send(self, send: Send) -> Sent:
        """Try once; the service's word is all the proof there is."""
        self._take_up(url := self._read())
        if not url:
            return Sent(send.notification, send.attempt, _both(self._missing), again=False)
        if (wait := self._full()) is not None:
            error = _both(said(f"only {self._rate} messages a minute: waits {wait:g} s"))
            return Sent(send.notification, send.attempt, error, wait=wait)
        if self._personal:
            url = url.replace(ADDRESS, quote(self._addresses.get(send.person, ""), safe="@"))
        async with self._turn:
            try:
                async with asyncio.timeout(self._limit):
                    answer = await self._ask({"url": url, "text": send.text})
            except TimeoutError:
                await self._end()
                answer = {"error": f"the server hangs: no answer within {self._limit:g} s", "again": True}
            except (OSError, ValueError) as error:
                await self._end()
                answer = {"error": f"the child failed: {type(error).__name__}", "again": True}
            except asyncio.CancelledError:
                await self._end()
                raise
        return self._judged(send, answer)

    def report(self) -> ChannelReport:
        """What the last attempt told. Without an address the file is looked at now and then: it may have come."""
        if not self._url and (mono := self._now().mono) - self._looked >= LOOK:
            self._looked = mono
            self._take_up(self._read())
        if not self._url:
            return ChannelReport(
                self.id,
                "not_set_up",
                self._missing,
                dict(self._counters),
                self._last_ok,
                self._last_error,
            )
        detail = {
            "unknown": Text("尚未使用", "Not used yet"),
            "ok": Text("正常", "Works"),
            "failing": Text(f"发送失败:{self._error.zh}", f"Sending fails: {self._error.en}"),
        }[self._state]
        return ChannelReport(
            self.id, self._state, detail, dict(self._counters), self._last_ok, self._last_error
        )

    def _full(self) -> float | None:
        """Seconds until the service takes another message; None when it does now, which is then counted."""
        mono = self._now().mono
        while self._starts and self._starts[0] <= mono - MINUTE:
            self._starts.popleft()
        if self._rate is not None and len(self._starts) >= self._rate:
            return max(1.0, (self._starts[0] + MINUTE - mono) / SECOND)
        self._starts.append(mono)
        return None

    async def _ask(self, message: Mapping[str, str]) -> dict[str, Any]:
        child = await self._running()
        if child.stdin is None or child.stdout is None:
            raise OSError
        child.stdin.write(json.dumps(message).encode() + b"\n")
        await child.stdin.drain()
        line = await child.stdout.readline()
        answer = json.loads(line)
        if not isinstance(answer, dict):
            raise ValueError  # noqa: TRY004 - caught with what json raises
        return answer

    async def _running(self) -> asyncio.subprocess.Process:
        if self._child is None or self._child.returncode is not None:
            self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                CHILD,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        return self._child

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.communicate()

    def _judged(self, send: Send, answer: Mapping[str, Any]) -> Sent:
        error = None if answer.get("error") is None else said(str(answer["error"]))
        utc = self._now().utc
        if error is None:
            self._state, self._last_ok = "ok", utc
        else:
            self._state, self._error, self._last_error = "failing", error, utc
        self._counters["failed" if error else "sent"] += 1
        again, wait = bool(answer.get("again", True)), answer.get("wait")
        return Sent(
            send.notification, send.attempt, None if error is None else _both(error), again=again, wait=wait
        )


def _both(text: Text) -> str:
    """One sentence of a `Sent` in both languages."""
    return text.zh if text.zh == text.en else f"{text.zh} / {text.en}"
