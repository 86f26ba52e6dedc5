"""What a codec rehearses, it reads back: every point of every device of the shipped site."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from edge.dialects import make_driver, schemas
from edge.domain.device import Device, PointSpec
from edge.domain.reading import ProtocolError, Sample, Value
from edge.driver import Codec, Rehearsing
from edge.resources import config_root
from edge.settings.site import load_site

SITE = load_site(config_root() / "site", schemas())


def codec_of(device: Device) -> Codec | None:
    bus = device.address.partition("/")[0]
    alike = [c for c in SITE.connections if c.dialect == device.profile.dialect]
    connection = next((c for c in alike if c.id == bus), alike[0] if alike else None)
    return None if connection is None else make_driver(connection, list(SITE.devices.values())).codec


def spoken() -> Iterator[tuple[Device, PointSpec]]:
    for device in SITE.devices.values():
        if device.profile.dialect in {"zigbee2mqtt", "json", "modbus-rtu", "camera"}:
            for spec in device.profile.points:
                if spec.signal is not None or spec.quantity is not None:  # what an alarm can begin with
                    yield device, spec


def read_back(codec: Codec, device: Device, values: Mapping[str, Value]) -> dict[str, Sample]:
    assert isinstance(codec, Rehearsing)
    found: dict[str, Sample] = {}
    for channel, payload in codec.rehearse(device.address, device.profile, values):
        for message in codec.parse(channel, payload):
            assert message.address == device.address
            found |= {sample.field: sample for sample in codec.samples(message, device.profile)}
    return found


CASES = list(spoken())


def test_the_site_has_devices_of_every_dialect() -> None:
    assert {device.profile.dialect for device, _ in CASES} == {"zigbee2mqtt", "json", "modbus-rtu", "camera"}


@pytest.mark.parametrize(("device", "spec"), CASES, ids=[f"{d.id}.{s.id}" for d, s in CASES])
def test_it_is_read_as_it_was_said(device: Device, spec: PointSpec) -> None:
    codec = codec_of(device)
    assert codec is not None
    field = spec.field or spec.id
    said: tuple[Value, ...] = (True,) if spec.report == "momentary" else (True, False)
    for value in said if spec.signal is not None else (21.0, 3.0):
        assert read_back(codec, device, {field: value})[field].value == value


@pytest.mark.parametrize("dialect", ["zigbee2mqtt", "json", "modbus-rtu"])
def test_what_a_device_cannot_say_is_refused(dialect: str) -> None:
    device = next(device for device, _ in CASES if device.profile.dialect == dialect)
    codec = codec_of(device)
    assert isinstance(codec, Rehearsing)
    with pytest.raises(ProtocolError, match="nonsense"):
        codec.rehearse(device.address, device.profile, {"nonsense": True})
