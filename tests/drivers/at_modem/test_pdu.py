"""Short messages: the standard's own examples, captured ones, and every text and number there and back."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.at_modem.alphabet import pack, septets_of, text_of, unpack
from drivers.at_modem.fields import (
    Concatenation,
    coding_of,
    decode_time,
    encode_address,
    encode_time,
)
from drivers.at_modem.pdu import (
    DAY,
    HOUR,
    Deliver,
    Joiner,
    Outcome,
    StatusReport,
    decode_received,
    decode_submit,
    decode_validity,
    encode_deliver,
    encode_report,
    encode_submit,
    encode_validity,
)
from edge.domain.reading import ProtocolError

NUMBERS = st.from_regex(r"\A\+?[0-9]{3,15}\Z")
GSM = st.text(st.characters(codec="ascii").filter(septets_of), max_size=400)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
NOON = round(datetime(2026, 2, 17, 12, 0, 0, tzinfo=UTC).timestamp()) * 1_000_000


def moment(*parts: int) -> int:
    return round(datetime(*parts, tzinfo=UTC).timestamp()) * 1_000_000  # type: ignore[misc, arg-type]


def septets(text: str) -> list[int]:
    return [code for char in text for code in septets_of(char) or ()]


def test_the_packing_of_the_well_known_hellohello() -> None:
    assert pack(septets("hellohello")).hex() == "e8329bfd4697d9ec37"
    assert text_of(unpack(bytes.fromhex("e8329bfd4697d9ec37"), 0, 10)) == "hellohello"


def test_a_captured_message_in_the_default_alphabet() -> None:
    pdu = bytes.fromhex("07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37")
    assert decode_received(pdu) == Deliver("27838890001", "hellohello", moment(2099, 3, 29, 13, 16, 59))


def test_the_well_known_message_to_be_sent() -> None:
    (tpdu,) = encode_submit("46708251358", "hellohello", validity=4 * DAY, report=False)
    assert tpdu.hex() == "11000b816407281553f80000aa0ae8329bfd4697d9ec37"
    assert decode_submit(tpdu).validity == 4 * DAY


def test_chinese_goes_as_ucs2_and_asks_for_a_report() -> None:
    (tpdu,) = encode_submit("+8619900000001", "火警", validity=HOUR)
    assert tpdu.hex() == "31000d91689109000000f100080b04706b8b66"
    read = decode_submit(tpdu)
    assert (read.number, read.text, read.validity, read.report) == ("+8619900000001", "火警", HOUR, True)


def test_an_alphanumeric_sender() -> None:
    (pdu,) = encode_deliver("Telenor", "Hei [1] €", NOON)
    assert pdu[2:4] == bytes((13, 0xD0))  # 49 bits take 13 semi-octets (9.1.2.5)
    assert decode_received(pdu) == Deliver("Telenor", "Hei [1] €", NOON)


@pytest.mark.parametrize(
    ("stamp", "utc"),
    [
        ("99309251619580", moment(2099, 3, 29, 13, 16, 59)),  # +8 quarters
        ("62207102000023", moment(2026, 2, 16, 12, 0, 0)),  # +32: 8 h ahead
        ("6220710200000a", moment(2026, 2, 18, 1, 0, 0)),  # -20 quarters: 5 h behind
        ("62207102000022", moment(2026, 2, 16, 14, 30, 0)),
        ("62200002000000", None),
        ("ffffffffffffff", None),
    ],
)
def test_a_time_stamp_with_its_zone_in_quarters_of_an_hour(stamp: str, utc: int | None) -> None:
    if utc is not None and not stamp.startswith("99"):
        quarters = {"23": 32, "0a": -20, "22": 22}[stamp[-2:]]
        utc = moment(2026, 2, 17, 20, 0, 0) - quarters * 900_000_000
    assert decode_time(bytes.fromhex(stamp)) == utc


def test_a_status_report() -> None:
    pdu = bytes.fromhex("0006bd0b911326880736f4111011719551401110117195714000")
    report = decode_received(pdu)
    assert report == StatusReport(0xBD, "+31628870634", 0, moment(2011, 1, 11, 16, 59, 17))
    assert report.outcome is Outcome.DELIVERED


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (0, "delivered"),
        (1, "unconfirmed"),
        (0x20, "trying"),
        (0x30, "trying"),
        (0x45, "failed"),
        (0x60, "failed"),
    ],
)
def test_what_a_status_means(status: int, outcome: str) -> None:
    report = decode_received(encode_report(7, "+8619900000001", status, NOON, quarters=32))
    assert isinstance(report, StatusReport)
    assert (report.reference, report.outcome.value, report.time) == (7, outcome, NOON)


@pytest.mark.parametrize(
    ("seconds", "period"), [(1, 0), (300, 0), (12 * HOUR, 143), (DAY, 167), (2 * DAY, 168), (10**9, 255)]
)
def test_validity(seconds: int, period: int) -> None:
    assert encode_validity(seconds) == period


@given(st.integers(1, 63 * 7 * DAY))
def test_the_network_tries_at_least_as_long_as_asked(seconds: int) -> None:
    assert decode_validity(encode_validity(seconds)) >= seconds


@given(NUMBERS, GSM, st.integers(0, 255))
def test_plain_text_there_and_back(number: str, text: str, reference: int) -> None:
    parts = [decode_submit(tpdu) for tpdu in encode_submit(number, text, reference=reference)]
    assert {part.number for part in parts} == {number}
    assert "".join(part.text for part in parts) == text
    assert len(parts) == 1 or [p.part for p in parts] == [
        Concatenation(reference, len(parts), n + 1) for n in range(len(parts))
    ]


@given(NUMBERS, WORDS, st.randoms(), st.integers(-48, 56))
def test_any_text_arrives_whole_in_whatever_order_its_parts_come(
    number: str, text: str, random: object, quarters: int
) -> None:
    pdus = encode_deliver(number, text, NOON, quarters=quarters, reference=9)
    random.shuffle(pdus)  # type: ignore[attr-defined]
    joiner = Joiner()
    whole = [joiner.add(message) for message in map(decode_received, pdus) if isinstance(message, Deliver)]
    assert whole[:-1] == [None] * (len(pdus) - 1)
    assert whole[-1] == Deliver(number, text, NOON)


@given(WORDS)
def test_no_part_is_longer_than_a_message_may_be(text: str) -> None:
    for tpdu in encode_submit("+8619900000001", text):
        assert len(tpdu) <= 15 + 140


def test_160_characters_are_one_message_and_161_are_two() -> None:
    assert len(encode_submit("10086", "a" * 160)) == 1
    assert len(encode_submit("10086", "a" * 161)) == 2
    assert len(encode_submit("10086", "火" * 70)) == 1
    assert len(encode_submit("10086", "火" * 71)) == 2
    assert len(encode_submit("10086", "{" * 80)) == 1  # an extension character takes two septets


def test_a_sixteen_bit_reference_and_a_torn_surrogate() -> None:
    head = bytes.fromhex("0044") + encode_address("10086") + bytes.fromhex("0008") + encode_time(NOON)
    pair = "😀".encode("utf-16-be")
    first = head + bytes((7 + 2,)) + bytes.fromhex("06080412340201") + pair[:2]
    second = head + bytes((7 + 2,)) + bytes.fromhex("06080412340202") + pair[2:]
    joiner = Joiner()
    messages = [decode_received(pdu) for pdu in (second, first)]
    assert [m.part for m in messages if isinstance(m, Deliver)] == [
        Concatenation(0x1234, 2, 2),
        Concatenation(0x1234, 2, 1),
    ]
    assert [joiner.add(m) for m in messages if isinstance(m, Deliver)] == [None, Deliver("10086", "😀", NOON)]


def test_messages_that_never_become_whole_are_forgotten() -> None:
    joiner = Joiner(capacity=2)
    halves = [Deliver(f"1000{n}", "a", NOON, Concatenation(1, 2, 1)) for n in range(4)]
    assert [joiner.add(half) for half in halves] == [None] * 4
    assert joiner.add(Deliver("10000", "b", NOON, Concatenation(1, 2, 2))) is None
    assert joiner.add(Deliver("10003", "b", NOON, Concatenation(1, 2, 2))) == Deliver("10003", "ab", NOON)


@pytest.mark.parametrize("number", ["", "+", "12a45x", "fire", "1" * 21])
def test_no_number(number: str) -> None:
    with pytest.raises(ValueError, match="no phone number"):
        encode_submit(number, "x")


def test_a_text_of_256_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="parts"):
        encode_submit("10086", "火" * (67 * 255 + 1))


@pytest.mark.parametrize(
    ("scheme", "coding"),
    [
        (0x00, "gsm7"),
        (0x04, "data"),
        (0x08, "ucs2"),
        (0x18, "ucs2"),
        (0xC8, "gsm7"),
        (0xE0, "ucs2"),
        (0xF1, "gsm7"),
        (0xF5, "data"),
    ],
)
def test_coding_schemes(scheme: int, coding: str) -> None:
    assert coding_of(scheme) == coding


@given(st.binary(max_size=200))
def test_any_bytes_give_a_message_or_a_protocol_error(data: bytes) -> None:
    for decode in (decode_received, decode_submit):
        with contextlib.suppress(ProtocolError):
            decode(data)
