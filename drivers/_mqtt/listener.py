"""A source over MQTT: what its devices say is heard, and they are told what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from drivers._mqtt.config import ListenerSettings
from drivers._mqtt.link import MqttLink
from drivers._mqtt.outbox import Outbox
from drivers._mqtt.session import Timing
from edge.domain.conclusion import Write, Written
from edge.domain.device import Device
from edge.domain.site import Connection
from edge.driver import Codec


class MqttListener(MqttLink):
    """The driver of every MQTT dialect; a dialect gives its codec, its topic filters, and which topics it wants.

    connection.settings is a `ListenerSettings`. devices: all of the site, for those of the dialect that are written to.
    message: (address of a device, the act's `write`) -> topic and payload; ValueError when it is no act of the dialect.
    """

    def __init__(
        self,
        connection: Connection,
        codec: Codec,
        filters: Sequence[str],
        *,
        devices: Sequence[Device] = (),
        message: Callable[[str, Any], tuple[str, Mapping[str, Any]]] | None = None,
        wanted: Callable[[str], bool] | None = None,
        timing: Timing | None = None,
    ) -> None:
        settings: ListenerSettings = connection.settings
        self._orders = Outbox(self._written)
        super().__init__(connection, settings.broker, filters, self._orders, wanted=wanted, timing=timing)
        self.codec = codec
        self._message = message
        self._addresses = {
            device.id: device.address
            for device in devices
            if device.profile.dialect == connection.dialect and not device.adopted
        }

    def write(self, write: Write) -> None:
        """See `edge.driver.Driver`."""
        address = self._addresses.get(write.device)
        if address is None or self._message is None:
            self._orders.refuse(write, f"{write.device} is not a device of {self._connection.id}")
            return
        try:
            topic, payload = self._message(address, write.body)
        except ValueError as error:
            self._orders.refuse(write, f"{write.device}: {error}")
            return
        self._orders.put(write, topic, payload)
        self._wake()

    def _written(self, receipt: Written) -> None:
        if self._host is not None:
            self._host.written(receipt)
