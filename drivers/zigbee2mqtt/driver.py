"""The `zigbee2mqtt` dialect's driver: an MQTT listener on one bridge's topics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from drivers._mqtt.config import ListenerSettings
from drivers._mqtt.listener import MqttListener
from drivers.zigbee2mqtt.codec import Zigbee2MqttCodec
from drivers.zigbee2mqtt.config import Zigbee2MqttActWrite, Zigbee2MqttListen
from edge.domain.device import Device
from edge.domain.site import Connection


class Zigbee2MqttDriver(MqttListener):
    """Hears everything under the bridge's base topic: device names may have any number of levels."""

    def __init__(self, connection: Connection, devices: Sequence[Device]) -> None:
        settings: ListenerSettings = connection.settings
        listen: Zigbee2MqttListen = settings.listen
        codec = Zigbee2MqttCodec(listen.base)
        self._base = listen.base
        super().__init__(
            connection,
            codec,
            [f"{listen.base}/#"],
            devices=devices,
            message=self._set,
            wanted=codec.wanted,
        )

    def _set(self, address: str, body: Any) -> tuple[str, Mapping[str, Any]]:
        if not isinstance(body, Zigbee2MqttActWrite):
            raise ValueError("this act has no payload")  # noqa: TRY004 - what `message` promises
        return f"{self._base}/{address}/set", body.payload
