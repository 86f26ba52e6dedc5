"""The `frigate` dialect's driver: an MQTT listener on what Frigate says of its cameras."""

from __future__ import annotations

from collections.abc import Sequence

from drivers._mqtt.config import ListenerSettings
from drivers._mqtt.listener import MqttListener
from drivers.frigate.codec import FrigateCodec
from drivers.frigate.config import SCHEMA, FrigateListen
from edge.domain.device import Device
from edge.domain.site import Connection


class FrigateDriver(MqttListener):
    """Hears five topics of one Frigate; its pictures, counts and settings stay where they are."""

    def __init__(self, connection: Connection, devices: Sequence[Device]) -> None:
        settings: ListenerSettings = connection.settings
        listen: FrigateListen = settings.listen
        own = [device.address for device in devices if device.profile.dialect == SCHEMA.dialect]
        codec = FrigateCodec(listen.base, own, listen.max_age)
        super().__init__(connection, codec, codec.filters, devices=devices, wanted=codec.wanted)
