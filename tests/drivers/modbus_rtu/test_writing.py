"""Writes on a real pseudo-terminal: between the polls, answered once, proved by what is polled next."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers._serialbus import bus as bus_module
from drivers.modbus_rtu import polling
from drivers.modbus_rtu.config import ActWrite, BusSettings
from drivers.modbus_rtu.driver import ModbusDriver
from drivers.modbus_rtu.frames import Frame, WriteRequest, seal
from edge.domain.conclusion import Write, Written
from edge.domain.device import DeviceProfile
from edge.domain.names import Text
from edge.domain.site import Connection
from edge.tools.modbus_slave import SlaveBus
from tests.drivers.modbus_rtu.hosts import RecordingHost
from tests.drivers.modbus_rtu.makers import device, point, profile

SLOW = profile(
    point("runs", function=2, register=0), poll=60.0
)  # what is read soon is read because of a write
START = ActWrite(function=5, register=0, value=True)

Drive = Callable[..., ModbusDriver]


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "RETRY", 0.2)
    monkeypatch.setattr(bus_module, "FIRST_RETRY", 0.1)


@pytest.fixture
def slaves(tmp_path: Path) -> Iterator[SlaveBus]:
    bus = SlaveBus(tmp_path / "by-id-converter")
    for unit in range(1, 13):
        bus.set_coil(unit, 1, 0, False)
        bus.set_coil(unit, 2, 0, False)
        bus.set_register(unit, 3, 5, [0, 0, 0])
    bus.start()
    yield bus
    bus.stop()


@pytest.fixture
def host() -> RecordingHost:
    return RecordingHost()


@pytest.fixture
def drive(slaves: SlaveBus, host: RecordingHost) -> Iterator[Drive]:
    running: list[ModbusDriver] = []

    def start(*units: tuple[int, DeviceProfile], port: str | None = None, **line: Any) -> ModbusDriver:
        settings = BusSettings(port=port or str(slaves.path), timeout=line.pop("timeout", 0.1), **line)
        connection = Connection("bus-1", "serial", "modbus-rtu", Text("总线1", "Bus 1"), settings)
        driver = ModbusDriver(connection, [device(unit, of) for unit, of in units])
        running.append(driver)
        driver.start(host)
        return driver

    yield start
    for driver in running:
        driver.stop()


def order(number: int, unit: int, body: Any = START, attempt: int = 1) -> Write:
    return Write(f"cmd-{number}", attempt, f"dev-{unit}", body)


@pytest.mark.parametrize(
    ("body", "place", "value"),
    [
        (START, (1, 0), 1),
        (ActWrite(function=6, register=5, value=700), (3, 5), 700),
        (ActWrite(function=15, register=0, value=[True]), (1, 0), 1),
        (ActWrite(function=16, register=6, value=[8, 9]), (3, 7), 9),
    ],
)
def test_each_function_arrives_and_is_answered_once(
    slaves: SlaveBus,
    host: RecordingHost,
    drive: Drive,
    body: ActWrite,
    place: tuple[int, int],
    value: int,
):
    driver = drive((3, SLOW))
    driver.write(order(1, 3, body))
    host.until(lambda: bool(host.receipts))
    assert host.receipts == [Written("cmd-1", 1)]
    assert slaves.read(3, *place) == value
    slaves_report = driver.report().slaves
    assert slaves_report is not None
    assert slaves_report["bus-1/3"]["writes"] == slaves_report["bus-1/3"]["written"] == 1


def test_the_unit_is_read_back_at_once(slaves: SlaveBus, host: RecordingHost, drive: Drive):
    slaves.written = lambda write: slaves.set_coil(write.unit, 2, 0, bool(write.values[0]))
    driver = drive((3, SLOW), (4, SLOW))
    host.until(lambda: len(host.offered) == 2)
    began = time.monotonic()
    driver.write(order(1, 3))
    host.until(lambda: host.payloads("bus-1/3/2/0")[-1:] == [b"\x01"])
    assert time.monotonic() - began < 10
    assert len(host.payloads("bus-1/4/2/0")) == 1


def test_a_feedback_that_comes_late_is_still_seen_soon(slaves: SlaveBus, host: RecordingHost, drive: Drive):
    driver = drive((3, SLOW))
    host.until(lambda: len(host.offered) == 1)
    driver.write(order(1, 3))
    host.until(lambda: len(host.offered) >= 2)
    slaves.set_coil(3, 2, 0, True)  # a contactor that is slow
    host.until(lambda: host.payloads("bus-1/3/2/0")[-1] == b"\x01", within=4)


def test_a_device_without_points_is_written_to(slaves: SlaveBus, host: RecordingHost, drive: Drive):
    driver = drive((3, profile()))
    host.until(lambda: driver.report().up)
    driver.write(order(1, 3))
    host.until(lambda: host.receipts == [Written("cmd-1", 1)])
    assert slaves.read(3, 1, 0) == 1


def test_ten_sirens_run_within_ten_seconds_while_one_unit_is_dead(
    slaves: SlaveBus, host: RecordingHost, drive: Drive
):
    slaves.dead = {11}
    slaves.written = lambda write: slaves.set_coil(write.unit, 2, 0, True)
    driver = drive(*((unit, SLOW) for unit in range(1, 12)), timeout=0.3)
    host.until(lambda: len(host.offered) == 10)
    began = time.monotonic()
    for unit in (11, *range(1, 11)):
        driver.write(order(unit, unit))
    host.until(lambda: len(host.receipts) == 11)
    host.until(lambda: sum(raw.payload == b"\x01" for raw in host.offered) >= 10)
    assert time.monotonic() - began < 10
    failed = [receipt for receipt in host.receipts if receipt.error]
    assert failed == [Written("cmd-11", 1, "unit 11 does not answer")]


def test_a_dead_units_back_off_delays_no_write_to_it(slaves: SlaveBus, host: RecordingHost, drive: Drive):
    slaves.dead = {3}
    driver = drive((3, SLOW))
    host.until(lambda: ("bus-1/3", False) in host.contact)
    slaves.dead = set()
    began = time.monotonic()
    driver.write(order(1, 3))
    host.until(lambda: host.receipts == [Written("cmd-1", 1)])
    host.until(lambda: host.contact[-1] == ("bus-1/3", True))  # and its answer ends the back-off
    assert time.monotonic() - began < 10


def test_a_refusal_is_told_in_plain_words(slaves: SlaveBus, host: RecordingHost, drive: Drive):
    driver = drive((3, SLOW))
    driver.write(order(1, 3, ActWrite(function=5, register=9, value=True)))
    host.until(lambda: bool(host.receipts))
    why = "unit 3 refuses function 5: it has no such register (exception 2)"
    assert host.receipts == [Written("cmd-1", 1, why)]
    assert host.rejected[-1].error == why


class Answering(SlaveBus):
    """Answers every write with the same bytes."""

    reply = b""

    def _obey(self, request: Frame) -> bytes:
        return self.reply


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (seal(bytes.fromhex("030500000000")), "it confirms 00 00 00 00 instead of 00 00 ff 00"),
        (bytes.fromhex("03050000ff001234"), "damaged answer of unit 3"),
        (b"\xff\xfe\xfd", "instead of an answer of unit 3"),
        (seal(bytes.fromhex("038505")), None),  # "acknowledge": it has taken the write and needs time
        (seal(bytes.fromhex("038506")), "it is busy"),
    ],
)
def test_what_is_no_echo_confirms_nothing(
    slaves: SlaveBus, host: RecordingHost, drive: Drive, reply: bytes, error: str | None
):
    slaves.stop()
    liar = Answering(slaves.path)
    liar.reply = reply
    liar.set_coil(3, 2, 0, False)
    liar.start()
    try:
        drive((3, SLOW)).write(order(1, 3))
        host.until(lambda: bool(host.receipts))
        (receipt,) = host.receipts
        assert (receipt.error is None) is (error is None)
        assert (error or "") in (receipt.error or "")
    finally:
        liar.stop()


def test_while_the_line_is_down_a_write_is_refused_at_once_and_not_kept(
    slaves: SlaveBus, host: RecordingHost, drive: Drive
):
    driver = drive((3, SLOW))
    host.until(lambda: bool(host.offered))
    slaves.unplug()
    driver.write(order(1, 3))
    host.until(lambda: bool(host.receipts))
    assert host.receipts[0].error is not None
    host.until(lambda: not driver.report().up)
    driver.write(order(2, 3))
    assert len(host.receipts) == 2
    assert any(words in (host.receipts[1].error or "") for words in ("check the converter", "check that the"))
    slaves.replug()
    host.until(lambda: driver.report().up)
    assert slaves.read(3, 1, 0) == 0
    driver.write(order(2, 3, attempt=2))
    host.until(lambda: host.receipts[-1] == Written("cmd-2", 2))


def test_what_waits_when_the_port_does_not_open_is_answered(
    host: RecordingHost, drive: Drive, tmp_path: Path
):
    driver = drive((3, SLOW), port=str(tmp_path / "nothing"))
    driver.write(order(1, 3))
    host.until(lambda: bool(host.receipts))
    assert "There is no port" in (host.receipts[0].error or "")


def test_a_device_of_another_bus_and_an_act_of_another_dialect_are_refused(host: RecordingHost, drive: Drive):
    driver = drive((3, SLOW))
    driver.write(order(1, 9))
    driver.write(order(2, 3, {"topic": "x"}))
    assert [receipt.error for receipt in host.receipts] == [
        "dev-9 is not on this bus",
        "dev-3 has no Modbus write for this act",
    ]


def test_a_stop_answers_what_is_under_way(slaves: SlaveBus, host: RecordingHost, drive: Drive):
    slaves.dead = {3}
    driver = drive((3, SLOW), timeout=5.0)
    driver.write(order(1, 3))
    driver.write(order(2, 3))
    driver.stop()
    assert {receipt.error for receipt in host.receipts} == {"the hub stops"}
    assert len(host.receipts) == 2


def test_every_write_is_answered_once_on_a_noisy_line(slaves: SlaveBus, host: RecordingHost, drive: Drive):
    slaves.noise, slaves.damage, slaves.cut = 0.3, 0.2, 0.2
    taken: list[WriteRequest] = []
    slaves.written = taken.append
    driver = drive((3, SLOW), (4, SLOW))
    for number in range(20):
        driver.write(order(number, 3 + number % 2))
    host.until(lambda: len(host.receipts) == 20)
    assert {receipt.command for receipt in host.receipts} == {f"cmd-{number}" for number in range(20)}
    assert len([receipt for receipt in host.receipts if receipt.error is None]) <= len(taken)
