"""The simulator as a whole: its cast on the stage and the remote control, driven by one loop."""

from __future__ import annotations

import contextlib
import selectors
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from edge.clock import Clock, SystemClock
from edge.domain.instant import SECOND
from edge.domain.site import Site
from edge.settings.problems import SettingsError
from edge.tools.modem import SimulatedModem
from edge.tools.simulator.cast import Means, make_cast
from edge.tools.simulator.control import ControlSocket
from edge.tools.simulator.internet import Internet
from edge.tools.simulator.scenario import find_scenario, load_scenario
from edge.tools.simulator.stage import BusyError, Stage

if TYPE_CHECKING:
    from edge.tools.simulator.pictures.server import PictureServer

REST: Final = 60.0  # seconds; nothing is due for longer only without devices


@dataclass(frozen=True, slots=True)
class Options:
    """control: where to listen for orders, None for nowhere. compress: see `Stage`."""

    site_dir: Path
    means: Means
    control: Path | None = None
    compress: float = 1.0


class Simulator:
    """Plays `site`. start, run (returns after `stop`, which any thread or signal handler may call), close.

    pictures: what serves the cameras' pictures between start and close, None without cameras.
    """

    def __init__(
        self, site: Site, options: Options, say: Callable[[str], None], clock: Clock | None = None
    ) -> None:
        self._site = site
        self._options = options
        self._say = say
        self._clock = clock or SystemClock()
        self._appeared: SimpleQueue[str] = SimpleQueue()
        self._stopping = False
        self._control: ControlSocket | None = None
        self.pictures: PictureServer | None = None
        self._told: SimpleQueue[tuple[str, str, str]] = SimpleQueue()
        self._cast = make_cast(site, options.means, self._on_appeared, say, self._on_told)
        self.stage = Stage(
            site, self._clock, self._cast, say=say, seed=options.means.seed, compress=options.compress
        )
        self._ends = socket.socketpair()
        for end in self._ends:
            end.setblocking(False)

    def start(self) -> None:
        """Make the serial ports, connect, and let the devices begin; OSError or ControlError when it cannot."""
        if self._options.control is not None:
            self._control = ControlSocket(self._options.control, self.answer)
        if self._options.means.serial_dir is not None:
            self._options.means.serial_dir.mkdir(parents=True, exist_ok=True)
        for bus in self._cast.buses.values():
            bus.start()
            self._say(f"{bus.path} is a serial port")
        for modem in self._cast.modems.values():
            modem.start()
            self._say(f"{modem.path} is a modem")
        for gateway in self._cast.gateways.values():
            gateway.start()
        if self._cast.screens:
            from edge.tools.simulator.pictures.server import PictureServer

            self.pictures = PictureServer(self._cast.screens, self._options.means.pictures or 0)
            self.pictures.start()
            for camera in self._cast.screens:
                self._say(f"{self.pictures.url(camera)} is what {camera} sees")
        if self._cast.internet is not None:
            self._cast.internet.start()
            self._say(f"{self._cast.internet.url} is a chat group on the internet")
        self.stage.open()

    def run(self) -> None:
        """Play until `stop`."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._ends[0], selectors.EVENT_READ)
            if self._control is not None:
                selector.register(self._control.socket, selectors.EVENT_READ)
            while not self._stopping:
                for key, _ in selector.select(self._rest()):
                    if self._control is not None and key.fileobj is self._control.socket:
                        self._control.serve()
                    else:
                        self._ends[0].recv(4096)
                while not self._appeared.empty():
                    self.stage.connected(self._appeared.get())
                while not self._told.empty():
                    self.stage.told(*self._told.get())
                self.stage.schedule.run(self._clock.now().mono)

    def stop(self) -> None:
        """Let `run` return."""
        self._stopping = True
        self._wake()

    def close(self) -> None:
        """Take away ports and socket, and disconnect."""
        if self._control is not None:
            self._control.close()
        if self.pictures is not None:
            self.pictures.stop()
        if self._cast.internet is not None:
            self._cast.internet.stop()
        for gateway in self._cast.gateways.values():
            gateway.leave()  # all of them before the first is waited for
        for bus in self._cast.buses.values():
            bus.stop()
        for modem in self._cast.modems.values():
            modem.stop()
        for gateway in self._cast.gateways.values():
            gateway.stop()
        for end in self._ends:
            end.close()

    @property
    def modems(self) -> Mapping[str, SimulatedModem]:
        """The modems it plays, by id of their line: what they sent, and what may go wrong."""
        return self._cast.modems

    @property
    def internet(self) -> Internet | None:
        """The chat group it plays, if any."""
        return self._cast.internet

    def play(self, names: Sequence[str], speed: float = 1.0) -> None:
        """Scenarios by id or path, one after the other; SettingsError or BusyError when one cannot be played.

        speed: how many times faster than their files say, which have to allow it.
        """
        found = [find_scenario(name, self._options.site_dir) for name in names]
        scenarios = [load_scenario(path, self._site, self._cast.played).told(speed) for path in found]
        self.stage.play(scenarios)

    def answer(self, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
        """Told {"play": [names], "speed": 1} or {"reset": true}: what plays now, or {"error": why}."""
        speed = wanted.get("speed", 1.0)
        if isinstance(speed, bool) or not isinstance(speed, int | float):
            return {"error": f"speed is a number, not {speed!r}"}
        try:
            if wanted.get("reset"):
                self.stage.reset()
            if names := wanted.get("play"):
                self.play([str(name) for name in names], speed)
        except (SettingsError, BusyError) as error:
            return {"error": str(error)}
        return {"playing": self.stage.playing}

    def _rest(self) -> float:
        due = self.stage.schedule.due
        return REST if due is None else max(0.0, (due - self._clock.now().mono) / SECOND)

    def _on_appeared(self, gateway: str) -> None:
        self._appeared.put(gateway)
        self._wake()

    def _on_told(self, device: str, output: str, act: str) -> None:
        self._told.put((device, output, act))
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # enough wake-ups lie there already, or it has closed
            self._ends[1].send(b".")
