"""The simulator as a whole: gateways, buses, the stage and the remote control, driven by one loop."""

from __future__ import annotations

import contextlib
import selectors
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

from edge.clock import Clock, SystemClock
from edge.domain.device import Device
from edge.domain.instant import SECOND
from edge.domain.site import Connection, Site
from edge.settings.problems import SettingsError
from edge.tools.modbus_slave import SlaveBus
from edge.tools.simulator.actor import Actor
from edge.tools.simulator.control import ControlSocket
from edge.tools.simulator.gateway import BrokerAddress, Gateway
from edge.tools.simulator.messages import JsonMessage, ZigbeeState, json_topic
from edge.tools.simulator.scenario import find_scenario, load_scenario
from edge.tools.simulator.stage import BusyError, Part, Stage
from edge.tools.simulator.tellers import MqttTeller, RegisterTeller

REST: Final = 60.0  # seconds; nothing is due for longer only without devices


@dataclass(frozen=True, slots=True)
class Options:
    """broker, serial_dir, control: None for none. left: devices that are not played. compress: see `Stage`."""

    site_dir: Path
    broker: BrokerAddress | None = None
    serial_dir: Path | None = None
    control: Path | None = None
    left: frozenset[str] = frozenset()
    compress: float = 1.0
    seed: int = 0


class Simulator:
    """Plays `site`. start, run (returns after `stop`, which any thread or signal handler may call), close."""

    def __init__(
        self, site: Site, options: Options, say: Callable[[str], None], clock: Clock | None = None
    ) -> None:
        self._site = site
        self._options = options
        self._say = say
        self._clock = clock or SystemClock()
        self._posted: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._ends = socket.socketpair()
        for end in self._ends:
            end.setblocking(False)
        self._stopping = False
        self._control: ControlSocket | None = None
        self.gateways = {c.id: self._gateway(c, options.broker) for c in self._mqtt()}
        self.buses = {
            c.id: SlaveBus(options.serial_dir / c.id, seed=options.seed)
            for c in site.connections
            if c.dialect == "modbus-rtu" and options.serial_dir is not None
        }
        self.stage = Stage(
            site,
            self._clock,
            {
                part.actor.device.id: part
                for part in map(self._part, site.devices.values())
                if part is not None
            },
            self.gateways,
            self.buses,
            say=say,
            seed=options.seed,
            compress=options.compress,
        )

    def start(self) -> None:
        """Make the serial ports, connect, and let the devices begin; OSError or ControlError when it cannot."""
        options = self._options
        if options.control is not None:
            self._control = ControlSocket(options.control, self.answer)
        if options.serial_dir is not None:
            options.serial_dir.mkdir(parents=True, exist_ok=True)
        for bus in self.buses.values():
            bus.start()
            self._say(f"{bus.path} is a serial port")
        for gateway in self.gateways.values():
            gateway.start()
        self.stage.open()

    def run(self) -> None:
        """Play until `stop`."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._ends[0], selectors.EVENT_READ)
            if self._control is not None:
                selector.register(self._control.socket, selectors.EVENT_READ)
            while not self._stopping:
                for key, _ in selector.select(self._rest()):
                    if key.fileobj is self._ends[0]:
                        with contextlib.suppress(BlockingIOError):
                            self._ends[0].recv(4096)
                    elif self._control is not None:
                        self._control.serve()
                while not self._posted.empty():
                    self._posted.get()()
                self.stage.schedule.run(self._clock.now().mono)

    def stop(self) -> None:
        """Let `run` return."""
        self._stopping = True
        self._wake()

    def close(self) -> None:
        """Disconnect and take away ports and socket."""
        for bus in self.buses.values():
            bus.stop()
        for gateway in self.gateways.values():
            gateway.stop()
        if self._control is not None:
            self._control.close()
        for end in self._ends:
            end.close()

    def play(self, names: Sequence[str]) -> None:
        """Scenarios by id or path, one after the other; SettingsError or BusyError when one cannot be played."""
        scenarios = [
            load_scenario(find_scenario(name, self._options.site_dir), self._site, self._options.left)
            for name in names
        ]
        if len(scenarios) == 1:
            self.stage.play(scenarios[0])
        else:
            self.stage.play_in_turn(scenarios)

    def answer(self, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
        """To the remote control: {"play": [names]}, {"reset": true}; says what plays now, or {"error": why}."""
        try:
            if wanted.get("reset"):
                self.stage.reset()
            if names := wanted.get("play"):
                self.play([str(name) for name in names])
        except (SettingsError, BusyError) as error:
            return {"error": str(error)}
        return {"playing": self.stage.playing}

    # ---- details --------------------------------------------------------------------------------------------------

    def _rest(self) -> float:
        due = self.stage.schedule.due
        return REST if due is None else max(0.0, (due - time.monotonic_ns() // 1000) / SECOND)

    def _wake(self) -> None:
        with contextlib.suppress(
            BlockingIOError, OSError
        ):  # enough wake-ups lie there already, or it has closed
            self._ends[1].send(b".")

    def _mqtt(self) -> list[Connection]:
        if self._options.broker is None:
            return []
        return [c for c in self._site.connections if c.dialect in {"zigbee2mqtt", "json"}]

    def _gateway(self, connection: Connection, broker: BrokerAddress | None) -> Gateway:
        if broker is None:
            raise ValueError("a gateway needs a broker")
        state = None
        if connection.dialect == "zigbee2mqtt":
            state = f"{connection.settings.listen.base}/bridge/state"

        def changed(up: bool) -> None:
            if up:
                self._posted.put(lambda: self.stage.connected(connection.id))
                self._wake()

        return Gateway(connection.id, broker, state, changed, self._say)

    def _part(self, device: Device) -> Part | None:
        """None for a device that is left alone, or whose source is not played."""
        dialect = device.profile.dialect
        if device.id in self._options.left:
            return None
        actor = Actor(device, self._options.seed)
        if dialect == "modbus-rtu":
            source, _, unit = device.address.rpartition("/")
            bus = self.buses.get(source)
            return None if bus is None else Part(actor, RegisterTeller(bus, device, int(unit)), source)
        connection = next((c for c in self._mqtt() if c.dialect == dialect), None)
        if connection is None:
            return None
        outlet = self.gateways[connection.id]
        listen = connection.settings.listen
        if dialect == "zigbee2mqtt":
            topic = f"{listen.base}/{device.address}"
            teller = MqttTeller(outlet, device, topic, ZigbeeState(device), f"{topic}/availability")
        else:
            teller = MqttTeller(outlet, device, json_topic(listen, device.address), JsonMessage(device))
        return Part(actor, teller, connection.id)
