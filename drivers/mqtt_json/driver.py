"""The `json` dialect's driver: an MQTT listener with its codec."""

from __future__ import annotations

from collections.abc import Sequence

from drivers._mqtt.config import ListenerSettings
from drivers._mqtt.listener import MqttListener
from drivers.mqtt_json.codec import JsonCodec
from drivers.mqtt_json.config import JsonListen, down
from edge.domain.device import Device
from edge.domain.site import Connection


class JsonDriver(MqttListener):
    """Hears the topics of one `[[mqtt.listen]]` with `dialect = "json"`."""

    def __init__(self, connection: Connection, devices: Sequence[Device]) -> None:
        settings: ListenerSettings = connection.settings
        listen: JsonListen = settings.listen
        codec = JsonCodec(listen.topics)
        super().__init__(connection, codec, codec.filters, devices=devices, message=down)
