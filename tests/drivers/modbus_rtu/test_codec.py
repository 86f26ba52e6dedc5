from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus_rtu.codec import ModbusCodec, decode
from edge.domain.device import DeviceProfile, Signal
from edge.domain.reading import PartialError, ProtocolError, Sample
from edge.driver import DecodeOptions
from tests.drivers.modbus_rtu.makers import point, profile

CLIMATE = profile(
    point("temp", quantity="temperature", function=4, register=1, type="int16", scale=0.1),
    point("hum", quantity="humidity", function=4, register=2, scale=0.1),
    point("fault", signal=Signal.FAULT, function=4, register=3, bit=2),
)


def samples(channel: str, payload: bytes, of: DeviceProfile | None) -> list[Sample]:
    (message,) = ModbusCodec().parse(channel, payload)
    return list(ModbusCodec().samples(message, of))


def test_the_address_is_bus_and_unit():
    (message,) = ModbusCodec().parse("bus-1/17/3/0", b"\x00\x01")
    assert message.address == "bus-1/17"


def test_one_sample_per_point_in_the_words_of_the_wire():
    assert samples("bus-1/17/4/1", bytes.fromhex("ff9c029a0004"), CLIMATE) == [
        Sample("temp", -100),
        Sample("hum", 666),
        Sample("fault", True),
    ]


def test_bits_that_only_fill_up_the_last_byte_are_no_values():
    two = profile(point("first", function=2, register=0), point("far", function=2, register=5))
    assert samples("bus-1/1/2/0", b"\x01", two) == [Sample("first", True)]
    assert samples("bus-1/1/2/5", b"\x00", two) == [Sample("far", False)]


def test_without_a_profile_each_register_or_bit_stands_for_itself():
    assert samples("bus-1/1/3/52", b"\x07\x0b", None) == [Sample("holding-52", 1803)]
    assert [s.field for s in samples("bus-1/1/1/8", b"\x01", None)][:2] == ["coil-8", "coil-9"]


def test_a_float_that_is_no_number_spares_its_neighbours():
    both = profile(
        point("bad", function=3, register=0, type="float32"), point("good", function=3, register=2)
    )
    with pytest.raises(PartialError, match="bad is nan") as raised:
        samples("bus-1/1/3/0", bytes.fromhex("7fc000000007"), both)
    assert raised.value.samples == [Sample("good", 7)]


@pytest.mark.parametrize(
    ("channel", "payload"),
    [
        ("bus-1/1/4/1", b"\x00\x01"),  # shorter than what the profile asks for
        ("bus-1/1/4/9", b"\x00\x01"),  # it does not ask there
        ("bus-1/1/3/1", b"\x00\x01\x00\x02\x00\x03"),  # nor by that function
        ("bus-1/1/4/1", b"\x00"),
        ("bus-1/1/4/1", b""),
        ("bus-1/one/4/1", b"\x00\x01"),
        ("nonsense", b"\x00\x01"),
    ],
)
def test_what_does_not_fit_is_refused(channel: str, payload: bytes):
    with pytest.raises(ProtocolError):
        samples(channel, payload, CLIMATE)


@given(st.binary(max_size=300), st.sampled_from([None, CLIMATE]))
def test_decoding_takes_any_bytes(payload: bytes, of: DeviceProfile | None):
    for decoded in decode(payload, DecodeOptions(profile=of)).decoded:
        value = decoded.sample.value
        assert not isinstance(value, float) or math.isfinite(value)


def test_an_answer_follows_the_request_of_its_own_unit():
    heard = bytes.fromhex("010300030001740a" + "500300340001c845" + "500302070b067f")
    result = decode(heard, DecodeOptions())
    assert [(d.address, d.sample.field) for d in result.decoded] == [("50", "holding-52")]
    assert result.errors == []
