"""The hub's side of reports: one child at a time. What it made lies in a file without a name until it is fetched.

So a visitor whose network stalls keeps nobody else waiting.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from tempfile import SpooledTemporaryFile, TemporaryFile
from typing import IO, Any, Final

from edge.facade import Making, Unavailable

_PATIENCE: Final = 120.0  # seconds without a sign of the child; it has 180 of computing in all
_LONGEST: Final = 1 << 20  # bytes of one line
_PIECE: Final = 1 << 16
_IN_MEMORY: Final = 1 << 20
"""Bytes of a report that are kept in memory until they are fetched; longer ones lie beside the journal."""
_WAITING: Final = 8
"""Visitors that wait for their turn; the next one is asked to come again."""

Order = Mapping[str, Any]


class Reports:
    """Makes what is ordered: `{"report": …}` or `{"bundle": …, "folder"}` of `edge.reports.child`.

    folder: where the draft of a bundle may lie.
    """

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
        folder = Path(order["report"].get("journal", ".")).parent
        with SpooledTemporaryFile(_IN_MEMORY, dir=str(folder)) as made:
            async with self._child(order, name, by) as child, aclosing(self._told(child)) as told:
                async for line in told:
                    _put(made, line)
                    if "end" in line:
                        break
            made.seek(0)
            for text in made:
                yield json.loads(text)
                await asyncio.sleep(0)  # others must have a turn

    async def stream(self, order: Order, name: str, by: str) -> AsyncGenerator[Mapping[str, Any] | bytes]:
        """First the head of a bundle, then its bytes; Unavailable before the first when it cannot be made."""
        with _draft(order["folder"]) as draft:
            order = {**order, "draft": draft.fileno()}
            async with self._child(order, name, by, draft.fileno()) as child:
                line = await anext(told := self._told(child))
                await told.aclose()
            yield line["head"]
            draft.seek(0)
            while piece := await asyncio.to_thread(draft.read, _PIECE):
                yield piece

    @asynccontextmanager
    async def _child(
        self, order: Order, name: str, by: str, *files: int
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        """files: open ones that it inherits."""
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
                limit=_LONGEST, pass_fds=files,
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


def _put(made: IO[bytes], line: Mapping[str, Any]) -> None:
    try:
        made.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    except OSError as error:
        raise _full(error) from error


def _draft(folder: str) -> IO[bytes]:
    try:
        return TemporaryFile(dir=folder)
    except OSError as error:
        raise _full(error) from error


def _full(error: OSError) -> Unavailable:
    return Unavailable(
        f"it could not be made: it cannot be written ({error.strerror}): free space on the hub's disk"
    )


def _ended() -> Unavailable:
    return Unavailable("it could not be made: the child ended before it was through; choose a shorter span")
