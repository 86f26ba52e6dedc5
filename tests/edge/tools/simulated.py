"""What the tests of the simulator share: a clock moved by hand, gateways that write down, and the ear of the hub."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from drivers.mqtt_json.codec import JsonCodec
from drivers.zigbee2mqtt.codec import Zigbee2MqttCodec
from edge.dialects import schemas
from edge.domain.device import Device
from edge.domain.instant import SECOND, Instant
from edge.domain.reading import RawReading, Reading, Sample
from edge.domain.site import Site
from edge.ingest.binding import Directory
from edge.ingest.normalising import Normaliser
from edge.resources import config_root
from edge.settings import load_site
from edge.tools.simulator.cast import Means, make_cast
from edge.tools.simulator.gateway import BrokerAddress
from edge.tools.simulator.scenario import Scenario, find_scenario, load_scenario
from edge.tools.simulator.stage import Stage

MIDDAY = 1_795_410_000_000_000  # 2026-11-23 13:00 in Shanghai, µs UTC


def he_an_court() -> Site:
    return load_site(config_root() / "site", schemas())


class HandClock:
    """A clock that only the test moves."""

    def __init__(self) -> None:
        self.mono = 5 * SECOND

    def now(self) -> Instant:
        return Instant(MIDDAY + self.mono, self.mono)


class Paper:
    """Stands in for a gateway: what is published is written down, with the second it was."""

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock
        self.said: list[tuple[float, str, bytes]] = []
        self.muted = False

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self.said.append((self._clock.mono / SECOND, topic, payload))

    def mute(self) -> None:
        self.muted = True

    def unmute(self) -> None:
        self.muted = False


class Canvas:
    """Stands in for what a camera sees: the scenes are written down, with the second each began."""

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock
        self.shown: list[tuple[float, str]] = []

    def show(self, kind: str) -> None:
        self.shown.append((self._clock.mono / SECOND, kind))

    def reset(self) -> None:
        self.shown.clear()


class Cable:
    """Stands in for the internet: what was done to it is written down."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def start(self) -> None:
        self.done.append("start")

    def stop(self) -> None:
        self.done.append("stop")


class Theatre:
    """The demo site's MQTT devices and unopened buses on a stage whose time the test moves."""

    def __init__(self, tmp_path: Path, **options: Any) -> None:
        self.site = he_an_court()
        self.clock = HandClock()
        self.lines: list[str] = []
        left = options.pop("left", frozenset())
        broker = BrokerAddress("localhost", 1)
        means = Means(broker, tmp_path, left, options.get("seed", 0), options.pop("gone", {}))
        self.cast = make_cast(self.site, means, lambda _id: None, self.lines.append)
        self.screens = {camera.device: Canvas(self.clock) for camera in self.site.cameras}
        self.cast.screens.update(self.screens)  # type: ignore[arg-type]
        self.internet = Cable()
        self.hub_pid = tmp_path / "hub.pid"
        self.cast.internet = self.internet  # type: ignore[assignment]
        self.cast.hub = self.hub_pid
        self.papers: dict[str, Paper] = {}
        for id in self.cast.gateways:
            paper = self.papers[id] = Paper(self.clock)
            self.cast.gateways[id] = paper  # type: ignore[assignment]
            for part in self.cast.parts.values():
                if part.source == id:
                    part.teller._outlet = paper  # type: ignore[attr-defined]
        self.stage = Stage(self.site, self.clock, self.cast, say=self.lines.append, **options)
        self.start = self.clock.mono

    def scenario(self, name: str) -> Scenario:
        return load_scenario(find_scenario(name, None), self.site, self.cast.played)

    def until(self, second: float) -> None:
        """Let the time go on to `second` after the start, stopping wherever something is due."""
        end = self.start + round(second * SECOND)
        while (due := self.stage.schedule.due) is not None and due <= end:
            self.clock.mono = max(due, self.clock.mono)
            self.stage.schedule.run(self.clock.mono)
        self.clock.mono = end

    def said(self, topic: str) -> list[tuple[float, Mapping[str, Any]]]:
        """(second after the start, body) of all messages on a topic."""
        return [
            (round(at - self.start / SECOND, 3), json.loads(payload))
            for paper in self.papers.values()
            for at, name, payload in paper.said
            if name == topic
        ]


class Ear:
    """The hub's own codecs and normaliser: what the simulator says must come back as it was meant."""

    def __init__(self, site: Site) -> None:
        self.directory = Directory(site.devices.values(), site.profiles)
        self.normaliser = Normaliser()
        listens = {c.dialect: c.settings.listen for c in reversed(site.connections) if c.kind == "mqtt"}
        self.codecs: Mapping[str, JsonCodec | Zigbee2MqttCodec] = {
            "json": JsonCodec(listens["json"].topics),
            "zigbee2mqtt": Zigbee2MqttCodec(listens["zigbee2mqtt"].base),
        }

    def hear(self, device: Device, topic: str, payload: bytes) -> dict[str, Reading]:
        """Readings by point id."""
        dialect = device.profile.dialect
        codec = self.codecs[dialect]
        (message,) = codec.parse(topic, payload)
        assert message.address == device.address
        return self.readings(device, list(codec.samples(message, device.profile)), topic, payload)

    def readings(
        self, device: Device, samples: list[Sample], channel: str = "", payload: bytes = b""
    ) -> dict[str, Reading]:
        binding = self.directory.bind(device.profile.dialect, device.address)
        assert binding is not None
        received = Instant(MIDDAY, 0)
        raw = RawReading("source", device.profile.dialect, channel, payload, received)
        readings = self.normaliser.readings(binding, samples, raw)
        assert not self.normaliser.problems()
        return {reading.point.spec.id: reading for reading in readings}


def within(so: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for another process or thread, with a deadline."""
    import time

    deadline = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)
