"""paho's client, made for one connection attempt. The only module that imports paho; import it late."""

from __future__ import annotations

import ssl
from typing import Any, Final

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
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


class HubClient(Client):
    """paho's client over a `BufferedSocket`, with a session that outlives the connection.

    `_create_socket` is paho's own seam, yet not a promised one: a paho that does not call it works over its plain
    socket, and `buffered` stays None.
    """

    buffered: BufferedSocket | None = None

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

    def subscribe_at_least_once(self, filters: list[str], own: str) -> None:
        """QoS 1 for `filters`, QoS 0 for our `own` topic, in one packet.

        The retain flag then means "the broker's stored copy" (Retain As Published 0), which comes only when the
        subscription is new (Retain Handling 1). MQTT 3.1.1 sends the stored copies at every subscription.
        """
        if self.protocol == V5:
            wanted = [
                (name, SubscribeOptions(1, retainAsPublished=False, retainHandling=1)) for name in filters
            ]
            self.subscribe([*wanted, (own, SubscribeOptions(0, retainHandling=2))])
        else:
            self.subscribe([*((name, 1) for name in filters), (own, 0)])

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
