"""A gateway's connection to the broker: a Zigbee2MQTT bridge with its last will, or a 4G unit without one."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.tools.simulator.messages import OFFLINE, ONLINE

CONNECT_WITHIN: Final = 1.0  # seconds; also how long the end of the simulator may wait for a dead broker
RETRY_WITHIN: Final = 5  # seconds between two attempts, at most
FAREWELL: Final = 0.5
KEEP_ALIVE: Final = 30


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the devices connect, and as whom."""

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)


class Outlet(Protocol):
    """Where messages go."""

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Send at QoS 1. While there is no connection nothing is kept: the next report says what is true then."""


class Gateway:
    """One MQTT client, connected again for ever.

    state_topic: where it says that it is online, and its last will that it is not; None for devices without one.
    appeared: called when it is there for its devices; mostly from the client's own thread.
    """

    def __init__(
        self,
        id: str,
        broker: BrokerAddress,
        state_topic: str | None,
        appeared: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self.id = id
        self._broker = broker
        self._state_topic = state_topic
        self._appeared = appeared
        self._say = say
        self._up = False
        self._muted = False
        self._trouble = ""
        self._client: Client | None = None
        self._ears: dict[str, Callable[[bytes], None]] = {}

    @property
    def up(self) -> bool:
        """Whether what is published now goes out."""
        return self._up and not self._muted

    def listen(self, topic: str, told: Callable[[bytes], None]) -> None:
        """Have payloads on `topic` handed over, on the client's own thread; to be called before `start`."""
        self._ears[topic] = told

    def start(self) -> None:
        """Begin to connect."""
        client = Client(CallbackAPIVersion.VERSION2, f"{self.id}-{secrets.token_hex(4)}")
        if self._broker.username is not None:
            client.username_pw_set(self._broker.username, self._broker.password)
        if self._state_topic is not None:
            client.will_set(self._state_topic, OFFLINE, qos=1, retain=True)
        client.connect_timeout = CONNECT_WITHIN
        client.reconnect_delay_set(1, RETRY_WITHIN)
        client.on_connect = self._connected
        client.on_connect_fail = self._failed
        client.on_disconnect = self._disconnected
        client.on_message = self._message
        self._client = client
        client.connect_async(self._broker.host, self._broker.port, KEEP_ALIVE)
        client.loop_start()

    def leave(self) -> None:
        """Say goodbye where there is a word for it, and disconnect."""
        if self._client is not None:
            if self._up and self._state_topic is not None:
                _wait(self._client.publish(self._state_topic, OFFLINE, qos=1, retain=True))
            self._client.disconnect()

    def stop(self) -> None:
        """Wait until it has left: up to a second where there is no broker."""
        if self._client is not None:
            self._client.loop_stop()
            self._client = None  # its sockets close with it

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        if self._client is not None and self.up:
            self._client.publish(topic, payload, qos=1, retain=retain)

    def mute(self) -> None:
        """The bridge ends: it says so, and nothing of its devices is heard."""
        if self._client is not None and self.up and self._state_topic is not None:
            self._client.publish(self._state_topic, OFFLINE, qos=1, retain=True)
        self._muted = True

    def unmute(self) -> None:
        """The bridge is back."""
        if self._muted:
            self._muted = False
            if self._up:
                self._appear()

    def _appear(self) -> None:
        if self._state_topic is not None:
            self.publish(self._state_topic, ONLINE, retain=True)
        self._appeared()

    def _connected(
        self, client: Client, _: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._explain(f"the broker refuses: {reason}")
            return
        self._trouble = ""
        self._up = True
        self._say(f"{self.id} is connected to the broker")
        if self._ears:
            client.subscribe([(topic, 1) for topic in self._ears])
        if not self._muted:
            self._appear()

    def _message(self, client: Client, _: Any, message: MQTTMessage) -> None:
        if not self._muted and message.topic in self._ears:
            self._ears[message.topic](bytes(message.payload))

    def _failed(self, client: Client, _: Any) -> None:
        self._explain(f"no broker at {self._broker.host}:{self._broker.port}, tried again until there is one")

    def _disconnected(
        self,
        client: Client,
        _: Any,
        flags: DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if self._up:
            self._up = False
            self._say(f"{self.id} is no longer connected to the broker")

    def _explain(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._say(f"{self.id}: {trouble}")


def _wait(sent: MQTTMessageInfo) -> None:
    try:
        sent.wait_for_publish(FAREWELL)
    except (RuntimeError, ValueError):  # the connection went meanwhile; the last will says it instead
        return
