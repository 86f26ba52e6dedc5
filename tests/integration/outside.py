"""What stands around a hub in a test: all the devices the simulator plays."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from edge.dialects import schemas
from edge.settings import load_site, write_overrides
from edge.tools.broker import Broker, free_port
from edge.tools.simulator import control
from edge.tools.simulator.cast import Means
from edge.tools.simulator.gateway import BrokerAddress
from edge.tools.simulator.simulator import Options, Simulator

CAMERAS = ("cm-01", "cm-02")
LINES = ("bus-1", "bus-2", "modem-1")


class Devices:
    """The running simulator. lines: what it said, among it each order a device was given."""

    def __init__(self, simulator: Simulator, socket: Path, lines: list[str]) -> None:
        self.modem = simulator.modems["modem-1"]
        self.internet = simulator.internet
        self.lines = lines
        self._socket = socket

    async def play(self, scene: str, speed: float = 1.0) -> None:
        """A scenario of config/scenarios, by id, so many times faster."""
        wanted = {"reset": False, "play": [scene], "speed": speed}
        await asyncio.to_thread(control.ask, self._socket, wanted)

    def say_to(self, wanted: Mapping[str, object]) -> None:
        """An order to the simulator, as its remote control takes it."""
        control.ask(self._socket, wanted)

    def told(self, device: str) -> list[str]:
        """What the device was told to do, by its own account: "siren: start"."""
        marks = [(line, f"{device}.", " is told: ") for line in self.lines]
        return [
            f"{line.removeprefix(start).partition(told)[0]}: {line.partition(told)[2]}"
            for line, start, told in marks
            if line.startswith(start) and told in line
        ]


@contextmanager
def devices(
    folder: Path,
    site: Path,
    broker: Broker,
    *,
    over_mqtt: bool,
    dwell: float | None = None,
    hub: Path | None = None,
) -> Iterator[Devices]:
    """The site's devices: modem and serial lines, and those behind the broker too if `over_mqtt`.

    hub: holds the process id of one that a story may kill; there is a chat group for it on the internet too.
    dwell: seconds in the zones of its cameras, which are drawn then; None for none.
    """
    serial, port = folder / "serial", free_port()
    password = folder / "mqtt-password"
    write_overrides(
        site,
        mqtt=(broker.host, broker.port, "hub", password),
        serial={line: str(serial / line) for line in LINES},
        cameras={
            f"{camera}-stream": {"url": f"http://127.0.0.1:{port}/{camera}", "dwell": dwell}
            for camera in CAMERAS
            if dwell is not None
        },
    )
    account = broker.account("field")
    address = BrokerAddress(broker.host, broker.port, account.name, account.password)
    means = Means(
        address if over_mqtt else None,
        serial,
        pictures=None if dwell is None else port,
        internet=None if hub is None else 0,
        hub=hub,
    )
    lines: list[str] = []
    socket = folder / "simulator.sock"
    running = Simulator(load_site(site, schemas()), Options(site, means, socket), lines.append)
    running.start()
    if running.internet is not None:
        (site / "secrets").mkdir(exist_ok=True)
        (site / "secrets/wecom").write_text(f"{running.internet.url}\n", encoding="utf-8")
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        yield Devices(running, socket, lines)
    finally:
        running.stop()
        thread.join()
        running.close()
