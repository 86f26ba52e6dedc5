"""What the MQTT tests share: a host that records, a listener on a real broker, a publisher."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from drivers._mqtt.config import BrokerSettings, ListenerSettings
from drivers._mqtt.listener import MqttListener
from drivers._mqtt.session import Timing
from edge.domain.conclusion import Written
from edge.domain.device import DeviceProfile
from edge.domain.instant import Instant
from edge.domain.names import Text
from edge.domain.reading import Delivery, Message, RawReading, Sample
from edge.domain.site import Connection
from edge.tools.broker import Broker

WITHIN = 60.0
PATIENT = Timing(loopback=0.2, silence=30.0)


def until(condition: Callable[[], Any], what: str = "the condition", within: float = WITHIN) -> None:
    """Wait for something another thread or process does."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come true within {within} s"
        time.sleep(0.005)


@dataclass
class RecordingHost:
    """A hub that writes everything down. room: how many messages it still takes, None for all."""

    site: str = "heanyuan"
    room: int | None = None
    offered: list[RawReading] = field(default_factory=list)
    rejected: list[tuple[str, str, bytes, str]] = field(default_factory=list)
    new_sessions: list[str] = field(default_factory=list)
    written_: list[Written] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> Instant:
        return Instant(time.time_ns() // 1000, time.monotonic_ns() // 1000)

    def offer(self, raw: RawReading) -> bool:
        with self._lock:
            if self.room is not None:
                if self.room == 0:
                    return False
                self.room -= 1
            self.offered.append(raw)
            return True

    def reject(self, source: str, reason: str, channel: str, sample: bytes, error: str) -> None:
        self.rejected.append((reason, channel, sample, error))

    def session_new(self, source: str) -> None:
        self.new_sessions.append(source)

    def heard(self, source: str, address: str, *, ok: bool) -> None:
        raise AssertionError("MQTT devices are not polled")

    def written(self, receipt: Written) -> None:
        self.written_.append(receipt)

    def payloads(self) -> list[bytes]:
        return [raw.payload for raw in self.offered]

    def receipts(self) -> list[Delivery]:
        return [raw.delivery for raw in self.offered if raw.delivery is not None]


class NoCodec:
    """The listener never calls its codec."""

    def parse(self, channel: str, payload: bytes) -> Iterable[Message]:
        raise AssertionError

    def samples(self, message: Message, profile: DeviceProfile | None) -> Iterable[Sample]:
        raise AssertionError


def make_listener(
    settings: BrokerSettings,
    *,
    source: str = "json",
    filters: tuple[str, ...] = ("site/#",),
    timing: Timing = PATIENT,
    wanted: Callable[[str], bool] | None = None,
) -> MqttListener:
    connection = Connection(source, "mqtt", "json", Text("数据", "Data"), ListenerSettings(settings, None))
    return MqttListener(connection, NoCodec(), filters, wanted=wanted, timing=timing)


def as_hub(broker: Broker, **more: Any) -> BrokerSettings:
    """Settings with which the hub's own account of `broker` connects."""
    hub = broker.accounts[0]
    return BrokerSettings.model_validate(
        {"host": broker.host, "port": broker.port, "username": hub.name, "password": hub.password, **more}
    )


def publish(broker: Broker, topic: str, *payloads: bytes, qos: int = 1, retain: bool = False) -> None:
    """Publish as a device would, with the broker's own tool; returns when the broker has them."""
    field_account = broker.accounts[1]
    base = [
        "mosquitto_pub", "-h", broker.host, "-p", str(broker.port), "-u", field_account.name,
        "-P", field_account.password, "-t", topic, "-q", str(qos),
    ]  # fmt: skip
    if retain:
        base.append("-r")
    if len(payloads) == 1:
        subprocess.run([*base, "-s"], input=payloads[0], check=True, timeout=20)
    else:
        subprocess.run([*base, "-l"], input=b"\n".join(payloads) + b"\n", check=True, timeout=60)
