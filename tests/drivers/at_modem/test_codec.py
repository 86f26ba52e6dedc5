"""Lines of a byte stream however it is cut, and what the answers say."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.at_modem.codec import PROMPT, AtCodec, Splitter, decode, status_of
from edge.domain.reading import ProtocolError
from edge.driver import DecodeOptions

TALK = b'\r\n+CSQ: 20,99\r\n\r\nOK\r\n\r\n> \r\n+CMTI: "SM",1\r\nRING\r\n+CMGS: 7\r\n'
LINES = ["+CSQ: 20,99", "OK", PROMPT, '+CMTI: "SM",1', "RING", "+CMGS: 7"]


@given(st.lists(st.integers(0, len(TALK))))
def test_any_split_gives_the_same_lines(cuts: list[int]) -> None:
    splitter = Splitter()
    edges = [0, *sorted(cuts), len(TALK)]
    lines = [line for a, b in itertools.pairwise(edges) for line in splitter.feed(TALK[a:b])]
    assert lines == LINES


@given(st.binary())
def test_after_any_noise_the_next_line_is_heard(noise: bytes) -> None:
    splitter = Splitter()
    splitter.feed(noise + b"\r\n")
    assert splitter.feed(b"OK\r\n") == ["OK"]


def test_an_endless_line_is_dropped() -> None:
    splitter = Splitter()
    assert splitter.feed(b"x" * 100_000 + b"\r\nOK\r\n") == ["OK"]


@pytest.mark.parametrize(
    ("lines", "values"),
    [
        (["+CSQ: 0,99"], {"signal": -113}),
        (["+CSQ: 99,99"], {}),
        (["+CREG: 0,2", "+CEREG: 0,1"], {"registration": "home", "no-network": False}),
        (["+CREG: 0,3"], {"registration": "denied", "no-network": True}),
        (['+CREG: 2,5,"18D0","A1",7'], {"registration": "roaming", "no-network": False}),
        (["+COPS: 0"], {"operator": ""}),
        (["+CPIN: SIM PIN"], {"sim": "sim pin", "sim-fault": True}),
        (["+CME ERROR: 10"], {"sim": "missing", "sim-fault": True}),
        (["+CME ERROR: 13"], {"sim": "error 13", "sim-fault": True}),
    ],
)
def test_what_the_answers_say(lines: list[str], values: dict[str, object]) -> None:
    assert status_of(lines) == values


@given(st.binary())
def test_any_bytes_give_a_message_or_a_protocol_error(data: bytes) -> None:
    try:
        AtCodec().parse("modem-1", data)
    except ProtocolError:
        assert decode(data, DecodeOptions()).errors
