from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.client.mixin import ModbusClientMixin as Oracle

from drivers.modbus_rtu.values import NumberType, WordOrder, bit_in, number_in, register_bit, width

TYPES: tuple[NumberType, ...] = (
    "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64",
)  # fmt: skip


@pytest.mark.parametrize(
    ("order", "wire"),
    [("ABCD", "42f6e979"), ("CDAB", "e97942f6"), ("BADC", "f64279e9"), ("DCBA", "79e9f642")],
)
def test_the_four_word_orders(order: WordOrder, wire: str):
    assert number_in(bytes.fromhex(wire), 0, "float32", order) == 123.456


@pytest.mark.parametrize(
    ("number", "wire", "value"),
    [
        ("uint16", "ff9c", 65436),
        ("int16", "ff9c", -100),
        ("uint32", "fffffffe", 4294967294),
        ("int32", "fffffffe", -2),
    ],
)
def test_signed_and_unsigned(number: NumberType, wire: str, value: int):
    assert number_in(bytes.fromhex(wire), 0, number) == value


def test_bytes_of_a_single_register_may_be_swapped():
    assert number_in(b"\x34\x12", 0, "uint16", "DCBA") == 0x1234
    assert number_in(b"\x34\x12", 0, "uint16", "BADC") == 0x1234
    assert number_in(b"\x34\x12", 0, "uint16", "CDAB") == 0x3412


@given(st.lists(st.integers(0, 65535), min_size=4, max_size=4), st.sampled_from(TYPES), st.booleans())
def test_against_the_oracle(words: list[int], number: NumberType, swapped: bool):
    data = b"".join(word.to_bytes(2) for word in words)
    theirs = Oracle.convert_from_registers(
        words[: width(number)], Oracle.DATATYPE[number.upper()], "little" if swapped else "big"
    )
    ours = number_in(data, 0, number, "CDAB" if swapped else "ABCD")
    assert isinstance(theirs, int | float)
    if number == "float32" and math.isfinite(theirs):
        assert struct.pack(">f", ours) == struct.pack(">f", theirs)
    else:
        assert ours == theirs or (math.isnan(ours) and math.isnan(theirs))


def test_a_float32_reads_as_a_person_would_write_it():
    assert number_in(struct.pack(">f", 7.21), 0, "float32") == 7.21


def test_bits():
    data = bytes((0b00000101, 0b10000000))
    assert [i for i in range(16) if bit_in(data, i)] == [0, 2, 15]
    assert [b for b in range(16) if register_bit(b"\x80\x01", 0, b)] == [0, 15]
    assert [b for b in range(16) if register_bit(b"\x80\x01", 0, b, "BADC")] == [7, 8]
