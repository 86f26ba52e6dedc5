from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers._serialbus import bus as bus_module
from drivers.modbus_rtu import driver as driver_module
from drivers.modbus_rtu import polling
from drivers.modbus_rtu.config import BusSettings
from drivers.modbus_rtu.driver import ModbusDriver
from drivers.modbus_rtu.frames import Frame, seal
from edge.domain.device import DeviceProfile
from edge.domain.names import Text
from edge.domain.site import Connection
from edge.driver import Driver
from edge.tools.modbus_slave import SlaveBus
from tests.drivers.modbus_rtu.hosts import RecordingHost
from tests.drivers.modbus_rtu.makers import device, point, profile

METER = profile(point("a", quantity="level", function=3, register=0), poll=0.1)
QUICK = 0.1  # the line's time-out in these tests


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorter waits after a miss and a lost port; what they protect from is scaled likewise."""
    monkeypatch.setattr(polling, "RETRY", 0.2)
    monkeypatch.setattr(bus_module, "FIRST_RETRY", 0.1)


@pytest.fixture
def slaves(tmp_path: Path) -> Iterator[SlaveBus]:
    bus = SlaveBus(tmp_path / "by-id-converter")
    bus.start()
    yield bus
    bus.stop()


@pytest.fixture
def host() -> RecordingHost:
    return RecordingHost()


Drive = Callable[..., Driver]


@pytest.fixture
def drive(slaves: SlaveBus, host: RecordingHost) -> Iterator[Drive]:
    running: list[Driver] = []

    def start(*units: tuple[int, DeviceProfile], port: str | None = None, **line: Any) -> Driver:
        settings = BusSettings(port=port or str(slaves.path), timeout=line.pop("timeout", QUICK), **line)
        connection = Connection("bus-1", "serial", "modbus-rtu", Text("总线1", "Bus 1"), settings)
        driver = ModbusDriver(connection, [device(unit, of) for unit, of in units])
        running.append(driver)
        driver.start(host)
        return driver

    yield start
    for driver in running:
        driver.stop()


def test_registers_and_coils_arrive_as_their_data_bytes(slaves: SlaveBus, host: RecordingHost, drive: Drive):
    both = profile(
        point("temp", quantity="temperature", function=4, register=1, type="int16"),
        point("hum", quantity="humidity", function=4, register=2),
        point("contact", function=2, register=3),
        poll=0.1,
    )
    slaves.set_register(17, 4, 1, [0x010B, 0x029A])
    slaves.set_coil(17, 2, 3, on=True)
    driver = drive((17, both))
    host.until(lambda: {r.channel for r in host.offered} == {"bus-1/17/4/1", "bus-1/17/2/3"})
    assert host.payloads("bus-1/17/4/1")[0] == bytes.fromhex("010b029a")
    assert host.payloads("bus-1/17/2/3")[0] == b"\x01"
    assert ("bus-1/17", True) in host.contact
    report = driver.report()
    assert report.up
    assert report.detail.zh == "通信正常"
    assert report.slaves is not None
    assert report.slaves["bus-1/17"]["ok"] >= 1
    assert report.counters is not None
    assert report.counters["frames"] >= 2


def test_a_dead_unit_costs_one_time_out_and_the_others_keep_their_rate(
    slaves: SlaveBus, host: RecordingHost, drive: Drive
):
    for unit in (1, 2, 3):
        slaves.set_register(unit, 3, 0, [unit])
    slaves.dead = {2}
    driver = drive((1, METER), (2, METER), (3, METER))
    host.until(lambda: ("bus-1/2", False) in host.contact)
    before = len(host.payloads("bus-1/1/3/0"))
    host.until(lambda: len(host.payloads("bus-1/1/3/0")) >= before + 20)
    report = driver.report()
    assert report.up
    assert report.detail.en == "1 of 3 devices do not answer: unit 2"
    assert report.slaves is not None
    assert report.slaves["bus-1/2"]["timeouts"] == report.slaves["bus-1/2"]["polls"] <= 8
    assert not host.payloads("bus-1/2/3/0")


def test_a_dead_unit_that_comes_back_is_heard_again(slaves: SlaveBus, host: RecordingHost, drive: Drive):
    slaves.set_register(2, 3, 0, [2])
    slaves.dead = {2}
    driver = drive((2, METER))
    host.until(lambda: host.contact[-1:] == [("bus-1/2", False)])
    host.until(lambda: not driver.report().up)
    assert "没有设备应答" in driver.report().detail.zh
    slaves.dead = set()
    host.until(lambda: host.contact[-1:] == [("bus-1/2", True)])
    host.until(lambda: driver.report().up)


def test_a_late_answer_is_never_taken_for_the_next_one(slaves: SlaveBus, host: RecordingHost, drive: Drive):
    two = profile(
        point("a", function=3, register=0), point("b", function=3, register=10), poll=0.1, timeout=0.1
    )
    slaves.set_register(1, 3, 0, [0xAAAA])
    slaves.set_register(1, 3, 10, [0xBBBB])
    slaves.set_register(2, 3, 0, [0x2222])
    slaves.late = {1: 0.25}
    drive((1, two), (2, METER))
    host.until(lambda: slaves.asked.get(1, 0) >= 2 and len(host.payloads("bus-1/2/3/0")) >= 10)
    slaves.late = {}
    host.until(lambda: bool(host.payloads("bus-1/1/3/0") and host.payloads("bus-1/1/3/10")))
    assert set(host.payloads("bus-1/1/3/0")) == {b"\xaa\xaa"}
    assert set(host.payloads("bus-1/1/3/10")) == {b"\xbb\xbb"}
    assert set(host.payloads("bus-1/2/3/0")) == {b"\x22\x22"}


def test_a_noisy_line_loses_frames_but_tells_no_lies(slaves: SlaveBus, host: RecordingHost, drive: Drive):
    slaves.set_register(1, 3, 0, [0x1234])
    slaves.set_register(2, 3, 0, [0x5678])
    slaves.noise, slaves.damage = 0.5, 0.2
    fast = profile(point("a", function=3, register=0), poll=0.02)
    driver = drive((1, fast), (2, fast))
    host.until(lambda: len(host.offered) >= 40 and any(r.reason == "crc" for r in host.rejected))
    assert set(host.payloads("bus-1/1/3/0")) == {b"\x12\x34"}
    assert set(host.payloads("bus-1/2/3/0")) == {b"\x56\x78"}
    counters = driver.report().counters
    assert counters is not None
    assert counters["crc_errors"] >= 1
    assert counters["noise_bytes"] >= 1


def test_a_unit_that_speaks_for_another_never_becomes_a_value(
    host: RecordingHost, slaves: SlaveBus, drive: Drive
):
    class Impostor(SlaveBus):
        def _answer(self, request: Frame) -> bytes:
            return super()._answer(type(request)(request.kind, 9, request.function, request.data))

    slaves.stop()
    impostor = Impostor(slaves.path)
    impostor.set_register(9, 3, 0, [0xDEAD])
    impostor.start()
    try:
        driver = drive((1, METER))
        host.until(lambda: any(r.reason == "foreign" for r in host.rejected))
        assert "unit 9 spoke" in host.rejected[0].error
        assert host.offered == []
        assert not driver.report().up
    finally:
        impostor.stop()


def test_a_refusal_is_counted_in_plain_words_and_the_unit_counts_as_heard(
    slaves: SlaveBus, host: RecordingHost, drive: Drive
):
    wrong = profile(point("a", function=3, register=0), point("b", function=3, register=99), poll=0.1)
    slaves.set_register(1, 3, 0, [7])
    driver = drive((1, wrong))
    host.until(lambda: len(host.payloads("bus-1/1/3/0")) >= 2)
    assert host.rejected[0].reason == "exception"
    assert host.rejected[0].channel == "bus-1/1/3/99"
    assert host.rejected[0].error == "unit 1 refuses function 3: it has no such register (exception 2)"
    assert ("bus-1/1", False) not in host.contact
    assert driver.report().up


def test_an_unplugged_converter_is_opened_again_by_the_same_path(
    slaves: SlaveBus, host: RecordingHost, drive: Drive
):
    slaves.set_register(1, 3, 0, [1])
    driver = drive((1, METER))
    host.until(lambda: bool(host.offered))
    slaves.unplug()
    host.until(lambda: ("bus-1/1", False) in host.contact)
    report = driver.report()
    assert not report.up
    assert str(slaves.path) in report.detail.zh
    slaves.replug()
    count = len(host.offered)
    host.until(lambda: len(host.offered) > count + 2)
    report = driver.report()
    assert report.up
    assert report.counters is not None
    assert report.counters["reopened"] == 1


def test_a_port_that_is_not_there_is_said_in_plain_words(tmp_path: Path, host: RecordingHost, drive: Drive):
    driver = drive((1, METER), port=str(tmp_path / "nothing"))
    host.until(lambda: "找不到串口" in driver.report().detail.zh)
    assert "plugged in" in driver.report().detail.en
    assert not driver.report().up


def test_it_stops_at_once_even_in_a_long_wait(slaves: SlaveBus, host: RecordingHost, drive: Drive):
    slow = profile(point("a", function=3, register=0), poll=600.0)
    slaves.set_register(1, 3, 0, [1])
    driver = drive((1, slow))
    host.until(lambda: bool(host.offered))
    began = time.monotonic()
    driver.stop()
    assert time.monotonic() - began < 20


def test_a_stop_during_a_time_out_reports_nobody_as_silent(
    slaves: SlaveBus, host: RecordingHost, drive: Drive
):
    slaves.set_register(1, 3, 0, [1])
    slaves.dead = {1}
    driver = drive((1, METER), timeout=10.0)
    host.until(lambda: slaves.asked.get(1, 0) == 1)
    began = time.monotonic()
    driver.stop()
    assert time.monotonic() - began < 8
    assert host.contact == []


def test_devices_of_another_bus_or_dialect_are_left_alone(
    host: RecordingHost, slaves: SlaveBus, drive: Drive
):
    connection = Connection(
        "bus-1", "serial", "modbus-rtu", Text("总线1", "Bus 1"), BusSettings(port=str(slaves.path))
    )
    driver = ModbusDriver(connection, [device(1, METER, bus="bus-2")])
    driver.start(host)
    try:
        host.until(lambda: driver.report().up)
        assert driver.report().detail.en == "Open; no device is set up on this bus"
        assert driver.report().slaves == {}
    finally:
        driver.stop()


def test_a_converter_that_hangs_is_closed_and_opened(
    slaves: SlaveBus, host: RecordingHost, drive: Drive, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(driver_module, "DEAF", 0.0)
    slaves.set_register(1, 3, 0, [1])
    slaves.dead = {1}
    driver = drive((1, METER))
    host.until(lambda: (driver.report().counters or {})["reopened"] >= 1)
    assert "没有设备应答" in driver.report().detail.zh
    slaves.dead = set()
    host.until(lambda: driver.report().up)


def test_a_gateway_that_speaks_for_a_silent_unit_is_no_sign_of_life(
    host: RecordingHost, slaves: SlaveBus, drive: Drive
):
    class Gateway(SlaveBus):
        def _answer(self, request: Frame) -> bytes:
            return seal(bytes((request.unit, request.function | 0x80, 11)))

    slaves.stop()
    gateway = Gateway(slaves.path)
    gateway.start()
    try:
        drive((1, METER))
        host.until(lambda: ("bus-1/1", False) in host.contact)
        assert "does not answer the gateway" in host.rejected[0].error
        assert ("bus-1/1", True) not in host.contact
    finally:
        gateway.stop()


def test_a_line_that_never_falls_silent_does_not_trap_the_bus(
    host: RecordingHost, slaves: SlaveBus, drive: Drive
):
    class Babbler(SlaveBus):
        def _answer(self, request: Frame) -> bytes:
            self.late[request.unit] = 0.0
            return bytes(4000)

    slaves.stop()
    babbler = Babbler(slaves.path)
    babbler.start()
    try:
        drive((1, METER), (2, METER))
        host.until(
            lambda: (
                {r.channel for r in host.rejected if r.reason == "noise"} == {"bus-1/1/3/0", "bus-1/2/3/0"}
            )
        )
        assert host.offered == []
    finally:
        babbler.stop()


def test_a_device_without_anything_to_read_is_not_polled(slaves: SlaveBus, host: RecordingHost, drive: Drive):
    driver = drive((1, profile()))
    host.until(lambda: driver.report().up)
    assert driver.report().slaves == {}
    assert host.contact == []
