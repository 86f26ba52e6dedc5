from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from drivers.modbus_rtu.config import SCHEMA, ActWrite, BusSettings, DeviceRead, PointRead, UnitAddress


def test_the_address_names_bus_and_unit():
    address = UnitAddress(bus="bus-1", unit=17)
    assert SCHEMA.key(address) == "bus-1/17"
    assert SCHEMA.bus_of(address) == "bus-1"


@pytest.mark.parametrize("port", ["/dev/serial/by-id/usb-FTDI", "/dev/ttyUSB0", "socket://10.0.0.7:4001"])
def test_ports(port: str):
    assert BusSettings(port=port).port == port


@pytest.mark.parametrize("port", ["ttyUSB0", "COM3", "tcp://10.0.0.7:4001", "socket://10.0.0.7", ""])
def test_what_is_no_port_is_refused_with_the_mend(port: str):
    with pytest.raises(ValidationError, match="/dev/serial/by-id"):
        BusSettings(port=port)


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [({}, 10 / 9600), ({"parity": "E"}, 11 / 9600), ({"baud": 4800, "stopbits": 2}, 11 / 4800)],
)
def test_the_time_of_a_character(settings: dict[str, Any], seconds: float):
    assert BusSettings(port="/dev/tty", **settings).character == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("read", "word"),
    [
        ({"function": 1, "register": 0, "type": "uint16"}, "type"),
        ({"function": 2, "register": 0, "bit": 1}, "bit"),
        ({"function": 3, "register": 0, "bit": 1, "type": "uint32"}, "bit"),
        ({"function": 3, "register": 65535, "type": "float32"}, "register"),
        ({"function": 6, "register": 0}, "function"),
        ({"function": 3, "register": -1}, "register"),
        ({"function": 3, "register": 0, "order": "ACBD"}, "order"),
        ({"function": 3, "register": 0, "scale": 0.1}, "scale"),
        ({"function": 3, "register": True}, "register"),
    ],
)
def test_a_point_that_cannot_be_read_is_refused_and_its_key_named(read: dict[str, Any], word: str):
    with pytest.raises(ValidationError, match=word):
        PointRead.model_validate(read)


@pytest.mark.parametrize("wrong", [{"poll": 0}, {"poll": float("nan")}, {"limit": 126}, {"timeout": 0.0}])
def test_a_rhythm_that_cannot_be_kept_is_refused(wrong: dict[str, Any]):
    with pytest.raises(ValidationError):
        DeviceRead.model_validate(wrong)


@pytest.mark.parametrize(
    "table",
    [
        {"function": 5, "register": 0, "value": 1},
        {"function": 5, "register": 0, "value": [True]},
        {"function": 6, "register": 0, "value": True},
        {"function": 6, "register": 0, "value": 65536},
        {"function": 15, "register": 0, "value": []},
        {"function": 15, "register": 0, "value": [1, 0]},
        {"function": 16, "register": 0, "value": [1] * 124},
        {"function": 16, "register": 65535, "value": [1, 2]},
        {"function": 3, "register": 0, "value": 1},
        {"function": 5, "register": 0, "value": True, "unit": 4},
    ],
)
def test_a_write_that_no_device_could_take_is_refused(table: dict[str, Any]):
    with pytest.raises(ValidationError):
        ActWrite.model_validate(table)
