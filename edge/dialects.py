"""The dialects the hub speaks, in one literal table. Each driver is imported when it is used: a hub without a
protocol's library still starts, and `decode` needs no broker's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Final

from edge.domain.device import Device
from edge.domain.site import Connection, Outlet
from edge.driver import Decode, Driver, DriverSchema, Publisher

# dialect -> module and class of its driver, beside which stand its codec.py and config.py
DRIVERS: Final[Mapping[str, str]] = {
    "json": "drivers.mqtt_json.driver:JsonDriver",
    "zigbee2mqtt": "drivers.zigbee2mqtt.driver:Zigbee2MqttDriver",
    "frigate": "drivers.frigate.driver:FrigateDriver",
    "modbus-rtu": "drivers.modbus_rtu.driver:ModbusDriver",
    "nut": "drivers.nut.driver:NutDriver",
    "at-modem": "drivers.at_modem.driver:ModemDriver",
    "camera": "drivers.camera.driver:CameraDriver",
}


def schemas() -> Mapping[str, DriverSchema]:
    """What each dialect's settings look like, for `edge.settings`."""
    return {dialect: import_module(f"{_package(dialect)}.config").SCHEMA for dialect in DRIVERS}


def make_driver(connection: Connection, devices: Sequence[Device]) -> Driver:
    """The driver of one connection of the site file."""
    module, _, name = DRIVERS[connection.dialect].partition(":")
    driver: Driver = getattr(import_module(module), name)(connection, devices)
    return driver


def make_publisher(outlet: Outlet, kinds: Sequence[str]) -> Publisher:
    """The way out of one [[mqtt.publish]]. kinds: what stands under its prefix, `<prefix>/<kind>/<id>`."""
    made: Publisher = import_module("drivers._mqtt.publisher").MqttPublisher(outlet, kinds)
    return made


def decoder(dialect: str) -> Decode:
    """What `edge-hub decode` calls."""
    decode: Decode = import_module(f"{_package(dialect)}.codec").decode
    return decode


def _package(dialect: str) -> str:
    return DRIVERS[dialect].rpartition(".")[0]
