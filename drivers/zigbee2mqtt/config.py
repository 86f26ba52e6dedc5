"""Tables of the `zigbee2mqtt` dialect in site.toml, devices and profiles."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field

from drivers._mqtt.config import BrokerSettings, StateTable, Table, combine
from edge.driver import DriverSchema


def _topic(text: str) -> str:
    if any(mark in text for mark in "+#\0") or not all(text.split("/")):
        raise ValueError(f"{text!r} must be plain topic levels, as in zigbee2mqtt or house-3/zigbee2mqtt")
    return text


Topic = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_topic)]


class Zigbee2MqttListen(Table):
    """`[[mqtt.listen]]` with `dialect = "zigbee2mqtt"`. base: `base_topic` of the bridge."""

    base: Topic = "zigbee2mqtt"


class Zigbee2MqttAddress(Table):
    """`address = { dialect = "zigbee2mqtt", name = "sm-301" }`: the friendly name; it may contain `/`."""

    name: Topic


class Zigbee2MqttProfileRead(Table):
    """Nothing to say for a whole device: time comes from `last_seen` when the bridge sends it."""


class Zigbee2MqttPointRead(StateTable):
    """`read = {…}` of a point. field: of the state; the point's own `field` or id when left out.

    abnormal, normal: words of a state, as in `abnormal = ["single", "double"]` for the `action` of a button.
    """

    field: Annotated[str, Field(min_length=1)] | None = None


class Zigbee2MqttActWrite(Table):
    """`write = { payload = { … } }` of an output's act: sent to `<base>/<name>/set` as JSON, QoS 1, not retained."""

    payload: Annotated[dict[str, Any], Field(min_length=1)]


def address_key(address: Zigbee2MqttAddress) -> str:
    """The device's address as the codec yields it."""
    return address.name


SCHEMA: Final = DriverSchema(
    dialect="zigbee2mqtt",
    kind="mqtt",
    connection=Zigbee2MqttListen,
    address=Zigbee2MqttAddress,
    profile=Zigbee2MqttProfileRead,
    point=Zigbee2MqttPointRead,
    key=address_key,
    parent=BrokerSettings,
    combine=combine,
    write=Zigbee2MqttActWrite,
)
