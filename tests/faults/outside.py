"""The world outside the hub, which outlives it: phones, a chat group, a valve, a siren; each counts what it gets."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Self

from drivers.modbus_rtu.frames import WriteRequest
from edge.tools.broker import Broker
from edge.tools.modbus_slave import SlaveBus
from edge.tools.modem import SimulatedModem
from tests.integration.field import Field

SIREN: Final = 41  # unit on the bus
TOWER: Final = 51
TONES: Final = {0: "off", 1: "fire", 2: "gas", 3: "sos", 4: "fault", 5: "notice", 6: "silent"}
REPEATS: Final = ("【重发】", "Repeat: ")
TURNS: Final = 0.1  # seconds a valve needs


@dataclass(frozen=True, slots=True)
class Came:
    """A message that reached a person or a place. channel: "sms", "ring" or "wecom"; to: the number, "" for the group.

    text: empty for a call, which has no words and so can say nothing.
    """

    channel: str
    to: str
    text: str

    @property
    def repeat(self) -> bool:
        """Whether it says that it may have come before."""
        return self.text.startswith(REPEATS)


class Group:
    """A chat group behind a webhook. refuse: how many of the next messages it shows, but answers with 500."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.refuse = 0
        group = self

        class Hook(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                group.texts.append(body["message"])
                refused, group.refuse = group.refuse > 0, max(0, group.refuse - 1)
                self.send_response(500 if refused else 200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self.url = f"json://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Valve:
    """A gas valve behind the broker. told: how often it was told to close. answers: whether it says that it did."""

    def __init__(self, field: Field, device: str) -> None:
        self.told = 0
        self.answers = True
        self._field = field
        self._device = device
        self._heard = field.hear(f"site/{device}/down")
        self._thread = threading.Thread(target=self._run, name=f"valve {device}")

    def say(self, state: str) -> None:
        """Report a state by itself."""
        self._field.say(f"site/{self._device}/up", {"state": state})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._heard.put({})
        self._thread.join()

    def _run(self) -> None:
        while order := self._heard.get():
            self.told += order == {"cmd": "close"}
            if self.answers:
                time.sleep(TURNS)
                self.say("closed")


class Bus:
    """A serial line with a siren and the desk's light tower. told: how often each output was written each act."""

    def __init__(self, path: Path) -> None:
        self.told: Counter[tuple[str, str]] = Counter()
        self.slaves = SlaveBus(path)
        self.slaves.set_coil(SIREN, 1, 0, on=False)
        self.slaves.set_register(TOWER, 3, 0, [0])
        self.slaves.written = self._written

    @property
    def sounding(self) -> bool:
        """Whether the siren is on."""
        return bool(self.slaves.read(SIREN, 1, 0))

    def silent(self, on: bool) -> None:
        """Have the siren take nothing and answer nothing, as one without power."""
        (self.slaves.dead.add if on else self.slaves.dead.discard)(SIREN)

    def __enter__(self) -> Self:
        self.slaves.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.slaves.stop()

    def _written(self, write: WriteRequest) -> None:
        if write.unit == SIREN:
            self.told["sr-b1.siren", "start" if write.values[0] else "stop"] += 1
        elif write.unit == TOWER:
            self.told["dk-01.beacon", TONES[write.values[0]]] += 1


class Outside:
    """All of it. serial: where the buses stand, by their ids; the rest needs a running broker."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.serial = {"bus-2": folder / "bus-2", "modem-1": folder / "modem-1"}
        self.modem = SimulatedModem(self.serial["modem-1"])
        self.bus = Bus(self.serial["bus-2"])
        self.group = Group()
        self.field: Field
        self.valve: Valve
        self._stack = ExitStack()

    def begin(self, broker: Broker) -> None:
        """Plug everything in."""
        self.modem.start()
        self._stack.callback(self.modem.stop)
        self._stack.enter_context(self.bus)
        self._stack.enter_context(self.group)
        self.field = self._stack.enter_context(Field(broker))
        self.valve = self._stack.enter_context(Valve(self.field, "gv-1203"))

    def end(self) -> None:
        """Take it away."""
        self._stack.close()

    def came(self) -> list[Came]:
        """Every message that arrived, oldest first in its channel."""
        sms = [Came("sms", text.number.removeprefix("+86"), text.text) for text in list(self.modem.texts)]
        rung = [Came("ring", call.number.removeprefix("+86"), "") for call in list(self.modem.calls)]
        return [*sms, *rung, *(Came("wecom", "", text) for text in list(self.group.texts))]

    def told(self) -> Counter[tuple[str, str]]:
        """How often each output was told each act."""
        return self.bus.told + Counter({("gv-1203.valve", "close"): self.valve.told})
