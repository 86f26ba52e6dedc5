from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.mqtt_json.codec import KNOWN_TOPICS, JsonCodec, decode
from drivers.mqtt_json.config import JsonTopic
from drivers.mqtt_json.reader import RECORDS
from edge.domain.reading import Message, PartialError, ProtocolError, Sample
from edge.driver import DecodeOptions
from tests.drivers._mqtt.cases import folders, make_profile, run_case

TOPICS = [
    JsonTopic(pattern="site/{device}/up"),
    JsonTopic(pattern="bench/{device}", trusted=True, profile="bench-load"),
]
PROFILE = make_profile(
    {
        "read": {"time": "/t", "sequence": "/seq", "history": "/old"},
        "points": [
            {
                "id": "gas",
                "quantity": "combustible_gas",
                "read": {"pointer": "/gas", "unit_pointer": "/unit"},
            },
            {"id": "fault", "signal": "fault", "read": {"pointer": "/fault"}},
            {"id": "deep", "read": {"pointer": "/a/0/b"}},
        ],
    },
    "json",
)
assert PROFILE is not None

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
bodies = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("t", "seq", "old", "gas", "unit", "fault", "a"), json_values),
)


@pytest.mark.parametrize("folder", folders(__file__), ids=lambda folder: folder.name)
def test_case(folder: Path) -> None:
    out, expected = run_case(folder, JsonCodec(TOPICS), "json")
    assert out == expected


def samples_of(codec: JsonCodec, message: Message, *, with_profile: bool) -> list[Sample]:
    try:
        return list(codec.samples(message, PROFILE if with_profile else None))
    except PartialError as error:
        return list(error.samples)
    except ProtocolError:
        return []


def check(samples: list[Sample]) -> None:
    for sample in samples:
        assert type(sample.value) in {bool, int, float, str}
        if isinstance(sample.value, int | float):
            assert math.isfinite(float(sample.value))
        assert sample.time is None or sample.time >= 0


@given(payload=st.binary(max_size=200), with_profile=st.booleans())
def test_any_bytes_give_samples_or_a_protocol_error(payload: bytes, with_profile: bool) -> None:
    codec = JsonCodec(TOPICS)
    try:
        messages = codec.parse("site/a/up", payload)
    except ProtocolError:
        return
    for message in messages:
        check(samples_of(codec, message, with_profile=with_profile))


@given(body=bodies | json_values, with_profile=st.booleans())
def test_any_json_gives_samples_or_a_protocol_error(body: object, with_profile: bool) -> None:
    codec = JsonCodec(TOPICS)
    payload = json.dumps(body).encode()
    try:
        messages = codec.parse("site/a/up", payload)
    except ProtocolError:
        assert "NaN" in payload.decode() or "Infinity" in payload.decode() or b"\\ud" in payload
        return
    for message in messages:
        check(samples_of(codec, message, with_profile=with_profile))


@given(
    topic=st.text(max_size=40) | st.from_regex(r"(site|bench)/[a-zA-Z0-9+#/_-]{0,70}(/up)?", fullmatch=True)
)
def test_any_topic_names_a_valid_device_or_none(topic: str) -> None:
    try:
        messages = JsonCodec(TOPICS).parse(topic, b"{}")
    except ProtocolError:
        assert topic.startswith("bench/")
        return
    for message in messages:
        assert message.address in topic.split("/")


def test_topics_are_remembered_within_bounds() -> None:
    codec = JsonCodec(TOPICS)
    for number in range(KNOWN_TOPICS + 10):
        codec.parse(f"bench/dev-{number}", b"{}")
    assert len(codec._senders) <= KNOWN_TOPICS
    (message,) = codec.parse("bench/dev-0", b"{}")
    assert message.address == "dev-0"


def test_a_profile_that_was_changed_is_read_anew() -> None:
    codec = JsonCodec(TOPICS)
    (message,) = codec.parse("site/a/up", b'{"x": 1, "y": 2}')
    first = make_profile({"points": [{"id": "v", "read": {"pointer": "/x"}}]}, "json")
    second = make_profile({"points": [{"id": "v", "read": {"pointer": "/y"}}]}, "json")
    assert [s.value for s in codec.samples(message, first)] == [1]
    assert [s.value for s in codec.samples(message, second)] == [2]


def test_a_flood_of_records_in_one_message_is_refused() -> None:
    profile = make_profile(
        {"read": {"records": "/data"}, "points": [{"id": "v", "read": {"pointer": "/v"}}]}, "json"
    )
    codec = JsonCodec(TOPICS)
    (message,) = codec.parse("site/a/up", json.dumps({"data": [{"v": 1}] * (RECORDS + 1)}).encode())
    with pytest.raises(ProtocolError, match=r"2001 records in one message"):
        codec.samples(message, profile)


def test_one_error_message_for_many_bad_fields() -> None:
    profile = make_profile(
        {"read": {"records": ""}, "points": [{"id": "v", "quantity": "level", "read": {"pointer": "/v"}}]},
        "json",
    )
    codec = JsonCodec(TOPICS)
    (message,) = codec.parse("site/a/up", json.dumps([{"v": 1}, *[{"v": "x"}] * 9]).encode())
    with pytest.raises(PartialError, match=r"and 4 more$") as caught:
        codec.samples(message, profile)
    assert len(caught.value.samples) == 1


def test_decode_prints_the_good_lines_among_bad_ones() -> None:
    result = decode(
        b'{"gas": 1}\n{"gas": NaN}\n\n{"gas": 2, "t": 5}\n',
        DecodeOptions(topic="site/gs-1/up", profile=PROFILE),
    )
    assert [(d.address, d.sample.field, d.sample.value, d.sample.time) for d in result.decoded] == [
        ("gs-1", "gas", 1, None),
        ("gs-1", "gas", 2, 5000),
    ]
    (error,) = result.errors
    assert error.startswith("line 2: no valid JSON")


def test_decode_takes_a_pretty_printed_document() -> None:
    result = decode(b'{\n  "gas": 1\n}\n', DecodeOptions())
    assert [(d.address, d.sample.field, d.sample.value) for d in result.decoded] == [(None, "/gas", 1)]
    assert result.errors == []


def test_decode_keeps_the_good_fields() -> None:
    result = decode(b'{"gas": "x", "fault": true}', DecodeOptions(profile=PROFILE))
    assert [d.sample.field for d in result.decoded] == ["fault"]
    assert result.errors == ["/gas: a number is expected, not a text ('x')"]
