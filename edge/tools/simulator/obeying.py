"""What simulated devices are told: from a write on a bus or a message to the output and act that was meant."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from drivers.modbus_rtu.config import ActWrite
from drivers.modbus_rtu.frames import WriteRequest
from drivers.mqtt_json.config import down
from edge.domain.device import Device
from edge.domain.output import ActSpec, OutputSpec
from edge.tools.modbus_slave import SlaveBus
from edge.tools.simulator.gateway import Gateway
from edge.tools.simulator.tellers import RegisterTeller

Told = Callable[[str, str, str], None]
"""(device, output, act), on a thread of the bus or gateway."""


def acts(device: Device) -> Iterator[tuple[OutputSpec, ActSpec]]:
    """All that a device can be told."""
    for output in device.profile.outputs:
        for act in output.acts:
            yield output, act


def over_mqtt(gateway: Gateway, device: Device, base: str | None, told: Told) -> None:
    """Have a device hear its acts; base: of its bridge, None for a device with topics of its own."""
    topics = {
        f"{base}/{device.address}/set" if base is not None else down(device.address, act.write)[0]
        for _, act in acts(device)
    }
    for topic in topics:
        gateway.listen(topic, partial(_message, device, told))


def _message(device: Device, told: Told, payload: bytes) -> None:
    try:
        wanted = json.loads(payload)
    except ValueError:
        return
    for output, act in acts(device):
        if act.write.payload == wanted:
            told(device.id, output.id, act.id)
            return


def over_bus(bus: SlaveBus, units: Mapping[int, tuple[Device, RegisterTeller]], told: Told) -> None:
    """Have the devices on a bus hear theirs."""

    def written(request: WriteRequest) -> None:
        if request.unit not in units:
            return
        device, teller = units[request.unit]
        teller.again()
        for output, act in acts(device):
            if _same(act.write, request):
                told(device.id, output.id, act.id)
                return

    bus.written = written


def _same(write: ActWrite, request: WriteRequest) -> bool:
    return (write.function, write.first, write.words) == (request.function, request.register, request.values)
