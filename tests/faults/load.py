"""What devices publish while the hub is killed: numbered readings, and what of them the broker has taken."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from typing import Any, Final, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from edge.tools.broker import Broker
from tests.faults.rig import NotSoError, until

BURST: Final = 0.02  # seconds between two bursts


class Publisher:
    """A QoS 1 publisher that reconnects by itself. `say` waits for the broker's PUBACK."""

    def __init__(self, broker: Broker) -> None:
        account = broker.account("field")
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.username_pw_set(account.name, account.password)
        self._client.reconnect_delay_set(1, 1)
        self._client.max_inflight_messages_set(1000)
        self._client.on_publish = self._answered
        self._client.on_disconnect = self._disconnected
        # Filled by paho's thread, which holds a lock of paho's meanwhile: nothing else may be locked there.
        self._answers: dict[int, bool] = {}
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()

    def say(self, topic: str, payload: Mapping[str, Any] | bytes, *, retain: bool = False) -> None:
        """Return when the broker has taken it, however often the connection breaks meanwhile."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload)
        mid = self._client.publish(topic, body, qos=1, retain=retain).mid
        until(f"the broker takes a message on {topic}", lambda: mid in self._answers, 60, step=0.002)
        if self._answers.pop(mid):
            raise NotSoError(f"the broker refused a message on {topic}")

    def post(self, topic: str, payload: bytes) -> None:
        """Hand it over, and do not wait: it goes out when there is a broker."""
        self._client.publish(topic, payload, qos=1)

    def close(self) -> None:
        """Disconnect and end the thread."""
        self._client.disconnect()
        self._client.loop_stop()
        del self._client  # paho closes its wake-up pair only then

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answered(self, _client: Any, _data: Any, mid: int, reason: ReasonCode, _properties: Any) -> None:
        self._answers[mid] = reason.is_failure

    def _disconnected(self, *_: Any) -> None:
        """Nothing is lost: paho says again what is under way."""


class Load(Publisher):
    """Publishes `rate` messages a second over all devices, each device counting its own from 1.

    timed: devices that say their own time; plain: devices that do not. taken: numbers the broker acknowledged, by
    device. resent: numbers that were under way when a connection broke: the publisher says them again by itself, and
    the broker may then have them twice. refused: answered by the broker with a failure.
    """

    def __init__(self, broker: Broker, *, rate: float, timed: int = 8, plain: int = 2) -> None:
        self.timed = [f"load-{n}" for n in range(1, timed + 1)]
        self.plain = [f"plain-{n}" for n in range(1, plain + 1)]
        self.taken: dict[str, set[int]] = {device: set() for device in (*self.timed, *self.plain)}
        self.resent: dict[str, set[int]] = {device: set() for device in (*self.timed, *self.plain)}
        self.refused = 0
        self.published = 0
        self._rate = rate
        self._under_way: dict[int, tuple[str, int]] = {}
        self._broken = threading.Event()
        self._stop = threading.Event()
        super().__init__(broker)
        self._thread = threading.Thread(target=self._run, name="load")
        self._thread.start()

    def stop(self, seconds: float = 60) -> None:
        """Publish nothing more, and wait until the broker has taken what is under way."""
        self._stop.set()
        self._thread.join()
        deadline = time.monotonic() + seconds
        while self._under_way and time.monotonic() < deadline:
            time.sleep(BURST)
            self._settle()

    def time_ms(self) -> int:
        """By the devices' clocks."""
        return time.time_ns() // 1_000_000

    def close(self) -> None:
        """End, whatever is under way."""
        self._stop.set()
        self._thread.join()
        super().close()

    def _disconnected(self, *_: Any) -> None:
        self._broken.set()

    def _run(self) -> None:
        devices = list(self.taken)
        begun = time.monotonic()
        while not self._stop.wait(BURST):
            due = int((time.monotonic() - begun) * self._rate)
            for n in range(self.published, due):
                self._publish(devices[n % len(devices)], n // len(devices) + 1)
            self.published = max(self.published, due)
            self._settle()

    def _publish(self, device: str, number: int) -> None:
        body: dict[str, Any] = {"seq": number, "value": 20.0 + number % 100 / 10}
        if device in self.timed:
            body["t"] = self.time_ms()
        mid = self._client.publish(f"bench/{device}", json.dumps(body), qos=1).mid
        self._under_way[mid] = (device, number)

    def _settle(self) -> None:
        """Take in what the broker answered. Belongs to the thread that publishes, or published."""
        for mid in list(self._answers):
            failed = self._answers.pop(mid)
            if mid not in self._under_way:
                continue  # of what was posted beside
            device, number = self._under_way.pop(mid)
            self.refused += failed
            if not failed:
                self.taken[device].add(number)
        if self._broken.is_set():
            self._broken.clear()
            for device, number in self._under_way.values():
                self.resent[device].add(number)
