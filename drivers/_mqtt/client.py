"""paho's client, made for one connection attempt. The only module that imports paho; import it late."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any, Final

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from drivers._mqtt.buffered import CONNECT_WITHIN, BufferedSocket, dial, tls_context
from drivers._mqtt.config import BrokerSettings

V5: Final = MQTTProtocolVersion.MQTTv5
V311: Final = MQTTProtocolVersion.MQTTv311
SESSION_EXPIRY: Final = 7 * 24 * 3600  # seconds the broker keeps our queue while we are away
KEEP_ALIVE: Final = 60
PACKET_LIMIT: Final = (
    32 * 1024 * 1024
)  # bytes; larger ones stay at the broker (MQTT 5 only): they would fill our memory


Take = Callable[[str, bytes, int, int, bool, bool], None]


class HubClient(Client):
    """paho's client over a `BufferedSocket`, with a session that outlives the connection.

    take: what gets (topic, payload, packet id, qos, redelivered, retained) of a message; those it cannot get this way
    come by `on_message`.

    `_create_socket` and `_handle_publish` are paho's own seams, yet not promised ones: a paho that does not call them
    works over its plain socket, `buffered` stays None, and all messages come by `on_message`.
    """

    buffered: BufferedSocket | None = None
    take: Take | None = None

    def __init__(self, broker: BrokerSettings, client_id: str, version: MQTTProtocolVersion) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id,
            clean_session=None if version == V5 else False,
            protocol=version,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        self._broker = broker
        self._context: ssl.SSLContext | None = None
        self.connect_timeout = CONNECT_WITHIN
        if broker.username is not None:
            self.username_pw_set(broker.username, broker.read_password())
        if broker.tls is not None:
            self._context = tls_context(broker.tls)
            self.tls_set_context(self._context)

    def open(self) -> None:
        """Connect and send CONNECT; OSError or ValueError when no connection comes about."""
        host, port = self._broker.address
        if self.protocol == V5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = SESSION_EXPIRY
            properties.ReceiveMaximum = self._broker.receive_maximum
            properties.MaximumPacketSize = PACKET_LIMIT
            self.connect(host, port, KEEP_ALIVE, clean_start=False, properties=properties)
        else:
            self.connect(host, port, KEEP_ALIVE)
        if self.buffered is not None:
            self.buffered.flush()

    def subscribe_at_least_once(self, filters: list[str], own: str, *, stored: bool = False) -> None:
        """QoS 1 for `filters`, QoS 0 for our `own` topic, in one packet.

        The retain flag then means "the broker's stored copy" (Retain As Published 0), which comes only when the
        subscription is new (Retain Handling 1), with `stored` always, and then without what we ourselves publish.
        MQTT 3.1.1 sends the stored copies at every subscription.
        """
        if self.protocol == V5:
            handling = 0 if stored else 1
            options = SubscribeOptions(1, noLocal=stored, retainAsPublished=False, retainHandling=handling)
            wanted = [(name, options) for name in filters]
            self.subscribe([*wanted, (own, SubscribeOptions(0, retainHandling=2))])
        else:
            self.subscribe([*((name, 1) for name in filters), (own, 0)])

    def order(self, topic: str, payload: bytes, seconds: int) -> Any:
        """Publish at QoS 1 what is void after so many seconds, wherever it waits by then; see `publish`.

        MQTT 3.1.1 knows no such limit: there a broker may keep it for a device that is away (MQTT 5, 3.3.2.3.3).
        """
        if self.protocol != V5:
            return self.publish(topic, payload, 1)
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.MessageExpiryInterval = seconds
        return self.publish(topic, payload, 1, properties=properties)

    def acknowledge(self, packets: list[int]) -> None:
        """PUBACK each, in as few sends as the socket allows."""
        sock = self.socket()
        if isinstance(sock, BufferedSocket):
            sock.send(b"".join(b"\x40\x02" + packet.to_bytes(2, "big") for packet in packets))
        else:
            for packet in packets:
                self.ack(packet, 1)

    def _create_socket(self) -> Any:  # paho's type for it is internal
        self.buffered = dial(self._broker, self._context)
        return self.buffered

    def _handle_publish(self) -> MQTTErrorCode:
        """The usual PUBLISH, straight from its bytes (MQTT 5, 3.3): paho would spend two thirds of its time per message
        on properties that are not there. Whatever is unusual or malformed is left to paho.
        """
        packet, qos = self._in_packet["packet"], self._in_packet["command"] >> 1 & 3
        at = 2 + (packet[0] << 8 | packet[1]) if len(packet) > 1 else 2
        body = at + 2 * (qos > 0) + (self.protocol == V5)
        unusual = qos > 1 or body > len(packet) or (self.protocol == V5 and packet[body - 1] != 0)
        if self.take is None or unusual:
            return super()._handle_publish()
        try:
            topic = packet[2:at].decode()
        except UnicodeDecodeError:
            return super()._handle_publish()
        number = packet[at] << 8 | packet[at + 1] if qos else 0
        flags = self._in_packet["command"]
        self.take(topic, bytes(packet[body:]), number, qos, flags & 8 != 0, flags & 1 != 0)
        return MQTTErrorCode.MQTT_ERR_SUCCESS
