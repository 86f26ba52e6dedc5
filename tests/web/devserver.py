"""The panel and API over a hub in memory, to look at in a browser: `python -m tests.web.devserver --port 8090`.

With --lively something happens every few seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import signal

from edge.domain.device import Signal
from edge.domain.request import Acknowledge
from tests.web.fakes import PASSWORDS, FakeHub, busy_day
from web.server import Listen, WebServer


async def _live(hub: FakeHub) -> None:
    while True:
        await asyncio.sleep(3)
        hub.set_value("bin-1.level", round(random.uniform(20, 95), 1))
        hub.set_value("wp-1.ph", round(random.uniform(6.8, 8.4), 2))
        if random.random() < 0.3 and len(hub.open_alarms()) < 12:
            hub.raise_alarm("sm-402.smoke", Signal.FIRE)
        elif random.random() < 0.3 and (waiting := [a for a in hub.open_alarms() if not a.acked]):
            await hub.act(Acknowledge(random.choice(waiting).id, "guard"))


async def _serve(port: int, *, lively: bool) -> None:
    hub = FakeHub()
    busy_day(hub)
    server = WebServer(hub, Listen(port=port, names=("panel.test",)))
    await server.start()
    print(server.url, *(f"{name} / {password}" for name, password in PASSWORDS.items()), sep="\n", flush=True)  # noqa: T201
    done = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, done.set)
    live = asyncio.create_task(_live(hub)) if lively else None
    await done.wait()
    if live is not None:
        live.cancel()
    await server.stop()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=8090)
    options.add_argument("--lively", action="store_true")
    given = options.parse_args()
    asyncio.run(_serve(given.port, lively=given.lively))
