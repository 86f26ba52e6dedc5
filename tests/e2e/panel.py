"""The panel over a hub in memory, served for real on a thread of its own, and a cable to it that can be cut."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, Self, TypeVar

from tests.web.fakes import FakeHub
from web.server import Listen, WebServer

T = TypeVar("T")


class Cable:
    """A TCP connection between browser and panel. `cut` ends and refuses, `stall` is silent, `mend` carries again."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._whole = True
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def lay(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        self._whole = False
        for writer in self._open:
            writer.transport.abort()

    async def stall(self) -> None:
        self._flowing.clear()

    async def mend(self) -> None:
        self._whole = True
        self._flowing.set()

    async def take_up(self) -> None:
        assert self._server is not None
        self._server.close()
        await self.mend()
        await self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if not self._whole:
            writer.transport.abort()
            return
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._open |= {writer, to_writer}
        try:
            await asyncio.gather(self._pump(reader, to_writer), self._pump(to_reader, writer))
        finally:
            self._open -= {writer, to_writer}
            for end in (writer, to_writer):
                end.close()
                with suppress(OSError):
                    await end.wait_closed()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                await self._flowing.wait()
                sink.write(data)
                await sink.drain()
        sink.close()


class Panel:
    """Serves `hub` on `url`, and again at the far end of `cable` on `cabled_url`. Use `do` to touch the hub."""

    def __init__(self) -> None:
        self.hub = FakeHub()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="panel")

    def __enter__(self) -> Self:
        self._thread.start()
        self.run(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        self._server = WebServer(self.hub, Listen(port=0, names=("panel.test",)))
        await self._server.start()
        self.url = self._server.url
        self.cable = Cable(self._server.port)
        await self.cable.lay()
        self.cabled_url = f"http://127.0.0.1:{self.cable.port}"

    async def _stop(self) -> None:
        await self.cable.take_up()
        await self._server.stop()
        await self._loop.shutdown_default_executor()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run on the panel's loop and wait."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(15)

    def do(self, act: Callable[[FakeHub], T | Awaitable[T]]) -> T:
        """Let the field or a person do something to the hub, on its own loop."""

        async def there() -> Any:
            done = act(self.hub)
            return await done if asyncio.iscoroutine(done) else done

        return self.run(there())
