"""A worker: so many devices that report every 30 to 60 s, all meters at once now and then, and alarms that come and go.

It speaks for all of them over one connection, as the gateways of a site do.
"""

from __future__ import annotations

import heapq
import json
import random
import time
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from typing import Any, Final

from edge.tools.benches.processes import serve
from edge.tools.benches.publisher import Connection, publish_packet

RHYTHM: Final = (30.0, 60.0)  # seconds between two reports of a device
BURST_EVERY: Final = 300.0
BURST_OVER: Final = 2.0  # seconds in which all meters report, as after a gateway's restart
LASTS: Final = (20.0, 60.0)  # seconds of an alarm at its detector
REST: Final = 120.0  # seconds a detector is left alone after its alarm
FIELDS: Final = {"smoke": "smoke", "co": "carbon_monoxide"}


def work(spec: Mapping[str, Any], ready: Callable[[], None], wait: Callable[[], None]) -> dict[str, Any]:
    """Play for `seconds`; {"messages": how many, "alarms": [[device, when its report left (monotonic ns)], ...]}.

    spec: `devices` (kind by id), `alarms` (in a minute), `seconds`, `seed`, and where the broker is.
    """
    connection = Connection(dict(spec))
    ready()
    wait()
    play = _Play(connection, spec["devices"], spec["alarms"], random.Random(spec["seed"]))
    play.run(spec["seconds"])
    connection.close()
    return {"messages": play.sent, "alarms": play.alarms}


class _Play:
    def __init__(
        self, connection: Connection, devices: Mapping[str, str], alarms: float, chance: random.Random
    ) -> None:
        self.sent = 0
        self.alarms: list[tuple[str, int]] = []
        self._connection = connection
        self._devices = devices
        self._chance = chance
        self._pause = 60.0 / alarms if alarms else 0.0
        self._detectors = [id for id, kind in devices.items() if kind in FIELDS]
        self._alarming: set[str] = set()
        self._rests: dict[str, float] = {}
        self._order = count()
        self._due: list[tuple[float, int, Callable[[float], None]]] = []

    def run(self, seconds: float) -> None:
        begun = time.monotonic()
        for id in self._devices:
            self._at(begun + self._chance.uniform(0, RHYTHM[1]), self._reporting(id))
        self._at(begun + BURST_EVERY, self._burst)
        if self._pause:
            self._at(begun + self._pause, self._raise)
        while (at := self._due[0][0]) < begun + seconds:
            time.sleep(max(0.0, at - time.monotonic()))
            heapq.heappop(self._due)[2](at)

    def _at(self, at: float, do: Callable[[float], None]) -> None:
        heapq.heappush(self._due, (at, next(self._order), do))

    def _reporting(self, id: str) -> Callable[[float], None]:
        def report(at: float) -> None:
            self._say(id)
            self._at(at + self._chance.uniform(*RHYTHM), report)

        return report

    def _burst(self, at: float) -> None:
        for id, kind in self._devices.items():
            if kind == "meter":
                self._at(at + self._chance.uniform(0, BURST_OVER), partial(self._say, id))
        self._at(at + BURST_EVERY, self._burst)

    def _raise(self, at: float) -> None:
        self._at(at + self._pause * self._chance.uniform(0.5, 1.5), self._raise)
        calm = [id for id in self._detectors if id not in self._alarming and self._rests.get(id, 0.0) < at]
        if not calm:
            return
        id = self._chance.choice(calm)
        self._alarming.add(id)
        self.alarms.append((id, time.monotonic_ns()))
        self._say(id)

        def over(at: float) -> None:
            self._alarming.discard(id)
            self._rests[id] = at + REST
            self._say(id)

        self._at(at + self._chance.uniform(*LASTS), over)

    def _say(self, id: str, _at: float = 0.0) -> None:
        kind = self._devices[id]
        body: dict[str, Any]
        if kind == "meter":
            topic = f"site/{id}/up"
            body = {
                "value": round(self._chance.uniform(5, 30), 2),
                "level": round(self._chance.uniform(1, 2), 3),
            }
        else:
            topic = f"zigbee2mqtt/{id}"
            quality = self._chance.randrange(60, 200)
            body = {FIELDS[kind]: id in self._alarming, "battery": 97, "linkquality": quality}
        self.sent += 1
        self._connection.send(publish_packet(topic, json.dumps(body).encode(), self.sent % 65535 + 1))


if __name__ == "__main__":
    serve(work)
