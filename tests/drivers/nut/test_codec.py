"""Lines of the protocol, and what becomes of the variables."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.nut import lines
from drivers.nut.codec import NutCodec, decode, variables
from edge.dialects import schemas
from edge.domain.reading import Message, PartialError, ProtocolError
from edge.driver import DecodeOptions
from edge.settings.profiles import load_profile

PROFILE = load_profile("generic-ups-nut", schemas())
APC = load_profile("apc-smart-ups", schemas())
SAYABLE = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)


def read(**told: str) -> dict[str, object]:
    message = Message("nut-1/hub", {name.replace("_", "."): text for name, text in told.items()})
    return {sample.field: sample.value for sample in NutCodec().samples(message, PROFILE)}


@given(st.lists(SAYABLE.filter(lambda word: word.strip() == word), min_size=1, max_size=6))
@example(['say "hi"', "back\\slash", "", "一号 机房"])
def test_words_are_read_as_they_were_written(words: list[str]) -> None:
    assert lines.split(lines.join(*words)) == words


@given(st.binary(max_size=300))
@example(b'VAR a b "unclosed\n')
@example(b"VAR a b\n")
@example(b"\xff\xfe\n")
def test_no_bytes_break_the_codec(payload: bytes) -> None:
    codec = NutCodec()
    with contextlib.suppress(ProtocolError):
        for message in codec.parse("nut-1/hub", payload):
            codec.samples(message, PROFILE)
            codec.samples(message, None)
    decode(payload, DecodeOptions())


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8}){0,2}", fullmatch=True), SAYABLE, max_size=8))
def test_variables_come_back(told: dict[str, str]) -> None:
    body = "".join(f"{lines.join('VAR', 'hub', *pair)}\n" for pair in told.items())
    assert variables(body.encode()) == told


@pytest.mark.parametrize(
    ("status", "mains", "low"),
    [
        ("OL", False, False),
        ("OL CHRG", False, False),
        ("OB DISCHRG", True, False),
        ("OB LB", True, True),
        ("FSD OB LB", True, True),
        ("OL CAL OB", False, False),
        ("BYPASS", False, False),
    ],
)
def test_the_words_of_the_status(status: str, mains: bool, low: bool) -> None:
    found = read(ups_status=status)
    assert (found["mains-lost"], found["battery-low"]) == (mains, low)


@pytest.mark.parametrize("status", ["", "WAIT"])
def test_a_driver_that_has_not_asked_yet_says_nothing(status: str) -> None:
    assert read(ups_status=status, battery_charge="50") == {"battery": 50}


def test_a_value_that_is_none_costs_itself_alone() -> None:
    with pytest.raises(PartialError, match=r"battery\.charge") as raised:
        read(ups_status="OB", battery_charge="n/a")
    assert {sample.field for sample in raised.value.samples} == {
        "mains-lost", "battery-low", "replace-battery", "overload"
    }  # fmt: skip
    with pytest.raises(ProtocolError, match="a number is expected"):
        read(battery_charge="1e9999")


def test_what_upsc_prints_is_decoded() -> None:
    printed = b"battery.charge: 98\nbattery.runtime: 28200\nups.mfr: APC\nups.status: OL CHRG\n"
    whole = decode(printed, DecodeOptions(topic="nut-1/hub", profile=PROFILE))
    assert not whole.errors
    assert {one.sample.field: one.sample.value for one in whole.decoded} == {
        "mains-lost": False, "battery-low": False, "battery": 98, "minutes-left": 470.0,
        "replace-battery": False, "overload": False,
    }  # fmt: skip
    plain = decode(b'BEGIN LIST VAR hub\nVAR hub ups.mfr "A \\"C\\""\nEND LIST VAR hub\n', DecodeOptions())
    assert [(one.sample.field, one.sample.value) for one in plain.decoded] == [("ups.mfr", 'A "C"')]


@pytest.mark.parametrize("value", [True, False])
def test_what_is_rehearsed_is_read_back(value: bool) -> None:
    codec = NutCodec()
    said = {"mains-lost": value, "battery": 21, "minutes-left": 3.0}
    ((channel, payload),) = codec.rehearse("nut-1/hub", PROFILE, said)
    (message,) = codec.parse(channel, payload)
    found = {sample.field: sample.value for sample in codec.samples(message, PROFILE)}
    assert found | said == found


def test_a_ups_over_modbus_has_the_same_points() -> None:
    assert {spec.id for spec in APC.points} == {spec.id for spec in PROFILE.points}
    assert not APC.confirmed
