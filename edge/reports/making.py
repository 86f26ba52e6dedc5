"""The hub's side of reports: one child at a time, whose lines are passed on as they come."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any, Final

from edge.facade import Making, Unavailable

_PATIENCE: Final = 120.0  # seconds without a sign of the child; it has 180 of computing in all
_LONGEST: Final = 1 << 20  # bytes of one line
_PIECE: Final = 1 << 16
_WAITING: Final = 8
"""Visitors that wait for their turn; the next one is asked to come again."""

Order = Mapping[str, Any]


class Reports:
    """Makes what is ordered: `{"report": …}` or `{"bundle": …, "folder"}` of `edge.reports.child`."""

    def __init__(self, now: Callable[[], int]) -> None:
        """now: µs UTC."""
        self._now = now
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._making: Making | None = None

    def making(self) -> Making | None:
        """What is being made just now."""
        return self._making

    async def lines(self, order: Order, name: str, by: str) -> AsyncGenerator[Mapping[str, Any]]:
        """The lines of a report, without the progress; Unavailable before the first when it cannot be made.

        Closing the generator ends the child. name, by: what is made for whom, for those who wait.
        """
        async with self._child(order, name, by) as child, aclosing(self._told(child)) as told:
            async for line in told:
                yield line
                if "end" in line:
                    return

    async def stream(self, order: Order, name: str, by: str) -> AsyncGenerator[Mapping[str, Any] | bytes]:
        """First the head of a bundle, then its bytes; Unavailable before the first when it cannot be made."""
        async with self._child(order, name, by) as child:
            head: Mapping[str, Any] = {}
            async with aclosing(self._told(child)) as told:
                async for line in told:
                    head = line["head"]
                    break
            yield head
            left = int(head["size"])
            while left > 0:
                piece = await self._read(child, min(_PIECE, left))
                left -= len(piece)
                yield piece

    @asynccontextmanager
    async def _child(self, order: Order, name: str, by: str) -> AsyncIterator[asyncio.subprocess.Process]:
        if self._waiting >= _WAITING:
            raise Unavailable("many reports are being made: try again in a minute")
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1
        try:
            self._making = Making(name, by, 0.0, self._now())
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "edge.reports.child",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
                limit=_LONGEST,
            )  # fmt: skip
            try:
                await self._ask(child, order)
                yield child
            finally:
                with suppress(ProcessLookupError):
                    child.kill()
                # What it still wrote is taken away, else its pipe stays open.
                with suppress(OSError, ValueError):
                    await child.communicate()
        finally:
            self._making = None
            self._turn.release()

    async def _ask(self, child: asyncio.subprocess.Process, order: Order) -> None:
        if child.stdin is None:
            return
        child.stdin.write(json.dumps(order).encode() + b"\n")
        with suppress(ConnectionError):  # it has died: its silence tells
            await child.stdin.drain()
        child.stdin.close()

    async def _told(self, child: asyncio.subprocess.Process) -> AsyncGenerator[Mapping[str, Any]]:
        """Lines until the end; progress is kept, an error raised."""
        while True:
            line = await self._line(child)
            if "progress" in line:
                if self._making is not None:
                    self._making = Making(
                        self._making.name, self._making.by, line["progress"], self._making.since
                    )
            elif "error" in line:
                raise Unavailable(f"it could not be made: {line['detail']}")
            else:
                yield line
                await asyncio.sleep(
                    0
                )  # what the pipe holds already is read without waiting: others must have a turn

    async def _line(self, child: asyncio.subprocess.Process) -> Mapping[str, Any]:
        if child.stdout is None:
            raise _ended()
        try:
            async with asyncio.timeout(_PATIENCE):
                line = await child.stdout.readline()
        except TimeoutError as error:
            raise Unavailable("the hub is too busy to make it now: try again later") from error
        if not line.endswith(b"\n"):
            raise _ended()
        told: Mapping[str, Any] = json.loads(line)
        return told

    async def _read(self, child: asyncio.subprocess.Process, most: int) -> bytes:
        if child.stdout is None:
            raise _ended()
        async with asyncio.timeout(_PATIENCE):
            piece = await child.stdout.read(most)
        if not piece:
            raise _ended()
        return piece


def _ended() -> Unavailable:
    return Unavailable("it could not be made: the child ended before it was through; choose a shorter span")
