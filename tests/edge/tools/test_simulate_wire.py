"""What the simulator puts on the wire is read back by the hub's own codecs as what was meant, in canonical units."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus_rtu.codec import Block
from drivers.modbus_rtu.config import PointRead
from drivers.modbus_rtu.planning import plan_profile
from drivers.modbus_rtu.values import WordOrder, number_in, width
from drivers.mqtt_json.config import JsonPointRead, JsonProfileRead
from drivers.mqtt_json.reader import ProfileReader
from drivers.zigbee2mqtt.codec import ProfileReader as StateReader
from drivers.zigbee2mqtt.config import Zigbee2MqttPointRead
from edge.domain.device import Binding, Device, DeviceProfile, Point, PointSpec, Signal
from edge.domain.instant import Instant
from edge.domain.names import Text
from edge.domain.quantity import QUANTITIES
from edge.domain.reading import RawReading, Sample
from edge.ingest.normalising import Normaliser
from edge.tools.modbus_slave import SlaveBus
from edge.tools.simulator.actor import Actor
from edge.tools.simulator.messages import JsonMessage, ZigbeeState, put
from edge.tools.simulator.rhythms import RHYTHMS
from edge.tools.simulator.tellers import RegisterTeller
from edge.tools.simulator.wire import WHOLE, words_of
from tests.edge.tools.simulated import MIDDAY, Ear, he_an_court

WORDS = Text("词", "word")
SITE = he_an_court()
EAR = Ear(SITE)
SEEN_OTHERWISE = {"at-modem", "camera"}  # they say nothing on a wire


def point(id: str, **rest: Any) -> PointSpec:
    return PointSpec(id, WORDS, **rest)


def device(dialect: str, *points: PointSpec, read: Any = None, address: str = "d") -> Device:
    profile = DeviceProfile("m-d", "M", "D", "thing", dialect, points, "test", 60, WORDS, read=read)
    return Device("d", profile, WORDS, "z", WORDS, WORDS, address)


def normal(device: Device, samples: list[Sample]) -> dict[str, Any]:
    by_field: dict[str, tuple[Point, ...]] = {}
    for spec in device.profile.points:
        by_field[spec.field or spec.id] = (Point(f"d.{spec.id}", device, spec),)
    normaliser = Normaliser()
    raw = RawReading("s", device.profile.dialect, "", b"", Instant(MIDDAY, 0))
    readings = normaliser.readings(Binding(device, by_field), samples, raw)
    assert not normaliser.problems()
    return {reading.point.spec.id: reading.value for reading in readings}


def tolerance(spec: PointSpec) -> float:
    """Half of the last digit a device gives, and of the step of its register."""
    assert spec.quantity is not None
    digits = spec.quantity.decimals + (0 if spec.quantity.id in WHOLE else 1)
    factor, _ = spec.quantity.conversion(spec.unit)
    whole = abs(spec.scale * factor) if getattr(spec.read, "type", "").startswith(("u", "i")) else 0
    return 0.5 * 10.0**-digits + 0.5 * whole + 1e-9


@pytest.mark.parametrize(
    "id", [d.id for d in SITE.devices.values() if d.profile.dialect not in SEEN_OTHERWISE]
)
@pytest.mark.parametrize("hour", [0.0, 6.9, 13.5, 20.0])
def test_every_device_of_the_demo_site_is_heard_as_it_stands(id: str, hour: float) -> None:
    device = SITE.devices[id]
    meant = Actor(device, seed=3).values(hour, 0)
    if device.profile.dialect == "modbus-rtu":
        heard = EAR.readings(device, registers_of(device, meant))
    else:
        maker = device.profile.dialect == "json"
        message = JsonMessage(device) if maker else ZigbeeState(device)
        topic = f"site/{device.address}/up" if maker else f"zigbee2mqtt/{device.address}"
        heard = EAR.hear(device, topic, message(meant, MIDDAY, ()))
    for spec in device.profile.points:
        if spec.report == "momentary":
            assert spec.id not in heard
        elif spec.quantity is None:
            assert heard[spec.id].value == meant[spec.id]
        else:
            assert heard[spec.id].value == pytest.approx(meant[spec.id], abs=tolerance(spec), rel=1e-6)
            assert heard[spec.id].quality == "good"


def registers_of(device: Device, values: Any) -> list[Sample]:
    """What a master reads from the slave that a teller has filled."""
    from pathlib import Path

    bus = SlaveBus(Path("unopened"))
    RegisterTeller(bus, device, 7).tell(values, MIDDAY)
    samples = []
    for request in plan_profile(7, device.profile):
        memory = bus._memory[7, request.function]
        words = [memory[at] for at in range(request.register, request.register + request.count)]
        if request.function in {1, 2}:
            packed = sum(bit << i for i, bit in enumerate(words))
            data = packed.to_bytes(request.size, "little")
        else:
            data = struct.pack(f">{len(words)}H", *words)
        block = Block.answering(request, data)
        samples += [
            Sample(spec.field or spec.id, block.value(spec.read))
            for spec in device.profile.points
            if block.holds(spec.read)
        ]
    return samples


def test_every_quantity_has_a_rhythm_within_its_range() -> None:
    assert RHYTHMS.keys() == QUANTITIES.keys()
    for id, rhythm in RHYTHMS.items():
        reach = abs(rhythm.swing) + rhythm.spread + 2 * rhythm.noise
        assert rhythm.mean - reach < QUANTITIES[id].high
        assert rhythm.mean + reach > QUANTITIES[id].low
        assert QUANTITIES[id].low <= rhythm.mean <= QUANTITIES[id].high


ORDERS: list[WordOrder] = ["ABCD", "CDAB", "BADC", "DCBA"]


@pytest.mark.parametrize("order", ORDERS)
@given(value=st.integers(-(2**31), 2**31 - 1))
def test_integers_come_back_in_every_word_order(order: WordOrder, value: int) -> None:
    words = words_of(value, "int32", order)
    assert number_in(struct.pack(">2H", *words), 0, "int32", order) == value


@pytest.mark.parametrize("order", ORDERS)
@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_doubles_come_back_in_every_word_order(order: WordOrder, value: float) -> None:
    words = words_of(value, "float64", order)
    assert len(words) == width("float64")
    assert number_in(struct.pack(">4H", *words), 0, "float64", order) == value


@pytest.mark.parametrize(
    ("value", "number", "word"), [(-5, "uint16", 0), (70000, "uint16", 0xFFFF), (-40000, "int16", 0x8000)]
)
def test_an_integer_beyond_its_register_sticks_at_the_end(value: int, number: Any, word: int) -> None:
    assert words_of(value, number) == [word]


@given(
    value=st.floats(-50, 200),
    scale=st.sampled_from([1.0, 0.1, 2.0]),
    offset=st.sampled_from([0.0, -40.0]),
    unit=st.sampled_from([None, "°C", "°F", "K"]),
)
def test_unit_scale_and_offset_are_undone(
    value: float, scale: float, offset: float, unit: str | None
) -> None:
    spec = point("t", quantity=QUANTITIES["temperature"], unit=unit, scale=scale, offset=offset)
    thing = device("zigbee2mqtt", spec)
    state = StateReader(thing.profile).read(json.loads(ZigbeeState(thing)({"t": value}, 0, ())))
    assert math.isclose(normal(thing, state)["t"], value, abs_tol=0.0051)


@pytest.mark.parametrize("abnormal", [True, False])
@pytest.mark.parametrize("invert", [True, False])
@pytest.mark.parametrize(
    ("alarming", "normally"), [(None, None), (["alarm"], None), ([2, 3], None), (["A"], ["N"]), ([0], None)]
)
def test_states_come_back_whatever_words_the_maker_chose(
    abnormal: bool, invert: bool, alarming: Any, normally: Any
) -> None:
    read = Zigbee2MqttPointRead(abnormal=alarming, normal=normally)
    thing = device("zigbee2mqtt", point("s", signal=Signal.FAULT, invert=invert, read=read))
    payload = ZigbeeState(thing)({"s": abnormal}, 0, ())
    samples = StateReader(thing.profile).read(json.loads(payload))
    assert normal(thing, samples) == {"s": abnormal}


def test_a_press_is_said_once_and_rest_is_silence() -> None:
    button = SITE.devices["so-105"]
    message = ZigbeeState(button)
    values = Actor(button, 0).values(12, 0)
    assert EAR.hear(button, "zigbee2mqtt/so-105", message(values, 0, ("sos",)))["sos"].value is True
    assert "sos" not in EAR.hear(button, "zigbee2mqtt/so-105", message(values, 0, ()))


@pytest.mark.parametrize("unit", ["auto", "s", "ms", "us"])
def test_json_carries_time_sequence_unit_and_records_where_the_profile_reads_them(unit: Any) -> None:
    read = JsonProfileRead(time="/meta/ts", time_unit=unit, sequence="/n", records="/data/list")
    spec = point(
        "p",
        quantity=QUANTITIES["pressure"],
        unit="MPa",
        read=JsonPointRead(pointer="/values/0/v", unit_pointer="/unit"),
    )
    thing = device("json", spec, read=read)
    message = JsonMessage(thing)
    reader = ProfileReader(thing.profile)
    for count in (1, 2):
        body = json.loads(message({"p": 280.0}, MIDDAY, ()))
        (sample,) = reader.read(body)
        assert (sample.sequence, sample.unit, sample.time) == (count, "MPa", MIDDAY)
        assert normal(thing, [sample]) == {"p": 280.0}


def test_a_pointer_makes_what_is_missing_on_its_way() -> None:
    assert put({}, ("a", "1", "b"), 5) == {"a": [None, {"b": 5}]}
    assert put({"a": {"0": 1}}, ("a", "1"), 2) == {"a": {"0": 1, "1": 2}}


def test_bits_of_one_register_do_not_wipe_each_other() -> None:
    first = point("a", signal=Signal.FAULT, read=PointRead(function=3, register=0, bit=0))
    ninth = point("b", signal=Signal.FAULT, read=PointRead(function=3, register=0, bit=9, order="BADC"))
    coil = point("c", signal=Signal.FAULT, invert=True, read=PointRead(function=1, register=4))
    thing = device("modbus-rtu", first, ninth, coil)
    for values in ({"a": True, "b": True, "c": False}, {"a": False, "b": True, "c": True}):
        assert normal(thing, registers_of(thing, values)) == values
