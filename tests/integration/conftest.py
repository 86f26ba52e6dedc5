"""A whole hub in the test's own process: the demo site's files, a real Mosquitto, real stores, the real panel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from edge.assembly import Options, Running, running
from edge.clock import Clock
from edge.settings import install_template, write_overrides
from edge.tools.broker import Broker
from tests.blind import without_cameras
from tests.faults.outside import Group
from tests.integration.field import Field

Start = Callable[..., AbstractAsyncContextManager[Running]]
"""`start(data=…, clock=…, connected=…, civil_offset=…)`: a hub; on the test's own data folder, on the machine's clock
and connected to its broker unless said otherwise."""


def make_site(directory: Path, broker: Broker, *, cameras: bool = False) -> Path:
    """The template site with this broker's address; its serial ports lead nowhere, and it has cameras if asked to."""
    site = directory / "site"
    install_template(site)
    if not cameras:
        without_cameras(site)
    password = directory / "mqtt-password"
    password.write_text(broker.account("hub").password, encoding="utf-8")
    buses = {bus: str(directory / "no-such-port" / bus) for bus in ("bus-1", "bus-2")}
    write_overrides(site, mqtt=(broker.host, broker.port, "hub", password), serial=buses)
    return site


@pytest.fixture
def own_broker(start_broker: Callable[..., Broker]) -> Broker:
    """A broker of the test's own: sessions and retained messages are part of what is tested."""
    return start_broker()


@pytest.fixture
def site(tmp_path: Path, own_broker: Broker) -> Path:
    """The folder of the site, to be changed before a hub is started."""
    return make_site(tmp_path, own_broker)


@pytest.fixture
def start_hub(tmp_path: Path, site: Path) -> Start:
    """Starts hubs, one after the other; each is ready when it is armed and connected."""

    @asynccontextmanager
    async def start(
        data: Path = tmp_path / "data",
        clock: Clock | None = None,
        *,
        connected: bool = True,
        civil_offset: int = 0,
    ) -> AsyncIterator[Running]:
        options = Options(site, data, listen="127.0.0.1:0", civil_offset=civil_offset)
        async with running(options, clock) as started:
            await until(lambda: started.hub.health().status != "starting")
            if connected:
                await until(lambda: all(link.up for link in started.hub.links() if link.kind == "mqtt"))
            yield started

    return start


@pytest.fixture
def group(site: Path) -> Iterator[Group]:
    """The site's WeCom group, played by a webhook on this machine."""
    with Group() as hook:
        (site / "secrets").mkdir(exist_ok=True)
        (site / "secrets/wecom").write_text(f"{hook.url}\n", encoding="utf-8")
        yield hook


@pytest.fixture
def field(own_broker: Broker) -> Iterator[Field]:
    with Field(own_broker) as publisher:
        yield publisher


async def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that happens in other threads and processes; TimeoutError when it does not."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is awaited lives in other threads
            await asyncio.sleep(0.01)
