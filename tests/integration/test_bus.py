"""A serial bus with a dead unit, noise and a pulled converter, while a fire alarm comes over another source."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.domain.health import LinkReport
from edge.hub import RunningHub
from edge.settings import write_overrides
from edge.tools.broker import Broker
from edge.tools.modbus_slave import SlaveBus
from tests.integration.conftest import Start, until
from tests.integration.field import Field

PROFILE = """
maker = "test"
model = "probe"
name = { zh = "测试探头", en = "Test probe" }
category = "water-probe"
dialect = "modbus-rtu"
source = "made for the test"
expect = 120
read = { poll = 0.05, timeout = 0.1 }

[[point]]
id = "ph"
name = { zh = "pH", en = "pH" }
quantity = "ph"
scale = 0.01
read = { function = 3, register = 3, type = "uint16" }
"""
DEVICE = """
[[device]]
id = "probe-{unit}"
profile = "test-probe"
name = {{ zh = "探头{unit}", en = "Probe {unit}" }}
zone = "ug/pump"
spot = {{ zh = "水箱", en = "tank" }}
address = {{ dialect = "modbus-rtu", bus = "bus-2", unit = {unit} }}
"""


@pytest.fixture
def bus(tmp_path: Path, site: Path, own_broker: Broker) -> Iterator[SlaveBus]:
    """Units 101 and 102 on bus-2, asked twenty times a second."""
    (site / "profiles").mkdir(exist_ok=True)
    (site / "profiles" / "test-probe.toml").write_text(PROFILE, "utf-8")
    (site / "devices" / "test.toml").write_text("".join(DEVICE.format(unit=u) for u in (101, 102)), "utf-8")
    slaves = SlaveBus(tmp_path / "ttyTEST", seed=7)
    for unit in (101, 102):
        slaves.set_register(unit, 3, 3, [700 + unit - 100])
    write_overrides(
        site,
        mqtt=(own_broker.host, own_broker.port, "hub", tmp_path / "mqtt-password"),
        serial={"bus-1": str(tmp_path / "no-such-port"), "bus-2": str(slaves.path)},
    )
    slaves.start()
    yield slaves
    slaves.stop()


def link(hub: RunningHub) -> LinkReport:
    return next(link for link in hub.links() if link.source == "bus-2")


def value(hub: RunningHub, unit: int) -> object:
    point = hub.point(f"probe-{unit}.ph")
    return None if point is None else point.value


def heard_at(hub: RunningHub, unit: int) -> int:
    device = hub.device(f"probe-{unit}")
    return 0 if device is None else device.heard_at or 0


async def fire(hub: RunningHub, field: Field, device: str) -> None:
    """A fire alarm over the other source, which must not wait for any bus."""
    await asyncio.to_thread(field.say, f"zigbee2mqtt/{device}", {"smoke": True})
    await until(lambda: any(alarm.point == f"{device}.smoke" for alarm in hub.open_alarms()))


async def test_a_bus_in_trouble_keeps_nobody_waiting(start_hub: Start, field: Field, bus: SlaveBus) -> None:
    async with start_hub() as started:
        hub = started.hub
        await until(lambda: (value(hub, 101), value(hub, 102)) == (7.01, 7.02))

        bus.dead.add(101)
        bus.set_register(102, 3, 3, [712])
        await until(lambda: value(hub, 102) == 7.12)
        await fire(hub, field, "sm-301")
        bus.dead.clear()
        bus.set_register(101, 3, 3, [711])
        await until(lambda: value(hub, 101) == 7.11)

        bus.noise = bus.damage = 0.4
        before = link(hub).errors
        await until(lambda: link(hub).errors > before + 5)
        await fire(hub, field, "sm-302k")
        bus.noise = bus.damage = 0.0
        bus.set_register(102, 3, 3, [722])
        await until(lambda: value(hub, 102) == 7.22)
        assert any(row.source == "bus-2" for row in hub.rejected())

        await asyncio.to_thread(bus.unplug)
        await until(lambda: not link(hub).up)
        assert str(bus.path) in link(hub).detail.en
        await fire(hub, field, "sm-303")
        await asyncio.to_thread(bus.replug)
        bus.set_register(101, 3, 3, [731])
        await until(lambda: link(hub).up and value(hub, 101) == 7.31)
        values = {value(hub, unit) for unit in (101, 102)}
        assert values == {7.31, 7.22}, "nothing of the noise became a value"
        assert not started.line.done()
