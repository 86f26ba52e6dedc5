"""The simulated bus, asked by somebody else's master over its pseudo-terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymodbus.client import ModbusSerialClient
from pymodbus.exceptions import ModbusException

from edge.tools.modbus_slave import SlaveBus


@pytest.fixture
def slaves(tmp_path: Path) -> Iterator[SlaveBus]:
    bus = SlaveBus(tmp_path / "bus-1", seed=7)
    bus.set_register(17, 3, 0, [412, 184])
    bus.set_register(17, 4, 5, [-1])
    bus.set_coil(17, 1, 0, on=True)
    bus.set_coil(17, 1, 1, on=False)
    bus.set_coil(17, 2, 3, on=True)
    bus.start()
    yield bus
    bus.stop()


@pytest.fixture
def master(slaves: SlaveBus) -> Iterator[ModbusSerialClient]:
    yield from connected(slaves, 10.0)


@pytest.fixture
def hasty(slaves: SlaveBus) -> Iterator[ModbusSerialClient]:
    """Waits in vain only briefly."""
    yield from connected(slaves, 0.3)


def connected(slaves: SlaveBus, timeout: float) -> Iterator[ModbusSerialClient]:
    client = ModbusSerialClient(str(slaves.path), timeout=timeout, retries=0)
    assert client.connect()
    yield client
    client.close()


def test_registers_and_coils(master: ModbusSerialClient, slaves: SlaveBus):
    assert master.read_holding_registers(0, count=2, device_id=17).registers == [412, 184]
    assert master.read_input_registers(5, device_id=17).registers == [0xFFFF]
    assert master.read_coils(0, count=2, device_id=17).bits[:2] == [True, False]
    assert master.read_discrete_inputs(3, device_id=17).bits[0] is True
    assert slaves.asked == {17: 4}


def test_what_a_unit_does_not_have_it_refuses(master: ModbusSerialClient, slaves: SlaveBus):
    assert master.read_holding_registers(90, device_id=17).exception_code == 2
    slaves.set_register(18, 3, 0, [1])
    assert master.read_coils(0, device_id=18).exception_code == 1


def test_the_dead_and_the_unknown_are_silent(hasty: ModbusSerialClient, slaves: SlaveBus):
    for unit in (17, 99):
        slaves.dead = {17}
        with pytest.raises(ModbusException):
            hasty.read_holding_registers(0, device_id=unit)


def test_late_answers_come_late(master: ModbusSerialClient, slaves: SlaveBus):
    slaves.late = {17: 0.1}
    began = time.monotonic()
    assert master.read_holding_registers(0, device_id=17).registers == [412]
    assert time.monotonic() - began >= 0.1


def test_damage_is_never_a_value(hasty: ModbusSerialClient, slaves: SlaveBus):
    slaves.damage = 1.0
    with pytest.raises(ModbusException):
        hasty.read_holding_registers(0, device_id=17)


def test_a_pulled_converter_leaves_no_path_and_comes_back_under_the_same(slaves: SlaveBus):
    before = slaves.path.readlink()
    slaves.unplug()
    slaves.unplug()
    assert not slaves.path.is_symlink()
    slaves.replug()
    slaves.replug()
    assert slaves.path.readlink().parent == before.parent
    with ModbusSerialClient(str(slaves.path), timeout=10.0, retries=0) as master:
        assert master.read_holding_registers(1, device_id=17).registers == [184]
