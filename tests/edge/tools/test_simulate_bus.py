"""The simulated buses, polled by the hub's own Modbus driver through their pseudo-terminals."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.modbus_rtu.config import DeviceRead
from drivers.modbus_rtu.driver import ModbusDriver
from edge.domain.conclusion import Write, Written
from edge.domain.device import Device
from edge.tools.simulator.cast import Means, make_cast
from edge.tools.simulator.obeying import over_bus
from edge.tools.simulator.stage import Stage
from tests.drivers.modbus_rtu.hosts import RecordingHost
from tests.edge.tools.simulated import Ear, HandClock, he_an_court, within

SITE = he_an_court()


def hurried(device: Device) -> Device:
    """The device, polled as fast as the line permits."""
    profile = dataclasses.replace(device.profile, read=DeviceRead(poll=0.05))
    return dataclasses.replace(device, profile=profile)


class Line:
    """Bus 1 of the demo site with the hub's driver on it."""

    def __init__(self, folder: Path) -> None:
        self.clock = HandClock()
        self.host = RecordingHost()
        cast = make_cast(SITE, Means(serial_dir=folder), lambda _id: None, lambda _line: None)
        assert set(cast.buses) == {"bus-1", "bus-2"}
        assert not cast.gateways
        self.cast = cast
        self.stage = Stage(SITE, self.clock, cast, say=lambda _line: None)
        self.bus = cast.buses["bus-1"]
        self.bus.start()
        connection = next(c for c in SITE.connections if c.id == "bus-1")
        settings = connection.settings.model_copy(update={"port": str(folder / "bus-1"), "timeout": 0.1})
        devices = [hurried(d) for d in SITE.devices.values() if d.address.startswith("bus-1/")]
        self.driver = ModbusDriver(dataclasses.replace(connection, settings=settings), devices)
        self.stage.open()
        self.go(3)
        self.driver.start(self.host)

    def go(self, seconds: float) -> None:
        self.clock.mono += round(seconds * 1_000_000)
        self.stage.schedule.run(self.clock.mono)

    def latest(self, id: str) -> dict[str, Any]:
        """Values by point of the newest answer of a device, as the hub understands them."""
        device = SITE.devices[id]
        channel = next(
            raw for raw in reversed(self.host.offered) if raw.channel.startswith(f"{device.address}/")
        )
        codec = self.driver.codec
        (message,) = codec.parse(channel.channel, channel.payload)
        readings = Ear(SITE).readings(device, list(codec.samples(message, device.profile)))
        return {point: reading.value for point, reading in readings.items()}

    def close(self) -> None:
        self.driver.stop()
        for bus in self.cast.buses.values():
            bus.stop()


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    (tmp_path / "bus-1").symlink_to("/dev/pts/gone")  # left behind by a run that was killed
    line = Line(tmp_path)
    yield line
    line.close()
    assert list(tmp_path.iterdir()) == []


def heard(line: Line, address: str) -> int:
    return len([raw for raw in line.host.offered if raw.channel.startswith(f"{address}/")])


def test_every_slave_is_polled_as_it_stands(line: Line) -> None:
    for id in ("tc-eb", "rc-b2", "rc-b3", "cp-eb"):
        address = SITE.devices[id].address
        within(lambda address=address: heard(line, address) > 0)  # type: ignore[misc]
    assert line.latest("cp-eb") == {"call-point": False}
    values = line.latest("rc-b3")
    assert 30 < values["residual-current"] < 100
    assert all(25 < values[f"temperature-{n}"] < 60 for n in (1, 2, 3, 4))


def test_a_scenario_moves_registers_and_bits(line: Line, tmp_path_factory: pytest.TempPathFactory) -> None:
    from edge.tools.simulator.scenario import load_scenario

    story = tmp_path_factory.mktemp("stories") / "fire.toml"
    story.write_text(
        'name = { zh = "火", en = "Fire" }\ntext = { zh = "看", en = "See" }\n'
        '[[step]]\nat = 0\ndevice = "cp-eb"\nset = { call-point = true }\n'
        '[[step]]\nat = 0\ndevice = "tc-eb"\nramp = { temperature-2 = [48, 78], over = 20 }\n'
        '[[step]]\nat = 60\ndevice = "rc-b3"\naction = "dead"\n'
        '[[step]]\nat = 90\ndevice = "rc-b3"\naction = "alive"\n'
    )
    line.stage.play([load_scenario(story, SITE, line.cast.played)])
    line.go(0)
    within(lambda: heard(line, "bus-1/21") > 0 and line.latest("cp-eb") == {"call-point": True})
    line.go(10)
    within(lambda: heard(line, "bus-1/11") > 0 and line.latest("tc-eb")["temperature-2"] == 63)
    line.go(10)
    within(lambda: line.latest("tc-eb")["temperature-2"] == 78)
    line.go(40)
    within(lambda: ("bus-1/12", False) in line.host.contact)
    before = heard(line, "bus-1/13")
    within(lambda: heard(line, "bus-1/13") > before)  # its neighbours go on
    line.go(30)  # the end: all is normal again
    within(lambda: line.latest("cp-eb") == {"call-point": False})
    within(lambda: line.host.contact[-1] == ("bus-1/12", True) or heard(line, "bus-1/12") > 0)


def test_noise_wrong_crcs_and_halves_are_counted_and_make_no_value(line: Line) -> None:
    from edge.tools.simulator.scenario import find_scenario, load_scenario

    line.stage.play([load_scenario(find_scenario("noisy-line", None), SITE, line.cast.played)])
    line.go(0)
    within(lambda: len(line.host.rejected) > 20, 30)
    for raw in list(line.host.offered):
        (message,) = line.driver.codec.parse(raw.channel, raw.payload)
        device = next(d for d in SITE.devices.values() if d.address == message.address)
        for sample in line.driver.codec.samples(message, device.profile):
            assert isinstance(sample.value, bool) or 0 <= float(sample.value) < 700
    line.go(60)
    assert not line.bus.path.is_symlink()
    line.go(20)
    seen = len(line.host.offered)
    within(lambda: len(line.host.offered) > seen + 5, 30)


def test_a_siren_takes_a_write_and_proves_it_after_its_reaction(line: Line) -> None:
    told: list[tuple[str, str, str]] = []
    siren = SITE.devices["sr-eb"]
    act = siren.profile.outputs[0].act("start")
    assert act is not None
    over_bus(line.bus, {41: (siren, line.cast.parts["sr-eb"].teller)}, lambda *what: told.append(what))  # type: ignore[dict-item]
    line.driver.write(Write("cmd-1", 1, "sr-eb", act.write))
    line.host.until(lambda: line.host.receipts == [Written("cmd-1", 1)])
    assert told == [("sr-eb", "siren", "start")]
    assert line.bus.read(41, 1, 0) == 0  # the coil was written, the siren does not sound yet
    line.stage.told(*told[0])
    line.go(1)
    line.host.until(lambda: line.host.payloads("bus-1/41/1/0")[-1:] == [b"\x01"])
    assert line.latest("sr-eb")["sounding"] is True
